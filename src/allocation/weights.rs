//! The SQL of what the shares of a rule are proportional to: rows of key, team and weight.

use super::rule::{Driver, Rule};
use crate::error::Result;

/// The key of a charge under `driver`: what it has in common with the rows of weights.
pub(super) fn key(driver: Driver<'_>) -> &'static str {
    match driver {
        Driver::Even | Driver::Fixed => "1",
        Driver::Tokens | Driver::Headcount | Driver::Cost => "date_trunc('month', ChargePeriodStart)",
        Driver::Declared(_) => "CAST(ChargePeriodStart AS DATE)",
    }
}

/// Why a charge with `rule_key` has no share: SQL that gives text.
pub(super) fn reason(rule: &Rule) -> String {
    let form = match rule.driver() {
        Driver::Declared(_) => "%Y-%m-%d",
        _ => "%Y-%m",
    };
    let lack = match rule.driver() {
        Driver::Headcount => "nobody on the roster",
        driver => return reason_of(rule, &format!("no {}", noun(driver)), form),
    };
    reason_of(rule, lack, form)
}

fn reason_of(rule: &Rule, lack: &str, form: &str) -> String {
    match rule.driver() {
        Driver::Even | Driver::Fixed => text(&format!("{}: {lack}", rule.name)),
        _ => format!("concat({}, to_char(charge.rule_key, '{form}'))", text(&format!("{}: {lack} in ", rule.name))),
    }
}

fn noun(driver: Driver<'_>) -> &str {
    match driver {
        Driver::Tokens => "tokens",
        Driver::Cost => "cost of other teams",
        Driver::Declared(name) => name,
        Driver::Even | Driver::Fixed | Driver::Headcount => "teams",
    }
}

/// The SELECT of the weights of `rule`: share_key, share_team, weight, and share_currency by cost. `earlier` are the rules
/// before it: a team whose charges were divided bears nothing of what is divided after.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for fixed shares that do not add up.
pub(super) fn weights(rule: &Rule, earlier: &[Rule]) -> Result<String> {
    let of_teams = |column: &str, day: &str| {
        let mut conditions = validity(rule, day);
        conditions.extend(targets(rule, earlier, column, day));
        conditions
    };
    Ok(match rule.driver() {
        Driver::Even => values(rule.to.iter().map(|team| (team.as_str(), "1".to_owned()))),
        Driver::Fixed => {
            let shares = rule.fixed_shares()?.into_iter();
            values(shares.map(|(team, share)| (team, format!("CAST({share} AS DECIMAL(38, 18))"))))
        }
        Driver::Tokens => {
            let mut conditions = vec!["ConsumedUnit = 'Tokens'".to_owned()];
            conditions.extend(of_teams("team", "ChargePeriodStart"));
            by_month("sum(ConsumedQuantity) AS weight", "", &conditions)
        }
        Driver::Cost => by_month(
            "sum(EffectiveCost) AS weight,\n    BillingCurrency AS share_currency",
            ", BillingCurrency",
            &of_teams("team", "ChargePeriodStart"),
        ),
        Driver::Headcount => headcount(rule, &targets(rule, earlier, "member_team", "month")),
        Driver::Declared(name) => {
            let conditions = targets(rule, earlier, "team", "day");
            format!(
                "  SELECT\n    day AS share_key,\n    team AS share_team,\n    sum(quantity) AS weight\n  FROM (\n    \
                 SELECT\n      team,\n      quantity,\n      CAST(unnest(generate_series(period_start, period_end - \
                 INTERVAL '1 day', INTERVAL '1 day')) AS DATE) AS day\n    FROM drivers\n    WHERE driver = {}\n      AND \
                 period_start < period_end\n  )\n  WHERE {}\n  GROUP BY day, team",
                text(name),
                conditions.join("\n    AND ")
            )
        }
    })
}

fn values<'t>(teams: impl Iterator<Item = (&'t str, String)>) -> String {
    let rows: Vec<String> = teams.map(|(team, weight)| format!("    (1, {}, {weight})", text(team))).collect();
    format!(
        "  SELECT column1 AS share_key, column2 AS share_team, column3 AS weight\n  FROM (VALUES\n{}\n  )",
        rows.join(",\n")
    )
}

fn by_month(weight: &str, group: &str, conditions: &[String]) -> String {
    format!(
        "  SELECT\n    date_trunc('month', ChargePeriodStart) AS share_key,\n    team AS share_team,\n    {weight}\n  FROM \
         attributed\n  WHERE {}\n  GROUP BY date_trunc('month', ChargePeriodStart), team{group}",
        conditions.join("\n    AND ")
    )
}

/// Days that people were in a team, within the month and the validity of the rule.
fn headcount(rule: &Rule, targets: &[String]) -> String {
    let first = rule.valid_from.map(|day| format!(", DATE '{day}'")).unwrap_or_default();
    let end = rule.valid_to.map(|day| format!(", DATE '{day}'")).unwrap_or_default();
    let within = validity(rule, "ChargePeriodStart");
    let months = if within.is_empty() { String::new() } else { format!("\n    WHERE {}", within.join("\n      AND ")) };
    let begins = format!("greatest(member_from, CAST(month AS DATE){first})");
    let ends = format!("least(member_to, CAST(month + INTERVAL '1 month' AS DATE){end})");
    format!(
        "  SELECT\n    month AS share_key,\n    member_team AS share_team,\n    sum(CAST({ends} AS INT) - CAST({begins} AS \
         INT)) AS weight\n  FROM stays\n  CROSS JOIN (\n    SELECT DISTINCT date_trunc('month', ChargePeriodStart) AS month\n    \
         FROM spend{months}\n  )\n  WHERE {begins} < {ends}\n    AND {}\n  GROUP BY month, member_team",
        targets.join("\n    AND ")
    )
}

/// The days of use for which `rule` holds.
pub(super) fn validity(rule: &Rule, column: &str) -> Vec<String> {
    let from = rule.valid_from.map(|day| format!("{column} >= TIMESTAMP '{day}'"));
    let to = rule.valid_to.map(|day| format!("{column} < TIMESTAMP '{day}'"));
    from.into_iter().chain(to).collect()
}

/// Which teams bear something, as conditions on `team`: those named, never the one that gives, nor one that gave before.
fn targets(rule: &Rule, earlier: &[Rule], team: &str, day: &str) -> Vec<String> {
    let mut conditions = vec![format!("{team} <> 'unassigned'")];
    conditions.extend(rule.from.iter().map(|from| format!("{team} <> {}", text(from))));
    if rule.to.is_empty() {
        let given = earlier.iter().filter_map(|rule| rule.from.as_ref().map(|from| (rule, from)));
        conditions.extend(given.filter(|(_, from)| rule.from.as_ref() != Some(*from)).map(|(rule, from)| {
            let when: Vec<String> =
                std::iter::once(format!("{team} = {}", text(from))).chain(validity(rule, day)).collect();
            format!("NOT ({})", when.join(" AND "))
        }));
    } else {
        let teams: Vec<String> = rule.to.iter().map(|team| text(team)).collect();
        conditions.push(format!("{team} IN ({})", teams.join(", ")));
    }
    conditions.dedup();
    conditions
}

/// `text` as a literal of SQL.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

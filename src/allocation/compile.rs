//! The saved query that the rules of allocation mean.

use super::rule::{Allocation, Driver, Rule};
use super::weights::{key, reason, text, validity, weights};
use crate::error::Result;
use crate::focus::{self, Kind};
use crate::query::SavedQuery;

/// The name of the view of charges with the team that bears them.
pub const VIEW: &str = "allocated_spend";

/// What messages show as its file.
pub const FILE: &str = "outlay.toml/allocated_spend.sql";

const HEADER: &str = include_str!("header.sql");

/// The columns of FOCUS that are divided: costs and quantities; a unit price is the same for each part.
fn divided() -> impl Iterator<Item = &'static str> {
    let amounts = focus::columns().iter().filter(|column| column.kind == Kind::Decimal).map(|column| column.name);
    amounts.filter(|name| is_divided(name))
}

fn is_divided(name: &str) -> bool {
    ["Cost", "Quantity", "Amount"].iter().any(|ending| name.ends_with(ending))
}

impl Allocation {
    /// The saved query [`VIEW`]. `has_roster` says whether there is a table `roster`; `extras` are columns of amounts that the
    /// ledger has beyond FOCUS.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for rules that cannot be meant.
    pub fn saved_query<'n>(&self, has_roster: bool, extras: impl IntoIterator<Item = &'n str>) -> Result<SavedQuery> {
        let mut amounts: Vec<String> = divided().map(str::to_owned).chain(self.amounts.iter().cloned()).collect();
        for extra in extras {
            if is_divided(extra) && amounts.iter().all(|amount| amount != extra) {
                amounts.push(extra.to_owned());
            }
        }
        let has_roster = has_roster || self.rules.iter().any(|rule| rule.driver() == Driver::Headcount);
        let mut parts = Vec::new();
        if has_roster {
            parts.push(STAYS.to_owned());
        }
        parts.push(self.attributed(has_roster));
        let mut last = "attributed";
        for (index, rule) in self.rules.iter().enumerate() {
            parts.push(shares(rule, &weights(rule, &self.rules[..index])?));
            parts.push(stage(rule, last, &amounts));
            last = &rule.name;
        }
        let sql = format!("{HEADER}WITH {}\nSELECT *\nFROM {last}\n", parts.join(",\n"));
        SavedQuery::from_text(FILE, &sql)
    }

    /// The charges with their own team: by tag, by the columns declared, by roster.
    fn attributed(&self, has_roster: bool) -> String {
        let tagged = self.columns.iter().map(|name| match name.split_once('.') {
            Some((column, key)) => format!("(charge.{column} ->> {})", text(key)),
            None => format!("charge.{name}"),
        });
        let member = has_roster.then(|| "member_team".to_owned());
        let direct: Vec<String> = tagged.collect();
        let team = |value: &String| format!("\n        WHEN {value} <> '' THEN {value}");
        let how = |value: &String| format!("\n      WHEN {value} <> '' THEN 'tag'");
        let teams: String = direct.iter().chain(&member).map(team).collect();
        let hows: String = direct.iter().map(how).collect();
        let by_roster = if has_roster { "\n      WHEN member_team <> '' THEN 'roster'" } else { "" };
        let from = if has_roster { MEMBERS } else { "\n  FROM team_charges AS charge" };
        format!(
            "attributed AS (\n  SELECT\n    charge.* REPLACE (\n      CASE\n        WHEN charge.team <> 'unassigned' THEN \
             charge.team{teams}\n        ELSE 'unassigned'\n      END AS team\n    ),\n    CASE\n      WHEN charge.team <> \
             'unassigned' THEN 'tag'{hows}{by_roster}\n      ELSE 'unassigned'\n    END AS allocation,\n    CAST(NULL AS \
             VARCHAR) AS from_team,\n    CAST(NULL AS VARCHAR) AS allocation_reason{from}\n)"
        )
    }
}

/// Who was in which team when. Entries that overlap hold until the next begins, so that a charge meets one at most.
const STAYS: &str = "stays AS (
  SELECT
    principal_id AS member,
    team AS member_team,
    start_date AS member_from,
    coalesce(
      least(end_date, lead(start_date) OVER (PARTITION BY principal_id ORDER BY start_date, end_date, team)),
      DATE '9999-12-31'
    ) AS member_to
  FROM roster
)";

// Names differ on the two sides of every join: the engine below tells filters on both apart by name only.
const MEMBERS: &str = "
  FROM stays
  RIGHT JOIN team_charges AS charge
    ON member = charge.PrincipalId
   AND member_from <= CAST(charge.ChargePeriodStart AS DATE)
   AND member_to > CAST(charge.ChargePeriodStart AS DATE)";

/// From weights to stretches of the total: the first team bears the amount up to its weight, the next from there on.
fn shares(rule: &Rule, weights: &str) -> String {
    let Rule { name, .. } = rule;
    let (currency, partition) = match rule.driver() {
        Driver::Cost => ("\n    share_currency,", "share_key, share_currency"),
        _ => ("", "share_key"),
    };
    format!(
        "{name}_weights AS (\n{weights}\n),\n{name}_shares AS (\n  SELECT\n    share_key,{currency}\n    share_team,\n    \
         sum(weight) OVER (PARTITION BY {partition} ORDER BY share_team) - weight AS share_below,\n    sum(weight) OVER \
         (PARTITION BY {partition} ORDER BY share_team) AS share_upto,\n    sum(weight) OVER (PARTITION BY {partition}) AS \
         share_total\n  FROM {name}_weights\n  WHERE weight > 0\n)"
    )
}

/// The charges after `rule`, from those of the stage `before`.
fn stage(rule: &Rule, before: &str, amounts: &[String]) -> String {
    let Rule { name, .. } = rule;
    let from = rule.from.iter().map(|team| format!("team = {}", text(team)));
    let condition = rule.condition.iter().map(|sql| format!("({})", sql.trim()));
    let conditions: Vec<String> = from.chain(condition).chain(validity(rule, "ChargePeriodStart")).collect();
    let divided: String = amounts
        .iter()
        .map(|amount| format!("\n      share_of(charge.{amount}, share_below, share_upto, share_total) AS {amount},"))
        .collect();
    let on_currency = match rule.driver() {
        Driver::Cost => "\n   AND share_currency = charge.BillingCurrency",
        _ => "",
    };
    format!(
        "{name}_charges AS (\n  SELECT\n    *,\n    CASE\n      WHEN {condition}\n      THEN {key}\n    END AS rule_key\n  FROM \
         {before}\n),\n{name} AS (\n  SELECT\n    charge.* EXCLUDE (rule_key) REPLACE ({divided}\n      CASE\n        WHEN \
         charge.rule_key IS NULL THEN charge.team\n        ELSE coalesce(share_team, 'unassigned')\n      END AS team,\n      \
         CASE\n        WHEN charge.rule_key IS NULL THEN charge.allocation\n        WHEN share_team IS NULL THEN \
         'unassigned'\n        ELSE '{name}'\n      END AS allocation,\n      CASE\n        WHEN charge.rule_key IS NULL THEN \
         charge.from_team\n        WHEN charge.team <> 'unassigned' THEN charge.team\n        WHEN share_team IS NULL THEN \
         charge.from_team\n        ELSE coalesce(charge.from_team, 'unassigned')\n      END AS from_team,\n      CASE\n        \
         WHEN charge.rule_key IS NULL THEN charge.allocation_reason\n        WHEN share_team IS NULL THEN {reason}\n      END \
         AS allocation_reason\n    )\n  FROM {name}_shares\n  RIGHT JOIN {name}_charges AS charge\n    ON share_key = \
         charge.rule_key{on_currency}\n)",
        condition = conditions.join("\n       AND "),
        key = key(rule.driver()),
        reason = reason(rule),
    )
}

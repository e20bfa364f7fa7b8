//! The configuration of the sample, and its truth put together.

use std::collections::BTreeMap;

use super::calendar::{Day, date_of, monday_of};
use super::delivery::Setting;
use super::facts::{Ledgers, PRICES, residual};
use super::ledger::{NO_TEAM, Totals};
use super::outcomes::Counts;
use super::part::Part;
use super::quota::Source;
use super::teams::TEAMS;
use super::truth::{
    ActiveWeek, AdopterWeek, Correction, Gamer, MonthTotals, OneOffPurchase, RunawayLoop, SourceTotals, TeamOutcomes,
    Truth,
};
use super::{anthropic, aws, azure, gateway, gpus, plans};

/// Days after the history at which somebody looks at the sample.
pub(super) const LOOK_AFTER_DAYS: i64 = 7;

/// Nobody in the sample exists.
const PRIVACY: &str = "\n# These people are invented. Without the grant, principals are pseudonyms.\n\
                       [privacy]\nprincipals = \"names\"\n";

/// The text of `outlay.toml`.
pub(super) fn configuration(setting: &Setting) -> String {
    let as_of = as_of(setting);
    let mut text =
        format!("# The sample company of Outlay; `outlay demo` writes it.\n\n[project]\nas_of = \"{as_of}\"\n");
    text.push_str(PRIVACY);
    let folders = [aws::FOLDER, azure::FOLDER, anthropic::FOLDER, gateway::FOLDER];
    for (source, folder) in Source::ALL.iter().zip(folders) {
        text.push_str(&format!("\n[sources.{}]\npath = \"{folder}\"\n", source.name()));
    }
    let tables = [
        "roster.csv",
        "outcomes",
        "budgets.csv",
        "invoices.csv",
        "goals.csv",
        "seats.csv",
        "caps.csv",
        "pilots.csv",
        "gpu_hours.csv",
        "drivers.csv",
    ];
    for path in tables {
        let name = path.trim_end_matches(".csv");
        text.push_str(&format!("\n[tables.{name}]\npath = \"facts/{path}\"\n"));
    }
    text.push_str(&format!("\n[price_book]\npath = \"{PRICES}\"\n"));
    text
}

fn as_of(setting: &Setting) -> String {
    date_of(setting.calendar.end_day() + LOOK_AFTER_DAYS).to_string()
}

/// Everything that is known about the sample.
pub(super) fn truth(setting: &Setting, ledgers: &Ledgers, found: Part, counts: &Counts) -> Truth {
    let calendar = &setting.calendar;
    let (milestones, totals) = (&setting.milestones, ledgers.all.totals());
    let company = &setting.company;
    let gamer = &company.principals[company.gamer];
    let runaway = &company.assignments[company.runaway];
    Truth {
        seed: setting.seed,
        rows: setting.rows,
        months: u32::try_from(calendar.months).unwrap_or_default(),
        first_month: calendar.label(0),
        last_month: calendar.label(calendar.months - 1),
        as_of: as_of(setting),
        charges: totals.charges,
        billed_cost: totals.billed,
        effective_cost: totals.effective,
        list_cost: totals.list,
        by_source: by_source(ledgers),
        by_month: by_month(setting, &ledgers.all.by_month),
        by_billing_month: by_month(setting, &ledgers.all.by_billing_month),
        by_team: TEAMS.iter().enumerate().map(|(team, one)| (one.name.to_owned(), ledgers.all.team(team))).collect(),
        no_team_effective_cost: ledgers.all.team(NO_TEAM),
        aws_untagged_effective_cost: ledgers.sources[Source::Aws as usize].team(NO_TEAM),
        outcomes: counts.truth(),
        adopters_by_week: adopters_by_week(setting, &found),
        active_by_week: active_by_week(setting, &found),
        gamer: Gamer {
            principal_id: gamer.id.clone(),
            since: calendar.label(milestones.gamer),
            effective_cost: ledgers.all.watched_effective.iter().copied().sum(),
            outcomes: counts.gamer,
        },
        runaway_loop: RunawayLoop {
            principal_id: company.principals[runaway.principal].id.clone(),
            date: date_of(company.runaway_day).to_string(),
            workflow: runaway.workflow.to_owned(),
            charges: super::company::RUNAWAY_ROWS,
            effective_cost: found.runaway,
        },
        price_change: anthropic::price_change(setting),
        redelivered_month: calendar.label(milestones.redelivered),
        restated_delta: found.restated_delta,
        correction: Correction {
            charge_month: calendar.label(milestones.corrected),
            billing_month: calendar.label(milestones.correction_billed),
            billed_cost: found.correction,
        },
        one_off_purchase: OneOffPurchase { month: calendar.label(milestones.one_off), billed_cost: found.one_off },
        invoice_residual: residual(setting),
        tokens: anthropic::token_counts(found.tokens),
        last_three_months: last_three_months(setting, ledgers, counts),
        goals: plans::goals(setting, counts),
        seats: anthropic::seats::truth(setting),
        caps: plans::caps(setting, ledgers),
        pilots: setting.pilots.truth(&ledgers.all),
        gpu_use: gpus::truth(setting),
        driver_quantities: plans::driver_totals(setting),
        set_aside: found.set_aside,
    }
}

fn by_source(ledgers: &Ledgers) -> BTreeMap<String, SourceTotals> {
    let totals = |totals: Totals| SourceTotals {
        charges: totals.charges,
        billed_cost: totals.billed,
        effective_cost: totals.effective,
        list_cost: totals.list,
    };
    let sources = Source::ALL.iter().zip(&ledgers.sources);
    sources.map(|(source, ledger)| (source.name().to_owned(), totals(ledger.totals()))).collect()
}

fn by_month(setting: &Setting, months: &[Totals]) -> Vec<MonthTotals> {
    let month = |(month, totals): (usize, &Totals)| MonthTotals {
        month: setting.calendar.label(month),
        charges: totals.charges,
        billed_cost: totals.billed,
        effective_cost: totals.effective,
    };
    months.iter().enumerate().map(month).collect()
}

/// Mondays of the weeks of the history.
fn weeks(setting: &Setting) -> impl Iterator<Item = Day> {
    let mut monday = monday_of(setting.calendar.first_day());
    let end = setting.calendar.end_day();
    std::iter::from_fn(move || {
        let week = monday;
        monday += 7;
        (week < end).then_some(week)
    })
}

fn adopters_by_week(setting: &Setting, found: &Part) -> Vec<AdopterWeek> {
    let mut cumulative = 0;
    let week = |monday: Day| {
        let new = found.first_use.values().filter(|day| monday_of(**day) == monday).count();
        let new_adopters = u64::try_from(new).unwrap_or_default();
        cumulative += new_adopters;
        AdopterWeek { week_start: date_of(monday).to_string(), new_adopters, cumulative }
    };
    weeks(setting).map(week).collect()
}

fn active_by_week(setting: &Setting, found: &Part) -> Vec<ActiveWeek> {
    let week = |monday: Day| {
        let active = found.active.range((monday, 0)..(monday + 1, 0)).count();
        ActiveWeek {
            week_start: date_of(monday).to_string(),
            active_principals: u64::try_from(active).unwrap_or_default(),
        }
    };
    weeks(setting).map(week).collect()
}

fn last_three_months(setting: &Setting, ledgers: &Ledgers, counts: &Counts) -> Vec<TeamOutcomes> {
    let last = setting.calendar.months - 3..setting.calendar.months;
    let team = |(team, described): (usize, &super::teams::Team)| TeamOutcomes {
        team: described.name.to_owned(),
        effective_cost: ledgers.all.team_effective[last.clone()].iter().map(|month| month[team]).sum(),
        succeeded: counts.succeeded[last.clone()].iter().map(|month| month[team]).sum(),
    };
    TEAMS.iter().enumerate().map(team).collect()
}

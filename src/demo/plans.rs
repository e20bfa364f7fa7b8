//! What the company plans and counts beside its bills: goals, caps and drivers.

use std::collections::BTreeMap;

use rand::Rng;

use super::calendar::{Calendar, date_of};
use super::delivery::Setting;
use super::facts::Ledgers;
use super::money::Amount;
use super::outcomes::{Counts, TYPES};
use super::quota::Source;
use super::random::generator;
use super::teams::TEAMS;
use super::truth::{Cap, CapStatus, Goal};

/// Name of the company as a scope.
pub(super) const COMPANY: &str = "Acme Analytics";
/// Share of its goal that a scope attains, in percent; quarters and scopes take turns.
const ATTAINED: [u64; 4] = [80, 104, 125, 95];
/// Whole quarters after the history that have goals and caps.
const QUARTERS_AHEAD: usize = 1;

/// First months of the calendar quarters that lie in the history, and in `ahead` quarters after it.
fn quarters(calendar: &Calendar, ahead: usize) -> impl Iterator<Item = usize> {
    let months = calendar.months + ahead * 3;
    (0..months).filter(move |month| calendar.month_of_year(*month).is_multiple_of(3) && month + 3 <= months)
}

/// What a goal is about.
struct Aim {
    scope_type: &'static str,
    scope: &'static str,
    /// Index of the type of outcome; none for all.
    kind: Option<usize>,
    teams: Vec<usize>,
}

/// The company over all, engineers over deployed features, each team that delivers over what it delivers.
fn aims() -> Vec<Aim> {
    let of = |function: &'static str| TEAMS.iter().enumerate().filter(move |(_, team)| team.function == function);
    let numbers = |function| of(function).map(|(team, _)| team).collect();
    let mut aims = vec![
        Aim { scope_type: "company", scope: COMPANY, kind: None, teams: (0..TEAMS.len()).collect() },
        Aim { scope_type: "function", scope: "Engineering", kind: Some(2), teams: numbers("Engineering") },
    ];
    for (function, kind) in [("Engineering", 0), ("Support", 1)] {
        let aims_of_teams = of(function).map(|(team, described)| Aim {
            scope_type: "team",
            scope: described.name,
            kind: Some(kind),
            teams: vec![team],
        });
        aims.extend(aims_of_teams);
    }
    aims
}

/// Goal of an aim in the quarter from a month on; a quarter to come has the goal of the last one and a tenth more.
fn goal(setting: &Setting, counts: &Counts, number: usize, aim: &Aim, quarter: usize) -> Goal {
    let months = setting.calendar.months;
    let is_past = quarter + 3 <= months;
    let known = if is_past { quarter..quarter + 3 } else { months - 3..months };
    let sizes = known.flat_map(|month| aim.teams.iter().map(move |team| &counts.size[month][*team]));
    let size: u64 = sizes.map(|kinds| aim.kind.map_or(kinds.iter().sum(), |kind| kinds[kind])).sum();
    let percent = ATTAINED[(number + quarter / 3) % ATTAINED.len()];
    let target = if is_past { (size * 100).div_ceil(percent) } else { (size * 110).div_ceil(100) };
    let label = setting.calendar.label(quarter);
    Goal {
        goal_id: format!("g-{label}-{:02}", number + 1),
        target: target.max(1),
        attained: if is_past { size } else { 0 },
    }
}

/// A row for each aim and quarter.
pub(super) fn goals_csv(setting: &Setting, counts: &Counts) -> String {
    let calendar = &setting.calendar;
    let mut csv = String::from("goal_id,scope_type,scope,outcome_type,period_start,period_end,target\n");
    for quarter in quarters(calendar, QUARTERS_AHEAD) {
        let (start, end) = (date_of(calendar.start(quarter)), date_of(calendar.start(quarter + 3)));
        for (number, aim) in aims().iter().enumerate() {
            let Goal { goal_id, target, .. } = goal(setting, counts, number, aim, quarter);
            let kind = aim.kind.map_or("", |kind| TYPES[kind]);
            let Aim { scope_type, scope, .. } = aim;
            csv.push_str(&format!("{goal_id},{scope_type},{scope},{kind},{start},{end},{target}\n"));
        }
    }
    csv
}

/// The goals of the history with what was attained.
pub(super) fn goals(setting: &Setting, counts: &Counts) -> Vec<Goal> {
    let aims = aims();
    let of_quarter = |quarter| aims.iter().enumerate().map(move |(number, aim)| (quarter, number, aim));
    let all = quarters(&setting.calendar, 0).flat_map(of_quarter);
    all.map(|(quarter, number, aim)| goal(setting, counts, number, aim, quarter)).collect()
}

/// The caps of the last three months: one team and the gamer are over theirs, one team and one provider are near.
pub(super) fn caps(setting: &Setting, ledgers: &Ledgers) -> Vec<Cap> {
    let last = setting.calendar.months - 3..setting.calendar.months;
    let effective = |months: &[super::ledger::Totals]| months.iter().map(|month| month.effective).sum::<Amount>();
    let mut caps = vec![cap("company", COMPANY.to_owned(), effective(&ledgers.all.by_month[last.clone()]), 120)];
    for (source, ledger) in Source::ALL.iter().zip(&ledgers.sources) {
        let percent = if *source == Source::Anthropic { 110 } else { 140 };
        caps.push(cap("provider", source.provider().to_owned(), effective(&ledger.by_month[last.clone()]), percent));
    }
    for (number, team) in TEAMS.iter().enumerate() {
        let used = ledgers.all.team_effective[last.clone()].iter().map(|month| month[number]).sum();
        let percent = match number {
            0 => 108,
            1 => 85,
            _ => 150,
        };
        caps.push(cap("team", team.name.to_owned(), used, percent));
    }
    let gamer = &setting.company.principals[setting.company.gamer];
    let used = ledgers.all.watched_effective[last].iter().copied().sum();
    caps.push(cap("principal", gamer.id.clone(), used, 50));
    caps
}

/// A cap of `percent` of what was used, up to the next dollar.
fn cap(scope_type: &str, scope: String, used: Amount, percent: i128) -> Cap {
    let dollar = Amount::dollars(1).units();
    let amount = Amount::new((used.units() / 100 * percent / dollar + 1) * dollar, Amount::SCALE);
    let status = if used >= amount {
        CapStatus::Reached
    } else if used.units() >= amount.units() / 5 * 4 {
        CapStatus::Near
    } else {
        CapStatus::Below
    };
    Cap { scope_type: scope_type.to_owned(), scope, amount, used, status }
}

/// The caps of the last three months, and the same for the three months after them.
pub(super) fn caps_csv(setting: &Setting, ledgers: &Ledgers) -> String {
    let calendar = &setting.calendar;
    let mut csv = String::from("scope_type,scope,period_start,period_end,amount,currency\n");
    for first in [calendar.months - 3, calendar.months] {
        let (start, end) = (date_of(calendar.start(first)), date_of(calendar.start(first + 3)));
        for Cap { scope_type, scope, amount, .. } in caps(setting, ledgers) {
            csv.push_str(&format!("{scope_type},{scope},{start},{end},{amount},USD\n"));
        }
    }
    csv
}

/// Driver, team, first month, month after the last one, quantity.
fn drivers(setting: &Setting) -> Vec<(&'static str, &'static str, usize, usize, u64)> {
    let months = setting.calendar.months;
    let mut rng = generator(setting.seed, 62, 0);
    let mut drivers = Vec::new();
    for team in &TEAMS {
        let size = u64::try_from(team.size).unwrap_or_default();
        drivers.push(("square_metres", team.name, 0, months, size * 60 + rng.random_range(0..100)));
        for month in 0..months {
            drivers.push(("requests", team.name, month, month + 1, size * 1_000 + rng.random_range(0..5_000)));
        }
    }
    drivers
}

/// Floor space over the whole history, requests by month.
pub(super) fn drivers_csv(setting: &Setting) -> String {
    let calendar = &setting.calendar;
    let mut csv = String::from("driver,team,period_start,period_end,quantity\n");
    for (driver, team, first, end, quantity) in drivers(setting) {
        let (start, end) = (date_of(calendar.start(first)), date_of(calendar.start(end)));
        csv.push_str(&format!("{driver},{team},{start},{end},{quantity}\n"));
    }
    csv
}

/// The sum of the quantities of each driver.
pub(super) fn driver_totals(setting: &Setting) -> BTreeMap<String, u64> {
    let mut totals = BTreeMap::new();
    for (driver, .., quantity) in drivers(setting) {
        *totals.entry(driver.to_owned()).or_default() += quantity;
    }
    totals
}

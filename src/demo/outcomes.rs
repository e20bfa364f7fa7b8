//! What the company got done: merged changes, deployed features, resolved tickets.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt16Array,
};
use arrow::datatypes::UInt16Type;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::block::BLOCK_ROWS;
use super::calendar::{DAY_SECONDS, Day};
use super::company::{Company, next_working_day};
use super::delivery::Setting;
use super::project::LOOK_AFTER_DAYS;
use super::quota::{apportion, by_day};
use super::random::generator;
use super::target::{Codec, Naming, PartsWriter};
use super::teams::TEAMS;
use super::truth::Outcomes;
use crate::error::{Error, Result};

pub(super) const TYPES: [&str; 3] = ["merged_change", "resolved_ticket", "deployed_feature"];
const STATUSES: [&str; 3] = ["succeeded", "failed", "reverted"];
/// A weekend day's outcomes against a hundred on a working day.
const WEEKEND: u64 = 12;

/// Counts of what was written.
#[derive(Debug)]
pub(super) struct Counts {
    /// Succeeded outcomes by month and team.
    pub(super) succeeded: Vec<[u64; TEAMS.len()]>,
    types: [u64; 3],
    statuses: [u64; 3],
    /// Outcomes of the gamer.
    pub(super) gamer: u64,
    /// Size of the succeeded outcomes by month, team and type.
    pub(super) size: Vec<[[u64; TYPES.len()]; TEAMS.len()]>,
    valued: u64,
    value: u64,
    recorded_late: u64,
}

impl Counts {
    /// The counts as a part of the truth.
    pub(super) fn truth(&self) -> Outcomes {
        let of_team = |team: usize| self.succeeded.iter().map(|month| month[team]).sum::<u64>();
        let by_team = TEAMS.iter().enumerate().map(|(team, described)| (described.name.to_owned(), of_team(team)));
        Outcomes {
            total: self.statuses.iter().sum(),
            succeeded: self.statuses[0],
            failed: self.statuses[1],
            reverted: self.statuses[2],
            by_type: TYPES.iter().zip(self.types).map(|(name, count)| ((*name).to_owned(), count)).collect(),
            by_team_succeeded: by_team.filter(|(_, count)| *count > 0).collect(),
            valued: self.valued,
            value: self.value,
            succeeded_size: self.size.iter().flatten().flatten().sum(),
            recorded_late: self.recorded_late,
        }
    }
}

/// One outcome; texts are indexes.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    at_second: i64,
    assignment: usize,
    kind: usize,
    status: usize,
    detail: Detail,
}

/// What only some outcomes say.
#[derive(Debug, Clone, Copy)]
struct Detail {
    quantity: Option<u64>,
    /// In US dollars.
    value: Option<u64>,
    status_at_second: Option<i64>,
    recorded_at_second: Option<i64>,
}

/// Writes the outcomes of all months, one file each.
pub(super) async fn write(setting: &Setting) -> Result<Counts> {
    let calendar = &setting.calendar;
    let mut counts = Counts {
        succeeded: vec![[0; TEAMS.len()]; calendar.months],
        types: [0; 3],
        statuses: [0; 3],
        gamer: 0,
        size: vec![[[0; TYPES.len()]; TEAMS.len()]; calendar.months],
        valued: 0,
        value: 0,
        recorded_late: 0,
    };
    let total = (setting.rows / 12).clamp(600, 3_000_000);
    let weight = |month: usize| 120 + setting.company.adopters_before(calendar.start(month));
    let weights: Vec<u64> = (0..calendar.months).map(weight).collect();
    for (month, rows) in apportion(total, &weights).into_iter().enumerate() {
        write_month(setting, month, rows, &mut counts).await?;
    }
    Ok(counts)
}

async fn write_month(setting: &Setting, month: usize, rows: u64, counts: &mut Counts) -> Result<()> {
    let (calendar, company) = (&setting.calendar, &setting.company);
    let mut rng = generator(setting.seed, 50, month);
    let mut of_details = generator(setting.seed, 51, month);
    let last_second = (calendar.end_day() + LOOK_AFTER_DAYS) * DAY_SECONDS - 1;
    let tables = Tables::new(company);
    let label = calendar.label(month);
    let naming = Naming::Single(format!("facts/outcomes/{label}.parquet"));
    let schema = tables.batch(&label, 0, &[])?.schema();
    let mut parts = PartsWriter::new(setting.target.clone(), naming, Codec::Zstd, schema);
    let mut waiting = Vec::with_capacity(BLOCK_ROWS);
    let mut written = 0;
    for (day, rows) in by_day(rows, calendar, month, WEEKEND) {
        let able = able(setting, day);
        for row in 0..rows {
            let assignment = if row == 0 && games_shown(setting, day) {
                able.gamer
            } else {
                able.others[rng.random_range(0..able.others.len())]
            };
            let mut outcome = outcome(company, assignment, day, (row, rows), &mut rng);
            outcome.detail = detail(&outcome, last_second, &mut of_details);
            count(counts, company, month, &outcome);
            waiting.push(outcome);
            if waiting.len() == BLOCK_ROWS {
                parts.write(&tables.batch(&label, written, &waiting)?, 0).await?;
                written += waiting.len();
                waiting.clear();
            }
        }
    }
    parts.write(&tables.batch(&label, written, &waiting)?, 0).await?;
    parts.close().await.map(drop)
}

/// Who can deliver on a day.
struct Able {
    /// Assignments of engineers and supporters, more than once for those whom AI helps.
    others: Vec<usize>,
    /// An assignment of the gamer.
    gamer: usize,
}

fn able(setting: &Setting, day: Day) -> Able {
    let company = &setting.company;
    let mut able = Able { others: Vec::new(), gamer: 0 };
    for (index, assignment) in company.assignments.iter().enumerate() {
        let principal = &company.principals[assignment.principal];
        let delivers = matches!(TEAMS[assignment.team].function, "Engineering" | "Support");
        if assignment.principal == company.gamer {
            able.gamer = index;
        } else if delivers && principal.is_person && principal.team_on(day) == Some(assignment.team) {
            let helped = principal.first_use.is_some_and(|first| first <= day);
            able.others.extend(std::iter::repeat_n(index, if helped { 3 } else { 2 }));
        }
    }
    able
}

/// The gamer delivers twice: in the second week of its first month and of the last month.
fn games_shown(setting: &Setting, day: Day) -> bool {
    let calendar = &setting.calendar;
    let shown = |month: usize| next_working_day(calendar.start(month) + 7);
    day == shown(setting.milestones.gamer) || day == shown(calendar.months - 1)
}

fn outcome(company: &Company, assignment: usize, day: Day, (row, rows): (u64, u64), rng: &mut ChaCha8Rng) -> Outcome {
    let support = TEAMS[company.assignments[assignment].team].function == "Support";
    let kind = match rng.random_range(0..100) {
        _ if support => 1,
        0..85 => 0,
        _ => 2,
    };
    let status = match rng.random_range(0..100) {
        0..88 => 0,
        88..95 => 1,
        _ => 2,
    };
    // Ten working hours from eight o'clock, in order of time.
    let second = i64::try_from(row * 36_000 / rows.max(1)).unwrap_or_default();
    let detail = Detail { quantity: None, value: None, status_at_second: None, recorded_at_second: None };
    Outcome { at_second: day * DAY_SECONDS + 28_800 + second, assignment, kind, status, detail }
}

/// A feature says how many changes it holds, features and tickets what a success is worth; three in a hundred are learned
/// of days later, and a revert comes days or weeks later. Nothing is known of what comes after `last_second`.
fn detail(outcome: &Outcome, last_second: i64, rng: &mut ChaCha8Rng) -> Detail {
    let (changes, hundreds) = (rng.random_range(1..=12), rng.random_range(15..=120));
    let (late, days_late, days_held) =
        (rng.random_range(0..100) < 3, rng.random_range(1..=10), rng.random_range(1..=25));
    let days_after = |days: i64| (outcome.at_second + days * DAY_SECONDS).min(last_second);
    Detail {
        quantity: (outcome.kind == 2).then_some(changes),
        value: match (outcome.status, outcome.kind) {
            (0, 1) => Some(38),
            (0, 2) => Some(hundreds * 100),
            _ => None,
        },
        status_at_second: (outcome.status == 2).then(|| days_after(days_held)),
        recorded_at_second: late.then(|| days_after(days_late)),
    }
}

fn count(counts: &mut Counts, company: &Company, month: usize, outcome: &Outcome) {
    let assignment = &company.assignments[outcome.assignment];
    counts.types[outcome.kind] += 1;
    counts.statuses[outcome.status] += 1;
    if outcome.status == 0 {
        counts.succeeded[month][assignment.team] += 1;
        counts.size[month][assignment.team][outcome.kind] += outcome.detail.quantity.unwrap_or(1);
    }
    if let Some(value) = outcome.detail.value {
        counts.valued += 1;
        counts.value += value;
    }
    counts.recorded_late += u64::from(outcome.detail.recorded_at_second.is_some());
    if assignment.principal == company.gamer {
        counts.gamer += 1;
    }
}

/// Texts of the outcome columns.
struct Tables {
    principals: ArrayRef,
    teams: ArrayRef,
    workflows: ArrayRef,
    products: ArrayRef,
    types: ArrayRef,
    statuses: ArrayRef,
}

impl Tables {
    fn new(company: &Company) -> Self {
        let assignments = || company.assignments.iter();
        let texts = |texts: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(texts)) };
        Self {
            principals: texts(assignments().map(|one| company.principals[one.principal].id.as_str()).collect()),
            teams: texts(assignments().map(|one| TEAMS[one.team].name).collect()),
            workflows: texts(assignments().map(|one| one.workflow).collect()),
            products: texts(assignments().map(|one| one.product).collect()),
            types: texts(TYPES.to_vec()),
            statuses: texts(STATUSES.to_vec()),
        }
    }

    fn batch(&self, month: &str, before: usize, outcomes: &[Outcome]) -> Result<RecordBatch> {
        let ids = (before..).take(outcomes.len()).map(|number| format!("o-{month}-{:06}", number + 1));
        let times = outcomes.iter().map(|outcome| outcome.at_second * 1_000_000);
        let text = |values: &ArrayRef, index: fn(&Outcome) -> usize| -> Result<ArrayRef> {
            let keys = outcomes.iter().map(|outcome| u16::try_from(index(outcome)).unwrap_or(u16::MAX));
            let keys = UInt16Array::from_iter_values(keys);
            Ok(Arc::new(DictionaryArray::<UInt16Type>::try_new(keys, Arc::clone(values)).map_err(internal)?))
        };
        let number = |number: fn(&Detail) -> Option<u64>| -> ArrayRef {
            let numbers = outcomes.iter().map(|outcome| number(&outcome.detail).and_then(|it| i64::try_from(it).ok()));
            Arc::new(numbers.collect::<Int64Array>())
        };
        let time = |second: fn(&Detail) -> Option<i64>| -> ArrayRef {
            let times = outcomes.iter().map(|outcome| second(&outcome.detail).map(|second| second * 1_000_000));
            Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        };
        let currencies = outcomes.iter().map(|outcome| outcome.detail.value.map(|_| "USD"));
        // Said of each column: a batch without rows would be taken to hold no NULL.
        let columns: [(&str, ArrayRef, bool); 13] = [
            ("outcome_id", Arc::new(StringArray::from_iter_values(ids)), false),
            ("outcome_type", text(&self.types, |outcome| outcome.kind)?, false),
            ("occurred_at", Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")), false),
            ("status", text(&self.statuses, |outcome| outcome.status)?, false),
            ("principal_id", text(&self.principals, |outcome| outcome.assignment)?, false),
            ("team", text(&self.teams, |outcome| outcome.assignment)?, false),
            ("workflow", text(&self.workflows, |outcome| outcome.assignment)?, false),
            ("product", text(&self.products, |outcome| outcome.assignment)?, false),
            ("quantity", number(|detail| detail.quantity), true),
            ("value", number(|detail| detail.value), true),
            ("currency", Arc::new(currencies.collect::<DictionaryArray<UInt16Type>>()), true),
            ("status_at", time(|detail| detail.status_at_second), true),
            ("recorded_at", time(|detail| detail.recorded_at_second), true),
        ];
        RecordBatch::try_from_iter_with_nullable(columns).map_err(internal)
    }
}

fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("cannot build the outcomes of the sample").because(cause)
}

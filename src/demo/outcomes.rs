//! What the company got done: merged changes, deployed features, resolved tickets.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, RecordBatch, StringArray, TimestampMicrosecondArray, UInt16Array};
use arrow::datatypes::UInt16Type;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::block::BLOCK_ROWS;
use super::calendar::{DAY_SECONDS, Day};
use super::company::{Company, next_working_day};
use super::delivery::Setting;
use super::quota::{apportion, by_day};
use super::random::generator;
use super::target::{Codec, Naming, PartsWriter};
use super::teams::TEAMS;
use super::truth::Outcomes;
use crate::error::{Error, Result};

const TYPES: [&str; 3] = ["merged_change", "resolved_ticket", "deployed_feature"];
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
}

/// Writes the outcomes of all months, one file each.
pub(super) async fn write(setting: &Setting) -> Result<Counts> {
    let calendar = &setting.calendar;
    let mut counts =
        Counts { succeeded: vec![[0; TEAMS.len()]; calendar.months], types: [0; 3], statuses: [0; 3], gamer: 0 };
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
            let outcome = outcome(company, assignment, day, (row, rows), &mut rng);
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
    Outcome { at_second: day * DAY_SECONDS + 28_800 + second, assignment, kind, status }
}

fn count(counts: &mut Counts, company: &Company, month: usize, outcome: &Outcome) {
    let assignment = &company.assignments[outcome.assignment];
    counts.types[outcome.kind] += 1;
    counts.statuses[outcome.status] += 1;
    if outcome.status == 0 {
        counts.succeeded[month][assignment.team] += 1;
    }
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
        let columns: [(&str, ArrayRef); 8] = [
            ("outcome_id", Arc::new(StringArray::from_iter_values(ids))),
            ("outcome_type", text(&self.types, |outcome| outcome.kind)?),
            ("occurred_at", Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC"))),
            ("status", text(&self.statuses, |outcome| outcome.status)?),
            ("principal_id", text(&self.principals, |outcome| outcome.assignment)?),
            ("team", text(&self.teams, |outcome| outcome.assignment)?),
            ("workflow", text(&self.workflows, |outcome| outcome.assignment)?),
            ("product", text(&self.products, |outcome| outcome.assignment)?),
        ];
        RecordBatch::try_from_iter(columns).map_err(internal)
    }
}

fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("cannot build the outcomes of the sample").because(cause)
}

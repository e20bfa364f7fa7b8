//! The one scan of a scorecard: every condition counted by file and day.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use chrono::NaiveDate;

use super::Counted;
use crate::engine::ledger::{LedgerFile, OpenSource};
use crate::error::{Error, Result};
use crate::focus::{Asks, Mapping, Rule, column, rules};

/// The rules that apply to some sources, and the statement that counts what breaks them.
pub(super) struct Survey {
    rules: Vec<&'static Rule>,
    /// Source and object → the rules that speak of its charges, by their place in `rules`.
    spoken_of: HashMap<(String, String), Vec<bool>>,
    /// Rule → the columns of the answer with the charges that it speaks of and those that break it.
    places: Vec<Option<(usize, usize)>>,
    sql: String,
}

/// What was counted of one source.
#[derive(Debug, Default)]
pub(super) struct Tally {
    source: String,
    pub(super) charges: u64,
    /// Charges by the day on which their period begins.
    pub(super) days: BTreeMap<NaiveDate, u64>,
    /// By the place of the rule.
    pub(super) rules: Vec<Broken>,
}

/// How often one rule is broken, and where first.
#[derive(Debug, Default)]
pub(super) struct Broken {
    speaks: bool,
    failing: u64,
    concerned: u64,
    first_object: Option<String>,
}

impl Broken {
    /// `None` when no file is of a version of the rule and carries its column.
    pub(super) fn counted(&self) -> Option<Counted> {
        let found = self.first_object.clone().unwrap_or_default();
        self.speaks.then_some(Counted { failing: self.failing, concerned: self.concerned, found })
    }
}

/// Columns of the answer before the counts of the rules: source, object, day, charges.
const LEADING: usize = 4;

impl Survey {
    pub(super) fn of(sources: &[Arc<OpenSource>]) -> Self {
        let files = || sources.iter().flat_map(|source| source.files.iter());
        let refused: BTreeSet<&str> = files().flat_map(refused_columns).collect();
        let rules: Vec<&'static Rule> = rules().iter().collect();
        let mut spoken_of = HashMap::new();
        for source in sources {
            for file in &source.files {
                let version = file.contract.version();
                let speaks =
                    |rule: &&Rule| rule.is_of(version) && is_mapped(file, &rule.column) && !uses_one_of(rule, &refused);
                let object = source.location.object_url(&file.object.location);
                spoken_of.insert((source.name.clone(), object), rules.iter().map(speaks).collect::<Vec<bool>>());
            }
        }
        let wanted = |index: usize| spoken_of.values().any(|speaks: &Vec<bool>| speaks[index]);
        let day = if refused.contains("ChargePeriodStart") { "NULL" } else { "date_trunc('day', ChargePeriodStart)" };
        let mut counts = Counts::default();
        let places = rules.iter().enumerate().map(|(index, rule)| match &rule.asks {
            Asks::Condition { when, holds } if wanted(index) => Some(counts.add(when.as_deref(), holds)),
            _ => None,
        });
        let places = places.collect();
        let sql = format!(
            "SELECT x_SourceName, x_ObjectName, CAST({day} AS DATE) AS day, count(*) AS charges{}\n\
             FROM spend\nGROUP BY x_SourceName, x_ObjectName, CAST({day} AS DATE)",
            counts.sql()
        );
        Self { rules, spoken_of, places, sql }
    }

    /// Every rule of FOCUS.
    pub(super) fn rules(&self) -> &[&'static Rule] {
        &self.rules
    }

    /// The statement.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// Nothing counted yet, for each of `sources`.
    pub(super) fn tallies(&self, sources: &[Arc<OpenSource>]) -> Vec<Tally> {
        let speaks_of = |source: &str, index: usize| {
            self.spoken_of.iter().any(|((name, _), speaks)| name == source && speaks[index])
        };
        let tally = |source: &Arc<OpenSource>| {
            let broken = |index| Broken { speaks: speaks_of(&source.name, index), ..Broken::default() };
            let rules = (0..self.rules.len()).map(broken).collect();
            Tally { source: source.name.clone(), rules, ..Tally::default() }
        };
        sources.iter().map(tally).collect()
    }

    /// Adds the rows of an answer.
    pub(super) fn add(&self, batch: &RecordBatch, tallies: &mut [Tally]) -> Result<()> {
        let misfit = |cause| Error::internal("the answer of the scan does not fit").because(cause);
        let text = |index: usize| cast(batch.column(index), &DataType::Utf8).map_err(misfit);
        let (sources, objects) = (text(0)?, text(1)?);
        let (sources, objects) = (sources.as_string::<i32>(), objects.as_string::<i32>());
        let days = cast(batch.column(2), &DataType::Date32).map_err(misfit)?;
        let days = days.as_primitive::<Date32Type>();
        let count = |index: usize, row: usize| {
            let counts = batch.column(index).as_primitive_opt::<Int64Type>();
            counts.and_then(|counts| u64::try_from(counts.value(row)).ok()).unwrap_or_default()
        };
        for row in 0..batch.num_rows() {
            let Some(tally) = tallies.iter_mut().find(|tally| tally.source == sources.value(row)) else { continue };
            let charges = count(LEADING - 1, row);
            tally.charges += charges;
            if let Some(day) = days.is_valid(row).then(|| days.value_as_date(row)).flatten() {
                *tally.days.entry(day).or_default() += charges;
            }
            let object = objects.value(row);
            let of_file = (tally.source.clone(), object.to_owned());
            let speaks = self.spoken_of.get(&of_file).ok_or_else(|| {
                // Counted by no rule, its charges would seem to break none.
                Error::internal("a charge comes from an object that the source does not list").with("object", object)
            })?;
            for (index, place) in self.places.iter().enumerate() {
                let (Some((concerned, failing)), true) = (place, speaks[index]) else { continue };
                tally.rules[index].add(count(*concerned, row), count(*failing, row), object);
            }
        }
        Ok(())
    }
}

impl Broken {
    fn add(&mut self, concerned: u64, failing: u64, object: &str) {
        self.concerned += concerned;
        self.failing += failing;
        // The answer comes in no order.
        if failing > 0 && self.first_object.as_deref().is_none_or(|first| object < first) {
            self.first_object = Some(object.to_owned());
        }
    }
}

/// The counts of the statement; rules that speak of the same charges share one.
#[derive(Default)]
struct Counts {
    conditions: Vec<String>,
    by_text: HashMap<String, usize>,
}

impl Counts {
    /// The columns of the answer for a rule: charges that it speaks of, charges that break it.
    fn add(&mut self, when: Option<&str>, holds: &str) -> (usize, usize) {
        match when {
            None => (LEADING - 1, self.place(format!("NOT ({holds})"))),
            Some(when) => (self.place(when.to_owned()), self.place(format!("({when}) AND NOT ({holds})"))),
        }
    }

    fn place(&mut self, condition: String) -> usize {
        let next = LEADING + self.conditions.len();
        *self.by_text.entry(condition).or_insert_with_key(|condition| {
            self.conditions.push(condition.clone());
            next
        })
    }

    fn sql(&self) -> String {
        let counts = self.conditions.iter().enumerate();
        counts.map(|(index, condition)| format!(",\n  count(*) FILTER (WHERE {condition}) AS count_{index}")).collect()
    }
}

fn is_mapped(file: &LedgerFile, column: &str) -> bool {
    matches!(file.contract.mappings.get(column), Some(Mapping::Physical(_)))
}

fn refused_columns(file: &LedgerFile) -> impl Iterator<Item = &str> {
    let refused = |mapping: &Mapping| matches!(mapping, Mapping::Refused(_));
    file.contract.mappings.iter().filter(move |(_, mapping)| refused(mapping)).map(|(name, _)| name.as_str())
}

/// Whether the condition of `rule` names one of `columns`.
fn uses_one_of(rule: &Rule, columns: &BTreeSet<&str>) -> bool {
    let Asks::Condition { when, holds } = &rule.asks else { return false };
    let names = |sql: &str| {
        // Every other part stands between quotes.
        let outside: Vec<&str> = sql.split('\'').step_by(2).collect();
        let mut words = outside.iter().flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'));
        words.any(|word| column(word).is_some_and(|column| columns.contains(column.name)))
    };
    names(holds) || when.as_deref().is_some_and(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_speak_of_the_same_charges_share_a_count() {
        let mut counts = Counts::default();
        assert_eq!(counts.add(Some("a"), "b"), (4, 5));
        assert_eq!(counts.add(Some("a"), "c"), (4, 6));
        assert_eq!(counts.add(None, "c"), (3, 7));
        assert!(counts.sql().contains("count(*) FILTER (WHERE (a) AND NOT (b)) AS count_1"), "{}", counts.sql());
    }

    #[test]
    fn a_rule_is_left_out_when_a_column_of_it_cannot_be_read() {
        let rule = |id: &str| rules().iter().find(|rule| rule.id == id).unwrap();
        let refused = BTreeSet::from(["ChargePeriodStart"]);
        assert!(uses_one_of(rule("FOCUS-ChargePeriodEnd-after-start"), &refused));
        assert!(!uses_one_of(rule("FOCUS-BilledCost-not-null"), &refused));
        assert!(!uses_one_of(rule("FOCUS-ChargeCategory-allowed"), &BTreeSet::from(["Usage", "Tags"])));
    }
}

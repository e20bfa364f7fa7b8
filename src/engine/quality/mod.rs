//! The scorecard of a source: every rule of FOCUS that speaks of it, and whether its charges are all there.
//!
//! ```text
//! rules that apply → one scan, counted by file and day → rules of each file's version → days, months, columns, files
//! ```
//!
//! The counts by file let a rule speak of the files of its version alone, and name the first that breaks it; the counts by
//! day show what is missing.

mod days;
mod files;
mod scan;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;

use self::scan::{Survey, Tally};
use super::answer::{Answer, within};
use super::ledger::{self, OpenSource};
use super::session::Session;
use super::{Engine, Reading, Sql};
use crate::config;
use crate::error::Result;
use crate::focus::{Asks, Gate, Measure, Obligation, Rule, Version, measures};
use crate::query::Bound;
use crate::units::parse_duration;

/// How a rule came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// What must hold does not.
    Failed,
    /// What should hold does not.
    Warning,
    /// It does not hold, and the configuration says that this is known.
    Accepted,
    /// It holds.
    Ok,
    /// Nothing to apply it to, or nothing to compare with.
    NotApplicable,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "failed",
            Self::Warning => "warning",
            Self::Accepted => "accepted",
            Self::Ok => "ok",
            Self::NotApplicable => "not applicable",
        })
    }
}

/// How one rule or measure came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// Name of the rule or measure.
    pub rule: String,
    /// The column that the rule is about; measures have none.
    pub column: Option<String>,
    /// What breaking it means.
    pub obligation: Obligation,
    /// What breaking it decides.
    pub gate: Gate,
    /// How it came out.
    pub verdict: Verdict,
    /// Charges that break it; for a measure the days, months, columns or files found.
    pub failing: u64,
    /// Charges that it speaks of; for a measure the days, months, columns or files there are.
    pub concerned: u64,
    /// What should be.
    pub what: String,
    /// Where it breaks first, or what was measured; empty when there is nothing to say.
    pub found: String,
}

/// The scorecard of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scorecard {
    /// The source.
    pub source: String,
    /// The versions of FOCUS that its files speak.
    pub versions: BTreeSet<Version>,
    /// Its charges.
    pub charges: u64,
    /// One score a rule: the worst first, then by name.
    pub scores: Vec<Score>,
}

impl Scorecard {
    /// The rules that failed and decide `gate`.
    pub fn failed(&self, gate: Gate) -> impl Iterator<Item = &str> {
        let failed = move |score: &&Score| score.verdict == Verdict::Failed && score.gate == gate;
        self.scores.iter().filter(failed).map(|score| score.rule.as_str())
    }

    /// How many rules came out as `verdict`.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.scores.iter().filter(|score| score.verdict == verdict).count()
    }
}

/// What was counted for a rule or a measure.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    failing: u64,
    concerned: u64,
    found: String,
}

impl Engine {
    /// The scorecard of `source`, or of every source of the ledger, by one scan of the charges.
    ///
    /// Ages are counted from the date that relative periods count from.
    ///
    /// # Errors
    /// As for a query over `spend`; rules that charges break are no error.
    pub async fn scorecards(self: &Arc<Self>, source: Option<&str>) -> Result<Vec<Scorecard>> {
        let started = self.clock.elapsed();
        let deadline = self.limits.timeout.map(|timeout| started + timeout);
        let (engine, source) = (Arc::clone(self), source.map(str::to_owned));
        let planned = self.on_large_stack(move || async move {
            let session = Session::new(engine.as_ref(), engine.limits)?;
            let ledger = session.ledger_of(source.as_deref(), engine.known_at).await?;
            let sources = ledger.as_files();
            let survey = Survey::of(&sources);
            session.provide(ledger::NAMES[0], Arc::clone(&ledger) as _).await;
            let running = session.start(Sql::new(survey.sql(), "check"), Bound::default(), Reading::Charges).await?;
            Ok((sources, survey, running))
        });
        let (sources, survey, running) = within(deadline, self.clock.as_ref(), planned).await??;
        let clock = Arc::clone(&self.clock);
        let mut answer = Answer::new(running, Vec::new(), clock, started, deadline, self.config.prices);
        let mut tallies = survey.tallies(&sources);
        while let Some(batch) = answer.next().await? {
            survey.add(&batch, &mut tallies)?;
        }
        sources.iter().zip(&tallies).map(|(source, tally)| self.scorecard(source, &survey, tally)).collect()
    }

    fn scorecard(&self, source: &OpenSource, survey: &Survey, tally: &Tally) -> Result<Scorecard> {
        let settings = self.config.sources.get(&source.name).cloned().unwrap_or_default();
        let versions: BTreeSet<Version> = source.files.iter().map(|file| file.contract.version()).collect();
        let mut scores = Vec::new();
        for (index, rule) in survey.rules().iter().enumerate() {
            let counted = match rule.asks {
                Asks::Presence => files::presence(source, rule),
                Asks::Condition { .. } => tally.rules[index].counted(),
            };
            // What no version of the source asks is not worth a line.
            if versions.iter().any(|version| rule.is_of(*version)) {
                scores.push(of_rule(rule, counted, &settings));
            }
        }
        for measure in measures() {
            let counted = self.measured(&measure.id, source, tally, &settings)?;
            scores.push(of_measure(measure, counted, &settings));
        }
        scores.sort_by(|a, b| a.verdict.cmp(&b.verdict).then_with(|| a.rule.cmp(&b.rule)));
        Ok(Scorecard { source: source.name.clone(), versions, charges: tally.charges, scores })
    }

    /// What the measure `id` found; `None` when there is nothing to measure.
    fn measured(
        &self,
        id: &str,
        source: &OpenSource,
        tally: &Tally,
        settings: &config::Source,
    ) -> Result<Option<Counted>> {
        let as_of = self.calendar.as_of;
        let days = || tally.days.range(..=as_of).map(|(day, charges)| (*day, *charges)).collect();
        Ok(match id {
            "refused-columns" => Some(files::refused_columns(source)),
            "custom-columns" => Some(files::custom_columns(source)),
            "renamed-columns" => Some(files::renamed_columns(source)),
            "changing-columns" => Some(files::changing_columns(source)),
            "set-aside" => Some(files::set_aside(source)),
            "missing-months" => days::missing_months(&days()),
            "missing-days" => days::missing_days(&days()),
            "volume-months" => days::thin_months(&days()),
            "volume-days" => days::thin_days(&days()),
            "freshness" => match &settings.freshness {
                Some(allowed) => Some(freshness(days().keys().next_back().copied(), as_of, parse_duration(allowed)?)),
                None => None,
            },
            _ => None,
        })
    }
}

fn freshness(newest: Option<NaiveDate>, as_of: NaiveDate, allowed: Duration) -> Counted {
    let Some(newest) = newest else {
        return Counted { failing: 1, concerned: 1, found: format!("no charge up to {as_of}") };
    };
    let days = u64::try_from((as_of - newest).num_days()).unwrap_or_default();
    let stale = Duration::from_secs(days * 24 * 60 * 60) > allowed;
    Counted { failing: u64::from(stale), concerned: 1, found: format!("{newest}, {days} days before {as_of}") }
}

fn of_rule(rule: &Rule, counted: Option<Counted>, settings: &config::Source) -> Score {
    let about = (rule.id.as_str(), rule.obligation, Gate::Conformance, rule.what.as_str());
    score(about, Some(&rule.column), counted, settings)
}

fn of_measure(measure: &Measure, counted: Option<Counted>, settings: &config::Source) -> Score {
    let about = (measure.id.as_str(), measure.obligation, measure.gate, measure.what.as_str());
    score(about, None, counted, settings)
}

fn score(
    (rule, obligation, gate, what): (&str, Obligation, Gate, &str),
    column: Option<&str>,
    counted: Option<Counted>,
    settings: &config::Source,
) -> Score {
    let verdict = match (&counted, obligation) {
        (None, _) => Verdict::NotApplicable,
        (Some(counted), _) if counted.concerned == 0 => Verdict::NotApplicable,
        (Some(counted), _) if counted.failing == 0 => Verdict::Ok,
        _ if settings.accept.iter().any(|accepted| accepted == rule) => Verdict::Accepted,
        (_, Obligation::Must) => Verdict::Failed,
        (_, Obligation::Should) => Verdict::Warning,
    };
    let Counted { failing, concerned, found } = counted.unwrap_or_default();
    let (rule, column, what) = (rule.to_owned(), column.map(str::to_owned), what.to_owned());
    Score { rule, column, obligation, gate, verdict, failing, concerned, what, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_counted_in_days_from_the_date_of_the_report() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let age = |newest, allowed| freshness(newest, day("2026-07-08"), parse_duration(allowed).unwrap());
        assert_eq!(age(Some(day("2026-07-05")), "3d").failing, 0);
        assert_eq!(age(Some(day("2026-07-04")), "3d").failing, 1);
        assert_eq!(age(None, "3d").failing, 1);
        assert_eq!(age(Some(day("2026-07-05")), "3d").found, "2026-07-05, 3 days before 2026-07-08");
    }

    #[test]
    fn a_known_exception_is_accepted_and_nothing_fails_without_charges() {
        let settings = config::Source { accept: vec!["known".to_owned()], ..config::Source::default() };
        let verdict = |rule: &str, obligation, failing, concerned| {
            let counted = Some(Counted { failing, concerned, found: String::new() });
            score((rule, obligation, Gate::Conformance, ""), None, counted, &settings).verdict
        };
        assert_eq!(verdict("known", Obligation::Must, 1, 2), Verdict::Accepted);
        assert_eq!(verdict("known", Obligation::Must, 0, 2), Verdict::Ok);
        assert_eq!(verdict("other", Obligation::Must, 1, 2), Verdict::Failed);
        assert_eq!(verdict("other", Obligation::Should, 1, 2), Verdict::Warning);
        assert_eq!(verdict("other", Obligation::Must, 0, 0), Verdict::NotApplicable);
    }
}

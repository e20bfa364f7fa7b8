//! The intervals that a summary table has: what exists by the calendar, and how each is asked for.

use chrono::NaiveDate;

use crate::error::{Error, Result};
use crate::query::{Calendar, Interval, ParamKind, SavedQuery};
use crate::units::{Grain, Period};

/// The parameter that says which interval is built.
pub const PARAMETER: &str = "interval";

/// The name of the one part of a table that is built whole.
pub const WHOLE: &str = "all";

/// A part of a table that is built at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Its name: `2026-05`, or [`WHOLE`].
    pub name: String,
    /// Its days; `None` when the table is built whole.
    pub period: Option<Period>,
    /// The values that the query is run with.
    pub given: Vec<(String, String)>,
}

/// The last interval of `query` that is built: the last one that is over, or that of the pinned date when `partial` says so.
/// `None` for a query that is built whole.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] at the ends of the calendar.
pub fn last(query: &SavedQuery, calendar: &Calendar, partial: bool) -> Result<Option<Period>> {
    let Some(interval) = interval_of(query) else { return Ok(None) };
    let this = calendar.this(interval.grain)?;
    if partial { Ok(Some(this)) } else { calendar.fiscal.shift(interval.grain, &this, -1).map(Some) }
}

/// The slots of `query` from the one of the day `first` up to `last`, which is `None` for a query that is built whole.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for a query without the parameter that an interval needs.
pub fn slots(query: &SavedQuery, first: NaiveDate, calendar: &Calendar, last: Option<&Period>) -> Result<Vec<Slot>> {
    let (Some(interval), Some(last)) = (interval_of(query), last) else {
        return Ok(vec![Slot { name: WHOLE.to_owned(), period: None, given: Vec::new() }]);
    };
    let kind = parameter(query)?;
    let mut period = calendar.fiscal.containing(interval.grain, first)?;
    let mut slots = Vec::new();
    while period.start <= last.start {
        let next = calendar.fiscal.shift(interval.grain, &period, 1)?;
        slots.push(slot(period, kind));
        period = next;
    }
    Ok(slots)
}

/// Whether `name` names an interval of `grain`.
pub fn is_slot(name: &str, interval: Option<&Interval>, calendar: &Calendar) -> bool {
    match interval {
        Some(interval) => calendar.fiscal.parse(interval.grain, name).is_ok(),
        None => name == WHOLE,
    }
}

/// The interval that `query` is stored by.
pub fn interval_of(query: &SavedQuery) -> Option<&Interval> {
    query.materialize.as_ref()?.interval.as_ref()
}

/// The values that `query` is run with for the interval `period`.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for a query without the parameter that an interval needs.
pub fn given(query: &SavedQuery, period: &Period) -> Result<Vec<(String, String)>> {
    Ok(slot(period.clone(), parameter(query)?).given)
}

fn slot(period: Period, kind: ParamKind) -> Slot {
    let value = match kind {
        ParamKind::Period(Some(_)) => period.label.clone(),
        _ => format!("{}..{}", period.start, period.end),
    };
    Slot { name: period.label.clone(), given: vec![(PARAMETER.to_owned(), value)], period: Some(period) }
}

/// The type of the parameter that says which interval is built.
fn parameter(query: &SavedQuery) -> Result<ParamKind> {
    let grain = interval_of(query).map(|interval| interval.grain);
    let fits = |kind: ParamKind| matches!(kind, ParamKind::Period(of) if of.is_none() || of == grain);
    let found = query.params.iter().find(|param| param.name == PARAMETER && fits(param.kind));
    found.map(|param| param.kind).ok_or_else(|| {
        let grain = grain.map_or("month", Grain::name);
        Error::invalid(format!("`{}` is stored by the {grain} and has no parameter that says which", query.name))
            .with("file", query.path.clone())
            .hint(format!(
                "declare `-- param: {PARAMETER} {grain} = last_full_{grain}` and select the rows from `${PARAMETER}_start` to `${PARAMETER}_end`"
            ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::FiscalCalendar;

    fn calendar() -> Calendar {
        Calendar { fiscal: FiscalCalendar::default(), as_of: "2026-07-03".parse().unwrap(), close_lag_days: 0 }
    }

    fn query(header: &str) -> SavedQuery {
        SavedQuery::from_text("q.sql", &format!("{header}\nSELECT 1 AS day WHERE $interval_start < $interval_end"))
            .unwrap()
    }

    #[test]
    fn months_run_from_the_first_to_the_one_of_today() {
        let query = query("-- materialize: interval=month(day)\n-- param: interval period = last(12mo)");
        let from = "2026-05-20".parse().unwrap();
        let until =
            |partial| slots(&query, from, &calendar(), last(&query, &calendar(), partial).unwrap().as_ref()).unwrap();
        assert_eq!(until(false).len(), 2, "July is not over");
        let slots = until(true);
        let shown: Vec<_> = slots.iter().map(|slot| (slot.name.as_str(), slot.given[0].1.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("2026-05", "2026-05-01..2026-06-01"),
                ("2026-06", "2026-06-01..2026-07-01"),
                ("2026-07", "2026-07-01..2026-08-01")
            ]
        );
        assert!(
            is_slot("2026-05", interval_of(&query), &calendar()) && !is_slot(WHOLE, interval_of(&query), &calendar())
        );
    }

    #[test]
    fn a_parameter_of_another_grain_does_not_say_which_interval() {
        let query = query("-- materialize: interval=month(day)\n-- param: interval quarter = last_full_quarter");
        let last = last(&query, &calendar(), true).unwrap();
        let error = slots(&query, "2026-05-20".parse().unwrap(), &calendar(), last.as_ref()).unwrap_err();
        assert!(error.hints()[0].contains("-- param: interval month"), "{error:?}");
    }
}

//! The even steps of a calendar that a series has: days, weeks, months, quarters, years.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate};

use crate::error::{Error, Result};
use crate::forecast;
use crate::units::Grain;

/// A grain with the day or month on which its periods begin; steps are counted from the start of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) grain: Grain,
    unit: Unit,
    length: i64,
    phase: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Days,
    Months,
}

/// Days and weeks that were not asked for are believed when at least one of so many of them has a value.
const THINNEST: i64 = 2;

impl Steps {
    /// The steps of `days`, which is not empty: those of `grain`, else the longest that all days fit.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for days that are on no calendar.
    pub(super) fn of(days: &BTreeSet<NaiveDate>, grain: Option<Grain>) -> Result<Self> {
        let grain = match grain {
            Some(grain) => grain,
            None => detected(days)?,
        };
        let (unit, length) = match grain {
            Grain::Day => (Unit::Days, 1),
            Grain::Week => (Unit::Days, 7),
            Grain::Month => (Unit::Months, 1),
            Grain::Quarter => (Unit::Months, 3),
            Grain::Year => (Unit::Months, 12),
        };
        let first = days.first().map_or(0, |first| counted(*first, unit));
        let steps = Self { grain, unit, length, phase: first.rem_euclid(length) };
        match days.iter().find(|day| steps.index(**day).is_none()) {
            Some(stray) => Err(Error::data(format!("{stray} is no start of a {grain} as the others are"))
                .hint(format!("group by date_trunc('{grain}', ...), or name the grain: `grain => 'day'`"))),
            None => Ok(steps),
        }
    }

    /// The step that begins on `day`.
    pub(super) fn index(&self, day: NaiveDate) -> Option<i64> {
        let aligned = self.unit == Unit::Days || day.day() == 1;
        let from_phase = counted(day, self.unit) - self.phase;
        (aligned && from_phase.rem_euclid(self.length) == 0).then(|| from_phase.div_euclid(self.length))
    }

    /// The last step that has ended when `day` begins.
    pub(super) fn last_before(&self, day: NaiveDate) -> i64 {
        (counted(day, self.unit) - self.phase).div_euclid(self.length) - 1
    }

    /// The number of steps after `last` that begin before `day`.
    pub(super) fn before(&self, day: NaiveDate, last: i64) -> i64 {
        let step = self.last_before(day) + 1;
        if self.start(step).is_ok_and(|start| start < day) { step - last } else { step - 1 - last }
    }

    /// The day on which a step begins.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the ends of the calendar.
    pub(super) fn start(&self, step: i64) -> Result<NaiveDate> {
        let number = step * self.length + self.phase;
        let day = match self.unit {
            Unit::Days => number
                .checked_mul(86_400)
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
                .map(|time| time.date_naive()),
            Unit::Months => i32::try_from(number.div_euclid(12))
                .ok()
                .zip(u32::try_from(number.rem_euclid(12)).ok())
                .and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month + 1, 1)),
        };
        day.ok_or_else(|| Error::invalid("a step lies outside the calendar"))
    }

    /// Observations in a season.
    pub(super) fn season(&self) -> usize {
        match self.grain {
            Grain::Day => forecast::Grain::Day,
            Grain::Week => forecast::Grain::Week,
            Grain::Month => forecast::Grain::Month,
            Grain::Quarter => forecast::Grain::Quarter,
            Grain::Year => forecast::Grain::Year,
        }
        .season()
    }
}

/// Days or months since the start of the calendar.
fn counted(day: NaiveDate, unit: Unit) -> i64 {
    match unit {
        Unit::Days => day.signed_duration_since(DateTime::UNIX_EPOCH.date_naive()).num_days(),
        Unit::Months => i64::from(day.year()) * 12 + i64::from(day.month0()),
    }
}

fn detected(days: &BTreeSet<NaiveDate>) -> Result<Grain> {
    let monthly = days.iter().all(|day| day.day() == 1);
    let unit = if monthly { Unit::Months } else { Unit::Days };
    let numbers: Vec<i64> = days.iter().map(|day| counted(*day, unit)).collect();
    let common = numbers.windows(2).map(|pair| pair[1] - pair[0]).fold(0, divisor);
    let span = numbers.last().unwrap_or(&0) - numbers.first().unwrap_or(&0);
    let grain = match (unit, common) {
        // Two quarters could as well be months with gaps.
        (Unit::Months, common) if common > 0 && common % 12 == 0 && days.len() > 2 => Grain::Year,
        (Unit::Months, common) if common > 0 && common % 3 == 0 && days.len() > 2 => Grain::Quarter,
        (Unit::Months, _) => Grain::Month,
        (Unit::Days, common) if common > 0 && common % 7 == 0 => Grain::Week,
        (Unit::Days, _) => Grain::Day,
    };
    let length = if grain == Grain::Week { 7 } else { 1 };
    let thin = unit == Unit::Days && span / length + 1 > THINNEST * i64::try_from(days.len()).unwrap_or(i64::MAX);
    if thin {
        let first: Vec<String> = days.iter().take(3).map(ToString::to_string).collect();
        return Err(Error::data(format!("times such as {} are on no calendar", first.join(", ")))
            .hint("group by date_trunc('month', ...), or say what the periods are: `grain => 'day'`"));
    }
    Ok(grain)
}

fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(days: &[&str]) -> Result<Steps> {
        Steps::of(&days.iter().map(|day| day.parse().unwrap()).collect(), None)
    }

    #[test]
    fn the_longest_grain_that_fits_is_found() {
        for (days, grain) in [
            (&["2026-01-01", "2026-02-01", "2026-06-01"][..], Grain::Month),
            (&["2026-01-01"], Grain::Month),
            (&["2026-01-01", "2026-04-01"], Grain::Month),
            (&["2026-01-01", "2026-04-01", "2026-07-01"], Grain::Quarter),
            (&["2024-02-01", "2025-02-01", "2026-02-01"], Grain::Year),
            (&["2026-01-05", "2026-01-12", "2026-01-26"], Grain::Week),
            (&["2026-01-05", "2026-01-06", "2026-01-09"], Grain::Day),
            (&["2026-01-05"], Grain::Day),
        ] {
            assert_eq!(steps(days).unwrap().grain, grain, "{days:?}");
        }
        assert!(steps(&["2026-01-31", "2026-02-28", "2026-03-31"]).is_err());
    }

    #[test]
    fn steps_count_from_their_first_day() {
        let quarters = steps(&["2026-02-01", "2026-05-01", "2026-08-01"]).unwrap();
        let step = quarters.index("2026-05-01".parse().unwrap()).unwrap();
        assert_eq!(quarters.start(step + 2).unwrap().to_string(), "2026-11-01");
        assert_eq!(quarters.index("2026-06-01".parse().unwrap()), None);
        assert_eq!(quarters.last_before("2026-08-01".parse().unwrap()), step);
        assert_eq!(quarters.last_before("2026-07-31".parse().unwrap()), step - 1);
        assert_eq!(quarters.before("2026-11-02".parse().unwrap(), step), 2);
        assert_eq!(quarters.before("2026-11-01".parse().unwrap(), step), 1);
    }
}

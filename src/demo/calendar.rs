//! The months of the history as day numbers, and the months in which something was planted.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};

use crate::error::{Error, Result};

/// A day as the count of days since 1970-01-01.
pub(super) type Day = i64;

/// Seconds in a day.
pub(super) const DAY_SECONDS: i64 = 86_400;

/// Months after the history for which budgets exist.
const MONTHS_AHEAD: u32 = 6;

/// The months of the history, numbered from 0, and a few months after it.
#[derive(Debug)]
pub(super) struct Calendar {
    starts: Vec<Day>,
    /// Number of months of history.
    pub(super) months: usize,
}

impl Calendar {
    /// `months` months that end with the one that starts on `last_month`.
    pub(super) fn new(months: u32, last_month: NaiveDate) -> Result<Self> {
        let outside = || Error::invalid(format!("the month `{last_month}` is outside the calendar"));
        let first = last_month.checked_sub_months(Months::new(months - 1)).ok_or_else(outside)?;
        let starts = (0..=months + MONTHS_AHEAD)
            .map(|count| first.checked_add_months(Months::new(count)).map(day_of).ok_or_else(outside))
            .collect::<Result<Vec<Day>>>()?;
        Ok(Self { months: starts.len() - 1 - usize_of(MONTHS_AHEAD), starts })
    }

    /// First day of a month.
    pub(super) fn start(&self, month: usize) -> Day {
        self.starts[month]
    }

    /// First day after a month.
    pub(super) fn end(&self, month: usize) -> Day {
        self.starts[month + 1]
    }

    /// Number of days of a month.
    pub(super) fn days(&self, month: usize) -> i64 {
        self.end(month) - self.start(month)
    }

    /// First day of the history.
    pub(super) fn first_day(&self) -> Day {
        self.starts[0]
    }

    /// First day after the history.
    pub(super) fn end_day(&self) -> Day {
        self.starts[self.months]
    }

    /// Months after the history that [`Self::start`] and [`Self::end`] know.
    pub(super) fn months_ahead(&self) -> usize {
        self.starts.len() - 1 - self.months
    }

    /// The number of the month that a day of the history lies in; days outside belong to its first or last month.
    pub(super) fn month_of(&self, day: Day) -> usize {
        self.starts[..self.months].partition_point(|start| *start <= day).saturating_sub(1)
    }

    /// `2026-06`.
    pub(super) fn label(&self, month: usize) -> String {
        date_of(self.start(month)).format("%Y-%m").to_string()
    }

    /// Month of the year, 0 to 11.
    pub(super) fn month_of_year(&self, month: usize) -> usize {
        usize_of(date_of(self.start(month)).month0())
    }
}

/// The months in which something was planted, as numbers of [`Calendar`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Milestones {
    /// First month that AWS delivers as FOCUS 1.2.
    pub(super) aws_focus_1_2: usize,
    /// First month that Azure delivers as FOCUS 1.2.
    pub(super) azure_focus_1_2: usize,
    /// First month that Anthropic delivers as FOCUS 1.4.
    pub(super) anthropic_focus_1_4: usize,
    /// The AWS month that was delivered twice.
    pub(super) redelivered: usize,
    /// The month of the huge purchase at AWS.
    pub(super) one_off: usize,
    /// The AWS month that was corrected later.
    pub(super) corrected: usize,
    /// The month whose AWS bill holds the correction.
    pub(super) correction_billed: usize,
    /// The month in the middle of which a model got cheaper.
    pub(super) price_change: usize,
    /// The month of the runaway loop.
    pub(super) runaway: usize,
    /// First month in which the gamer burns tokens.
    pub(super) gamer: usize,
    /// The billing month whose Azure invoice is off.
    pub(super) wrong_invoice: usize,
}

impl Milestones {
    /// Where things happen in a history of `months` months, at least 6.
    pub(super) fn of(months: usize) -> Self {
        Self {
            aws_focus_1_2: months / 2,
            azure_focus_1_2: months * 2 / 3,
            anthropic_focus_1_4: months - 3,
            redelivered: months - 4,
            one_off: months / 3,
            corrected: months - 5,
            correction_billed: months - 3,
            price_change: months * 3 / 5,
            runaway: months - 2,
            gamer: months * 2 / 3,
            wrong_invoice: months - 2,
        }
    }
}

/// The day number of a date.
pub(super) fn day_of(date: NaiveDate) -> Day {
    (date - NaiveDate::default()).num_days()
}

/// The date of a day number.
pub(super) fn date_of(day: Day) -> NaiveDate {
    NaiveDate::default() + TimeDelta::days(day)
}

/// The Monday of the ISO 8601 week of a day; 1970-01-01 was a Thursday.
pub(super) fn monday_of(day: Day) -> Day {
    day - (day + 3).rem_euclid(7)
}

/// Whether a day is a Saturday or a Sunday.
pub(super) fn is_weekend(day: Day) -> bool {
    day - monday_of(day) >= 5
}

/// `number` as an index.
pub(super) fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_weeks_follow_the_calendar() {
        let calendar = Calendar::new(6, NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()).unwrap();
        assert_eq!(calendar.label(0), "2026-01");
        assert_eq!((calendar.months, calendar.days(1), calendar.months_ahead()), (6, 28, 6));
        assert_eq!(calendar.month_of(calendar.end(1)), 2);
        assert_eq!(calendar.month_of(calendar.end(1) - 1), 1);
        let friday = day_of(NaiveDate::from_ymd_opt(2026, 6, 5).unwrap());
        assert_eq!(date_of(monday_of(friday)).to_string(), "2026-06-01");
        assert!(!is_weekend(friday) && is_weekend(friday + 1));
    }
}

//! The calendar of a run: which periods are full at the pinned date.

use chrono::{Days, NaiveDate};

use crate::error::{Error, Result};
use crate::units::{FiscalCalendar, Grain, Period};

/// What relative dates are counted from: the fiscal year, the date the run is pinned to, and how late bills close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// Where fiscal years start.
    pub fiscal: FiscalCalendar,
    /// The date the run is pinned to: `today`.
    pub as_of: NaiveDate,
    /// Days after the end of a period until its bills are final.
    pub close_lag_days: u32,
}

impl Calendar {
    /// The period of length `grain` that the pinned date lies in, full or not.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the ends of the calendar.
    pub fn this(&self, grain: Grain) -> Result<Period> {
        self.fiscal.containing(grain, self.as_of)
    }

    /// The newest full period of length `grain`: its end plus the close lag is not after the pinned date.
    ///
    /// With a lag of 5 days the last full month on 3 July is May, on 6 July it is June.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the ends of the calendar.
    pub fn last_full(&self, grain: Grain) -> Result<Period> {
        let closed = self.as_of.checked_sub_days(Days::new(u64::from(self.close_lag_days))).ok_or_else(end_of_time)?;
        self.fiscal.shift(grain, &self.fiscal.containing(grain, closed)?, -1)
    }

    /// The `count` newest full periods of length `grain` as one period.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when `count` is 0 and at the ends of the calendar.
    pub fn last(&self, count: u32, grain: Grain) -> Result<Period> {
        let newest = self.last_full(grain)?;
        let back = count.checked_sub(1).and_then(|back| i32::try_from(back).ok()).ok_or_else(end_of_time)?;
        let oldest = self.fiscal.shift(grain, &newest, -back)?;
        Period::between(oldest.start, newest.end)
    }

    /// From the start of the fiscal year up to and including the pinned date: the (exclusive) end is the day after it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the ends of the calendar.
    pub fn year_to_date(&self) -> Result<Period> {
        Period::between(self.this(Grain::Year)?.start, self.as_of.succ_opt().ok_or_else(end_of_time)?)
    }
}

fn end_of_time() -> Error {
    Error::invalid("the period lies outside the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(as_of: &str, close_lag_days: u32) -> Calendar {
        Calendar { fiscal: FiscalCalendar::default(), as_of: as_of.parse().unwrap(), close_lag_days }
    }

    #[test]
    fn a_period_is_full_when_its_bills_had_time_to_close() {
        for (as_of, lag, grain, label) in [
            ("2026-07-03", 5, Grain::Month, "2026-05"),
            ("2026-07-06", 5, Grain::Month, "2026-06"),
            ("2026-07-01", 0, Grain::Month, "2026-06"),
            ("2026-06-30", 0, Grain::Month, "2026-05"),
            ("2026-07-03", 5, Grain::Quarter, "2026-Q1"),
            ("2026-07-06", 5, Grain::Quarter, "2026-Q2"),
            ("2026-01-05", 5, Grain::Year, "2024"),
            ("2026-01-06", 5, Grain::Year, "2025"),
            ("2026-07-06", 0, Grain::Week, "2026-W27"),
            ("2026-07-06", 0, Grain::Day, "2026-07-05"),
        ] {
            assert_eq!(calendar(as_of, lag).last_full(grain).unwrap().label, label, "{as_of} {lag} {grain}");
        }
    }

    #[test]
    fn the_last_twelve_months_are_full_ones() {
        assert_eq!(
            calendar("2026-07-03", 5).last(12, Grain::Month).unwrap().to_string(),
            "2025-06-01..2026-06-01 [2025-06-01,2026-06-01)"
        );
        assert_eq!(calendar("2026-07-03", 0).last(30, Grain::Day).unwrap().label, "2026-06-03..2026-07-03");
        assert!(calendar("2026-07-03", 0).last(0, Grain::Day).is_err());
        assert!(calendar("2026-07-03", 0).last(u32::MAX, Grain::Year).is_err());
    }

    #[test]
    fn the_year_to_date_includes_the_pinned_day_and_follows_the_fiscal_year() {
        assert_eq!(calendar("2026-01-01", 0).year_to_date().unwrap().label, "2026-01-01..2026-01-02");
        let april = Calendar { fiscal: FiscalCalendar::starting_in(4).unwrap(), ..calendar("2026-03-31", 9) };
        assert_eq!(april.year_to_date().unwrap().label, "2025-04-01..2026-04-01");
    }
}

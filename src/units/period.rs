//! Periods of the calendar: half-open ranges of days with the label people use for them.
//!
//! Quarters and years follow the fiscal calendar of the company; months, weeks and days are those of ISO 8601 in UTC.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use crate::error::{Error, Result, did_you_mean};

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// One day.
    Day,
    /// An ISO 8601 week, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// Three months, counted from the start of the fiscal year.
    Quarter,
    /// Twelve months from the start of the fiscal year.
    Year,
}

impl Grain {
    /// Every grain, shortest first.
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The word for it in saved queries, SQL and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// How a period of this length is written.
    const fn example(self) -> &'static str {
        match self {
            Self::Day => "2026-07-01",
            Self::Week => "2026-W27",
            Self::Month => "2026-07",
            Self::Quarter => "2026-Q3",
            Self::Year => "2026",
        }
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Grain {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|grain| grain.name() == text).ok_or_else(|| {
            let error =
                Error::invalid(format!("`{text}` is not a grain")).hint("use day, week, month, quarter or year");
            did_you_mean(text, Self::ALL.map(Self::name)).into_iter().fold(error, Error::hint)
        })
    }
}

/// A half-open range of days: `start` belongs to it, `end` does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Period {
    /// First day.
    pub start: NaiveDate,
    /// First day after it.
    pub end: NaiveDate,
    /// What people call it: `2026-Q3`, `2026-07`, `2026-W27`, `2026`, `2026-07-01`, or `start..end`.
    pub label: String,
}

impl Period {
    /// The range from `start` to `end` (exclusive), labelled `start..end`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when it is empty.
    pub fn between(start: NaiveDate, end: NaiveDate) -> Result<Self> {
        if start >= end {
            return Err(Error::invalid(format!("the period `{start}..{end}` is empty"))
                .hint("the end is exclusive: the last day is the day before it"));
        }
        Ok(Self { start, end, label: format!("{start}..{end}") })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{},{})", self.label, self.start, self.end)
    }
}

/// The fiscal calendar: the month in which the fiscal year starts.
///
/// A fiscal year that starts after January carries the number of the calendar year in which it ends, as companies with
/// such years write it: with a start in February, `2027-Q1` is February to April 2026.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiscalCalendar {
    first_month: u32,
}

impl Default for FiscalCalendar {
    fn default() -> Self {
        Self { first_month: 1 }
    }
}

impl FiscalCalendar {
    /// A calendar whose years start in `first_month`, 1 to 12.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for any other number.
    pub fn starting_in(first_month: u32) -> Result<Self> {
        if !(1..=12).contains(&first_month) {
            return Err(Error::invalid(format!("a fiscal year cannot start in month `{first_month}`"))
                .hint("give the number of a month, 1 to 12"));
        }
        Ok(Self { first_month })
    }

    /// The period of length `grain` that `date` lies in.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the ends of the calendar, some 262,000 years away.
    pub fn containing(self, grain: Grain, date: NaiveDate) -> Result<Period> {
        let month_start = date.with_day0(0);
        let start = match grain {
            Grain::Day => Some(date),
            Grain::Week => date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))),
            Grain::Month => month_start,
            Grain::Quarter => month_start.and_then(|start| back(start, self.months_into_year(date) % 3)),
            Grain::Year => month_start.and_then(|start| back(start, self.months_into_year(date))),
        };
        start.and_then(|start| self.starting_at(grain, start)).ok_or_else(|| out_of_calendar(&date.to_string()))
    }

    /// The period `count` periods after `period` (before it when negative), both of length `grain`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the ends of the calendar.
    pub fn shift(self, grain: Grain, period: &Period, count: i32) -> Result<Period> {
        let steps = count.unsigned_abs();
        let forward = count >= 0;
        let days = |length: u64| {
            let days = Days::new(length * u64::from(steps));
            if forward { period.start.checked_add_days(days) } else { period.start.checked_sub_days(days) }
        };
        let months = |length: u32| {
            let months = Months::new(length.saturating_mul(steps));
            if forward { period.start.checked_add_months(months) } else { period.start.checked_sub_months(months) }
        };
        let start = match grain {
            Grain::Day => days(1),
            Grain::Week => days(7),
            Grain::Month => months(1),
            Grain::Quarter => months(3),
            Grain::Year => months(12),
        };
        start.and_then(|start| self.starting_at(grain, start)).ok_or_else(|| out_of_calendar(&period.label))
    }

    /// Reads a period of length `grain` as people write it: `2026-Q3`, `2026-07`, `2026-W27`, `2026`, `2026-07-01`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with an example of the form.
    pub fn parse(self, grain: Grain, text: &str) -> Result<Period> {
        let wrong =
            || Error::invalid(format!("`{text}` is not a {grain}")).hint(format!("write it as `{}`", grain.example()));
        let (year, rest) = text.split_once('-').unwrap_or((text, ""));
        if year.len() != 4 {
            return Err(wrong());
        }
        let year: i32 = digits(year).and_then(|year| year.try_into().ok()).ok_or_else(wrong)?;
        let start = match grain {
            Grain::Day => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|date| date.to_string() == text),
            Grain::Week => rest
                .strip_prefix('W')
                .filter(|week| week.len() == 2)
                .and_then(digits)
                .and_then(|week| NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)),
            Grain::Month => {
                digits(rest).filter(|_| rest.len() == 2).and_then(|month| NaiveDate::from_ymd_opt(year, month, 1))
            }
            Grain::Quarter => rest
                .strip_prefix('Q')
                .and_then(digits)
                .filter(|quarter| (1..=4).contains(quarter))
                .and_then(|quarter| self.year_start(year)?.checked_add_months(Months::new((quarter - 1) * 3))),
            Grain::Year => self.year_start(year).filter(|_| text.len() == 4),
        };
        start.and_then(|start| self.starting_at(grain, start)).ok_or_else(wrong)
    }

    /// The period that `text` writes, of whatever length: `2026-07-01`, `2026-W27`, `2026-07`, `2026-Q3` or `2026`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for anything else.
    pub fn parse_any(self, text: &str) -> Result<Period> {
        Grain::ALL.into_iter().find_map(|grain| self.parse(grain, text).ok()).ok_or_else(|| {
            Error::invalid(format!("`{text}` is not a period"))
                .hint("write it as 2026-07-01, 2026-W27, 2026-07, 2026-Q3 or 2026")
        })
    }

    fn starting_at(self, grain: Grain, start: NaiveDate) -> Option<Period> {
        let end = match grain {
            Grain::Day => start.succ_opt(),
            Grain::Week => start.checked_add_days(Days::new(7)),
            Grain::Month => start.checked_add_months(Months::new(1)),
            Grain::Quarter => start.checked_add_months(Months::new(3)),
            Grain::Year => start.checked_add_months(Months::new(12)),
        }?;
        let label = match grain {
            Grain::Day => start.to_string(),
            Grain::Week => format!("{}-W{:02}", start.iso_week().year(), start.iso_week().week()),
            Grain::Month => format!("{}-{:02}", start.year(), start.month()),
            Grain::Quarter => format!("{}-Q{}", self.year_of(start), self.months_into_year(start) / 3 + 1),
            Grain::Year => self.year_of(start).to_string(),
        };
        Some(Period { start, end, label })
    }

    fn months_into_year(self, date: NaiveDate) -> u32 {
        (date.month() + 12 - self.first_month) % 12
    }

    /// The number of the fiscal year of `date`.
    fn year_of(self, date: NaiveDate) -> i32 {
        date.year() + i32::from(self.first_month > 1 && date.month() >= self.first_month)
    }

    fn year_start(self, year: i32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year - i32::from(self.first_month > 1), self.first_month, 1)
    }
}

fn back(date: NaiveDate, months: u32) -> Option<NaiveDate> {
    date.checked_sub_months(Months::new(months))
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn out_of_calendar(what: &str) -> Error {
    Error::invalid(format!("`{what}` lies outside the calendar"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn periods_parse_to_half_open_ranges() {
        let january = FiscalCalendar::default();
        for (grain, text, start, end) in [
            (Grain::Quarter, "2026-Q3", "2026-07-01", "2026-10-01"),
            (Grain::Month, "2024-02", "2024-02-01", "2024-03-01"),
            (Grain::Week, "2026-W01", "2025-12-29", "2026-01-05"),
            (Grain::Year, "2026", "2026-01-01", "2027-01-01"),
            (Grain::Day, "2024-02-29", "2024-02-29", "2024-03-01"),
        ] {
            let period = january.parse(grain, text).unwrap();
            assert_eq!((period.start, period.end, period.label.as_str()), (day(start), day(end), text));
            assert_eq!(january.containing(grain, period.start).unwrap(), period);
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        let january = FiscalCalendar::default();
        for (grain, text) in [
            (Grain::Quarter, "2026-13"),
            (Grain::Quarter, "5"),
            (Grain::Quarter, "2026-Q5"),
            (Grain::Quarter, "2026-Q"),
            (Grain::Month, "2026-13"),
            (Grain::Month, "2026-7"),
            (Grain::Week, "2026-W54"),
            (Grain::Year, "26"),
            (Grain::Year, "2026-"),
            (Grain::Day, "2026-02-30"),
            (Grain::Day, "2026-2-3"),
            (Grain::Month, "+026-01"),
        ] {
            assert!(january.parse(grain, text).is_err(), "{grain} {text}");
        }
    }

    #[test]
    fn a_fiscal_year_is_named_after_the_year_in_which_it_ends() {
        let february = FiscalCalendar::starting_in(2).unwrap();
        let quarter = february.parse(Grain::Quarter, "2027-Q1").unwrap();
        assert_eq!((quarter.start, quarter.end), (day("2026-02-01"), day("2026-05-01")));
        let january = february.containing(Grain::Quarter, day("2027-01-31")).unwrap();
        assert_eq!(january.label, "2027-Q4");
        assert_eq!(february.containing(Grain::Year, day("2026-01-31")).unwrap().label, "2026");
        assert!(FiscalCalendar::starting_in(13).is_err());
    }

    #[test]
    fn shifting_crosses_years() {
        let january = FiscalCalendar::default();
        let quarter = january.parse(Grain::Quarter, "2026-Q1").unwrap();
        assert_eq!(january.shift(Grain::Quarter, &quarter, -1).unwrap().label, "2025-Q4");
        assert_eq!(january.shift(Grain::Quarter, &quarter, 5).unwrap().label, "2027-Q2");
        let week = january.parse(Grain::Week, "2026-W53").unwrap();
        assert_eq!(january.shift(Grain::Week, &week, 1).unwrap().label, "2027-W01");
    }

    #[test]
    fn an_empty_range_is_refused() {
        assert!(Period::between(day("2026-01-02"), day("2026-01-02")).is_err());
        assert_eq!(Period::between(day("2026-01-01"), day("2026-01-03")).unwrap().label, "2026-01-01..2026-01-03");
    }
}

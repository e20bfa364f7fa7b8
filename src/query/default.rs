//! Default values: literals and the small closed language of relative dates.

use std::fmt;

use crate::error::{Error, Result, did_you_mean};
use crate::units::{Grain, Period};

use super::calendar::Calendar;

/// The default of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultValue {
    /// No value.
    Null,
    /// One value, written as it would be given for a run.
    Literal(String),
    /// The elements of an array.
    List(Vec<String>),
    /// A date or period counted from the pinned date.
    Relative(Relative),
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Literal(text) => f.write_str(text),
            Self::List(elements) => write!(f, "[{}]", elements.join(", ")),
            Self::Relative(relative) => relative.fmt(f),
        }
    }
}

/// A date or period counted from the pinned date of a [`Calendar`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relative {
    /// The period around the pinned date, moved by `shift`: `today`, `this_month`, `shift(this_quarter, -1)`.
    This {
        /// Length.
        grain: Grain,
        /// How many periods later (earlier when negative).
        shift: i32,
    },
    /// The newest full period, moved by `shift`: `last_full_month`, `shift(last_full_quarter, -4)`.
    LastFull {
        /// Length.
        grain: Grain,
        /// How many periods later (earlier when negative).
        shift: i32,
    },
    /// `ytd`: from the start of the fiscal year up to and including the pinned date.
    YearToDate,
    /// The newest full periods as one: `last(30d)`, `last(8w)`, `last(12mo)`, `last(4q)`, `last(2y)`.
    Last {
        /// How many.
        count: u32,
        /// Of which length.
        grain: Grain,
    },
}

const WORDS: [(&str, Relative); 11] = [
    ("today", Relative::This { grain: Grain::Day, shift: 0 }),
    ("yesterday", Relative::This { grain: Grain::Day, shift: -1 }),
    ("this_week", Relative::This { grain: Grain::Week, shift: 0 }),
    ("this_month", Relative::This { grain: Grain::Month, shift: 0 }),
    ("this_quarter", Relative::This { grain: Grain::Quarter, shift: 0 }),
    ("this_year", Relative::This { grain: Grain::Year, shift: 0 }),
    ("last_full_week", Relative::LastFull { grain: Grain::Week, shift: 0 }),
    ("last_full_month", Relative::LastFull { grain: Grain::Month, shift: 0 }),
    ("last_full_quarter", Relative::LastFull { grain: Grain::Quarter, shift: 0 }),
    ("last_full_year", Relative::LastFull { grain: Grain::Year, shift: 0 }),
    ("ytd", Relative::YearToDate),
];

const UNITS: [(&str, Grain); 5] =
    [("d", Grain::Day), ("w", Grain::Week), ("mo", Grain::Month), ("q", Grain::Quarter), ("y", Grain::Year)];

impl Relative {
    /// Reads a word such as `last_full_month`, `last(12mo)` or `shift(this_quarter, -1)`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the words that exist.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let call = text.strip_suffix(')').and_then(|rest| rest.split_once('('));
        match call {
            Some(("last", length)) => parse_last(length.trim()),
            Some(("shift", arguments)) => parse_shift(arguments),
            _ => parse_word(text),
        }
    }

    /// The period it stands for.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] at the ends of the calendar.
    pub fn evaluate(self, calendar: &Calendar) -> Result<Period> {
        match self {
            Self::This { grain, shift } => calendar.fiscal.shift(grain, &calendar.this(grain)?, shift),
            Self::LastFull { grain, shift } => calendar.fiscal.shift(grain, &calendar.last_full(grain)?, shift),
            Self::YearToDate => calendar.year_to_date(),
            Self::Last { count, grain } => calendar.last(count, grain),
        }
    }

    /// The length of the single period it stands for; `None` for ranges.
    pub fn grain(self) -> Option<Grain> {
        match self {
            Self::This { grain, .. } | Self::LastFull { grain, .. } => Some(grain),
            Self::YearToDate | Self::Last { .. } => None,
        }
    }

    fn shifted(self, by: i32) -> Option<Self> {
        match self {
            Self::This { grain, shift } => Some(Self::This { grain, shift: shift.checked_add(by)? }),
            Self::LastFull { grain, shift } => Some(Self::LastFull { grain, shift: shift.checked_add(by)? }),
            Self::YearToDate | Self::Last { .. } => None,
        }
    }
}

impl fmt::Display for Relative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((word, _)) = WORDS.iter().find(|(_, relative)| relative == self) {
            return f.write_str(word);
        }
        match self {
            Self::This { grain: Grain::Day, shift } => write!(f, "shift(today, {shift})"),
            Self::This { grain, shift } => write!(f, "shift(this_{grain}, {shift})"),
            Self::LastFull { grain, shift } => write!(f, "shift(last_full_{grain}, {shift})"),
            Self::YearToDate => f.write_str("ytd"),
            Self::Last { count, grain } => {
                let unit = UNITS.iter().find(|(_, unit)| unit == grain).map_or("d", |(unit, _)| unit);
                write!(f, "last({count}{unit})")
            }
        }
    }
}

fn parse_word(text: &str) -> Result<Relative> {
    WORDS.iter().find(|(word, _)| *word == text).map(|(_, relative)| *relative).ok_or_else(|| {
        let words = WORDS.map(|(word, _)| word);
        let known = || format!("known words: {}, last(12mo), shift(this_quarter, -1)", words.join(", "));
        Error::invalid(format!("`{text}` is not a date or period"))
            .hint(did_you_mean(text, words).unwrap_or_else(known))
    })
}

fn parse_last(length: &str) -> Result<Relative> {
    let digits = length.find(|character: char| !character.is_ascii_digit()).unwrap_or(length.len());
    let (count, unit) = length.split_at(digits);
    let grain = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, grain)| *grain);
    match (count.parse(), grain) {
        (Ok(count), Some(grain)) if (1..=10_000).contains(&count) => Ok(Relative::Last { count, grain }),
        _ => Err(Error::invalid(format!("`{length}` is not a length of time"))
            .hint("write `last(30d)`, `last(8w)`, `last(12mo)`, `last(4q)` or `last(2y)`")),
    }
}

fn parse_shift(arguments: &str) -> Result<Relative> {
    let wrong = |message: String| Error::invalid(message).hint("write `shift(this_quarter, -1)`");
    let Some((word, by)) = arguments.split_once(',') else {
        return Err(wrong("`shift` takes a period and a number".to_owned()));
    };
    let (word, by) = (word.trim(), by.trim());
    let by = by.parse().map_err(|_| wrong(format!("`{by}` is not a number of periods")))?;
    parse_word(word)?.shifted(by).ok_or_else(|| wrong(format!("`{word}` cannot be shifted by {by}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::FiscalCalendar;

    #[test]
    fn every_word_stands_for_a_period() {
        let calendar = Calendar {
            fiscal: FiscalCalendar::starting_in(2).unwrap(),
            as_of: "2026-07-03".parse().unwrap(),
            close_lag_days: 5,
        };
        for (text, label, start, end) in [
            ("today", "2026-07-03", "2026-07-03", "2026-07-04"),
            ("yesterday", "2026-07-02", "2026-07-02", "2026-07-03"),
            ("shift(today, -30)", "2026-06-03", "2026-06-03", "2026-06-04"),
            ("this_week", "2026-W27", "2026-06-29", "2026-07-06"),
            ("last_full_week", "2026-W25", "2026-06-15", "2026-06-22"),
            ("this_month", "2026-07", "2026-07-01", "2026-08-01"),
            ("last_full_month", "2026-05", "2026-05-01", "2026-06-01"),
            ("this_quarter", "2027-Q2", "2026-05-01", "2026-08-01"),
            ("last_full_quarter", "2027-Q1", "2026-02-01", "2026-05-01"),
            ("shift(this_quarter,-1)", "2027-Q1", "2026-02-01", "2026-05-01"),
            ("shift(last_full_quarter, -4)", "2026-Q1", "2025-02-01", "2025-05-01"),
            ("this_year", "2027", "2026-02-01", "2027-02-01"),
            ("last_full_year", "2026", "2025-02-01", "2026-02-01"),
            ("ytd", "2026-02-01..2026-07-04", "2026-02-01", "2026-07-04"),
            ("last(30d)", "2026-05-29..2026-06-28", "2026-05-29", "2026-06-28"),
            ("last(8w)", "2026-04-27..2026-06-22", "2026-04-27", "2026-06-22"),
            ("last(12mo)", "2025-06-01..2026-06-01", "2025-06-01", "2026-06-01"),
            ("last(4q)", "2025-05-01..2026-05-01", "2025-05-01", "2026-05-01"),
            ("last(2y)", "2024-02-01..2026-02-01", "2024-02-01", "2026-02-01"),
        ] {
            let relative = Relative::parse(text).unwrap();
            let period = relative.evaluate(&calendar).unwrap();
            assert_eq!(
                (period.label.as_str(), period.start, period.end),
                (label, start.parse().unwrap(), end.parse().unwrap())
            );
            assert_eq!(Relative::parse(&relative.to_string()).unwrap(), relative, "{text} prints as {relative}");
        }
    }

    #[test]
    fn what_is_no_word_is_refused() {
        for (text, hint) in [
            ("last_ful_quarter", "did you mean `last_full_quarter`"),
            ("tomorrow_maybe", "known words"),
            ("last(12)", "write `last(30d)`"),
            ("last(0mo)", "write `last(30d)`"),
            ("last(99999999999mo)", "write `last(30d)`"),
            ("last(mo)", "write `last(30d)`"),
            ("shift(this_quarter)", "write `shift(this_quarter, -1)`"),
            ("shift(ytd, -1)", "write `shift(this_quarter, -1)`"),
            ("shift(yesterday, -2147483648)", "write `shift(this_quarter, -1)`"),
            ("shift(this_quarter, one)", "write `shift(this_quarter, -1)`"),
        ] {
            let error = Relative::parse(text).unwrap_err();
            assert!(error.hints().iter().any(|found| found.starts_with(hint)), "{text}: {:?}", error.hints());
        }
    }
}

//! What is missing between the first and the last day of a source. Pure: it works on charges by day.
//!
//! Companies rest on weekends and bill some things once a month, so a day is compared with the same weekday of the weeks
//! around it. The end is still coming in: nothing after the last day with charges is missing, and the last days may be thin.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};

use super::Counted;

/// Weeks before and after that a day is compared with.
const WEEKS: u64 = 4;

/// Days at the end that may still be coming in.
const UNFINISHED_DAYS: u64 = 2;

/// Charges that a weekday has as a rule before a thin or empty one stands out: by chance alone (Poisson), one of three
/// thousand such days would be empty.
const LEAST_USUAL: u64 = 8;

/// How many finds are named.
const NAMED: usize = 3;

type Charges = BTreeMap<NaiveDate, u64>;

/// Months between the first and the last that have no charges.
pub(super) fn missing_months(days: &Charges) -> Option<Counted> {
    let months = by_month(days);
    let (first, last) = (*months.keys().next()?, *months.keys().next_back()?);
    let all: Vec<NaiveDate> = months_from(first).take_while(|month| *month <= last).collect();
    let missing: Vec<String> = all.iter().filter(|month| !months.contains_key(month)).map(month_label).collect();
    Some(counted(&missing, all.len()))
}

/// Days without charges whose weekday has them in the weeks before and after the gap; one of eight may lack them too.
///
/// A source with few charges has days without any by chance, so the weekday must have some eight charges as a rule, or
/// the source the same number every day.
pub(super) fn missing_days(days: &Charges) -> Option<Counted> {
    let (first, last) = (*days.keys().next()?, *days.keys().next_back()?);
    let all: Vec<NaiveDate> = first.iter_days().take_while(|day| *day <= last).collect();
    let steady = days.values().all(|charges| Some(charges) == days.values().next());
    let mut missing = Vec::new();
    for gap in all.chunk_by(|a, b| days.contains_key(a) == days.contains_key(b)) {
        let (Some(start), Some(end)) = (gap.first(), gap.last()) else { continue };
        if days.contains_key(start) {
            continue;
        }
        for day in gap {
            let around: Vec<NaiveDate> =
                same_weekday(*day, *start, *end).into_iter().filter(|other| (first..=last).contains(other)).collect();
            let charges: Vec<u64> = around.iter().filter_map(|other| days.get(other).copied()).collect();
            let regular = around.len() >= 3 && charges.len() * 8 >= around.len() * 7;
            if regular && (steady || median(charges) >= Some(LEAST_USUAL)) {
                missing.push(day.to_string());
            }
        }
    }
    Some(counted(&missing, all.len()))
}

/// Whole months with fewer than half the charges of the median of the two months before and after; the first has none
/// before it to compare with.
pub(super) fn thin_months(days: &Charges) -> Option<Counted> {
    let (first, last) = (*days.keys().next()?, *days.keys().next_back()?);
    let is_whole = |month: NaiveDate| {
        let end = month.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
        first <= month && end.is_some_and(|end| end <= last)
    };
    let months: Vec<(NaiveDate, u64)> = by_month(days).into_iter().filter(|(month, _)| is_whole(*month)).collect();
    let mut thin = Vec::new();
    for (index, (month, charges)) in months.iter().enumerate().skip(1) {
        let around = (index.saturating_sub(2)..=index + 2).filter(|other| *other != index);
        let around: Vec<u64> = around.filter_map(|other| months.get(other).map(|(_, charges)| *charges)).collect();
        let usual = median(around)?;
        if charges * 2 < usual {
            thin.push(format!("{} with {charges} where {usual} are usual", month_label(month)));
        }
    }
    (months.len() > 2).then(|| counted(&thin, months.len()))
}

/// Days with fewer than a quarter of the charges of the median of the same weekday in the weeks around.
pub(super) fn thin_days(days: &Charges) -> Option<Counted> {
    let last = days.keys().next_back()?.checked_sub_days(Days::new(UNFINISHED_DAYS))?;
    let mut thin = Vec::new();
    let mut compared = 0;
    for (day, charges) in days.range(..=last) {
        let around: Vec<u64> =
            same_weekday(*day, *day, *day).iter().filter_map(|other| days.get(other).copied()).collect();
        let enough = around.len() >= 4;
        let Some(usual) = median(around).filter(|usual| enough && *usual >= LEAST_USUAL) else { continue };
        compared += 1;
        if charges * 4 < usual {
            thin.push(format!("{day} with {charges} where {usual} are usual"));
        }
    }
    Some(counted(&thin, compared))
}

/// The weekday of `day` in the weeks before `start` and after `end`, the days of a gap that holds `day`.
fn same_weekday(day: NaiveDate, start: NaiveDate, end: NaiveDate) -> Vec<NaiveDate> {
    let weeks = |from: u64| (1..).map(move |week: u64| Days::new(7 * week)).skip(usize::try_from(from).unwrap_or(0));
    let to_start = u64::try_from((day - start).num_days() / 7).unwrap_or(0);
    let to_end = u64::try_from((end - day).num_days() / 7).unwrap_or(0);
    let count = usize::try_from(WEEKS).unwrap_or(0);
    let before = weeks(to_start).take(count).filter_map(|back| day.checked_sub_days(back));
    let after = weeks(to_end).take(count).filter_map(|ahead| day.checked_add_days(ahead));
    before.chain(after).collect()
}

fn by_month(days: &Charges) -> Charges {
    let mut months = Charges::new();
    for (day, charges) in days {
        *months.entry(first_of_month(*day)).or_default() += charges;
    }
    months
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn months_from(first: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    std::iter::successors(Some(first), |month| month.checked_add_months(Months::new(1)))
}

fn month_label(month: &NaiveDate) -> String {
    month.format("%Y-%m").to_string()
}

/// The middle of `values`; of two in the middle the mean, rounded down.
fn median(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        even if even % 2 == 0 => Some(u64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

fn counted(finds: &[String], concerned: usize) -> Counted {
    let mut found = finds.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if finds.len() > NAMED {
        found.push_str(", …");
    }
    let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    Counted { failing: count(finds.len()), concerned: count(concerned), found }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Every day from `first` to `last` that `charges` gives charges.
    fn days(first: &str, last: &str, charges: impl Fn(NaiveDate) -> u64) -> Charges {
        let all = day(first).iter_days().take_while(|date| *date <= day(last));
        all.map(|date| (date, charges(date))).filter(|(_, charges)| *charges > 0).collect()
    }

    fn is_weekend(date: NaiveDate) -> bool {
        matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
    }

    #[test]
    fn a_month_between_others_is_missed() {
        let months = days("2026-01-01", "2026-05-31", |date| u64::from(date.day() == 1 && date.month() != 3));
        let found = missing_months(&months).unwrap();
        assert_eq!((found.failing, found.concerned, found.found.as_str()), (1, 5, "2026-03"));
        assert_eq!(missing_days(&months).unwrap().failing, 0, "what is billed once a month has no missing days");
        assert_eq!(missing_months(&Charges::new()), None);
    }

    #[test]
    fn days_are_missed_but_not_weekends_that_are_always_free() {
        let gap = [day("2026-03-12"), day("2026-03-13"), day("2026-03-14")];
        let work = |date| u64::from(!is_weekend(date) && !gap.contains(&date)) * 10;
        let found = missing_days(&days("2026-02-01", "2026-04-30", work)).unwrap();
        assert_eq!((found.failing, found.found.as_str()), (2, "2026-03-12, 2026-03-13"), "the 14th is a Saturday");
    }

    #[test]
    fn a_source_with_few_charges_has_empty_days_by_chance() {
        let missing = |charges: fn(NaiveDate) -> u64| {
            let without = |date: NaiveDate| if date == day("2026-03-12") { 0 } else { charges(date) };
            missing_days(&days("2026-02-01", "2026-04-30", without)).unwrap().failing
        };
        assert_eq!(missing(|date| u64::from(date.day() % 3) + 1), 0);
        assert_eq!(missing(|date| u64::from(date.day() % 3) + 8), 1);
        assert_eq!(missing(|_| 1), 1, "one charge a day, every day");
    }

    #[test]
    fn every_day_of_a_gap_of_five_weeks_is_missed() {
        let gap = day("2026-03-02")..=day("2026-04-05");
        let found = missing_days(&days("2026-01-01", "2026-06-30", |date| u64::from(!gap.contains(&date)))).unwrap();
        assert_eq!((found.failing, found.concerned), (35, 181));
        assert_eq!(found.found, "2026-03-02, 2026-03-03, 2026-03-04, …");
    }

    #[test]
    fn half_a_month_is_a_cliff_and_the_unfinished_month_is_none() {
        let charges = |date: NaiveDate| if date.month() == 3 { 4 } else { 10 };
        let found = thin_months(&days("2026-01-01", "2026-06-03", charges)).unwrap();
        // March: 31 × 4 = 124; February 280 and January 310, April 300 and May 310: (300 + 310) / 2.
        assert_eq!((found.failing, found.concerned), (1, 5));
        assert_eq!(found.found, "2026-03 with 124 where 305 are usual");
        assert_eq!(thin_months(&days("2026-01-01", "2026-02-28", charges)), None);
    }

    #[test]
    fn a_thin_day_stands_out_and_the_last_days_do_not() {
        let thin = [day("2026-03-11"), day("2026-04-29"), day("2026-04-30")];
        let charges = |date| if thin.contains(&date) { 2 } else { 10 };
        let found = thin_days(&days("2026-02-01", "2026-04-30", charges)).unwrap();
        assert_eq!((found.failing, found.found.as_str()), (1, "2026-03-11 with 2 where 10 are usual"));
        let quiet = thin_days(&days("2026-02-01", "2026-04-30", |date| u64::from(date.day() % 7) + 1)).unwrap();
        assert_eq!(quiet.failing, 0, "few charges come and go");
    }
}

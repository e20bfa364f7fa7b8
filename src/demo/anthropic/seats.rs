//! Who has a seat in which month: the charges of seats and the table of seats say the same.

use std::collections::BTreeMap;

use super::super::calendar::date_of;
use super::super::delivery::Setting;
use super::super::money::Amount;
use super::super::quota::Source;
use super::super::truth::Seats;
use super::models::SEAT_DOLLARS;

/// Token rows of a month that no day must have.
pub(super) fn unplanned_rows(setting: &Setting, month: usize) -> u64 {
    let (calendar, company) = (&setting.calendar, &setting.company);
    let planned: u64 = (calendar.start(month)..calendar.end(month)).map(|day| company.planned_rows(day)).sum();
    setting.workload.rows(Source::Anthropic, month).saturating_sub(planned)
}

/// The assignments of those who have a seat in a month: people who use AI by its start, at most an eighth of the rows.
pub(super) fn holders(setting: &Setting, month: usize) -> Vec<usize> {
    let first = setting.calendar.start(month);
    let company = &setting.company;
    let mut holders = Vec::new();
    let mut last = None;
    for (index, assignment) in company.assignments.iter().enumerate() {
        let principal = &company.principals[assignment.principal];
        let adopted = principal.is_person && principal.first_use.is_some_and(|day| day < first);
        let in_team = principal.team_on(first) == Some(assignment.team);
        if adopted && in_team && last != Some(assignment.principal) {
            last = Some(assignment.principal);
            holders.push(index);
        }
    }
    holders.truncate(usize::try_from(unplanned_rows(setting, month) / 8).unwrap_or(usize::MAX));
    holders
}

/// First and last month of each stretch of months with a seat, by principal.
fn stretches(setting: &Setting) -> BTreeMap<usize, Vec<(usize, usize)>> {
    let mut stretches: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for month in 0..setting.calendar.months {
        for assignment in holders(setting, month) {
            let months = stretches.entry(setting.company.assignments[assignment].principal).or_default();
            match months.last_mut() {
                Some((_, last)) if *last + 1 == month => *last = month,
                _ => months.push((month, month)),
            }
        }
    }
    stretches
}

/// A row for each stretch of time in which somebody has a seat; seats of the last month go on.
pub(in super::super) fn csv(setting: &Setting) -> String {
    let calendar = &setting.calendar;
    let mut csv = String::from("provider,principal_id,start_date,end_date,plan,monthly_price,currency\n");
    for (principal, months) in stretches(setting) {
        let id = &setting.company.principals[principal].id;
        for (first, last) in months {
            let (provider, start) = (Source::Anthropic.provider(), date_of(calendar.start(first)));
            let end = if last + 1 == calendar.months { String::new() } else { date_of(calendar.end(last)).to_string() };
            csv.push_str(&format!("{provider},{id},{start},{end},Claude Enterprise,{SEAT_DOLLARS},USD\n"));
        }
    }
    csv
}

/// The seats as a part of the truth.
pub(in super::super) fn truth(setting: &Setting) -> Seats {
    let stretches = stretches(setting);
    let months: usize = stretches.values().flatten().map(|(first, last)| last + 1 - first).sum();
    let count = |number: usize| u64::try_from(number).unwrap_or_default();
    let dollars = SEAT_DOLLARS * i64::try_from(months).unwrap_or_default();
    Seats { people: count(stretches.len()), months: count(months), cost: Amount::dollars(dollars) }
}

//! How many charges each source writes each month and day, and what a charge costs on average.

use super::calendar::{Calendar, Day, is_weekend};
use super::company::Company;

/// The four sources of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Aws,
    Azure,
    Anthropic,
    Gateway,
}

impl Source {
    pub(super) const ALL: [Self; 4] = [Self::Aws, Self::Azure, Self::Anthropic, Self::Gateway];

    /// Name in the configuration and in the truth.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Anthropic => "anthropic",
            Self::Gateway => "gateway",
        }
    }

    /// Who sends the invoice.
    pub(super) fn issuer(self) -> &'static str {
        match self {
            Self::Aws => "Amazon Web Services, Inc.",
            Self::Azure => "Microsoft",
            Self::Anthropic => "Anthropic",
            Self::Gateway => "LiteLLM",
        }
    }

    /// Provider as the charges name it.
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            other => other.issuer(),
        }
    }

    /// Number of the invoice for a month `2026-06`.
    pub(super) fn invoice_id(self, month: &str) -> String {
        let code = match self {
            Self::Aws => "AWS",
            Self::Azure => "MS",
            Self::Anthropic => "ANT",
            Self::Gateway => "LLM",
        };
        format!("{code}-{month}")
    }

    /// Share of all charges, in percent.
    fn share(self) -> u64 {
        match self {
            Self::Aws => 42,
            Self::Azure => 18,
            Self::Anthropic => 25,
            Self::Gateway => 15,
        }
    }
}

/// Cost of a month against its neighbours, January first, in thousandths.
const SEASON: [u64; 12] = [1000, 985, 1005, 1000, 1010, 1005, 985, 970, 1005, 1015, 1050, 1070];

/// Above so many charges the company is larger, so that a charge does not become a fraction of a cent.
const FULL_SIZE_ROWS: u64 = 100_000_000;

/// Charges per source and month, and the average cost of a charge of each source.
#[derive(Debug)]
pub(super) struct Workload {
    rows: [Vec<u64>; 4],
    mean_cost: [i64; 4],
}

impl Workload {
    /// Spreads `rows` charges over sources and months.
    pub(super) fn new(rows: u64, calendar: &Calendar, company: &Company) -> Self {
        let shares = apportion(rows, &Source::ALL.map(Source::share));
        let mut workload = Self { rows: Default::default(), mean_cost: [0; 4] };
        for source in Source::ALL {
            let slot = source as usize;
            let dollars = expected_dollars(source, calendar, company);
            let nanos = u128::from(dollars.iter().sum::<u64>()) * 1_000_000_000;
            let scaled = nanos * u128::from(rows.max(FULL_SIZE_ROWS)) / u128::from(FULL_SIZE_ROWS);
            workload.mean_cost[slot] = i64::try_from(scaled / u128::from(shares[slot].max(1))).unwrap_or(i64::MAX);
            workload.rows[slot] = match source {
                Source::Anthropic => anthropic_rows(shares[slot], &dollars, calendar, company),
                _ => apportion(shares[slot], &dollars),
            };
        }
        workload
    }

    /// Charges that `source` writes in `month`.
    pub(super) fn rows(&self, source: Source, month: usize) -> u64 {
        self.rows[source as usize][month]
    }

    /// Average cost of a charge of `source`, in billionths of a dollar.
    pub(super) fn mean_cost(&self, source: Source) -> i64 {
        self.mean_cost[source as usize]
    }
}

/// What the company would spend at `source` each month, in dollars.
fn expected_dollars(source: Source, calendar: &Calendar, company: &Company) -> Vec<u64> {
    let mut growth = 1_000_000u64;
    let mut dollars = Vec::with_capacity(calendar.months);
    for month in 0..calendar.months {
        let adopters = company.adopters_before(calendar.start(month) + 15);
        let (base, monthly) = match source {
            Source::Aws => (150_000, 1018),
            Source::Azure => (52_000, 1015),
            Source::Anthropic => (400 + 130 * adopters, 1020),
            Source::Gateway => (900 + 26 * adopters, 1012),
        };
        dollars.push(base * growth / 1_000_000 * SEASON[calendar.month_of_year(month)] / 1000);
        growth = growth * monthly / 1000;
    }
    dollars
}

/// Anthropic's rows: each first use of a principal, the runaway loop, and the rest by cost.
fn anthropic_rows(total: u64, dollars: &[u64], calendar: &Calendar, company: &Company) -> Vec<u64> {
    let planned: Vec<u64> = (0..calendar.months)
        .map(|month| (calendar.start(month)..calendar.end(month)).map(|day| company.planned_rows(day)).sum())
        .collect();
    let rest = total.saturating_sub(planned.iter().sum());
    apportion(rest, dollars).iter().zip(&planned).map(|(rest, planned)| rest + planned).collect()
}

/// Splits `total` over `weights`; the parts add up to it exactly.
pub(super) fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let all: u128 = weights.iter().map(|weight| u128::from(*weight)).sum::<u128>().max(1);
    let mut seen = 0u128;
    let mut given = 0u64;
    weights
        .iter()
        .map(|weight| {
            seen += u128::from(*weight);
            let due = u64::try_from(u128::from(total) * seen / all).unwrap_or(u64::MAX);
            let part = due - given;
            given = due;
            part
        })
        .collect()
}

/// Splits the charges of a month over its days; a weekend day gets `weekend` hundredths of a working day.
pub(super) fn by_day(total: u64, calendar: &Calendar, month: usize, weekend: u64) -> Vec<(Day, u64)> {
    let days: Vec<Day> = (calendar.start(month)..calendar.end(month)).collect();
    let weights: Vec<u64> = days.iter().map(|day| if is_weekend(*day) { weekend } else { 100 }).collect();
    days.into_iter().zip(apportion(total, &weights)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        assert_eq!(apportion(10, &[1, 1, 1]), [3, 3, 4]);
        assert_eq!(apportion(7, &[0, 5, 0]), [0, 7, 0]);
        assert_eq!(apportion(2_000_000_000, &[3; 60]).iter().sum::<u64>(), 2_000_000_000);
    }
}

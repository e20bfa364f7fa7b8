//! The rows of one AWS delivery: usage day by day, then what is billed once a month.

use rand_chacha::ChaCha8Rng;

use super::super::block::{Charge, Costs};
use super::super::calendar::{DAY_SECONDS, Day};
use super::super::cloud::{CloudOwner, jitter, management, owner_draw};
use super::super::delivery::{DeliveryWriter, Setting};
use super::super::money::Amount;
use super::super::quota::{Source, by_day};
use super::super::random::{Draw, generator};
use super::catalog::{Catalog, Priced, Pricing, Special};
use crate::error::Result;

/// Fractional digits of the costs of AWS.
pub(super) const COST_SCALE: u32 = 10;
/// Months between two payments of the savings plan, which are made in advance.
const PLAN_MONTHS: usize = 3;
const PLAN_PAID_MONTHS: i128 = 3;
const DOLLAR: i128 = 10_000_000_000;
const CENT: i128 = DOLLAR / 100;
/// The price of the huge purchase.
const ONE_OFF_DOLLARS: i128 = 480_000;
/// The correction, in cents.
const CORRECTION_CENTS: i128 = -842_137;
/// A weekend day's rows against a hundred on a working day.
const WEEKEND: u64 = 80;

/// What a delivery contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The whole month.
    Whole,
    /// Its first days, without what is billed at its end.
    Days(i64),
}

/// Writes the rows of one delivery; the same month gives the same rows each time, as far as it goes.
pub(super) struct Rows<'a> {
    setting: &'a Setting,
    month: usize,
    catalog: &'a Catalog,
    management: usize,
    owners: Draw,
    lines: Draw,
    /// Average quantity of each usage line, in thousandths.
    quantities: Vec<i64>,
    rng: ChaCha8Rng,
    billed_usage: i128,
    covered: i128,
}

impl<'a> Rows<'a> {
    pub(super) fn new(setting: &'a Setting, month: usize, catalog: &'a Catalog, owners: &[CloudOwner]) -> Self {
        let mean_cost = setting.workload.mean_cost(Source::Aws);
        let all: i64 = catalog.usage().iter().map(|line| count(line.weight) * line.cost_weight).sum();
        let weights: i64 = catalog.usage().iter().map(|line| count(line.weight)).sum();
        let quantity = |line: &Priced| {
            // Billionths of a dollar over ten-millionths per unit, in thousandths of a unit: a factor of ten.
            let cost = i128::from(mean_cost) * i128::from(line.cost_weight) * i128::from(weights) / i128::from(all);
            i64::try_from(cost * 10 / i128::from(line.list.max(1))).unwrap_or(i64::MAX).max(1)
        };
        Self {
            setting,
            month,
            catalog,
            management: management(owners),
            owners: owner_draw(owners),
            lines: Draw::new(catalog.usage().iter().map(|line| line.weight)),
            quantities: catalog.usage().iter().map(quantity).collect(),
            rng: generator(setting.seed, 10, month),
            billed_usage: 0,
            covered: 0,
        }
    }

    /// Writes all rows.
    pub(super) async fn write(mut self, extent: Extent, writer: &mut DeliveryWriter<'_>) -> Result<()> {
        let calendar = &self.setting.calendar;
        let specials = self.specials();
        let total = self.setting.workload.rows(Source::Aws, self.month);
        let usage = total.saturating_sub(u64::try_from(specials.len()).unwrap_or_default());
        let until = match extent {
            Extent::Whole => calendar.end(self.month),
            Extent::Days(days) => calendar.start(self.month) + days,
        };
        for (day, rows) in by_day(usage, calendar, self.month, WEEKEND) {
            if day >= until {
                return Ok(());
            }
            for row in 0..rows {
                let charge = self.usage(day, hour_of(row, rows));
                writer.push(&charge);
                writer.settle().await?;
            }
        }
        for special in specials {
            writer.push(&self.special(special));
        }
        writer.settle().await
    }

    /// One row of usage: an hour of the day where there are many, else the whole day.
    fn usage(&mut self, day: Day, hour: Option<i64>) -> Charge {
        let index = self.lines.pick(&mut self.rng);
        let owner = self.owners.pick(&mut self.rng);
        let priced = &self.catalog.lines[index];
        let jitter = jitter(self.setting.rows, priced.whole, &mut self.rng);
        let milli = (self.quantities[index] * jitter / 1_000).max(1);
        let amount = |price: i64| i128::from(milli) * i128::from(price);
        let contracted = amount(priced.contracted);
        let effective = amount(priced.effective);
        let billed = if priced.pricing == Pricing::Covered { 0 } else { contracted };
        if priced.pricing == Pricing::Covered {
            self.covered += effective;
        }
        self.billed_usage += billed;
        Charge {
            line: index,
            owner,
            start: day * DAY_SECONDS + hour.unwrap_or_default() * 3_600,
            seconds: if hour.is_some() { 3_600 } else { DAY_SECONDS },
            consumed: milli * 1_000,
            priced: milli * 1_000,
            costs: Costs { billed, effective, list: amount(priced.list), contracted },
        }
    }

    /// What is billed once this month; known before the usage, so that the number of rows is.
    fn specials(&self) -> Vec<Special> {
        let milestones = &self.setting.milestones;
        let mut specials = vec![Special::PlanUnused, Special::Tax, Special::Credit];
        if self.month.is_multiple_of(PLAN_MONTHS) {
            specials.push(Special::PlanPurchase);
        }
        if self.month == milestones.correction_billed {
            specials.push(Special::Correction);
        }
        if self.month == milestones.one_off {
            specials.push(Special::OneOff);
        }
        specials
    }

    fn special(&self, special: Special) -> Charge {
        let calendar = &self.setting.calendar;
        // A month of the plan costs a multiple of ten dollars; what usage does not cover is its unused part.
        let plan = (self.covered / (10 * DOLLAR) + 1) * 10 * DOLLAR;
        let cents = |units: i128| units / CENT * CENT;
        let same = |units: i128| Costs { billed: units, effective: units, list: units, contracted: units };
        let costs = match special {
            Special::PlanPurchase => Costs { effective: 0, ..same(plan * PLAN_PAID_MONTHS) },
            Special::PlanUnused => Costs { effective: plan - self.covered, ..Costs::default() },
            Special::Tax => Costs { list: 0, contracted: 0, ..same(cents(self.billed_usage * 825 / 10_000)) },
            Special::Credit => Costs { list: 0, contracted: 0, ..same(-cents(self.billed_usage * 15 / 1_000)) },
            Special::Correction => same(CORRECTION_CENTS * CENT),
            Special::OneOff => same(ONE_OFF_DOLLARS * DOLLAR),
        };
        let charged = match special {
            Special::Correction => self.setting.milestones.corrected,
            _ => self.month,
        };
        Charge {
            line: self.catalog.special(special),
            owner: self.management,
            start: calendar.start(charged) * DAY_SECONDS,
            seconds: calendar.days(charged) * DAY_SECONDS,
            consumed: 0,
            priced: 1_000_000,
            costs,
        }
    }
}

/// BilledCost of the correction.
pub(super) fn correction() -> Amount {
    Amount::new(CORRECTION_CENTS, 2)
}

/// BilledCost of the huge purchase.
pub(super) fn one_off() -> Amount {
    Amount::new(ONE_OFF_DOLLARS, 0)
}

/// The hour of the `row`-th of `rows` rows of a day, in order of time; none when there are too few for hours.
fn hour_of(row: u64, rows: u64) -> Option<i64> {
    (rows >= 240).then(|| i64::try_from(row * 24 / rows).unwrap_or_default())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

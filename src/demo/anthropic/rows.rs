//! The rows of a month of AI use: seats, first uses, the runaway loop, and everybody else.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::block::{Charge, Costs};
use super::super::calendar::{DAY_SECONDS, Day, monday_of};
use super::super::company::FIRST_USE_ROWS;
use super::super::delivery::{DeliveryWriter, Setting};
use super::super::money::Amount;
use super::super::part::Part;
use super::super::quota::{Source, by_day};
use super::super::random::{Draw, generator};
use super::models::{CLASSES, RUNAWAY_MODEL, SEAT_DOLLARS, line_of, price, seat_line, shares};
use super::seats::{holders, unplanned_rows};
use crate::error::Result;

/// Fractional digits of the costs of Anthropic.
pub(super) const COST_SCALE: u32 = 12;
/// Average cost of one class of tokens in a typical call, in billionths of a dollar.
const TYPICAL_COST: i64 = 30_000_000;
/// Above so many charges in a month they are hourly.
const HOURLY_ROWS: u64 = 50_000;
/// A weekend day's rows against a hundred on a working day.
const WEEKEND: u64 = 35;
/// Input and output tokens of the runaway loop in an hour: the same small prompt, over and over.
const RUNAWAY_TOKENS: [i64; 2] = [120_000_000, 15_000_000];

/// One use: who, when, which model, how much of a typical call in thousandths.
#[derive(Debug, Clone, Copy)]
struct Use {
    assignment: usize,
    day: Day,
    hour: Option<i64>,
    model: usize,
    scale: i64,
}

/// Writes the rows of a month.
pub(super) struct Rows<'a> {
    setting: &'a Setting,
    month: usize,
    hourly: bool,
    models: Draw,
    rng: ChaCha8Rng,
    scale: i64,
    price_change: Day,
}

impl<'a> Rows<'a> {
    pub(super) fn new(setting: &'a Setting, month: usize) -> Self {
        let scale = i128::from(setting.workload.mean_cost(Source::Anthropic)) * 1_000 / i128::from(TYPICAL_COST);
        Self {
            setting,
            month,
            hourly: setting.workload.rows(Source::Anthropic, month) > HOURLY_ROWS,
            models: Draw::new(shares()),
            rng: generator(setting.seed, 30, month),
            scale: i64::try_from(scale).unwrap_or(i64::MAX).max(2),
            price_change: price_change_day(setting),
        }
    }

    /// Writes all rows and notes what the truth needs.
    pub(super) async fn write(mut self, part: &mut Part, writer: &mut DeliveryWriter<'_>) -> Result<()> {
        let (calendar, company) = (&self.setting.calendar, &self.setting.company);
        let seats = holders(self.setting, self.month);
        let rest = unplanned_rows(self.setting, self.month);
        let others = rest.saturating_sub(u64::try_from(seats.len()).unwrap_or_default());
        for assignment in seats {
            writer.push(&self.seat(assignment));
        }
        for (day, rows) in by_day(others, calendar, self.month, WEEKEND) {
            self.first_uses(day, part, writer);
            if day == company.runaway_day {
                self.runaway(part, writer);
            }
            self.everybody(day, rows, part, writer).await?;
        }
        writer.settle().await
    }

    fn seat(&self, assignment: usize) -> Charge {
        let cost = Amount::dollars(SEAT_DOLLARS).units() / 10i128.pow(Amount::SCALE - COST_SCALE);
        Charge {
            line: seat_line(),
            owner: assignment,
            start: self.setting.calendar.start(self.month) * DAY_SECONDS,
            seconds: self.setting.calendar.days(self.month) * DAY_SECONDS,
            consumed: 0,
            priced: 1_000_000,
            costs: Costs { billed: cost, effective: cost, list: cost, contracted: cost },
        }
    }

    fn first_uses(&mut self, day: Day, part: &mut Part, writer: &mut DeliveryWriter<'_>) {
        let starters: Vec<usize> = self.setting.company.first_uses(day).collect();
        for assignment in starters {
            let model = self.models.pick(&mut self.rng);
            let one = Use { assignment, day, hour: self.hourly.then_some(10), model, scale: self.scale / 2 };
            self.write_use(one, FIRST_USE_ROWS, part, writer);
        }
    }

    /// The same input and output each hour of a day.
    fn runaway(&self, part: &mut Part, writer: &mut DeliveryWriter<'_>) {
        let company = &self.setting.company;
        for hour in 0..24 {
            let one = Use {
                assignment: company.runaway,
                day: company.runaway_day,
                hour: Some(hour),
                model: RUNAWAY_MODEL,
                scale: 0,
            };
            for (class, tokens) in RUNAWAY_TOKENS.into_iter().enumerate() {
                let charge = self.charge(one, class, tokens, part);
                part.runaway += Amount::new(charge.costs.effective, COST_SCALE);
                writer.push(&charge);
            }
        }
    }

    /// `rows` rows of those who used AI before that day.
    async fn everybody(&mut self, day: Day, rows: u64, part: &mut Part, writer: &mut DeliveryWriter<'_>) -> Result<()> {
        let company = &self.setting.company;
        let crowd = company.crowd(day);
        let mut left = rows;
        while left > 0 {
            let assignment = crowd.pick(&mut self.rng);
            let games = company.games(company.assignments[assignment].principal, day);
            let hour = self.hour(games, rows - left, rows);
            let model = self.models.pick(&mut self.rng);
            let jitter = self.rng.random_range(8..=60) * if games { 125 } else { 25 };
            let one = Use { assignment, day, hour, model, scale: (self.scale * jitter / 1_000).max(1) };
            let classes = self.rng.random_range(2..=4).min(left);
            self.write_use(one, classes, part, writer);
            left -= classes;
            writer.settle().await?;
        }
        Ok(())
    }

    /// People work in the day, in order of time; who games the numbers never sleeps.
    fn hour(&mut self, games: bool, row: u64, rows: u64) -> Option<i64> {
        let working = i64::try_from(row * 12 / rows.max(1)).unwrap_or_default() + 7;
        if games { Some(self.rng.random_range(0..24)) } else { self.hourly.then_some(working) }
    }

    /// The first `classes` classes of tokens of a use.
    fn write_use(&mut self, one: Use, classes: u64, part: &mut Part, writer: &mut DeliveryWriter<'_>) {
        for (class, token) in CLASSES.iter().enumerate().take(usize::try_from(classes).unwrap_or_default()) {
            let jitter = self.rng.random_range(60..=140);
            let tokens = (token.typical * one.scale / 1_000 * jitter / 100).max(1);
            writer.push(&self.charge(one, class, tokens, part));
        }
        let assignment = &self.setting.company.assignments[one.assignment];
        if self.setting.company.principals[assignment.principal].is_person {
            let first = part.first_use.entry(assignment.principal).or_insert(one.day);
            *first = one.day.min(*first);
            part.active.insert((monday_of(one.day), assignment.principal));
        }
    }

    /// Tokens of one class: tokens times thousandths of a dollar per million tokens are billionths of a dollar.
    fn charge(&self, one: Use, class: usize, tokens: i64, part: &mut Part) -> Charge {
        let changed = one.day >= self.price_change;
        let price = price(one.model, class, changed);
        let cost = i128::from(tokens) * i128::from(price) * 10i128.pow(COST_SCALE - 9);
        part.tokens[class] += tokens.unsigned_abs();
        Charge {
            line: line_of(one.model, class, changed),
            owner: one.assignment,
            start: one.day * DAY_SECONDS + one.hour.unwrap_or_default() * 3_600,
            seconds: if one.hour.is_some() { 3_600 } else { DAY_SECONDS },
            consumed: tokens * 1_000_000,
            priced: tokens,
            costs: Costs { billed: cost, effective: cost, list: cost, contracted: cost },
        }
    }
}

/// First day of the new price.
pub(super) fn price_change_day(setting: &Setting) -> Day {
    setting.calendar.start(setting.milestones.price_change) + 14
}

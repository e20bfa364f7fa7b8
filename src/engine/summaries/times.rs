//! Times in filters: the range that a filter leaves, and what can be said of a time of which only its day or month is known.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Weekday};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use crate::units::Grain;

/// The range of times that a statement asks for, in microseconds since 1970 in UTC: from the first on and before the second.
/// Without a bound it is open on that side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Window {
    pub(super) from: Option<i64>,
    pub(super) until: Option<i64>,
}

impl Window {
    /// The times of the days from `start` on and before `end`.
    pub(super) fn of_days(start: NaiveDate, end: NaiveDate) -> Self {
        let micros = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
        Self { from: Some(micros(start)), until: Some(micros(end)) }
    }

    /// What lies in both.
    pub(super) fn and(self, other: Self) -> Self {
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { from, until }
    }

    /// What lies in either, and between them.
    pub(super) fn or(self, other: Self) -> Self {
        let from = self.from.zip(other.from).map(|(one, two)| one.min(two));
        let until = self.until.zip(other.until).map(|(one, two)| one.max(two));
        Self { from, until }
    }

    /// Whether a time can lie in it.
    pub(super) fn is_empty(self) -> bool {
        self.from.zip(self.until).is_some_and(|(from, until)| from >= until)
    }

    /// The parts of it that lie in none of `covered`, oldest first.
    pub(super) fn without(self, covered: &[Self]) -> Vec<Self> {
        let mut covered: Vec<Self> =
            covered.iter().map(|other| self.and(*other)).filter(|one| !one.is_empty()).collect();
        covered.sort_by_key(|one| one.from);
        let mut gaps = Vec::new();
        let mut rest = Some(self);
        for one in covered {
            let Some(left) = rest else { break };
            gaps.extend(one.from.map(|from| left.and(Self { from: None, until: Some(from) })));
            rest = one.until.map(|until| left.and(Self { from: Some(until), until: None }));
        }
        gaps.extend(rest);
        gaps.retain(|gap| !gap.is_empty());
        gaps
    }
}

/// The times of the column `time` that a condition leaves: a comparison, simplified, of it with a constant.
pub(super) fn window(condition: &Expr, time: &str) -> Option<Window> {
    let (Expr::Column(column), op, constant) = comparison(condition)? else { return None };
    // The first time that is meant, and the first after it.
    let first = micros(constant).filter(|_| column.name == time)?;
    let after = first.checked_add(1)?;
    match op {
        Operator::GtEq => Some(Window { from: Some(first), until: None }),
        Operator::Gt => Some(Window { from: Some(after), until: None }),
        Operator::Lt => Some(Window { from: None, until: Some(first) }),
        Operator::LtEq => Some(Window { from: None, until: Some(after) }),
        Operator::Eq => Some(Window { from: Some(first), until: Some(after) }),
        _ => None,
    }
}

/// The parts of a comparison.
pub(super) fn comparison(condition: &Expr) -> Option<(&Expr, Operator, &Expr)> {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition else { return None };
    Some((left, *op, right))
}

/// A constant as microseconds since 1970.
pub(super) fn micros(constant: &Expr) -> Option<i64> {
    match constant {
        Expr::Literal(ScalarValue::TimestampMicrosecond(micros, None), _) => *micros,
        _ => None,
    }
}

/// The coarsest grain whose start tells the part of a time that a call of `date_part` takes, and the time.
pub(super) fn part(call: &ScalarFunction) -> Option<(Grain, &Expr)> {
    let [Expr::Literal(part, _), time] = call.args.as_slice() else { return None };
    let is_part = call.func.name() == "date_part";
    let part = part.try_as_str().flatten().filter(|_| is_part)?;
    let grain = match part.to_ascii_lowercase().as_str() {
        "year" => Grain::Year,
        "quarter" => Grain::Quarter,
        "month" => Grain::Month,
        "day" | "doy" | "dow" | "isodow" | "week" | "isoyear" => Grain::Day,
        _ => return None,
    };
    Some((grain, time))
}

/// Whether a period of `grain` starts at `micros`.
pub(super) fn starts(grain: Grain, micros: i64) -> bool {
    let Some(time) = DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc()) else { return false };
    let is_midnight = time.num_seconds_from_midnight() == 0 && time.nanosecond() == 0;
    let day = time.date();
    is_midnight
        && match grain {
            Grain::Day => true,
            Grain::Week => day.weekday() == Weekday::Mon,
            Grain::Month => day.day() == 1,
            Grain::Quarter => day.day() == 1 && day.month0() % 3 == 0,
            Grain::Year => day.ordinal() == 1,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, until: i64) -> Window {
        Window { from: Some(from), until: Some(until) }
    }

    #[test]
    fn what_is_not_covered_is_left() {
        let all = Window::default();
        let before = |until| Window { from: None, until: Some(until) };
        let from = |from| Window { from: Some(from), until: None };
        assert_eq!(all.without(&[]), [all]);
        assert_eq!(all.without(&[range(10, 20), range(20, 30)]), [before(10), from(30)]);
        assert_eq!(all.without(&[range(40, 50), range(10, 20)]), [before(10), range(20, 40), from(50)]);
        assert_eq!(range(10, 30).without(&[range(0, 20), range(20, 90)]), []);
        assert_eq!(range(10, 30).without(&[range(15, 20)]), [range(10, 15), range(20, 30)]);
        assert_eq!(range(10, 30).without(&[range(30, 40)]), [range(10, 30)]);
    }

    #[test]
    fn windows_meet_and_join() {
        assert_eq!(range(1, 5).and(Window { from: Some(3), until: None }), range(3, 5));
        assert_eq!(range(1, 3).or(range(7, 9)), range(1, 9));
        assert_eq!(range(1, 3).or(Window::default()), Window::default());
        assert!(range(3, 3).is_empty() && !Window::default().is_empty());
    }

    #[test]
    fn a_period_starts_at_its_midnight() {
        let micros = |text: &str| text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_micros();
        let october = micros("2026-10-01T00:00:00Z");
        assert!(starts(Grain::Day, october) && starts(Grain::Month, october) && starts(Grain::Quarter, october));
        assert!(!starts(Grain::Year, october) && !starts(Grain::Week, october));
        assert!(starts(Grain::Week, micros("2026-10-05T00:00:00Z")));
        assert!(!starts(Grain::Day, october + 1) && !starts(Grain::Day, micros("2026-10-01T01:00:00Z")));
    }
}

//! Axes: round marks, short numbers, days.

use chrono::{DateTime, NaiveDateTime};

const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// Room beyond the ends of a scale, as a share of it.
const ROOM: f64 = 0.04;

/// By how much of a step rounding may miss a mark.
const HAIR: f64 = 1e-6;

/// From here on numbers are shortened: 12,345 becomes 12.35k.
const PLAIN_BELOW: f64 = 10_000.0;

/// A stretch of numbers with round marks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    step: f64,
}

impl Scale {
    /// A scale of about `marks` marks that holds all of `values`, and zero when `from_zero`.
    pub(super) fn new(values: impl Iterator<Item = f64>, from_zero: bool, marks: u32) -> Self {
        let (mut low, mut high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // A line that moves by less than a third of its height shows its moves; all else starts at zero.
        if from_zero || (low > 0.0 && high - low > high / 3.0) || (high < 0.0 && high - low > -low / 3.0) || low >= high
        {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if low >= high {
            high = low + 1.0;
        }
        let step = round_step((high - low) / f64::from(marks.max(1)));
        // A little room beyond the ends, but no more than to the next mark.
        let room = (high - low) * ROOM;
        let (mark_below, mark_above) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self { low: mark_below.max(low - room), high: mark_above.min(high + room), step }
    }

    /// How far `value` is from the low end to the high end, from 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The marks with their labels.
    pub(super) fn marks(&self) -> Vec<(f64, String)> {
        // A mark at an end counts although division may miss it by a hair.
        let mut index = (self.low / self.step - HAIR).ceil();
        let last = (self.high / self.step + HAIR).floor();
        let mut marks = Vec::new();
        while index <= last {
            // Adding zero makes of minus zero plain zero.
            let value = index * self.step + 0.0;
            marks.push((value, short(value)));
            index += 1.0;
        }
        marks
    }
}

/// The next of 1, 2, 2.5, 5, 10 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    if !least.is_normal() {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    let times = [1.0, 2.0, 2.5, 5.0].into_iter().find(|times| times * power >= least * 0.999_999);
    times.unwrap_or(10.0) * power
}

/// Four digits of a number: `0.8`, `923.7`, `1,211`, `129.6k`, `4.2M`, `8e-7`.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{sign}{}", exponential(size));
    }
    // Rounding may lift a number into the next thousand.
    let rounded: f64 = format!("{size:.3e}").parse().unwrap_or(size);
    if rounded < PLAIN_BELOW {
        return format!("{sign}{}", with_commas(&four_digits(size)));
    }
    let (divisor, suffix) = [(1e12, "T"), (1e9, "B"), (1e6, "M")]
        .into_iter()
        .find(|(divisor, _)| rounded >= *divisor)
        .unwrap_or((1e3, "k"));
    format!("{sign}{}{suffix}", four_digits(rounded / divisor))
}

fn four_digits(size: f64) -> String {
    let places: usize = match size {
        size if size >= 999.95 => 0,
        size if size >= 99.995 => 1,
        size if size >= 9.999_5 => 2,
        size if size >= 0.999_95 => 3,
        size if size >= 0.1 => 4,
        size if size >= 0.01 => 5,
        size if size >= 0.001 => 6,
        _ => 7,
    };
    without_zeros(&format!("{size:.places$}"))
}

fn exponential(size: f64) -> String {
    let text = format!("{size:.3e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}e{exponent}", without_zeros(digits))
}

fn without_zeros(digits: &str) -> String {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.').to_owned() } else { digits.to_owned() }
}

fn with_commas(digits: &str) -> String {
    match digits.len() {
        4 if digits.bytes().all(|byte| byte.is_ascii_digit()) => format!("{},{}", &digits[..1], &digits[1..]),
        _ => digits.to_owned(),
    }
}

/// A day as `2026-05-01`, an instant within it with the time of day.
pub(super) fn day_label(days: f64) -> String {
    let Some(at) = instant(days) else { return short(days) };
    if days.fract() == 0.0 { at.format("%Y-%m-%d").to_string() } else { at.format("%Y-%m-%d %H:%M").to_string() }
}

/// The labels of `days`: years, months, days or times, whichever says enough.
pub(super) fn day_labels(days: &[f64]) -> Vec<String> {
    let formats = |format: &str| {
        days.iter().map(|day| instant(*day).map_or_else(|| short(*day), |at| at.format(format).to_string())).collect()
    };
    let all = |format: &str, wanted: &str| {
        days.iter().all(|day| instant(*day).is_some_and(|at| at.format(format).to_string() == wanted))
    };
    if days.len() > 1 && all("%m-%d %H:%M:%S", "01-01 00:00:00") {
        formats("%Y")
    } else if all("%d %H:%M:%S", "01 00:00:00") {
        formats("%Y-%m")
    } else if all("%H:%M:%S", "00:00:00") {
        formats("%Y-%m-%d")
    } else {
        formats("%m-%d %H:%M")
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a day within the calendar; others are turned away")]
fn instant(days: f64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp((days * SECONDS_OF_A_DAY).round() as i64, 0).map(|at| at.naive_utc())
}

/// Every how many of `count` labels of at most `widest` (the gap to the next included) has room in `room`.
pub(super) fn stride(count: usize, widest: f64, room: f64) -> usize {
    const STRIDES: [usize; 8] = [1, 2, 3, 6, 12, 24, 60, 120];
    let fits = |stride: usize| as_f64(count.div_ceil(stride)) * widest <= room;
    STRIDES.into_iter().find(|stride| fits(*stride)).unwrap_or(count.max(1))
}

/// A count as a number to draw with.
#[expect(clippy::cast_precision_loss, reason = "counts of places, series and cells, far below 2^52")]
pub(super) fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.8, "0.8"),
            (923.7369, "923.7"),
            (1210.93, "1,211"),
            (9_999.6, "10k"),
            (-12.5, "-12.5"),
            (129_569.87, "129.6k"),
            (999_999.0, "1M"),
            (4_200_000.0, "4.2M"),
            (1e12, "1T"),
            (8e-7, "8e-7"),
            (0.00125, "0.00125"),
            (1.2345e21, "1.234e21"),
        ] {
            assert_eq!(short(value), text, "{value}");
        }
    }

    #[test]
    fn scales_have_round_marks() {
        let scale = Scale::new([12.0, 98.0].into_iter(), true, 5);
        assert_eq!((scale.low, scale.high), (0.0, 100.0));
        let labels: Vec<String> = scale.marks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0", "20", "40", "60", "80", "100"]);
        let narrow = Scale::new([97.0, 99.0].into_iter(), false, 5);
        assert!(narrow.low > 90.0);
        let is_unit = |scale: Scale| (scale.low, scale.high) == (0.0, 1.0);
        assert!(is_unit(Scale::new(std::iter::empty(), true, 5)) && is_unit(Scale::new([0.0].into_iter(), false, 5)));
        assert!(Scale::new([-5.0, -5.0].into_iter(), false, 5).share(-5.0).abs() < 1e-9);
    }

    #[test]
    fn days_are_said_as_short_as_they_may() {
        let month = |months: i32| f64::from(20_454 + months);
        assert_eq!(day_labels(&[20_454.0]), ["2026-01"]);
        assert_eq!(day_labels(&[20_454.0, 20_819.0]), ["2026", "2027"]);
        assert_eq!(day_labels(&[20_454.0, 20_485.0]), ["2026-01", "2026-02"]);
        assert_eq!(day_labels(&[month(0), month(1)]), ["2026-01-01", "2026-01-02"]);
        assert_eq!(day_labels(&[20_454.5]), ["01-01 12:00"]);
        assert_eq!(day_label(20_454.0), "2026-01-01");
    }

    #[test]
    fn labels_are_thinned_until_they_fit() {
        assert_eq!(stride(12, 60.0, 800.0), 1);
        assert_eq!(stride(24, 60.0, 800.0), 2);
        assert_eq!(stride(1, 60.0, 10.0), 1);
        assert_eq!(stride(100_000, 60.0, 800.0), 100_000);
    }

    proptest! {
        #[test]
        fn whatever_the_values_marks_are_few_and_finite(values in proptest::collection::vec(any::<f64>(), 0..5), zero: bool) {
            let scale = Scale::new(values.iter().copied().filter(|value| value.abs() < 1e300), zero, 5);
            prop_assert!(scale.low < scale.high);
            let marks = scale.marks();
            prop_assert!((1..=14).contains(&marks.len()), "{scale:?} {}", marks.len());
            prop_assert!(marks.iter().all(|(value, _)| value.is_finite()));
        }
    }
}

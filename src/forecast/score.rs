//! How good forecasts are: the measures of the M4 competition on series with a known end, against published reference scores.
//!
//! A command reads a folder of sets, makes a [`Case`] of every series with [`case`] and prints [`score`] of each set and
//! [`against_references`] of all.

use super::{Grain, Refusal, Series, Settings, count, forecast};

/// What a set of series is.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Spacing of its observations: gives the season.
    pub grain: Grain,
    /// Lag of the differences that errors are divided by (`m` of the M4 rules).
    pub lag: usize,
    /// Steps in the total that is scored.
    pub total: usize,
}

impl Kind {
    /// The kind of a set from its name, which says `week`, `daily` or `quarter`, or else means months; totals are 13 weeks, 56
    /// days, 1 quarter or 3 months.
    pub fn of(name: &str, lag: usize) -> Self {
        let (grain, total) = if name.contains("week") {
            (Grain::Week, 13)
        } else if name.contains("daily") {
            (Grain::Day, 56)
        } else if name.contains("quarter") {
            (Grain::Quarter, 1)
        } else {
            (Grain::Month, 3)
        };
        Self { grain, lag: lag.max(1), total }
    }
}

/// Median and ends of the 80% and 95% intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ends {
    /// Half lies below.
    pub median: f64,
    /// A tenth lies below.
    pub low_80: f64,
    /// A tenth lies above.
    pub high_80: f64,
    /// A fortieth lies below.
    pub low_95: f64,
    /// A fortieth lies above.
    pub high_95: f64,
}

impl Ends {
    fn is_finite(&self) -> bool {
        [self.median, self.low_80, self.high_80, self.low_95, self.high_95].iter().all(|value| value.is_finite())
    }
}

/// One series with its forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What the forecast knew.
    pub train: Vec<f64>,
    /// What came.
    pub test: Vec<f64>,
    /// Forecast by step.
    pub steps: Vec<Ends>,
    /// Forecast of the sum of the first [`Kind::total`] steps.
    pub total: Ends,
    /// Whether history was too short for a model.
    pub fallback: bool,
}

/// Shares of the five numbers of [`Ends`], the median first.
const SHARES: [f64; 5] = [0.5, 0.1, 0.9, 0.025, 0.975];

fn ends(values: [f64; 5]) -> Ends {
    let [median, low_80, high_80, low_95, high_95] = values;
    Ends { median, low_80, high_80, low_95, high_95 }
}

/// Forecasts the end of one series from its beginning with the one setting used for all sets. `paths` sample paths give the total.
///
/// # Errors
/// When the series cannot be forecast: see [`Refusal`].
pub fn case(train: &[f64], test: &[f64], kind: &Kind, paths: usize, key: u64) -> Result<Case, Refusal> {
    let settings = Settings { quantiles: SHARES.to_vec(), paths: paths.max(40), ..Settings::new(test.len()) };
    let made = forecast(Series { values: train, season: kind.grain.season(), key }, &settings)?;
    let steps = (0..test.len()).map(|step| ends(std::array::from_fn(|share| made.quantiles[share][step]))).collect();
    let mut totals: Vec<f64> = made.paths.iter().map(|path| path.iter().take(kind.total).sum()).collect();
    totals.sort_by(f64::total_cmp);
    let total = ends(SHARES.map(|share| super::combine::quantile(&totals, share)));
    let fallback = made.method != super::Method::Auto.name();
    Ok(Case { train: train.to_vec(), test: test.to_vec(), steps, total, fallback })
}

/// Measures of one set, each the mean over its series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Number of series.
    pub series: usize,
    /// Series that history was too short to model.
    pub fallbacks: usize,
    /// Series with a number that is not finite or a step missing: has to be zero. They count in nothing below.
    pub broken: usize,
    /// Mean absolute scaled error: absolute error of the median / mean absolute difference of training values at the lag.
    pub mase: f64,
    /// Share of values inside their 80% interval.
    pub inside_80: f64,
    /// Share of values inside their 95% interval.
    pub inside_95: f64,
    /// Scaled pinball loss, the mean over the shares 0.1, 0.5 and 0.9, doubled.
    pub pinball: f64,
    /// Share of totals inside their 80% interval.
    pub total_inside_80: f64,
    /// Interval score of the 80% interval of the total: Gneiting & Raftery (2007), "Strictly proper scoring rules", JASA 102.
    pub total_score: f64,
    /// The same if the ends of the steps' intervals are added.
    pub total_score_of_sums: f64,
    /// The same if half-widths are added as root of the sum of squares.
    pub total_score_of_roots: f64,
    /// Share of totals whose median is within 5, 10 and 20% of the truth.
    pub total_within: [f64; 3],
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) =
        values.filter(|value| value.is_finite()).fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    if n > 0 { sum / count(n) } else { f64::NAN }
}

fn interval_score(low: f64, high: f64, truth: f64) -> f64 {
    // 2 / alpha = 10 for 80%.
    high - low + 10.0 * (low - truth).max(0.0) + 10.0 * (truth - high).max(0.0)
}

fn pinball(share: f64, forecast: f64, truth: f64) -> f64 {
    let error = truth - forecast;
    2.0 * (share * error).max((share - 1.0) * error)
}

/// Mean absolute difference at a lag; NaN when there is none or it is zero.
fn scale(train: &[f64], lag: usize) -> f64 {
    let mean = mean(train.iter().skip(lag).zip(train).map(|(now, before)| (now - before).abs()));
    if mean > 0.0 { mean } else { f64::NAN }
}

/// The measures of a set.
pub fn score(cases: &[Case], kind: &Kind) -> Scores {
    let (sound, broken): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| {
        case.steps.len() == case.test.len() && case.total.is_finite() && case.steps.iter().all(Ends::is_finite)
    });
    let by_series = |measure: &dyn Fn(&Case) -> f64| mean(sound.iter().map(|case| measure(case)));
    let by_step = |measure: &dyn Fn(&Ends, f64) -> f64| {
        by_series(&|case| mean(case.steps.iter().zip(&case.test).map(|(ends, &truth)| measure(ends, truth))))
    };
    let scaled = |measure: &dyn Fn(&Ends, f64) -> f64| {
        by_series(&|case| {
            mean(case.steps.iter().zip(&case.test).map(|(ends, &truth)| measure(ends, truth)))
                / scale(&case.train, kind.lag)
        })
    };
    let truth = |case: &Case| case.test.iter().take(kind.total).sum::<f64>();
    let total = |ends: &dyn Fn(&Case) -> (f64, f64)| {
        by_series(&|case| {
            let (low, high) = ends(case);
            interval_score(low, high, truth(case)) / count(kind.total) / scale(&case.train, kind.lag)
        })
    };
    let head = |case: &Case| case.steps[..kind.total.min(case.steps.len())].to_vec();
    let within = |share: f64| {
        by_series(&|case| {
            let sum = truth(case);
            let off = (case.total.median - sum).abs() / sum.abs();
            if sum == 0.0 { f64::NAN } else { f64::from(u8::from(off <= share)) }
        })
    };
    Scores {
        series: cases.len(),
        fallbacks: cases.iter().filter(|case| case.fallback).count(),
        broken: broken.len(),
        mase: scaled(&|ends, truth| (truth - ends.median).abs()),
        inside_80: by_step(&|ends, truth| f64::from(u8::from(ends.low_80 <= truth && truth <= ends.high_80))),
        inside_95: by_step(&|ends, truth| f64::from(u8::from(ends.low_95 <= truth && truth <= ends.high_95))),
        pinball: scaled(&|ends, truth| {
            (pinball(0.1, ends.low_80, truth) + pinball(0.5, ends.median, truth) + pinball(0.9, ends.high_80, truth))
                / 3.0
        }),
        total_inside_80: by_series(&|case| {
            f64::from(u8::from(case.total.low_80 <= truth(case) && truth(case) <= case.total.high_80))
        }),
        total_score: total(&|case| (case.total.low_80, case.total.high_80)),
        total_score_of_sums: total(&|case| {
            let steps = head(case);
            (steps.iter().map(|ends| ends.low_80).sum(), steps.iter().map(|ends| ends.high_80).sum())
        }),
        total_score_of_roots: total(&|case| {
            let steps = head(case);
            let middle: f64 = steps.iter().map(|ends| ends.median).sum();
            let root =
                |far: fn(&Ends) -> f64| steps.iter().map(|ends| (far(ends) - ends.median).powi(2)).sum::<f64>().sqrt();
            (middle - root(|ends| ends.low_80), middle + root(|ends| ends.high_80))
        }),
        total_within: [within(0.05), within(0.1), within(0.2)],
    }
}

/// Scores of AutoETS of statsforecast 2.1.1 on the public half of a set: what ratios are taken against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// Name of the set.
    pub set: &'static str,
    /// Whether it has two years of months or less.
    pub short: bool,
    /// See [`Scores::mase`].
    pub mase: f64,
    /// See [`Scores::pinball`].
    pub pinball: f64,
}

const fn reference(set: &'static str, short: bool, mase: f64, pinball: f64) -> Reference {
    Reference { set, short, mase, pinball }
}

/// AutoETS, seasonal length as the set's, every other setting its default, measured once on the series that the names stand for:
/// M3 (Makridakis & Hibon 2000), Tourism (Athanasopoulos et al. 2011), M4 (Makridakis et al. 2020), NN5 (Crone 2008), and spend of
/// the Australian Pharmaceutical Benefits Scheme; `short24` and `short12` are the last months of longer series.
pub const REFERENCES: [Reference; 9] = [
    reference("m3_monthly", false, 0.872, 0.567),
    reference("m3_quarterly", false, 1.037, 0.700),
    reference("tourism_monthly", false, 1.510, 1.091),
    reference("m4_weekly", false, 2.673, 1.843),
    reference("nn5_daily", false, 0.886, 0.625),
    reference("m3_monthly_short24", true, 1.441, 0.927),
    reference("m3_monthly_short12", true, 1.333, 0.856),
    reference("tourism_monthly_short24", true, 1.069, 0.728),
    reference("pbs_spend24", true, 1.350, 0.917),
];

/// The reference of a set; `None` for a set that has none.
pub fn reference_of(set: &str) -> Option<Reference> {
    REFERENCES.iter().find(|reference| reference.set == set).copied()
}

/// Geometric means of ratios to the references over the sets that have one; NaN where there is no such set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratios {
    /// Of [`Scores::mase`] over sets with long histories.
    pub mase_long: f64,
    /// Of [`Scores::mase`] over sets with short histories.
    pub mase_short: f64,
    /// Of [`Scores::pinball`] over all.
    pub pinball: f64,
}

/// Compares named sets with the references.
pub fn against_references(sets: &[(&str, Scores)]) -> Ratios {
    let known: Vec<(Reference, &Scores)> =
        sets.iter().filter_map(|(name, scores)| Some((reference_of(name)?, scores))).collect();
    let geometric = |logs: &mut dyn Iterator<Item = f64>| mean(logs).exp();
    let mase = |short: bool| {
        let these = known.iter().filter(|(reference, _)| reference.short == short);
        geometric(&mut these.map(|(reference, scores)| (scores.mase / reference.mase).ln()))
    };
    Ratios {
        mase_long: mase(false),
        mase_short: mase(true),
        pinball: geometric(&mut known.iter().map(|(reference, scores)| (scores.pinball / reference.pinball).ln())),
    }
}

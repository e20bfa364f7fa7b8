use proptest::prelude::*;

use super::score::{Case, Ends, Kind, score};
use super::*;

fn ask(values: &[f64], season: usize, horizon: usize) -> Forecast {
    forecast(Series { values, season, key: 0 }, &Settings { paths: 100, ..Settings::new(horizon) }).unwrap()
}

/// Twelve months that repeat with a trend and a little noise that is the same on every machine.
fn monthly(n: usize, level: f64, growth: f64, noise: f64) -> Vec<f64> {
    let season = [0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7];
    (0..n)
        .map(|at| {
            let wobble = (count(at * at * 7919 % 1000) / 1000.0 - 0.5) * noise;
            level * season[at % 12] * (1.0 + growth * count(at)) * (1.0 + wobble)
        })
        .collect()
}

fn near(found: f64, wanted: f64, share: f64) -> bool {
    (found - wanted).abs() <= share * wanted.abs()
}

#[test]
fn a_season_with_trend_is_continued() {
    for n in [24, 36, 60] {
        let all = monthly(n + 6, 1000.0, 0.01, 0.02);
        let made = ask(&all[..n], 12, 6);
        for (median, truth) in made.median.iter().zip(&all[n..]) {
            assert!(near(*median, *truth, 0.08), "{n}: {median} {truth}");
        }
    }
}

#[test]
fn few_points_get_the_last_value_and_say_so() {
    for n in 1..4 {
        let made = ask(&vec![50.0; n], 12, 3);
        assert_eq!(made.median, [50.0; 3]);
        assert_eq!(made.method, "last value");
        assert!(made.quantiles[0][0] < 40.0 && made.quantiles[2][2] > 60.0);
        assert!(made.note.unwrap().contains("wide"));
    }
    let four = ask(&[10.0, 12.0, 11.0, 13.0], 12, 2);
    assert_eq!((four.method, four.n_obs), ("auto", 4));
}

#[test]
fn refusals_name_the_reason() {
    let settings = Settings::new(3);
    let of = |values: &[f64], settings: &Settings| forecast(Series { values, season: 12, key: 0 }, settings);
    assert_eq!(of(&[], &settings), Err(Refusal::NoValues));
    assert_eq!(of(&[f64::NAN; 5], &settings), Err(Refusal::NoValues));
    assert_eq!(of(&[1.0; 9], &Settings::new(0)), Err(Refusal::Horizon(0)));
    let strange = Settings { quantiles: vec![0.5, 1.0], ..Settings::new(3) };
    assert_eq!(of(&[1.0; 9], &strange), Err(Refusal::Quantile(1.0)));
    let stl = Settings { method: Method::Stl, ..Settings::new(3) };
    assert_eq!(of(&[1.0, 2.0, 1.5, 3.0, 2.0], &stl), Err(Refusal::TooShort(Method::Stl, 5)));
    assert_eq!(Refusal::TooShort(Method::Stl, 5).to_string(), "5 observations are too few for method stl");
}

#[test]
fn constants_and_zeros_stay() {
    for value in [0.0, 7.0, -3.0] {
        let made = ask(&[value; 30], 12, 6);
        for step in 0..6 {
            assert!((made.median[step] - value).abs() < 1e-6, "{value}: {:?}", made.median);
            assert!((made.quantiles[2][step] - made.quantiles[0][step]).abs() < 1e-3);
        }
    }
}

#[test]
fn units_do_not_matter() {
    let values = monthly(30, 1.0, 0.01, 0.1);
    let one = ask(&values, 12, 4);
    for unit in [1e12, 1e-9, 1e-300, 1e300] {
        let scaled: Vec<f64> = values.iter().map(|value| value * unit).collect();
        let made = ask(&scaled, 12, 4);
        for (median, wanted) in
            made.median.iter().chain(&made.quantiles[2]).zip(one.median.iter().chain(&one.quantiles[2]))
        {
            assert!(near(*median, wanted * unit, 1e-6), "{unit}");
        }
    }
}

#[test]
fn a_price_cut_becomes_the_new_level_not_a_trend() {
    let mut values = vec![100.0, 103.0, 98.0, 101.0, 99.0, 102.0, 100.0, 97.0, 103.0, 100.0, 99.0, 101.0];
    values.extend([60.0, 61.0, 59.0, 60.5, 59.5, 60.0]);
    let made = ask(&values, 12, 6);
    assert!(made.median.iter().all(|median| near(*median, 60.0, 0.08)), "{:?}", made.median);
    assert_eq!(
        made.note.as_deref().map(|note| note.contains("level step 6 observations")),
        Some(true),
        "{:?}",
        made.note
    );
}

#[test]
fn a_single_huge_purchase_does_not_carry_on() {
    let mut values = monthly(30, 100.0, 0.0, 0.05);
    values[20] *= 50.0;
    let made = ask(&values, 12, 6);
    let truth = monthly(36, 100.0, 0.0, 0.05);
    for (median, truth) in made.median.iter().zip(&truth[30..]) {
        assert!(near(*median, *truth, 0.25), "{median} {truth}");
    }
    assert!(made.note.unwrap().contains("strange"));
}

#[test]
fn growth_goes_on_for_a_while_and_does_not_explode() {
    let values: Vec<f64> = (0..18).map(|month| 100.0 * 1.15_f64.powi(month)).collect();
    let made = ask(&values, 12, 6);
    let last = values[17];
    assert!(made.median[0] > last && made.median[5] > 1.2 * last && made.median[5] < 4.0 * last, "{:?}", made.median);
}

#[test]
fn credits_below_zero_are_kept_and_zero_is_a_floor_otherwise() {
    let refunds: Vec<f64> = (0..24).map(|at| if at % 5 == 0 { -40.0 } else { 10.0 + count(at % 3) }).collect();
    assert!(ask(&refunds, 12, 6).quantiles[0].iter().any(|low| *low < 0.0));
    let small: Vec<f64> = (0..24).map(|at| count(at * 37 % 11)).collect();
    let made = ask(&small, 12, 6);
    assert!(made.quantiles[0].iter().chain(made.paths.iter().flatten()).all(|value| *value >= 0.0));
}

#[test]
fn missing_values_are_filled_inside_and_forecast_at_the_end() {
    let mut values = monthly(36, 100.0, 0.0, 0.0);
    let whole = ask(&values, 12, 3);
    values[10] = f64::NAN;
    values[21] = f64::NAN;
    let gaps = ask(&values, 12, 3);
    assert!(near(gaps.median[0], whole.median[0], 0.05));
    assert_eq!(gaps.n_obs, 34);
    assert_eq!(gaps.note.as_deref(), Some("missing values filled: 2"));
    let mut open = monthly(34, 100.0, 0.0, 0.0);
    open.extend([f64::NAN, f64::NAN]);
    assert!(near(ask(&open, 12, 3).median[0], whole.median[0], 0.05));
}

#[test]
fn seeds_decide_paths_and_nothing_else_does() {
    let values = monthly(30, 100.0, 0.01, 0.2);
    let of = |seed, key| {
        forecast(Series { values: &values, season: 12, key }, &Settings { seed, paths: 50, ..Settings::new(4) })
            .unwrap()
    };
    assert_eq!(of(1, 1), of(1, 1));
    assert_ne!(of(1, 1).paths, of(2, 1).paths);
    assert_ne!(of(1, 1).paths, of(1, 2).paths);
    assert_eq!(of(1, 1).quantiles, of(2, 2).quantiles);
}

#[test]
fn paths_have_the_quantiles_of_the_steps_and_sums_in_between() {
    let values = monthly(48, 100.0, 0.0, 0.3);
    let settings = Settings { paths: 2000, ..Settings::new(3) };
    let made = forecast(Series { values: &values, season: 12, key: 5 }, &settings).unwrap();
    let below = |step: usize| {
        let low = made.quantiles[0][step];
        made.paths.iter().filter(|path| path[step] <= low).count()
    };
    assert!((0..3).all(|step| below(step).abs_diff(200) <= 2));
    let mut sums: Vec<f64> = made.paths.iter().map(|path| path.iter().sum()).collect();
    sums.sort_by(f64::total_cmp);
    let width = sums[1800] - sums[200];
    let ends: f64 = (0..3).map(|step| made.quantiles[2][step] - made.quantiles[0][step]).sum();
    let root = (0..3).map(|step| (made.quantiles[2][step] - made.quantiles[0][step]).powi(2)).sum::<f64>().sqrt();
    assert!(width < ends && width > 0.95 * root, "{root} {width} {ends}");
    let mean: f64 = sums.iter().sum::<f64>() / 2000.0;
    assert!(near(mean, made.mean.iter().sum(), 0.01));
}

#[test]
fn common_shocks_move_series_together() {
    let values = monthly(30, 100.0, 0.01, 0.2);
    let first = |key, common| {
        let settings = Settings { shared: Shared { common, ..Shared::NONE }, paths: 400, ..Settings::new(2) };
        let paths = forecast(Series { values: &values, season: 12, key }, &settings).unwrap().paths;
        paths.iter().map(|path| path[0]).collect::<Vec<f64>>()
    };
    let together = |common| {
        let (a, b) = (first(1, common), first(2, common));
        let centre = |v: &[f64]| v.iter().sum::<f64>() / count(v.len());
        let (ma, mb) = (centre(&a), centre(&b));
        let cross: f64 = a.iter().zip(&b).map(|(x, y)| (x - ma) * (y - mb)).sum();
        let square = |v: &[f64], m: f64| v.iter().map(|x| (x - m).powi(2)).sum::<f64>();
        cross / (square(&a, ma) * square(&b, mb)).sqrt()
    };
    assert!(together(0.0).abs() < 0.2, "{}", together(0.0));
    assert!(together(0.6) > 0.4, "{}", together(0.6));
}

/// A backtest of forecasts of 10 between 9 and 12 that met these values.
fn met(actuals: impl Iterator<Item = f64>) -> Backtest {
    let error = |actual| StepError {
        before_end: 1,
        step: 1,
        actual,
        forecast: 10.0,
        low_80: 9.0,
        high_80: 12.0,
        deviation: 1.0,
        alike: true,
    };
    Backtest { origins: 1, wape: None, coverage_80: 0.0, errors: actuals.map(error).collect() }
}

#[test]
fn series_that_were_too_sure_upwards_are_stretched_upwards() {
    // 11 to 14 in 101 equal steps: a tenth of the errors is above 3.7, which is 1.85 half-widths; 101 of 121 of the way from one.
    let shared = Shared::of(&[&met((0..=100).map(|at| 11.0 + 0.03 * f64::from(at)))]);
    assert!(near(shared.upper, 1.0 + 101.0 / 121.0 * 0.85, 1e-9), "{shared:?}");
    // Nothing came below: as little as is allowed.
    assert!(near(shared.lower, 1.0 - 101.0 / 121.0 * 0.2, 1e-9), "{shared:?}");
    assert_eq!(Shared::of(&[&met((0..19).map(f64::from))]), Shared { common: 0.0, lower: 1.0, upper: 1.0 });
}

#[test]
fn a_stretched_forecast_keeps_its_median() {
    let values: Vec<f64> = (0..30).map(|at| 10.0 + f64::from(at * 7 % 5)).collect();
    let of = |shared| {
        let settings = Settings { shared, paths: 200, ..Settings::new(2) };
        forecast(Series { values: &values, season: 12, key: 1 }, &settings).unwrap()
    };
    let (plain, stretched) = (of(Shared::NONE), of(Shared { upper: 2.0, ..Shared::NONE }));
    assert_eq!(plain.median, stretched.median);
    assert_eq!(plain.quantiles[0], stretched.quantiles[0]);
    let reach = |made: &Forecast| made.quantiles[2][1] - made.median[1];
    assert!(near(reach(&stretched), 2.0 * reach(&plain), 1e-9));
    let highest = stretched.paths.iter().map(|path| path[1]).fold(0.0, f64::max);
    assert!(highest > stretched.quantiles[2][1]);
}

#[test]
fn common_share_is_one_for_twins_and_zero_for_one_series() {
    let backtest = ask(&monthly(60, 100.0, 0.0, 0.3), 12, 6).backtest.unwrap();
    assert!(near(Shared::of(&[&backtest, &backtest]).common, 1.0, 1e-9));
    assert!(Shared::of(&[&backtest]).common.abs() < 1e-9);
}

#[test]
fn backtests_tell_ends_steps_and_errors() {
    let made = ask(&monthly(60, 100.0, 0.0, 0.1), 12, 4).backtest.unwrap();
    assert_eq!(made.origins, 6);
    assert_eq!(made.errors.len(), 24);
    let ends: Vec<usize> = made.errors.iter().step_by(4).map(|error| error.before_end).collect();
    assert_eq!(ends, [4, 6, 8, 10, 12, 14]);
    let wape: f64 = made.errors.iter().map(|error| (error.actual - error.forecast).abs()).sum::<f64>()
        / made.errors.iter().map(|error| error.actual.abs()).sum::<f64>();
    assert!(near(made.wape.unwrap(), wape, 1e-12));
    assert!(ask(&[1.0, 2.0, 3.0, 4.0, 5.0], 1, 4).backtest.is_none());
}

#[test]
fn every_method_has_a_name_and_forecasts_long_history() {
    let values = monthly(48, 100.0, 0.0, 0.1);
    for (name, method) in Method::ALL {
        assert_eq!(Method::of(name), Some(method));
        assert_eq!(method.name(), name);
        let settings = Settings { method, ..Settings::new(12) };
        let made = forecast(Series { values: &values, season: 12, key: 0 }, &settings).unwrap();
        assert_eq!(made.method, name);
        if method != Method::Naive {
            assert!(near(made.median[5], values[41], 0.3), "{name} {:?}", made.median);
        }
    }
    assert_eq!(Method::of("arima"), None);
}

#[test]
fn seasons_are_found_without_a_calendar() {
    let week: Vec<f64> = (0..70).map(|day| if day % 7 < 5 { 100.0 + count(day % 3) } else { 20.0 }).collect();
    assert_eq!(detect_season(&week), 7);
    assert_eq!(detect_season(&monthly(60, 100.0, 0.01, 0.05)), 12);
    let plain: Vec<f64> = (0_usize..80).map(|at| count(at * at * 31 % 101)).collect();
    assert_eq!(detect_season(&plain), 1);
    assert_eq!(detect_season(&[1.0, 2.0]), 1);
    assert_eq!(Grain::Month.season(), 12);
}

#[test]
fn scores_match_numbers_worked_by_hand() {
    // Training values differ by 1, 2 and 3: scale 2. Steps miss by 2 and 0; the total 7 + 9 = 16 is forecast as 14.
    let step = |median, low_80, high_80| Ends { median, low_80, high_80, low_95: low_80 - 2.0, high_95: high_80 + 2.0 };
    let case = Case {
        train: vec![1.0, 2.0, 4.0, 7.0],
        test: vec![7.0, 9.0],
        steps: vec![step(5.0, 4.0, 6.0), step(9.0, 7.0, 11.0)],
        total: step(14.0, 11.0, 17.0),
        fallback: false,
    };
    let kind = Kind { grain: Grain::Month, lag: 1, total: 2 };
    let scores = score(&[case], &kind);
    let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
    close(scores.mase, 0.5);
    close(scores.inside_80, 0.5);
    close(scores.inside_95, 1.0);
    // First step: 2 x (0.1 x 3 + 0.5 x 2 + 0.9 x 1) = 4.4; second: 2 x (0.1 x 2 + 0 + 0.1 x 2) = 0.8; thirds, mean, scale 2.
    close(scores.pinball, (4.4 + 0.8) / 3.0 / 2.0 / 2.0);
    close(scores.total_inside_80, 1.0);
    close(scores.total_score, 6.0 / 2.0 / 2.0);
    close(scores.total_score_of_sums, 6.0 / 2.0 / 2.0);
    // Half-widths 1 and 2: root 5. The total is inside 14 - root 5 .. 14 + root 5.
    close(scores.total_score_of_roots, 2.0 * 5.0_f64.sqrt() / 2.0 / 2.0);
    // Off by 2 / 16 = 12.5%.
    assert_eq!(scores.total_within.map(|share| share > 0.5), [false, false, true]);
}

#[test]
fn broken_forecasts_are_counted_and_kept_out() {
    let good = Case {
        train: vec![1.0, 2.0],
        test: vec![2.0],
        steps: vec![Ends::default()],
        total: Ends::default(),
        fallback: true,
    };
    let bad = Case { steps: vec![], ..good.clone() };
    let scores = score(&[good, bad], &Kind::of("some_quarters", 1));
    assert_eq!((scores.series, scores.broken, scores.fallbacks), (2, 1, 2));
    assert!((scores.mase - 2.0).abs() < 1e-12);
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -1e3..1e3_f64,
        6 => 0.0..1e6_f64,
        2 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => prop_oneof![Just(1e300), Just(-1e300), Just(f64::MAX), Just(f64::MIN_POSITIVE), Just(1e-310)],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_answer_is_whole_ordered_and_finite(
        values in prop::collection::vec(any_value(), 0..70),
        season in prop_oneof![Just(0_usize), Just(usize::MAX), 1..14_usize],
        horizon in 1..15_usize,
    ) {
        let settings = Settings { paths: 7, quantiles: vec![1e-9, 0.1, 0.5, 0.9, 0.999], ..Settings::new(horizon) };
        match forecast(Series { values: &values, season, key: 3 }, &settings) {
            Err(refusal) => {
                prop_assert_eq!(refusal, Refusal::NoValues);
                prop_assert!(values.iter().all(|value| !value.is_finite()));
            }
            Ok(made) => {
                prop_assert_eq!((made.mean.len(), made.median.len()), (horizon, horizon));
                prop_assert_eq!((made.paths.len(), made.quantiles.len()), (7, 5));
                for numbers in made.paths.iter().chain(&made.quantiles).chain([&made.mean, &made.median]) {
                    prop_assert_eq!(numbers.len(), horizon);
                    prop_assert!(numbers.iter().all(|value| value.is_finite()));
                }
                for pair in made.quantiles.windows(2) {
                    prop_assert!(pair[0].iter().zip(&pair[1]).all(|(low, high)| low <= high));
                }
            }
        }
    }
}

//! Curves found again in what they made, and inputs that carry no curve.

use super::*;
use crate::forecast::count;

/// The generator of Steele et al. (2014), splitmix64, as a number between 0 and 1.
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    f64::from(u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap()) / 4_294_967_296.0
}

/// Weekly cumulative adopters: `people` who each adopt at a random time of the curve.
fn simulated(shape: Shape, people: usize, weeks: i32, seed: u64) -> Vec<(f64, f64)> {
    let mut state = seed;
    let shares: Vec<f64> = (0..people).map(|_| random(&mut state)).collect();
    (1..=weeks)
        .map(|week| {
            let reached = shape.reached(f64::from(week));
            (f64::from(week), count(shares.iter().filter(|share| **share < reached).count()))
        })
        .collect()
}

fn holds(estimate: Option<Estimate>, truth: f64) -> bool {
    estimate.is_some_and(|estimate| {
        estimate.low.is_none_or(|low| low <= truth) && estimate.high.is_none_or(|high| truth <= high)
    })
}

#[test]
fn an_exact_logistic_curve_is_found() {
    let shape = Shape::Logistic { half: 20.0, rate: 0.25 };
    let points: Vec<_> = (0..40).map(|week| (f64::from(week), 0.8 * shape.reached(f64::from(week)))).collect();
    let fit = fit(&points, Curve::Logistic).unwrap();
    let near = |estimate: Option<Estimate>, truth: f64| (estimate.unwrap().value - truth).abs() < 1e-2 * truth;
    assert!(near(fit.saturation, 0.8) && near(fit.half_time, 20.0) && near(fit.rate, 0.25), "{fit:?}");
    assert!(fit.r2 > 0.9999 && fit.rmse < 1e-3, "{fit:?}");
}

#[test]
fn an_exact_bass_curve_is_found() {
    // Colour television in Bass (1969): p = 0.005, q = 0.84.
    let shape = Shape::Bass { innovation: 0.005, imitation: 0.84 };
    let points: Vec<_> =
        (1..20).map(|year| (f64::from(year), (1e6 * shape.reached(f64::from(year))).round())).collect();
    let fit = fit(&points, Curve::Bass).unwrap();
    let near = |estimate: Option<Estimate>, truth: f64| (estimate.unwrap().value / truth - 1.0).abs() < 0.02;
    assert!(near(fit.saturation, 1e6) && near(fit.innovation, 0.005) && near(fit.imitation, 0.84), "{fit:?}");
    // ln(2 + q/p) / (p + q)
    assert!(near(fit.half_time, 170.0_f64.ln() / 0.845), "{fit:?}");
    assert_eq!(fit.launch, Some(0.0));
}

/// How many of a hundred intervals hold people, time of the half and rate (or q).
fn coverage(shape: Shape, curve: Curve, people: usize, weeks: i32, half: f64, rate: f64) -> [usize; 3] {
    let mut held = [0; 3];
    for seed in 0..100 {
        let fit = fit(&simulated(shape, people, weeks, seed), curve).unwrap();
        let runs_away = fit.saturation.is_none();
        held[0] += usize::from(runs_away || holds(fit.saturation, count(people)));
        held[1] += usize::from(runs_away || holds(fit.half_time, half));
        held[2] += usize::from(holds(fit.rate.or(fit.imitation), rate));
    }
    held
}

#[test]
fn intervals_of_a_logistic_curve_hold_what_they_say() {
    let shape = Shape::Logistic { half: 40.0, rate: 0.12 };
    for (people, weeks) in [(60, 90), (300, 90), (300, 55), (300, 44)] {
        let held = coverage(shape, Curve::Logistic, people, weeks, 40.0, 0.12);
        assert!(held.iter().all(|held| *held >= 89), "{people} people, {weeks} weeks: {held:?}");
    }
}

#[test]
fn intervals_of_a_bass_curve_hold_what_they_say() {
    let (innovation, imitation) = (0.004_f64, 0.12);
    let half = (2.0 + imitation / innovation).ln() / (innovation + imitation);
    for weeks in [90, 45] {
        let held = coverage(Shape::Bass { innovation, imitation }, Curve::Bass, 300, weeks, half, imitation);
        assert!(held.iter().all(|held| *held >= 89), "{weeks} weeks: {held:?}");
    }
}

#[test]
fn growth_that_has_not_slowed_has_no_saturation() {
    let points: Vec<_> = (0..20).map(|week| (f64::from(week), (3.0 * 1.2_f64.powi(week)).round())).collect();
    let fit = fit(&points, Curve::Logistic).unwrap();
    assert!(fit.saturation.is_none_or(|saturation| saturation.high.is_none()), "{fit:?}");
    assert!(fit.note.is_some_and(|note| note.contains("saturation")));
}

#[test]
fn a_finished_curve_is_bounded_by_who_has_adopted() {
    let fit = fit(&simulated(Shape::Logistic { half: 20.0, rate: 0.4 }, 200, 80, 7), Curve::Logistic).unwrap();
    let saturation = fit.saturation.unwrap();
    assert_eq!(saturation.low, Some(200.0));
    assert!(saturation.high.is_some_and(|high| high < 203.0), "{saturation:?}");
}

#[test]
fn the_order_of_points_does_not_matter() {
    let points = simulated(Shape::Logistic { half: 20.0, rate: 0.2 }, 90, 50, 3);
    let mut mixed = points.clone();
    mixed.reverse();
    mixed.swap(3, 30);
    assert_eq!(fit(&points, Curve::Logistic), fit(&mixed, Curve::Logistic));
}

#[test]
fn what_carries_no_curve_is_refused() {
    let refused = |values: &[f64]| {
        let points: Vec<_> = values.iter().enumerate().map(|(at, value)| (count(at), *value)).collect();
        [Curve::Logistic, Curve::Bass].map(|curve| fit(&points, curve).unwrap_err())[0]
    };
    assert_eq!(refused(&[]), Refusal::TooFew(0));
    assert_eq!(refused(&[1.0]), Refusal::TooFew(1));
    assert_eq!(refused(&[1.0, 2.0]), Refusal::TooFew(2));
    assert_eq!(refused(&[1.0, f64::NAN, 2.0, 3.0, f64::INFINITY, 4.0]), Refusal::TooFew(4));
    assert_eq!(refused(&[0.0; 9]), Refusal::NoGrowth(0));
    assert_eq!(refused(&[7.0; 9]), Refusal::NoGrowth(0));
    assert_eq!(refused(&[9.0, 8.0, 7.0, 6.0, 5.0]), Refusal::NoGrowth(0));
    assert_eq!(refused(&[0.0, 1.0, -2.0, 3.0, 4.0, 5.0]), Refusal::Negative(-2.0));
    let twice = [(0.0, 1.0), (1.0, 2.0), (1.0, 3.0), (2.0, 4.0), (3.0, 5.0)];
    assert_eq!(fit(&twice, Curve::Bass), Err(Refusal::Repeated(1.0)));
    let far = [(-f64::MAX, 1.0), (0.0, 2.0), (1.0, 3.0), (2.0, 4.0), (f64::MAX, 5.0)];
    assert_eq!(fit(&far, Curve::Logistic), Err(Refusal::Times));
}

#[test]
fn every_number_of_a_fit_is_finite() {
    let sizes = [1e-300, 1e-9, 1.0, 1e12, 1e300];
    let series: [&[f64]; 6] = [
        &[0.0, 0.0, 1.0, 2.0, 3.0, 3.0],
        &[1.0, 2.0, 3.0, 4.0, 5.0],
        &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
        &[0.0, 10.0, 11.0, 12.0, 12.0, 12.0],
        &[5.0, 3.0, 6.0, 2.0, 9.0, 8.0, 10.0],
        &[1.0, 1.0, 1.0, 2.0, 3.0, 1000.0],
    ];
    for (size, values) in sizes.into_iter().flat_map(|size| series.map(|values| (size, values))) {
        for (scale, curve) in [(1.0, Curve::Logistic), (1e-6, Curve::Bass), (1e9, Curve::Bass)] {
            let points: Vec<_> =
                values.iter().enumerate().map(|(at, value)| (scale * count(at), size * value)).collect();
            let Ok(fit) = fit(&points, curve) else { continue };
            let estimates = [fit.saturation, fit.half_time, fit.rate, fit.innovation, fit.imitation];
            let numbers = estimates.into_iter().flatten().flat_map(|estimate| {
                let (low, high) = (estimate.low.unwrap_or(estimate.value), estimate.high.unwrap_or(estimate.value));
                assert!(low <= estimate.value && estimate.value <= high, "{size} {values:?} {fit:?}");
                [estimate.value, low, high]
            });
            assert!(numbers.chain([fit.r2, fit.rmse, fit.aic]).all(f64::is_finite), "{size} {values:?} {fit:?}");
        }
    }
}

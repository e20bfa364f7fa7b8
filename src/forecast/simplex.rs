//! Minimising a function of a few unbounded parameters without its gradient.

use super::count;

/// Nelder & Mead (1965), "A simplex method for function minimization", with the standard coefficients 1, 2, 1/2, 1/2.
///
/// Starts at `start` with steps of `step`, evaluates at most `budget` times and stops earlier once the values at the
/// corners agree to `1e-6` of their size. A value that is not finite counts as infinitely bad.
pub(crate) fn minimise<const N: usize>(
    start: [f64; N],
    step: f64,
    budget: usize,
    mut value_at: impl FnMut(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let mut value_of = |point: &[f64; N]| {
        let value = value_at(point);
        if value.is_finite() { value } else { f64::MAX }
    };
    let mut corners: Vec<([f64; N], f64)> = Vec::with_capacity(N + 1);
    corners.push((start, value_of(&start)));
    for axis in 0..N {
        let mut corner = start;
        corner[axis] += step;
        corners.push((corner, value_of(&corner)));
    }
    let mut used = N + 1;
    while used < budget {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (corners[0].1, corners[N].1);
        if (worst - best).abs() <= 1e-6 * (best.abs() + 1e-9) {
            break;
        }
        let centre: [f64; N] =
            std::array::from_fn(|axis| corners[..N].iter().map(|corner| corner.0[axis]).sum::<f64>() / count(N));
        let towards = |scale: f64| -> [f64; N] {
            std::array::from_fn(|axis| centre[axis] + scale * (corners[N].0[axis] - centre[axis]))
        };
        let reflected = towards(-1.0);
        let reflected_value = value_of(&reflected);
        used += 1;
        if reflected_value < best {
            let expanded = towards(-2.0);
            let expanded_value = value_of(&expanded);
            used += 1;
            corners[N] = if expanded_value < reflected_value {
                (expanded, expanded_value)
            } else {
                (reflected, reflected_value)
            };
        } else if reflected_value < corners[N - 1].1 {
            corners[N] = (reflected, reflected_value);
        } else {
            let inside = towards(if reflected_value < worst { -0.5 } else { 0.5 });
            let inside_value = value_of(&inside);
            used += 1;
            if inside_value < worst.min(reflected_value) {
                corners[N] = (inside, inside_value);
            } else {
                let lowest = corners[0].0;
                for corner in &mut corners[1..] {
                    corner.0 = std::array::from_fn(|axis| f64::midpoint(corner.0[axis], lowest[axis]));
                    corner.1 = value_of(&corner.0);
                }
                used += N;
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_point_of_a_bowl_is_found() {
        let (at, value) = minimise([0.0, 0.0], 1.0, 400, |p| (p[0] - 3.0).powi(2) + 10.0 * (p[1] + 1.0).powi(2) + 5.0);
        assert!(
            (at[0] - 3.0).abs() < 0.01 && (at[1] + 1.0).abs() < 0.01 && (value - 5.0).abs() < 1e-3,
            "{at:?} {value}"
        );
    }

    #[test]
    fn values_that_are_not_finite_are_walked_around() {
        let (at, _) = minimise([1.0], 0.5, 100, |p| if p[0] < 0.5 { f64::NAN } else { p[0] });
        assert!((0.5..0.6).contains(&at[0]), "{at:?}");
    }
}

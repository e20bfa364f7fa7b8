//! The gamma distribution, from which the limits of counts and shares come.

/// The value below which `share` of a gamma distribution of this shape and scale 1 lies, by bisection.
pub(super) fn gamma_quantile(shape: f64, share: f64) -> f64 {
    let (mut low, mut high) = (0.0, shape + 1.0);
    while gamma_share(shape, high) < share {
        (low, high) = (high, high * 2.0);
    }
    // Sixty halvings leave less than the last digit of a floating point number.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if gamma_share(shape, middle) < share { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The share of a gamma distribution below `at`: the regularised incomplete gamma function, by its series (NIST Digital Library
/// of Mathematical Functions, 8.7.1) below the shape, by its continued fraction (8.9.2) above.
fn gamma_share(shape: f64, at: f64) -> f64 {
    if at <= 0.0 {
        return 0.0;
    }
    let front = (shape * at.ln() - at - ln_gamma(shape)).exp();
    if at < shape + 1.0 {
        let (mut term, mut sum, mut step) = (1.0 / shape, 1.0 / shape, shape);
        while term > sum * 1e-16 {
            step += 1.0;
            term *= at / step;
            sum += term;
        }
        return (front * sum).min(1.0);
    }
    1.0 - front * upper_fraction(shape, at)
}

/// The continued fraction of the upper incomplete gamma function, by the method of Lentz (1976), Applied Optics 15.
fn upper_fraction(shape: f64, at: f64) -> f64 {
    const SMALLEST: f64 = 1e-300;
    let mut divisor = at + 1.0 - shape;
    let mut numerator = 1.0 / SMALLEST;
    let mut inverse = 1.0 / divisor;
    let mut fraction = inverse;
    let mut step = 0.0;
    loop {
        step += 1.0;
        let partial = step * (shape - step);
        divisor += 2.0;
        inverse = 1.0 / keep_from_zero(partial * inverse + divisor, SMALLEST);
        numerator = keep_from_zero(divisor + partial / numerator, SMALLEST);
        let change = numerator * inverse;
        fraction *= change;
        if (change - 1.0).abs() < 1e-15 || step > 1e6 {
            return fraction;
        }
    }
}

fn keep_from_zero(value: f64, smallest: f64) -> f64 {
    if value.abs() < smallest { smallest } else { value }
}

/// The logarithm of the gamma function: Lanczos (1964), SIAM Journal on Numerical Analysis 1, with nine terms and g = 7.
fn ln_gamma(of: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    // Γ(x) = Γ(x + 1) ÷ x keeps the sum where it is accurate.
    if of < 0.5 {
        return ln_gamma(of + 1.0) - of.ln();
    }
    let below = of - 1.0;
    let denominators = std::iter::successors(Some(below + 1.0), |denominator| Some(denominator + 1.0));
    let sum = TERMS.iter().zip(denominators).fold(0.999_999_999_999_809_9, |sum, (term, at)| sum + term / at);
    let middle = below + 7.5;
    (2.0 * std::f64::consts::PI).ln() / 2.0 + (below + 0.5) * middle.ln() - middle + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chi-square with two degrees of freedom is -2 ln(1 - share), and its tables begin with 3.841 for one and 5.991 for two.
    #[test]
    fn quantiles_are_those_of_chi_square() {
        for (shape, share, value) in [(1.0, 0.5, 2f64.ln()), (0.5, 0.95, 3.841_459 / 2.0), (1.0, 0.95, 5.991_465 / 2.0)]
        {
            assert!((gamma_quantile(shape, share) - value).abs() < 1e-6, "{shape} {share}");
        }
    }

    /// Γ(1/2) is the root of π, Γ(11) is 10!.
    #[test]
    fn the_gamma_function_is_that_of_tables() {
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-12);
        assert!((ln_gamma(11.0) - 3_628_800f64.ln()).abs() < 1e-12);
        assert!((ln_gamma(0.24) - (ln_gamma(1.24) - 0.24f64.ln())).abs() < 1e-12);
    }
}

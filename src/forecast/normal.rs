//! The standard normal distribution.

/// Share of the standard normal below this is one tenth at -1.2816.
pub(crate) const AT_80: f64 = 1.281_551_565_544_6;
/// The same for one fortieth.
pub(crate) const AT_95: f64 = 1.959_963_984_540_054;

fn polynomial(coefficients: &[f64], at: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * at + coefficient)
}

/// The value below which `share` of a standard normal lies: Wichura (1988), algorithm AS 241, Applied Statistics 37, the short
/// version with seven digits.
pub(crate) fn quantile(share: f64) -> f64 {
    let from_middle = share - 0.5;
    if from_middle.abs() <= 0.425 {
        let square = 0.180_625 - from_middle * from_middle;
        let above = polynomial(&[3.387_132_717_9, 50.434_271_938, 159.291_132_02, 59.109_374_72], square);
        let below = polynomial(&[1.0, 17.895_169_469, 78.757_757_664, 67.187_563_6], square);
        return from_middle * above / below;
    }
    let tail = share.min(1.0 - share).clamp(1e-300, 0.5);
    let root = (-tail.ln()).sqrt();
    let size = if root <= 5.0 {
        let at = root - 1.6;
        polynomial(&[1.423_437_277_7, 2.756_815_390_0, 1.306_728_481_6, 0.170_238_21], at)
            / polynomial(&[1.0, 0.737_001_642_5, 0.120_211_32], at)
    } else {
        let at = root - 5.0;
        polynomial(&[6.657_905_115_0, 3.081_226_386_0, 0.428_682_943_37, 0.017_337_203_997], at)
            / polynomial(&[1.0, 0.241_978_942_25, 0.012_258_202_635], at)
    };
    if from_middle < 0.0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_match_tables() {
        for (share, value) in [(0.5, 0.0), (0.9, AT_80), (0.975, AT_95), (0.001, -3.090_232), (1e-12, -7.034_484)] {
            assert!((quantile(share) - value).abs() < 2e-6, "{share}");
        }
    }
}

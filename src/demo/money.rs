//! Exact decimal amounts: sums are integers, and what is printed has every digit and no more.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact decimal number counted in units of 10⁻¹⁸: US dollars unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Digits after the decimal point that an amount can hold.
    pub const SCALE: u32 = 18;

    /// `units` counted in 10^-`scale`; a scale above [`Self::SCALE`] drops digits.
    pub(super) fn new(units: i128, scale: u32) -> Self {
        Self(units * 10i128.pow(Self::SCALE.saturating_sub(scale)))
    }

    /// Whole dollars.
    pub(super) fn dollars(dollars: i64) -> Self {
        Self::new(dollars.into(), 0)
    }

    /// The count of 10⁻¹⁸.
    pub fn units(self) -> i128 {
        self.0
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10u128.pow(Self::SCALE);
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let fraction = format!("{:018}", magnitude % one);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{}", magnitude / one),
            digits => write!(f, "{sign}{}.{digits}", magnitude / one),
        }
    }
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a decimal number of at most 18 fractional digits");
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 20 || fraction.len() > 18 || !numeric(whole) || !numeric(fraction) {
            return Err(wrong());
        }
        format!("{whole}{fraction:0<18}").parse::<i128>().map(|units| Self(sign * units)).map_err(|_| wrong())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_print_exactly_their_digits() {
        for (units, scale, text) in [
            (0, 0, "0"),
            (-842_137, 2, "-8421.37"),
            (8, 7, "0.0000008"),
            (1_500, 3, "1.5"),
            (-1, 18, "-0.000000000000000001"),
        ] {
            assert_eq!(Amount::new(units, scale).to_string(), text);
            assert_eq!(text.parse::<Amount>(), Ok(Amount::new(units, scale)));
        }
        for text in ["", "-", "1e5", "1.0000000000000000001", "1,5"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }
}

//! Byte sizes and durations.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};

/// A number of bytes, written `512MiB`, `50GiB`, `200MB` or plain `4096`.
///
/// `KiB`, `MiB`, `GiB`, `TiB` are powers of 1,024; `kB`, `MB`, `GB`, `TB` powers of 1,000; letter case is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(
    /// Bytes.
    pub u64,
);

const UNITS: [(&str, u64); 13] = [
    ("tib", 1 << 40),
    ("gib", 1 << 30),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
    ("tb", 1_000_000_000_000),
    ("gb", 1_000_000_000),
    ("mb", 1_000_000),
    ("kb", 1_000),
    ("t", 1 << 40),
    ("g", 1 << 30),
    ("m", 1 << 20),
    ("k", 1 << 10),
    ("b", 1),
];

impl FromStr for ByteSize {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(format!("`{text}` is not a size"))
                .hint("write a number and a unit, such as `512MiB` or `50GB`")
        };
        let lower = text.trim().to_ascii_lowercase();
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|number| (number.trim().to_owned(), *factor)))
            .unwrap_or((lower, 1));
        let (whole, fraction) = number.split_once('.').unwrap_or((number.as_str(), ""));
        let digits = |part: &str| part.len() <= 18 && part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(wrong());
        }
        let mut bytes = whole.parse::<u128>().map_err(|_| wrong())? * u128::from(factor);
        if !fraction.is_empty() {
            let scale = 10u128.pow(u32::try_from(fraction.len()).map_err(|_| wrong())?);
            bytes += fraction.parse::<u128>().map_err(|_| wrong())? * u128::from(factor) / scale;
        }
        u64::try_from(bytes).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = |unit: u64| u128::from(self.0) * 10 / u128::from(unit);
        for (name, unit) in [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if self.0 >= unit {
                return match tenths(unit) {
                    tenths if tenths >= 1_000 || tenths % 10 == 0 => write!(f, "{} {name}", tenths / 10),
                    tenths => write!(f, "{}.{} {name}", tenths / 10, tenths % 10),
                };
            }
        }
        write!(f, "{} B", self.0)
    }
}

/// Parses a duration such as `10m`, `90s` or `1h 30m`.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when the text is not a duration.
pub fn parse_duration(text: &str) -> Result<Duration> {
    humantime::parse_duration(text).map_err(|cause| {
        Error::invalid(format!("`{text}` is not a duration"))
            .because(cause)
            .hint("write it as `90s`, `10m` or `1h 30m`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_parse() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("512MiB", 536_870_912),
            ("1.5 GiB", 1_610_612_736),
            ("200mb", 200_000_000),
            ("7B", 7),
        ] {
            assert_eq!(text.parse::<ByteSize>().unwrap(), ByteSize(bytes), "{text}");
        }
        for text in ["", "GiB", "-1", "1e9", "12 parsecs", "99999999999TiB", "1.2.3"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_print_in_the_unit_people_read() {
        for (bytes, text) in
            [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (222_298_112, "212 MiB")]
        {
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
    }

    #[test]
    fn durations_parse() {
        assert_eq!(parse_duration("1h 30m").unwrap(), Duration::from_secs(5_400));
        assert!(parse_duration("soon").is_err());
    }
}

//! Classes of tokens: disjoint, so that their sum is what was used and each has one price.

/// A class of tokens. No token is in two classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenClass {
    /// Input that no cache served and none stored.
    Input,
    /// Input served from a cache.
    CacheRead,
    /// Input stored in a cache for five minutes, or for a time that the vendor does not tell.
    CacheWrite5m,
    /// Input stored in a cache for an hour.
    CacheWrite1h,
    /// Output that is no reasoning, or of which the vendor does not tell.
    Output,
    /// Output spent on reasoning, where the vendor tells it apart.
    Reasoning,
}

impl TokenClass {
    /// Every class, in the order in which charges of one request are listed.
    pub const ALL: [Self; 6] =
        [Self::Input, Self::CacheRead, Self::CacheWrite5m, Self::CacheWrite1h, Self::Output, Self::Reasoning];

    /// Its name in price books and mappings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite5m => "cache_write_5m",
            Self::CacheWrite1h => "cache_write_1h",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
        }
    }

    /// The class of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Its `SkuMeter`, as the FOCUS appendix on AI billing words meters.
    pub const fn meter(self) -> &'static str {
        match self {
            Self::Input => "Input Tokens",
            Self::CacheRead => "Cache Read Tokens",
            Self::CacheWrite5m => "Cache Write Tokens (5m)",
            Self::CacheWrite1h => "Cache Write Tokens (1h)",
            Self::Output => "Output Tokens",
            Self::Reasoning => "Reasoning Tokens",
        }
    }

    /// The keys that tell it in `SkuPriceDetails` (FOCUS 1.5 draft; `x_` keys are Outlay's).
    pub const fn details(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Input => &[("TokenDirection", "Input"), ("TokenCacheAction", "Uncached")],
            Self::CacheRead => &[("TokenDirection", "Input"), ("TokenCacheAction", "Read")],
            Self::CacheWrite5m => {
                &[("TokenDirection", "Input"), ("TokenCacheAction", "Write"), ("x_CacheDuration", "5m")]
            }
            Self::CacheWrite1h => {
                &[("TokenDirection", "Input"), ("TokenCacheAction", "Write"), ("x_CacheDuration", "1h")]
            }
            Self::Output => &[("TokenDirection", "Output")],
            Self::Reasoning => &[("TokenDirection", "Output"), ("x_TokenType", "Reasoning")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_meters_and_details_tell_classes_apart() {
        for class in TokenClass::ALL {
            assert_eq!(TokenClass::of(class.name()), Some(class));
            for other in TokenClass::ALL.into_iter().filter(|other| *other != class) {
                assert_ne!(class.meter(), other.meter());
                assert_ne!(class.details(), other.details());
            }
        }
        assert_eq!(TokenClass::of("prompt"), None);
    }
}

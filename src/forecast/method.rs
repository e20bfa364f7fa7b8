//! The forecasts that can be asked for by name.

/// Which forecast is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Method {
    /// The combination of all members that suit the history.
    #[default]
    Auto,
    /// The last value.
    Naive,
    /// The value one season before.
    SeasonalNaive,
    /// Exponential smoothing, the model with the lowest corrected Akaike criterion.
    Ets,
    /// Dynamic optimised Theta on a series without its shrunk season.
    Theta,
    /// Complex exponential smoothing.
    Ces,
    /// Autoregression on differences.
    Autoregression,
    /// Seasonal and trend decomposition, the rest by exponential smoothing.
    Stl,
}

impl Method {
    /// All methods with their names in SQL.
    pub const ALL: [(&'static str, Self); 8] = [
        ("auto", Self::Auto),
        ("naive", Self::Naive),
        ("seasonal_naive", Self::SeasonalNaive),
        ("ets", Self::Ets),
        ("theta", Self::Theta),
        ("ces", Self::Ces),
        ("ar", Self::Autoregression),
        ("stl", Self::Stl),
    ];

    /// The method of a name; `None` for a name that is not in [`Method::ALL`].
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
    }

    /// The name in SQL.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, method)| *method == self).map_or("auto", |(name, _)| name)
    }
}

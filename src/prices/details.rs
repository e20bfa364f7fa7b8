//! What the SKU details of a charge say about its tokens: model, class, tier and context.

use chrono::NaiveDate;
use serde::Deserialize;

use super::search::Wanted;
use crate::error::{Error, Result};

/// The tier of a charge that names none.
const USUAL_TIER: &str = "standard";

/// The keys of SkuPriceDetails that a price depends on; FOCUS 1.5 draft for the first three, ours for the rest.
#[derive(Debug, Deserialize)]
struct Keys {
    #[serde(rename = "ModelId")]
    model: Option<String>,
    #[serde(rename = "TokenDirection")]
    direction: Option<String>,
    #[serde(rename = "TokenCacheAction")]
    cache_action: Option<String>,
    #[serde(rename = "x_CacheDuration")]
    cache_duration: Option<String>,
    #[serde(rename = "x_TokenType")]
    token_type: Option<String>,
    #[serde(rename = "x_ServiceTier")]
    tier: Option<String>,
    #[serde(rename = "x_ContextWindow")]
    context: Option<String>,
}

/// What the price of a token depends on, beside provider and day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDetails {
    /// `ModelId`.
    pub model: Option<String>,
    /// The class of token, see [`TokenDetails::parse`]; none for what is not counted in tokens.
    pub class: Option<String>,
    /// `x_ServiceTier` in lower case; `standard` when it is not there.
    pub tier: String,
    /// The fewest tokens of `x_ContextWindow`; 0 when it is not there.
    pub context: u64,
}

impl TokenDetails {
    /// Reads the JSON object `details`.
    ///
    /// | class | TokenDirection | TokenCacheAction | beside |
    /// |---|---|---|---|
    /// | `input` | Input | Uncached, or none | |
    /// | `cache_read` | Input | Read | |
    /// | `cache_write_5m` | Input | Write | `x_CacheDuration` is 5m, or none: what vendors keep when a call asks for nothing |
    /// | `cache_write_1h` | Input | Write | `x_CacheDuration` is 1h |
    /// | `output` | Output | | |
    /// | `reasoning` | Output | | `x_TokenType` is Reasoning |
    ///
    /// Letter case does not matter. Without a direction there is no class.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for what is no such object, and for a value that is none of the above.
    pub fn parse(details: &str) -> Result<Self> {
        let keys: Keys = serde_json::from_str(details)
            .map_err(|cause| unreadable("SkuPriceDetails is no JSON object of texts", details).because(cause))?;
        let context = keys.context.as_deref().unwrap_or_default();
        let context = context_tokens(context)
            .ok_or_else(|| unreadable("`x_ContextWindow` is no window such as `0-200k`", details))?;
        let class = class(&keys).map_err(|key| unreadable(&format!("`{key}` has a value unknown here"), details))?;
        let tier = keys.tier.filter(|tier| !tier.is_empty());
        Ok(Self {
            model: keys.model.filter(|model| !model.is_empty()),
            class,
            tier: tier.map_or_else(|| USUAL_TIER.to_owned(), |tier| tier.to_ascii_lowercase()),
            context,
        })
    }

    /// The same for a unit of `meter` (SkuMeter) that is no token: `Web Search` is the class `web_search`, and a model is
    /// not needed.
    #[must_use]
    pub fn of_meter(self, meter: &str) -> Self {
        let words: Vec<String> = meter.split_whitespace().map(str::to_ascii_lowercase).collect();
        let class = (!words.is_empty()).then(|| words.join("_"));
        Self { model: Some(self.model.unwrap_or_default()), class, ..self }
    }

    /// What a price is wanted of, for use of `provider` on `day`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when the model or the class is not known.
    pub fn wanted<'a>(&'a self, provider: &'a str, day: NaiveDate) -> Result<Wanted<'a>> {
        let unknown = |message: &str| {
            Error::invalid(message)
                .with("provider", provider)
                .with("model", self.model.as_deref().unwrap_or("NULL"))
                .with("token_class", self.class.as_deref().unwrap_or("NULL"))
                .with("day", day.to_string())
                .hint("mend the source, leave such rows out, or set `unpriced = \"null\"` under `[price_book]`")
        };
        let model = self.model.as_deref();
        let class = self.class.as_deref();
        Ok(Wanted {
            provider,
            model: model.ok_or_else(|| unknown("tokens without a `ModelId` in their SkuPriceDetails have no price"))?,
            class: class.ok_or_else(|| unknown("usage with neither `TokenDirection` nor `SkuMeter` has no price"))?,
            tier: &self.tier,
            context: self.context,
            day,
        })
    }
}

/// The class of the token, or the key with the unknown value.
fn class(keys: &Keys) -> Result<Option<String>, &'static str> {
    let folded = |key: &Option<String>| key.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    let class = match (folded(&keys.direction).as_str(), folded(&keys.cache_action).as_str()) {
        ("", _) => return Ok(None),
        ("input", "" | "uncached") => "input".to_owned(),
        ("input", "read") => "cache_read".to_owned(),
        ("input", "write") => match folded(&keys.cache_duration).as_str() {
            "" => "cache_write_5m".to_owned(),
            duration => format!("cache_write_{duration}"),
        },
        ("input", _) => return Err("TokenCacheAction"),
        ("output", _) if folded(&keys.token_type) == "reasoning" => "reasoning".to_owned(),
        ("output", _) => "output".to_owned(),
        _ => return Err("TokenDirection"),
    };
    Ok(Some(class))
}

/// The fewest tokens of a context window: 200,000 for `200k-1M`, `200k` and `200000`, 0 for nothing. `None` for what is
/// no number of tokens.
pub fn context_tokens(window: &str) -> Option<u64> {
    let fewest = window.split('-').next().unwrap_or_default().trim();
    if fewest.is_empty() {
        return window.trim().is_empty().then_some(0);
    }
    let (digits, unit) = match fewest.as_bytes().last()? {
        b'k' | b'K' => (&fewest[..fewest.len() - 1], 1_000),
        b'm' | b'M' => (&fewest[..fewest.len() - 1], 1_000_000),
        _ => (fewest, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn unreadable(message: &str, details: &str) -> Error {
    Error::data(message).with("column", "SkuPriceDetails").with("value", details)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(details: &str) -> Option<String> {
        TokenDetails::parse(details).unwrap().class
    }

    #[test]
    fn the_class_is_told_by_direction_cache_and_type() {
        for (details, class) in [
            (r#"{"TokenDirection":"Input"}"#, "input"),
            (r#"{"TokenDirection":"Input","TokenCacheAction":"Uncached"}"#, "input"),
            (r#"{"TokenDirection":"input","TokenCacheAction":"READ"}"#, "cache_read"),
            (r#"{"TokenDirection":"Input","TokenCacheAction":"Write"}"#, "cache_write_5m"),
            (r#"{"TokenDirection":"Input","TokenCacheAction":"Write","x_CacheDuration":"5m"}"#, "cache_write_5m"),
            (r#"{"TokenDirection":"Input","TokenCacheAction":"Write","x_CacheDuration":"1h"}"#, "cache_write_1h"),
            (r#"{"TokenDirection":"Output","TokenCacheAction":"Uncached"}"#, "output"),
            (r#"{"TokenDirection":"Output","x_TokenType":"Reasoning"}"#, "reasoning"),
        ] {
            assert_eq!(class_of(details).as_deref(), Some(class), "{details}");
        }
        assert_eq!(class_of(r#"{"ModelId":"m"}"#), None);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for details in [
            "[]",
            "",
            r#"{"TokenDirection":"Sideways"}"#,
            r#"{"TokenDirection":"Input","TokenCacheAction":"Warm"}"#,
            r#"{"TokenDirection":"Input","x_ContextWindow":"large"}"#,
        ] {
            let error = TokenDetails::parse(details).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Data, "{details}");
            assert!(error.facts().contains(&("value", details.to_owned())), "{details}");
        }
    }

    #[test]
    fn tier_and_context_have_their_usual_values() {
        let usual = TokenDetails::parse(r#"{"ModelId":"m","TokenDirection":"Input"}"#).unwrap();
        assert_eq!((usual.model.as_deref(), usual.tier.as_str(), usual.context), (Some("m"), "standard", 0));
        let long = r#"{"TokenDirection":"Input","x_ServiceTier":"Batch","x_ContextWindow":"200k-1M"}"#;
        let long = TokenDetails::parse(long).unwrap();
        assert_eq!((long.model, long.tier.as_str(), long.context), (None, "batch", 200_000));
    }

    #[test]
    fn windows_are_numbers_of_tokens() {
        for (window, tokens) in [
            ("", Some(0)),
            ("0-200k", Some(0)),
            ("200000", Some(200_000)),
            ("1M", Some(1_000_000)),
            ("-200k", None),
            ("k", None),
        ] {
            assert_eq!(context_tokens(window), tokens, "{window}");
        }
    }
}

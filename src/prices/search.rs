//! Finds the price of something, or says what the book lacks.

use chrono::NaiveDate;

use super::book::{PriceBook, Unpriced};
use super::details::TokenDetails;
use super::line::{PriceKind, PriceLine};
use crate::error::{Error, Result, did_you_mean};

/// What a price is wanted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// ServiceProviderName of FOCUS.
    pub provider: &'a str,
    /// ModelId of FOCUS.
    pub model: &'a str,
    /// The class of token, or another meter.
    pub class: &'a str,
    /// The tier, such as `standard`.
    pub tier: &'a str,
    /// Input tokens of the request, or the fewest of the window that it is reported in.
    pub context: u64,
    /// The day of use, UTC.
    pub day: NaiveDate,
}

impl PriceBook {
    /// The price of `wanted`; `None` when there is none and the book says that it is NULL then.
    ///
    /// Of the lines that apply (provider, class, tier, context and day all fit) the one counts whose model is named in
    /// full, else the one with the longest start of its name; then the tier named before every tier, and the largest
    /// context. Reasoning tokens have the price of `output` where the same model has no line of `reasoning`: vendors
    /// bill them as output. The contract price is the list price where no contract has a line that applies.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when there is none, with the nearest model and the way out; and when two lines apply
    /// of which neither is nearer.
    pub fn price(&self, kind: PriceKind, wanted: &Wanted<'_>) -> Result<Option<&PriceLine>> {
        let found = match self.find(kind, wanted)? {
            None if kind == PriceKind::Contract => self.find(PriceKind::List, wanted)?,
            found => found,
        };
        match (found, self.unpriced) {
            (None, Unpriced::Error) => Err(self.missing(wanted)),
            (found, _) => Ok(found),
        }
    }

    /// The price of a token that `details` (SkuPriceDetails) describe, as of [`Self::price`].
    ///
    /// # Errors
    /// As of [`Self::price`] and [`TokenDetails::parse`]; [`crate::ErrorKind::Invalid`] for details without a model or a
    /// direction, unless the book says NULL.
    pub fn price_of_details(
        &self,
        kind: PriceKind,
        provider: &str,
        details: &str,
        day: NaiveDate,
    ) -> Result<Option<&PriceLine>> {
        let details = TokenDetails::parse(details)?;
        match self.named(details.wanted(provider, day))? {
            Some(wanted) => self.price(kind, &wanted),
            None => Ok(None),
        }
    }

    /// What is wanted, when that is known; what is not has no price.
    ///
    /// # Errors
    /// The one given, unless the book says NULL.
    pub fn named<'a>(&self, wanted: Result<Wanted<'a>>) -> Result<Option<Wanted<'a>>> {
        match self.unpriced {
            Unpriced::Null => Ok(wanted.ok()),
            Unpriced::Error => wanted.map(Some),
        }
    }

    /// The price of `wanted` in a line of `kind`, none when there is no such line.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when two lines apply of which neither is nearer.
    pub fn find(&self, kind: PriceKind, wanted: &Wanted<'_>) -> Result<Option<&PriceLine>> {
        let of_provider = self.lines.get(wanted.provider).map_or(&[][..], Vec::as_slice);
        let applying = || {
            of_provider.iter().filter(|line| line.kind == kind && fits(line, wanted)).filter_map(|line| {
                let class = class_rank(&line.class, wanted.class)?;
                Some(((line.closeness(wanted.model)?, class), line))
            })
        };
        let Some(nearest) = applying().map(|(rank, _)| rank).max() else { return Ok(None) };
        let nearest = || applying().filter(|(rank, _)| *rank == nearest).map(|(_, line)| line);
        let by_tier = nearest().max_by_key(|line| (line.tier.is_some(), line.context));
        let by_context = nearest().max_by_key(|line| (line.context, line.tier.is_some()));
        match (by_tier, by_context) {
            (Some(one), Some(other)) if one != other => Err(Error::invalid(format!(
                "two prices apply to `{}` of `{}`: one is for the tier, the other for the context",
                wanted.class, wanted.model
            ))
            .with("first", format!("{}:{}", one.file, one.line))
            .with("second", format!("{}:{}", other.file, other.line))
            .hint(format!(
                "add a line with service_tier `{}` and context {} to the price book",
                wanted.tier, other.context
            ))),
            (found, _) => Ok(found),
        }
    }

    /// The error that says what the book lacks.
    fn missing(&self, wanted: &Wanted<'_>) -> Error {
        let Wanted { provider, model, class, tier, context, day } = *wanted;
        if self.is_empty() {
            return Error::invalid(format!("`{provider}` tells no cost of `{model}`, and there is no price book"))
                .with("day", day.to_string())
                .hint("add `[price_book]` with `path = \"prices.csv\"` to outlay.toml, and a line for each model and class of token");
        }
        let error = Error::invalid(format!("the price book has no price of `{class}` of `{model}` on {day}"))
            .with("provider", provider)
            .with("model", model)
            .with("token_class", class)
            .with("service_tier", tier)
            .with("context", context.to_string())
            .with("day", day.to_string());
        let known = self.near_miss(wanted);
        known.into_iter().fold(error, Error::hint).hint(format!(
            "add a line to the price book: provider `{provider}`, model `{model}`, token_class `{class}`, valid from {day} or before"
        ))
    }

    /// What is nearest in the book to what it lacks.
    fn near_miss(&self, wanted: &Wanted<'_>) -> Option<String> {
        let Some(lines) = self.lines.get(wanted.provider) else {
            let mut providers: Vec<&str> = self.lines.keys().map(String::as_str).collect();
            providers.sort_unstable();
            return did_you_mean(wanted.provider, providers.iter().copied())
                .or_else(|| Some(format!("it has prices of: {}", providers.join(", "))));
        };
        let of_model: Vec<&PriceLine> = lines.iter().filter(|line| line.closeness(wanted.model).is_some()).collect();
        if of_model.is_empty() {
            let mut models: Vec<&str> = lines.iter().map(|line| line.model.as_str()).collect();
            models.sort_unstable();
            models.dedup();
            return did_you_mean(wanted.model, models);
        }
        let of_class = of_model.iter().find(|line| line.class == wanted.class);
        if let Some(line) = of_class {
            let end = line.valid_to.map(|end| format!(" and before {end}")).unwrap_or_default();
            let tier = line.tier.as_ref().map(|tier| format!(", tier {tier}")).unwrap_or_default();
            let (from, context) = (line.valid_from, line.context);
            return Some(format!("{}:{} is for days from {from}{end}{tier}, context {context}", line.file, line.line));
        }
        let mut classes: Vec<&str> = of_model.iter().map(|line| line.class.as_str()).collect();
        classes.sort_unstable();
        classes.dedup();
        Some(format!("of this model it has prices of: {}", classes.join(", ")))
    }
}

fn fits(line: &PriceLine, wanted: &Wanted<'_>) -> bool {
    let tier = line.tier.as_deref().is_none_or(|tier| tier == wanted.tier);
    tier && line.context <= wanted.context && line.is_valid_on(wanted.day)
}

/// The line of a class itself is nearer than that of the class it may be billed as.
fn class_rank(class: &str, wanted: &str) -> Option<u8> {
    match (class, wanted) {
        _ if class == wanted => Some(1),
        ("output", "reasoning") => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::PriceTable;
    use super::*;

    const BOOK: &str = "\
provider,model,token_class,kind,service_tier,context,valid_from,valid_to,currency,price,per,source
Anthropic,opus,input,list,,,2026-01-01,2026-06-16,USD,5,1000000,page
Anthropic,opus,input,list,,,2026-06-16,,USD,4,1000000,page
Anthropic,opus,input,contract,,,2026-01-01,,USD,3,1000000,contract
Anthropic,opus,output,list,,,2026-01-01,,USD,25,1000000,page
Anthropic,opus,input,list,batch,,2026-01-01,,USD,2.5,1000000,page
Anthropic,opus,web_search,list,,,2026-01-01,,USD,10,1000,page
Anthropic,sonnet,input,list,,,2026-01-01,,USD,3,1000000,page
Anthropic,sonnet,input,list,,200k,2026-01-01,,USD,6,1000000,page
Anthropic,sonnet,input,list,batch,,2026-01-01,,USD,1.5,1000000,page
Anthropic,sonnet,reasoning,list,,,2026-01-01,,USD,14,1000000,page
Anthropic,sonnet,output,list,,,2026-01-01,,USD,15,1000000,page
Anthropic,son*,input,list,,,2026-01-01,,USD,2,1000000,page
Anthropic,*,input,list,,,2026-01-01,,USD,1,1000000,page
";
    const MILLIONTH: i128 = 1_000_000_000_000;

    fn book(unpriced: Unpriced) -> PriceBook {
        PriceBook::new(&[PriceTable::from_csv("p.csv", BOOK).unwrap()], unpriced).unwrap()
    }

    fn wanted(model: &'static str, class: &'static str, day: &str) -> Wanted<'static> {
        let day = day.parse().unwrap();
        Wanted { provider: "Anthropic", model, class, tier: "standard", context: 0, day }
    }

    /// Millionths of a dollar a token, times ten.
    fn tenths(kind: PriceKind, wanted: Wanted<'_>) -> i128 {
        book(Unpriced::Error).price(kind, &wanted).unwrap().unwrap().unit_price * 10 / MILLIONTH
    }

    #[test]
    fn the_day_decides() {
        let list = |day| tenths(PriceKind::List, wanted("opus", "input", day));
        assert_eq!([list("2026-01-01"), list("2026-06-15"), list("2026-06-16")], [50, 50, 40]);
    }

    #[test]
    fn the_longest_name_of_the_model_counts() {
        let list = |model| tenths(PriceKind::List, wanted(model, "input", "2026-07-01"));
        assert_eq!([list("sonnet"), list("sonnet-5"), list("haiku")], [30, 20, 10]);
    }

    #[test]
    fn tiers_and_contexts_have_their_own_prices() {
        let opus = wanted("opus", "input", "2026-07-01");
        assert_eq!(tenths(PriceKind::List, Wanted { tier: "batch", ..opus }), 25);
        assert_eq!(tenths(PriceKind::List, Wanted { tier: "priority", ..opus }), 40);
        let sonnet = wanted("sonnet", "input", "2026-07-01");
        assert_eq!(tenths(PriceKind::List, Wanted { context: 199_999, ..sonnet }), 30);
        assert_eq!(tenths(PriceKind::List, Wanted { context: 200_000, ..sonnet }), 60);
        let both = book(Unpriced::Null);
        let error = both.price(PriceKind::List, &Wanted { tier: "batch", context: 200_000, ..sonnet }).unwrap_err();
        assert_eq!(error.facts()[..2], [("first", "p.csv:10".to_owned()), ("second", "p.csv:9".to_owned())]);
    }

    #[test]
    fn a_contract_comes_before_the_list_where_it_has_a_line() {
        let contract = |model| tenths(PriceKind::Contract, wanted(model, "input", "2026-07-01"));
        assert_eq!([contract("opus"), contract("sonnet")], [30, 30]);
        assert_eq!(tenths(PriceKind::List, wanted("opus", "input", "2026-07-01")), 40);
    }

    #[test]
    fn reasoning_is_output_and_nothing_else_is_guessed() {
        let list = |model| tenths(PriceKind::List, wanted(model, "reasoning", "2026-07-01"));
        assert_eq!([list("sonnet"), list("opus")], [140, 250]);
        let book = book(Unpriced::Error);
        let search = book.price(PriceKind::List, &wanted("opus", "web_search", "2026-07-01")).unwrap().unwrap();
        assert_eq!((search.unit_price, search.line), (10_000 * MILLIONTH, 7));
        for class in ["cache_read", "cache_write_5m", "cache_write_1h"] {
            assert!(book.price(PriceKind::List, &wanted("opus", class, "2026-07-01")).is_err(), "{class}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_is_near() {
        let missing = |wanted: &Wanted<'_>| book(Unpriced::Error).price(PriceKind::List, wanted).unwrap_err();
        let model = missing(&wanted("sonet", "output", "2026-07-01"));
        // `*` is about every model, so the book knows the model but not the class.
        assert!(model.hints()[0].contains("input"), "{model:?}");
        let provider = missing(&Wanted { provider: "Antropic", ..wanted("opus", "input", "2026-07-01") });
        assert!(provider.hints()[0].contains("`Anthropic`"), "{provider:?}");
        let day = missing(&wanted("opus", "output", "2025-12-31"));
        assert!(day.hints()[0].contains("p.csv:5 is for days from 2026-01-01"), "{day:?}");
        for fact in [("provider", "Anthropic"), ("model", "opus"), ("token_class", "output"), ("day", "2025-12-31")] {
            assert!(day.facts().contains(&(fact.0, fact.1.to_owned())), "{fact:?}");
        }
        assert!(day.hints()[1].starts_with("add a line to the price book"), "{day:?}");
        let near = BOOK.replace("Anthropic,*,", "Other,*,").replace("son*", "sonnet-4*");
        let near = PriceBook::new(&[PriceTable::from_csv("p.csv", &near).unwrap()], Unpriced::Error).unwrap();
        let near = near.price(PriceKind::List, &wanted("sonet", "input", "2026-07-01")).unwrap_err();
        assert!(near.hints()[0].contains("`sonnet`"), "{near:?}");
        assert!(book(Unpriced::Null).price(PriceKind::List, &wanted("opus", "x", "2026-07-01")).unwrap().is_none());
    }
}

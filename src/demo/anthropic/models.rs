//! The models of Anthropic, their prices and the token classes they bill.

use super::super::calendar::Day;
use super::super::line::Line;
use super::super::money::Amount;

/// A class of tokens that has its own price.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenClass {
    meter: &'static str,
    pub(super) direction: &'static str,
    pub(super) cache_action: &'static str,
    /// The word of the price book.
    priced_as: &'static str,
    /// Tokens of this class in a typical call.
    pub(super) typical: i64,
}

/// All classes, in the order of the truth.
pub(super) const CLASSES: [TokenClass; 4] = [
    TokenClass {
        meter: "Input Tokens",
        direction: "Input",
        cache_action: "Uncached",
        priced_as: "input",
        typical: 12_000,
    },
    TokenClass {
        meter: "Output Tokens",
        direction: "Output",
        cache_action: "Uncached",
        priced_as: "output",
        typical: 2_500,
    },
    TokenClass {
        meter: "Cache Read Tokens",
        direction: "Input",
        cache_action: "Read",
        priced_as: "cache_read",
        typical: 60_000,
    },
    TokenClass {
        meter: "Cache Write Tokens",
        direction: "Input",
        cache_action: "Write",
        priced_as: "cache_write_5m",
        typical: 6_000,
    },
];

/// A model with the prices of a million tokens of each class, in thousandths of a dollar.
struct Model {
    id: &'static str,
    family: &'static str,
    version: &'static str,
    prices: [i64; 4],
    /// How many of a hundred calls use it.
    share: usize,
}

const MODELS: [Model; 3] = [
    Model {
        id: "claude-haiku-4-5",
        family: "Claude Haiku",
        version: "4.5",
        prices: [1_000, 5_000, 100, 1_250],
        share: 30,
    },
    Model {
        id: "claude-sonnet-4-5",
        family: "Claude Sonnet",
        version: "4.5",
        prices: [3_000, 15_000, 300, 3_750],
        share: 55,
    },
    Model {
        id: "claude-opus-4-5",
        family: "Claude Opus",
        version: "4.5",
        prices: [5_000, 25_000, 500, 6_250],
        share: 15,
    },
];

/// The model that got cheaper, and the token class: output of Sonnet.
const CHANGED: (usize, usize) = (1, 1);
/// The new price of a million tokens, in thousandths of a dollar.
const NEW_PRICE: i64 = 12_000;
/// The model of the runaway loop.
pub(super) const RUNAWAY_MODEL: usize = 1;
/// A seat for a month, in dollars.
pub(super) const SEAT_DOLLARS: i64 = 60;

/// How often each model is called.
pub(super) fn shares() -> impl Iterator<Item = usize> {
    MODELS.iter().map(|model| model.share)
}

/// The model whose price changed, with the old and the new price of a million tokens.
pub(super) fn price_change() -> (&'static str, &'static str, Amount, Amount) {
    let (model, class) = CHANGED;
    let old = MODELS[model].prices[class];
    (MODELS[model].id, CLASSES[class].direction, Amount::new(old.into(), 3), Amount::new(NEW_PRICE.into(), 3))
}

/// The price of a million tokens in thousandths of a dollar.
pub(super) fn price(model: usize, class: usize, changed: bool) -> i64 {
    if changed && (model, class) == CHANGED { NEW_PRICE } else { MODELS[model].prices[class] }
}

/// Every price as a line of the price book: model, class, price of a million tokens, first day, day on which it ended.
pub(super) fn price_lines(first: Day, change: Day) -> Vec<(&'static str, &'static str, Amount, Day, Option<Day>)> {
    let mut lines = Vec::new();
    for (number, model) in MODELS.iter().enumerate() {
        for (class, token) in CLASSES.iter().enumerate() {
            let amount = |changed| Amount::new(price(number, class, changed).into(), 3);
            let changes = (number, class) == CHANGED;
            lines.push((model.id, token.priced_as, amount(false), first, changes.then_some(change)));
            if changes {
                lines.push((model.id, token.priced_as, amount(true), change, None));
            }
        }
    }
    lines
}

/// The line of a token class of a model.
pub(super) fn line_of(model: usize, class: usize, changed: bool) -> usize {
    let line = model * CLASSES.len() + class;
    if changed && (model, class) == CHANGED { MODELS.len() * CLASSES.len() } else { line }
}

/// The line of a seat.
pub(super) fn seat_line() -> usize {
    MODELS.len() * CLASSES.len() + 1
}

/// Every class of every model, the changed price, and seats.
pub(super) fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, model) in MODELS.iter().enumerate() {
        lines.extend((0..CLASSES.len()).map(|class| token_line(model, class, price(number, class, false), 1)));
    }
    lines.push(token_line(&MODELS[CHANGED.0], CHANGED.1, NEW_PRICE, 2));
    lines.push(Line {
        frequency: "Recurring",
        service_category: "AI and Machine Learning",
        service_subcategory: "Generative AI",
        sku: Some("claude-enterprise-seat".to_owned()),
        meter: Some("Seats"),
        pricing_unit: Some("Seats"),
        pricing_category: Some("Standard"),
        list_price: Some(Amount::dollars(SEAT_DOLLARS)),
        contracted_price: Some(Amount::dollars(SEAT_DOLLARS)),
        ..Line::other("Purchase", "Claude Enterprise", "Claude Enterprise seat, one month")
    });
    lines
}

fn token_line(model: &Model, class: usize, price: i64, revision: u32) -> Line {
    let token = CLASSES[class];
    let details = [
        ("ModelDeveloper", "Anthropic"),
        ("ModelFamily", model.family),
        ("ModelId", model.id),
        ("ModelVersion", model.version),
        ("TokenDirection", token.direction),
        ("TokenCacheAction", token.cache_action),
    ];
    Line {
        description: format!("{}, {}", model.id, token.meter),
        sku: Some(format!("{}-{class}-{revision}", model.id)),
        meter: Some(token.meter),
        consumed_unit: Some("Tokens"),
        pricing_unit: Some("1000000 Tokens"),
        list_price: Some(Amount::new(price.into(), 3)),
        contracted_price: Some(Amount::new(price.into(), 3)),
        price_details: Some(details.map(|(key, value)| (key, value.to_owned())).to_vec()),
        ..Line::usage("Claude API", "AI and Machine Learning", "Generative AI")
    }
}

//! The physical form of an export: which columns, in which types, and how a block of charges becomes them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, Float64Array, MapBuilder, MapFieldNames, RecordBatch,
    StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMillisecondArray, UInt16Array,
};
use arrow::buffer::ScalarBuffer;
use arrow::compute::take;
use arrow::datatypes::{Field, Schema, SchemaRef, UInt16Type};

use super::block::Block;
use super::calendar::{DAY_SECONDS, date_of};
use super::money::Amount;
use crate::error::{Error, Result};

/// How numbers are stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numbers {
    /// Binary floating point, the value nearest to the decimal.
    Double,
    /// Decimal with precision and scale.
    Decimal(u8, i8),
    /// Decimal digits as text.
    Text,
}

/// How times are stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Times {
    /// Milliseconds without a time zone.
    Millis,
    /// Microseconds in UTC.
    Micros,
    /// `2026-06-01T00:00:00Z`, whole days only.
    Text,
}

/// The physical types of an export.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) costs: Numbers,
    /// Fractional digits of the costs in a [`Block`].
    pub(super) cost_scale: u32,
    pub(super) prices: Numbers,
    pub(super) quantities: Numbers,
    pub(super) times: Times,
}

/// Which index chooses the text of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    /// The same text in every row.
    Same,
    /// By what was bought.
    Line,
    /// By who pays.
    Owner,
    /// By both: one entry per line and owner, owners running fastest.
    Resource,
}

/// A cost column of a [`Block`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Cost {
    Billed,
    Effective,
    List,
    Contracted,
}

/// A quantity column of a [`Block`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Quantity {
    Consumed,
    Priced,
}

/// A time of a charge.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    ChargeStart,
    ChargeEnd,
    BillingStart,
    BillingEnd,
}

#[derive(Debug)]
enum Content {
    Text(Key, ArrayRef),
    Pairs(Key, ArrayRef),
    Cost(Cost),
    CostText(Cost),
    Quantity(Quantity, Vec<bool>),
    Doubles(Vec<Option<f64>>),
    Decimals(Vec<Option<i128>>, u8, i8),
    Time(Moment),
}

/// The columns of an export.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) dialect: Dialect,
    owners: u16,
    /// Billing period in seconds since 1970-01-01; none when each charge is billed with its own period.
    billing_period: Option<(i64, i64)>,
    columns: Vec<(&'static str, Content)>,
}

/// Tags or other pairs of one line or owner; none is a null map.
pub(super) type Pairs = Option<Vec<(&'static str, String)>>;

impl Layout {
    /// No columns yet.
    pub(super) fn new(dialect: Dialect, owners: usize, billing_period: Option<(i64, i64)>) -> Self {
        Self { dialect, owners: u16::try_from(owners).unwrap_or(u16::MAX), billing_period, columns: Vec::new() }
    }

    fn with(mut self, name: &'static str, content: Content) -> Self {
        self.columns.push((name, content));
        self
    }

    /// A column with the same text in every row.
    pub(super) fn same(self, name: &'static str, text: &str) -> Self {
        self.with(name, Content::Text(Key::Same, Arc::new(StringArray::from(vec![text]))))
    }

    /// A column of text that is null everywhere.
    pub(super) fn absent(self, name: &'static str) -> Self {
        self.with(name, Content::Text(Key::Same, Arc::new(StringArray::from(vec![None::<&str>]))))
    }

    /// A column of text by `key`.
    pub(super) fn text<T: AsRef<str>>(
        self,
        name: &'static str,
        key: Key,
        texts: impl IntoIterator<Item = Option<T>>,
    ) -> Self {
        self.with(name, Content::Text(key, Arc::new(texts.into_iter().collect::<StringArray>())))
    }

    /// A column of maps by `key`.
    pub(super) fn pairs(self, name: &'static str, key: Key, pairs: &[Pairs]) -> Result<Self> {
        let names = MapFieldNames { entry: "key_value".into(), key: "key".into(), value: "value".into() };
        let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
        for pairs in pairs {
            for (key, value) in pairs.iter().flatten() {
                builder.keys().append_value(key);
                builder.values().append_value(value);
            }
            builder.append(pairs.is_some()).map_err(internal)?;
        }
        Ok(self.with(name, Content::Pairs(key, Arc::new(builder.finish()))))
    }

    /// A column of costs.
    pub(super) fn cost(self, name: &'static str, cost: Cost) -> Self {
        self.with(name, Content::Cost(cost))
    }

    /// A column of costs as text: the price of one unit where the quantity is always 1.
    pub(super) fn cost_text(self, name: &'static str, cost: Cost) -> Self {
        self.with(name, Content::CostText(cost))
    }

    /// A column of quantities, null for the lines that `measured` leaves out.
    pub(super) fn quantity(self, name: &'static str, quantity: Quantity, measured: Vec<bool>) -> Self {
        self.with(name, Content::Quantity(quantity, measured))
    }

    /// A column of unit prices by line.
    pub(super) fn price(self, name: &'static str, prices: impl Iterator<Item = Option<Amount>>) -> Self {
        let content = match self.dialect.prices {
            Numbers::Double => Content::Doubles(prices.map(|price| price.map(nearest_double)).collect()),
            Numbers::Decimal(precision, scale) => {
                let step = 10i128.pow(Amount::SCALE.saturating_sub(u32::from(scale.unsigned_abs())));
                let units = prices.map(|price| price.map(|price| price.units() / step)).collect();
                Content::Decimals(units, precision, scale)
            }
            Numbers::Text => {
                let texts = prices.map(|price| price.map(|price| price.to_string()));
                Content::Text(Key::Line, Arc::new(texts.collect::<StringArray>()))
            }
        };
        self.with(name, content)
    }

    /// A column of times.
    pub(super) fn time(self, name: &'static str, moment: Moment) -> Self {
        self.with(name, Content::Time(moment))
    }

    /// Puts the columns in the order in which exports have them: by name.
    pub(super) fn sorted(mut self) -> Self {
        self.columns.sort_by_key(|(name, _)| *name);
        self
    }

    /// Names of the columns.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(name, _)| *name).collect()
    }

    /// The Arrow schema of what [`Self::render`] gives.
    pub(super) fn schema(&self) -> Result<SchemaRef> {
        self.render(&Block::default()).map(|batch| batch.schema())
    }

    /// The charges as columns.
    pub(super) fn render(&self, block: &Block) -> Result<RecordBatch> {
        let keys = Keys::new(block, self.owners);
        let mut fields = Vec::with_capacity(self.columns.len());
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (name, content) in &self.columns {
            let array = self.array(content, block, &keys)?;
            fields.push(Field::new(*name, array.data_type().clone(), true));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(internal)
    }

    fn array(&self, content: &Content, block: &Block, keys: &Keys) -> Result<ArrayRef> {
        match content {
            Content::Text(key, values) => {
                let texts = DictionaryArray::<UInt16Type>::try_new(keys.of(*key).clone(), Arc::clone(values));
                Ok(Arc::new(texts.map_err(internal)?))
            }
            Content::Pairs(key, values) => take(values, keys.of(*key), None).map_err(internal),
            Content::Cost(cost) => self.costs(units_of(*cost, block)),
            Content::CostText(cost) => {
                let texts = units_of(*cost, block).iter();
                let texts = texts.map(|units| Amount::new(*units, self.dialect.cost_scale).to_string());
                Ok(Arc::new(StringArray::from_iter_values(texts)))
            }
            Content::Quantity(quantity, measured) => self.quantities(*quantity, measured, block),
            Content::Doubles(prices) => {
                let gathered = block.line.iter().map(|line| prices[usize::from(*line)]);
                Ok(Arc::new(gathered.collect::<Float64Array>()))
            }
            Content::Decimals(prices, precision, scale) => {
                let gathered = block.line.iter().map(|line| prices[usize::from(*line)]);
                decimals(gathered.collect(), *precision, *scale)
            }
            Content::Time(moment) => self.times(*moment, block),
        }
    }

    fn costs(&self, units: &[i128]) -> Result<ArrayRef> {
        match self.dialect.costs {
            Numbers::Decimal(precision, scale) => {
                decimals(Decimal128Array::new(ScalarBuffer::from(units.to_vec()), None), precision, scale)
            }
            Numbers::Double | Numbers::Text => {
                let one = 10f64.powi(i32::try_from(self.dialect.cost_scale).unwrap_or_default());
                let doubles = units.iter().map(|units| double(i64::try_from(*units).unwrap_or(i64::MAX)) / one);
                Ok(Arc::new(Float64Array::from_iter_values(doubles)))
            }
        }
    }

    fn quantities(&self, quantity: Quantity, measured: &[bool], block: &Block) -> Result<ArrayRef> {
        let micros = match quantity {
            Quantity::Consumed => &block.consumed,
            Quantity::Priced => &block.priced,
        };
        let shown =
            micros.iter().zip(&block.line).map(|(micros, line)| measured[usize::from(*line)].then_some(*micros));
        match self.dialect.quantities {
            Numbers::Decimal(precision, scale) => {
                let step = 10i128.pow(u32::from(scale.unsigned_abs()).saturating_sub(6));
                decimals(shown.map(|micros| micros.map(|micros| i128::from(micros) * step)).collect(), precision, scale)
            }
            Numbers::Double | Numbers::Text => {
                let doubles = shown.map(|micros| micros.map(|micros| double(micros) / 1e6));
                Ok(Arc::new(doubles.collect::<Float64Array>()))
            }
        }
    }

    fn times(&self, moment: Moment, block: &Block) -> Result<ArrayRef> {
        let seconds = match (moment, self.billing_period) {
            (Moment::BillingStart, Some((start, _))) => vec![start; block.len()],
            (Moment::BillingEnd, Some((_, end))) => vec![end; block.len()],
            (Moment::ChargeStart | Moment::BillingStart, _) => block.start.clone(),
            (Moment::ChargeEnd | Moment::BillingEnd, _) => block.end.clone(),
        };
        let scaled = |unit: i64| ScalarBuffer::from(seconds.iter().map(|second| second * unit).collect::<Vec<i64>>());
        Ok(match self.dialect.times {
            Times::Millis => Arc::new(TimestampMillisecondArray::new(scaled(1_000), None)),
            Times::Micros => Arc::new(TimestampMicrosecondArray::new(scaled(1_000_000), None).with_timezone("UTC")),
            Times::Text => Arc::new(day_texts(&seconds)?),
        })
    }
}

/// The index columns of a block, shared by all columns of text.
struct Keys {
    same: UInt16Array,
    line: UInt16Array,
    owner: UInt16Array,
    resource: UInt16Array,
}

impl Keys {
    fn new(block: &Block, owners: u16) -> Self {
        let resource = block.line.iter().zip(&block.owner).map(|(line, owner)| line.saturating_mul(owners) + owner);
        Self {
            same: UInt16Array::from_value(0, block.len()),
            resource: UInt16Array::from_iter_values(resource),
            line: UInt16Array::from(block.line.clone()),
            owner: UInt16Array::from(block.owner.clone()),
        }
    }

    fn of(&self, key: Key) -> &UInt16Array {
        match key {
            Key::Same => &self.same,
            Key::Line => &self.line,
            Key::Owner => &self.owner,
            Key::Resource => &self.resource,
        }
    }
}

fn units_of(cost: Cost, block: &Block) -> &[i128] {
    match cost {
        Cost::Billed => &block.billed,
        Cost::Effective => &block.effective,
        Cost::List => &block.list,
        Cost::Contracted => &block.contracted,
    }
}

fn decimals(units: Decimal128Array, precision: u8, scale: i8) -> Result<ArrayRef> {
    Ok(Arc::new(units.with_precision_and_scale(precision, scale).map_err(internal)?))
}

/// Charges come in order of time, so a text is made only when the day changes.
fn day_texts(seconds: &[i64]) -> Result<DictionaryArray<UInt16Type>> {
    let mut texts = Vec::new();
    let mut keys = Vec::with_capacity(seconds.len());
    let mut last = None;
    for second in seconds {
        if last != Some(*second) {
            texts.push(date_of(second / DAY_SECONDS).format("%Y-%m-%dT00:00:00Z").to_string());
            last = Some(*second);
        }
        keys.push(u16::try_from(texts.len() - 1).map_err(internal)?);
    }
    DictionaryArray::try_new(UInt16Array::from(keys), Arc::new(StringArray::from(texts))).map_err(internal)
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53 are exact, so that one division rounds once")]
fn double(count: i64) -> f64 {
    count as f64
}

fn nearest_double(amount: Amount) -> f64 {
    amount.to_string().parse().unwrap_or_default()
}

/// The tables of the sample are its own, so that a failure here is a bug.
fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("cannot build the columns of the sample").because(cause)
}

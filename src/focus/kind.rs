//! The types of the ledger: one per kind of FOCUS column.

use arrow::datatypes::{DataType, TimeUnit};

/// Fractional digits of every amount, price and quantity of the ledger.
///
/// Real exports hold up to 18 fractional digits (Azure writes DECIMAL(38,18); AWS unit prices reach 0.0000004 and less), so
/// 18 keeps every digit; 38 digits in all leave 20 before the point, room for the sum of any ledger. Wider types (256 bits)
/// are several times slower to sum and other engines cannot read them. Products and quotients of two such numbers would
/// overflow under the SQL rule of adding scales: `engine::arithmetic` rounds them to this scale instead.
pub const MONEY_SCALE: i8 = 18;

/// The type of amounts, prices and quantities: DECIMAL(38, 18).
pub const fn money_type() -> DataType {
    DataType::Decimal128(38, MONEY_SCALE)
}

/// What a column of the ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An amount, a price or a quantity.
    Decimal,
    /// A point in time, UTC.
    Time,
    /// Text.
    Text,
    /// A JSON object or array as text.
    Json,
    /// A whole number (extra columns only).
    Integer,
    /// A binary floating point number (extra columns only; never money).
    Float,
    /// True or false (extra columns only).
    Boolean,
}

impl Kind {
    /// The Arrow type of the ledger for this kind.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Decimal => money_type(),
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Text | Self::Json => DataType::Utf8View,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Boolean => DataType::Boolean,
        }
    }

    /// The name of the kind as `describe` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decimal => "DECIMAL(38,18)",
            Self::Time => "TIMESTAMP (UTC)",
            Self::Text => "TEXT",
            Self::Json => "JSON",
            Self::Integer => "BIGINT",
            Self::Float => "DOUBLE",
            Self::Boolean => "BOOLEAN",
        }
    }

    /// The kind of an extra column from its name and the type that a file gives it.
    ///
    /// A name that ends in `Cost`, `Price` or `Amount` is money, whatever holds it.
    pub fn of_extra(name: &str, physical: &DataType) -> Self {
        let money = ["cost", "price", "amount"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
        match plain(physical) {
            DataType::Float16 | DataType::Float32 | DataType::Float64 if !money => Self::Float,
            physical if physical.is_decimal() || physical.is_floating() => Self::Decimal,
            physical if physical.is_integer() && money => Self::Decimal,
            DataType::UInt64 => Self::Decimal,
            physical if physical.is_integer() => Self::Integer,
            DataType::Boolean => Self::Boolean,
            DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64 => Self::Time,
            physical if physical.is_nested() => Self::Json,
            _ => Self::Text,
        }
    }

    /// The kind that holds what both hold, when files disagree about an extra column.
    pub fn widen(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Decimal | Self::Integer | Self::Float, Self::Decimal | Self::Integer | Self::Float) => Self::Decimal,
            (Self::Json, Self::Text) | (Self::Text, Self::Json) => Self::Json,
            _ => Self::Text,
        }
    }

    /// Whether values of `physical` can be read as this kind without guessing their meaning.
    ///
    /// Numbers are no times (seconds or milliseconds?), floating point numbers are no text (account 1.2e12), and nothing
    /// but text or a nested value is JSON.
    pub fn accepts(self, physical: &DataType) -> bool {
        let physical = plain(physical);
        let text = matches!(physical, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let bytes = matches!(physical, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
        let number = physical.is_integer() || physical.is_floating() || physical.is_decimal();
        let temporal = matches!(physical, DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64);
        if physical.is_null() {
            return true;
        }
        match self {
            Self::Decimal | Self::Float => number || text,
            Self::Integer => physical.is_integer(),
            Self::Time => temporal || text,
            Self::Text => text || bytes || physical.is_integer() || physical.is_decimal() || temporal,
            Self::Json => text || physical.is_nested(),
            Self::Boolean => *physical == DataType::Boolean,
        }
    }
}

/// The type of the values behind a dictionary.
fn plain(physical: &DataType) -> &DataType {
    match physical {
        DataType::Dictionary(_, values) => values,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning_is_never_guessed() {
        assert!(Kind::Decimal.accepts(&DataType::Utf8));
        assert!(Kind::Decimal.accepts(&DataType::Float64));
        assert!(!Kind::Decimal.accepts(&DataType::Boolean));
        assert!(!Kind::Time.accepts(&DataType::Int64));
        assert!(!Kind::Text.accepts(&DataType::Float64));
        assert!(Kind::Text.accepts(&DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))));
    }

    #[test]
    fn extra_money_is_decimal_and_disagreement_widens() {
        assert_eq!(Kind::of_extra("x_UnroundedCost", &DataType::Float64), Kind::Decimal);
        assert_eq!(Kind::of_extra("x_Score", &DataType::Float64), Kind::Float);
        assert_eq!(Kind::Integer.widen(Kind::Float), Kind::Decimal);
        assert_eq!(Kind::Integer.widen(Kind::Text), Kind::Text);
    }
}

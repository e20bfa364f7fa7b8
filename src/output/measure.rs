//! What the name and the type of a column say of its numbers: whether they are money, and whether they may be added.

use arrow::datatypes::{DataType, Field};

use super::cell::value_type;

/// Parts of names of numbers that are no money although they are decimals.
const NO_MONEY: [&str; 12] = [
    "share",
    "ratio",
    "quantity",
    "tokens",
    "hours",
    "rate",
    "score",
    "count",
    "factor",
    "succeeded",
    "outcomes",
    "headcount",
];

/// Parts of names of numbers whose sum says nothing.
const NOT_ADDED: [&str; 16] = [
    "per",
    "percent",
    "percentage",
    "pct",
    "share",
    "ratio",
    "average",
    "avg",
    "mean",
    "median",
    "min",
    "max",
    "cumulative",
    "score",
    "probability",
    "percentile",
];

/// The same at the end of a name: a `unit_price` cannot be added, a `price_effect` can.
const NOT_ADDED_AT_THE_END: [&str; 13] =
    ["price", "rate", "growth", "balance", "factor", "rank", "id", "year", "quarter", "month", "week", "day", "hour"];

/// Whether the column is an amount of some currency: a decimal that is neither a share nor a volume.
pub(super) fn is_money(field: &Field) -> bool {
    is_decimal(field.data_type())
        && !is_percentage(field.name())
        && !parts(field.name()).any(|part| NO_MONEY.contains(&part.as_str()))
}

/// Whether values are decimals.
pub(super) fn is_decimal(data_type: &DataType) -> bool {
    matches!(
        value_type(data_type),
        DataType::Decimal32(_, _) | DataType::Decimal64(_, _) | DataType::Decimal128(_, _) | DataType::Decimal256(_, _)
    )
}

/// Whether a column says hundredths of something.
pub(super) fn is_percentage(name: &str) -> bool {
    parts(name).any(|part| matches!(part.as_str(), "percent" | "percentage" | "pct"))
}

/// Whether values of the column may be added: a price, a share or a quantile may not.
pub(super) fn is_additive(name: &str) -> bool {
    let is_quantile = |part: &str| {
        let digits = part.strip_prefix('p').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_end = parts(name).last().is_some_and(|part| NOT_ADDED_AT_THE_END.contains(&part.as_str()));
    !is_end && !parts(name).any(|part| NOT_ADDED.contains(&part.as_str()) || is_quantile(&part))
}

/// Whether the column says in which currency amounts are.
pub(super) fn is_currency(name: &str) -> bool {
    parts(name).last().as_deref() == Some("currency")
}

fn parts(name: &str) -> impl Iterator<Item = String> {
    let parts: Vec<String> = name.to_ascii_lowercase().split('_').map(str::to_owned).collect();
    parts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_may_be_added() {
        for name in ["effective_cost", "change", "succeeded", "tokens", "price_effect"] {
            assert!(is_additive(name), "{name}");
        }
        for name in ["cost_per_success", "utilisation_percent", "p90", "unit_price", "balance", "Share", "fiscal_year"]
        {
            assert!(!is_additive(name), "{name}");
        }
        assert!(is_additive("p_l") && is_additive("python"));
    }

    #[test]
    fn money_is_a_decimal_that_is_no_volume() {
        let decimal = |name: &str| is_money(&Field::new(name, DataType::Decimal128(38, 18), true));
        assert!(decimal("billed_cost") && decimal("cost_per_success") && decimal("budget"));
        assert!(!decimal("utilisation_percent") && !decimal("quantity") && !decimal("tokens"));
        assert!(!is_money(&Field::new("charges", DataType::Int64, true)));
        assert!(is_currency("billing_currency") && is_currency("currency") && !is_currency("currency_rate"));
    }
}

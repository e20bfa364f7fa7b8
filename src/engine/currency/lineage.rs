//! What is known of a column of a relation: which amounts went into it, and whose currency it names.

use std::collections::BTreeSet;

/// The two currencies of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) enum Axis {
    /// The one of the bill.
    Billing,
    /// The one of the price list, which may be a virtual one.
    Pricing,
}

impl Axis {
    /// The column that names the currency.
    pub(in crate::engine) const fn column(self) -> &'static str {
        match self {
            Self::Billing => "BillingCurrency",
            Self::Pricing => "PricingCurrency",
        }
    }
}

/// The columns of amounts and prices of FOCUS, and the currency that each is denominated in.
const MONEY: [(&str, Axis); 9] = [
    ("BilledCost", Axis::Billing),
    ("ContractedCost", Axis::Billing),
    ("ContractedUnitPrice", Axis::Billing),
    ("EffectiveCost", Axis::Billing),
    ("ListCost", Axis::Billing),
    ("ListUnitPrice", Axis::Billing),
    ("PricingCurrencyContractedUnitPrice", Axis::Pricing),
    ("PricingCurrencyEffectiveCost", Axis::Pricing),
    ("PricingCurrencyListUnitPrice", Axis::Pricing),
];

/// The money column of the ledger called `name`, with its currency.
pub(super) fn money(name: &str) -> Option<(&'static str, Axis)> {
    MONEY.into_iter().find(|(money, _)| *money == name)
}

/// What decides a currency: a column of one scan, row by row, or a code that stands in the statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The text of a column where it entered the statement.
    Column {
        /// Scans and computed texts are counted through the statement.
        scan: usize,
        /// Position in the table scanned.
        column: usize,
    },
    /// This code and no other.
    Code(String),
    /// The one text that a subquery gives, whichever it is.
    Once(usize),
}

/// Which currencies an amount can have at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spread {
    /// Those that the ledger holds.
    Ledger(Axis),
    /// The one code that it was converted to.
    Converted,
    /// Those of some other column that it was converted to.
    Anywhere,
}

/// Money of the ledger that went into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Amount {
    /// What decides its currency.
    pub(super) origin: Origin,
    /// Which currencies that may be.
    pub(super) spread: Spread,
    /// The column of the ledger.
    pub(super) money: &'static str,
}

/// What is known of one column, or of the value of one expression.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Traits {
    /// The amounts that went into it.
    pub(super) amounts: BTreeSet<Amount>,
    /// It is the currency that these decide, in every row that has an amount of them.
    pub(super) holds: BTreeSet<Origin>,
    /// As `holds`, but only in rows where it is not NULL: a column on the far side of an outer join.
    pub(super) when_present: BTreeSet<Origin>,
    /// The text that it is in every row.
    pub(super) constant: Option<String>,
}

impl Traits {
    /// The text `code` in every row.
    pub(super) fn of_code(code: &str) -> Self {
        Self {
            holds: BTreeSet::from([Origin::Code(code.to_owned())]),
            constant: Some(code.to_owned()),
            ..Self::default()
        }
    }

    /// Nothing but these amounts.
    pub(super) fn of_amounts(amounts: BTreeSet<Amount>) -> Self {
        Self { amounts, ..Self::default() }
    }

    /// A column that holds rows of both, one below the other.
    pub(super) fn stacked(mut self, other: Self) -> Self {
        self.amounts.extend(other.amounts);
        self.holds.extend(other.holds);
        self.when_present.extend(other.when_present);
        self.constant = self.constant.filter(|text| other.constant.as_ref() == Some(text));
        self
    }
}

/// Says in all `columns` that what `decided` a currency is now `by`.
pub(super) fn substitute(columns: &mut [Traits], decided: &BTreeSet<Origin>, by: &Origin) {
    let concerns = |origin: &Origin| matches!(origin, Origin::Column { .. }) && decided.contains(origin);
    for column in columns {
        column.amounts = std::mem::take(&mut column.amounts)
            .into_iter()
            .map(|amount| if concerns(&amount.origin) { Amount { origin: by.clone(), ..amount } } else { amount })
            .collect();
        for origins in [&mut column.holds, &mut column.when_present] {
            if origins.iter().any(concerns) {
                origins.insert(by.clone());
            }
        }
    }
}

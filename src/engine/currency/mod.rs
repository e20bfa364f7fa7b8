//! Amounts of several currencies are never added: such a statement is refused, or converts them first.
//!
//! ```text
//! plan → amounts followed from the scans up → sums over groups of no one currency → held against the ledger → refused
//! ```
//!
//! Following ([`relation`], [`expression`], [`condition`]) reads the plan alone. A sum is in order when its groups have
//! one currency each, when a filter leaves one, or when `convert_currency` made it one. What is left is refused only when
//! the ledger holds several currencies: the footers of the files tell, else its currencies are read, once a statement.
//!
//! `min`, `max` and the like pick an amount and add nothing. Columns of one row are added as they stand. Extra columns and
//! tables of the configuration name no currency that could be followed: their amounts are the business of the statement.

mod condition;
mod convert;
mod expression;
mod lineage;
mod mixed;
mod rates;
mod relation;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DataFusionError, Result as DataFusionResult};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{Expr, LogicalPlan};

use self::convert::Conversion;
use self::lineage::Axis;
use self::mixed::Mixed;
use self::rates::{Rates, SharedRates};
use self::relation::Walker;
use super::errors::{Sql, from_datafusion};
use super::ledger;
use super::privacy::unmasked;
use crate::error::{Error, Result};

pub(super) use self::rates::TABLE as RATES_TABLE;

/// The currencies that the ledger holds: all of them when it is one, at least these when there are more.
#[derive(Debug, Clone, Default)]
struct Currencies {
    billing: BTreeSet<String>,
    pricing: BTreeSet<String>,
}

impl Currencies {
    fn of(&self, axis: Axis) -> &BTreeSet<String> {
        match axis {
            Axis::Billing => &self.billing,
            Axis::Pricing => &self.pricing,
        }
    }
}

/// The currency rule and the exchange rates of one statement.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    billing: tokio::sync::OnceCell<BTreeSet<String>>,
    pricing: tokio::sync::OnceCell<BTreeSet<String>>,
    rates: SharedRates,
}

/// A statement that may add several currencies.
#[derive(Debug)]
pub(super) struct Suspicion(Vec<Mixed>);

/// What of `plan` may add several currencies; `None` when it cannot, whatever the ledger holds.
pub(super) fn suspicion(plan: &LogicalPlan) -> Option<Suspicion> {
    let mut walker = Walker::default();
    walker.relation(plan);
    (!walker.suspects.is_empty()).then_some(Suspicion(walker.suspects))
}

impl Exchange {
    /// Makes `convert_currency` and `fx_rate` known.
    ///
    /// # Errors
    /// Those of the registry.
    pub(super) fn register(&self, registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
        for function in Conversion::functions(&self.rates) {
            registry.register_udf(Arc::new(function))?;
        }
        Ok(())
    }

    /// Whether the rates have to be there before `plan` runs, and are not.
    pub(super) fn wants_rates(&self, plan: &LogicalPlan) -> bool {
        self.rates.is_empty() && convert::is_used(plan)
    }

    /// Takes the exchange rates from the table of the configuration.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for columns that are missing or wrong, and for two rates of one day.
    pub(super) async fn load(
        &self,
        table: Arc<dyn TableProvider>,
        context: &SessionContext,
        max_age_days: u32,
    ) -> Result<()> {
        let rates =
            Rates::read(table, context, max_age_days).await.map_err(|error| error.with("table", RATES_TABLE))?;
        self.rates.set(rates);
        Ok(())
    }

    /// Fails when what is suspected is so: the ledger holds several of the currencies that a sum adds.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Query`] that names the sum, its currencies and the ways out; those of reading the currencies.
    pub(super) async fn judge(
        &self,
        suspicion: Suspicion,
        ledger: Arc<dyn TableProvider>,
        context: &SessionContext,
        sql: Sql<'_>,
    ) -> Result<()> {
        for mixed in suspicion.0 {
            let mut known = Currencies::default();
            for axis in mixed.axes() {
                let (cell, place) = match axis {
                    Axis::Billing => (&self.billing, &mut known.billing),
                    Axis::Pricing => (&self.pricing, &mut known.pricing),
                };
                place.clone_from(cell.get_or_try_init(|| held(&ledger, context, axis)).await?);
            }
            match mixed.currencies(&known) {
                Some(currencies) if currencies.len() < 2 => {}
                currencies => return Err(refusal(&mixed, currencies, sql)),
            }
        }
        Ok(())
    }
}

/// The currencies of the ledger: from the statistics of its files, else read.
async fn held(ledger: &Arc<dyn TableProvider>, context: &SessionContext, axis: Axis) -> Result<BTreeSet<String>> {
    if let Some(known) = ledger::currencies_of(unmasked(ledger.as_ref()), axis.column()) {
        return Ok(known);
    }
    let read = async {
        let column = Expr::Column(Column::from_name(axis.column()));
        context.read_table(Arc::clone(ledger))?.select(vec![column])?.distinct()?.collect().await
    };
    let batches = read.await.map_err(|cause| from_datafusion(cause, None))?;
    let mut found = BTreeSet::new();
    for batch in batches {
        let texts = cast(batch.column(0), &DataType::Utf8)
            .map_err(|cause| from_datafusion(DataFusionError::from(cause), None))?;
        found.extend(texts.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(found)
}

fn refusal(mixed: &Mixed, currencies: Option<BTreeSet<String>>, sql: Sql<'_>) -> Error {
    let money = mixed.money().into_iter().collect::<Vec<_>>().join(", ");
    let error = match currencies {
        Some(codes) => {
            let column = mixed.axes().next().unwrap_or(Axis::Billing).column();
            let codes: Vec<String> = codes.into_iter().collect();
            let first = codes.first().map_or("USD", String::as_str);
            Error::query(format!("`{}` adds {}", mixed.call, listed(&codes)))
                .hint(format!("group by {column}: each currency gets a row of its own"))
                .hint(format!("or keep one of them: `{column} = '{first}'`"))
                .hint(format!(
                    "or convert before adding: `convert_currency(amount, {column}, '{first}', ChargePeriodStart)`, by the \
                     rates of [tables.{RATES_TABLE}]"
                ))
        }
        None => Error::query(format!("`{}` adds amounts in whatever currencies they were converted to", mixed.call))
            .hint("group by the currency that they were converted to, or convert all of them to one: `'USD'`"),
    };
    let error = error.with("amounts", money);
    match mixed.span.and_then(|span| sql.span(span)) {
        Some(place) => error.at(place),
        None => error,
    }
}

/// `EUR and USD`; more than four are cut short.
fn listed(codes: &[String]) -> String {
    match codes {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if codes.len() <= 4 => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more currencies", codes[..3].join(", "), codes.len() - 3),
    }
}

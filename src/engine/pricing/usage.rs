//! Prices usage that was reported without cost.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::{Column, Result as DataFusionResult};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ScalarUDF, cast, ident, lit, when};

use super::Shelf;
use super::quote::{
    CONTRACTED_COST, CONTRACTED_UNIT_PRICE, CURRENCY, LIST_COST, LIST_UNIT_PRICE, PRICING_QUANTITY, PRICING_UNIT,
    PriceUsage, QuotePart,
};
use crate::engine::errors::from_datafusion;
use crate::error::Result;
use crate::focus::Kind;
use crate::prices::PriceBook;

/// The column that says where the cost of a charge comes from.
const BASIS: &str = "x_CostBasis";

/// What it says of usage that was priced here.
const PRICED: &str = "price book";

/// The column of the prices between the two projections.
const QUOTE: &str = "x_Quote";

/// The columns that a price fills in, and the part of the quote that it is.
const FILLED: [(&str, &str); 9] = [
    ("ListUnitPrice", LIST_UNIT_PRICE),
    ("ListCost", LIST_COST),
    ("ContractedUnitPrice", CONTRACTED_UNIT_PRICE),
    ("ContractedCost", CONTRACTED_COST),
    ("EffectiveCost", CONTRACTED_COST),
    ("BilledCost", CONTRACTED_COST),
    ("BillingCurrency", CURRENCY),
    ("PricingQuantity", PRICING_QUANTITY),
    ("PricingUnit", PRICING_UNIT),
];

/// `plan`, which has the columns of FOCUS, with the usage that has neither BilledCost nor EffectiveCost priced.
///
/// Such rows get ListUnitPrice and ListCost from the list price, ContractedUnitPrice, ContractedCost, EffectiveCost and
/// BilledCost from the contract price (which is the list price where no contract has a line), BillingCurrency,
/// PricingQuantity and PricingUnit (`1000000 Tokens`) from the line of the book, and `price book` as `x_CostBasis`, a
/// column that is added when it is not there. Where only a contract has a price, ListCost is the ContractedCost and
/// ListUnitPrice NULL: no saving is claimed. Tokens are priced by SkuPriceDetails, other units by SkuMeter in lower snake
/// case (`Web Search` is `web_search`). The day is that of ChargePeriodStart, UTC. All other rows stay as they are.
///
/// # Errors
/// [`crate::ErrorKind::Query`] when a column is not there. When it runs: [`crate::ErrorKind::Invalid`] for usage that
/// has no price (unless the book says NULL), and for a price in another currency than the row or the other price.
pub fn priced(plan: LogicalPlan, book: &Arc<PriceBook>) -> Result<LogicalPlan> {
    build(plan, book).map_err(|cause| from_datafusion(cause, None))
}

fn build(plan: LogicalPlan, book: &Arc<PriceBook>) -> DataFusionResult<LogicalPlan> {
    let columns: Vec<(Column, FieldRef)> = plan
        .schema()
        .iter()
        .map(|(qualifier, field)| (Column::new(qualifier.cloned(), field.name()), Arc::clone(field)))
        .collect();
    let pass = |(column, _): &(Column, FieldRef)| Expr::Column(column.clone());
    let quoted = columns.iter().map(pass).chain([quote(book).alias(QUOTE)]);
    let part = |name: &'static str| ScalarUDF::new_from_impl(QuotePart::new(name)).call(vec![ident(QUOTE)]);
    let filled = |(column, field): &(Column, FieldRef)| {
        let value = match FILLED.iter().find(|(name, _)| name == field.name()) {
            Some((_, name)) => {
                coalesce(vec![cast(part(name), field.data_type().clone()), Expr::Column(column.clone())])
            }
            None if field.name() == BASIS => {
                when(part(CURRENCY).is_not_null(), cast(lit(PRICED), field.data_type().clone()))
                    .otherwise(Expr::Column(column.clone()))?
            }
            None => return Ok(Expr::Column(column.clone())),
        };
        Ok(value.alias_qualified(column.relation.clone(), field.name()))
    };
    let mut all = columns.iter().map(filled).collect::<DataFusionResult<Vec<_>>>()?;
    if columns.iter().all(|(_, field)| field.name() != BASIS) {
        let basis = cast(lit(PRICED), Kind::Text.data_type());
        all.push(when(part(CURRENCY).is_not_null(), basis).end()?.alias(BASIS));
    }
    LogicalPlanBuilder::from(plan).project(quoted.collect::<Vec<_>>())?.project(all)?.build()
}

/// The prices and costs of a row as one value, so that it is worked out once.
fn quote(book: &Arc<PriceBook>) -> Expr {
    let shelf = Shelf::default();
    shelf.put(Arc::clone(book));
    let needed = ident("ChargeCategory")
        .eq(lit("Usage"))
        .and(ident("BilledCost").is_null())
        .and(ident("EffectiveCost").is_null());
    let function = ScalarUDF::new_from_impl(PriceUsage::new(shelf));
    let columns = [
        "ServiceProviderName",
        "SkuPriceDetails",
        "SkuMeter",
        "ConsumedUnit",
        "BillingCurrency",
        "ConsumedQuantity",
        "ChargePeriodStart",
    ];
    function.call([needed].into_iter().chain(columns.map(ident)).collect())
}

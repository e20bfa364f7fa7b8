//! Amounts of different currencies are not added: mixed sums are refused by name, and converted by a dated table of rates.
//!
//! A ledger whose files tell one currency in their statistics needs no look at a statement at all. Otherwise each sum is
//! traced to the columns of the ledger ([`lineage`]); one that may mix is asked of the very charges that it reads.

mod convert;
mod lineage;
mod rates;

pub(super) use convert::{is_used, register};
pub(super) use lineage::{MixedSum, mixed_sum};
pub(super) use rates::{Rates, Shelf, TABLE};

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, ident};

use crate::error::Error;

/// Statements that give the currencies of every scan of the ledger in the optimised `plan`, under the filters that it
/// pushes to the scan.
pub(super) fn currencies_of_scans(plan: &LogicalPlan, currency: &str) -> DataFusionResult<Vec<LogicalPlan>> {
    let mut probes = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && lineage::is_ledger(scan)
        {
            let whole = LogicalPlanBuilder::scan(scan.table_name.clone(), Arc::clone(&scan.source), None)?;
            let filtered = match conjunction(scan.filters.iter().cloned()) {
                Some(filter) => whole.filter(filter)?,
                None => whole,
            };
            probes.push(filtered.project([ident(currency)])?.distinct()?.build()?);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(probes)
}

/// The error for a sum over charges of several currencies.
pub(super) fn refusal(sum: &MixedSum, currencies: &BTreeSet<String>) -> Error {
    let named: Vec<&str> = currencies.iter().map(String::as_str).collect();
    let MixedSum { function, currency } = sum;
    Error::query(format!("`{function}` adds amounts of {}", named.join(" and ")))
        .hint(format!("have one sum for each currency: add `{currency}` to SELECT and GROUP BY"))
        .hint(format!("take one of them: `WHERE {currency} = '{}'`", named.first().unwrap_or(&"USD")))
        .hint(format!("convert them by the table `{TABLE}`: `sum(convert_currency(EffectiveCost, BillingCurrency, 'USD', ChargePeriodStart))`"))
}

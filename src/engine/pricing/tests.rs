use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use datafusion::catalog::MemTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::priced;
use crate::engine::errors::from_datafusion;
use crate::error::{Error, ErrorKind, Result};
use crate::prices::{PriceBook, PriceTable, Unpriced};

const BOOK: &str = "\
provider,model,token_class,kind,service_tier,context,valid_from,valid_to,currency,price,per
A,opus,input,list,,,2026-01-01,2026-06-16,USD,5,1000000
A,opus,input,list,,,2026-06-16,,USD,4,1000000
A,opus,input,list,batch,,2026-01-01,,USD,2.5,1000000
A,opus,input,list,,200k,2026-01-01,,USD,10,1000000
A,opus,output,list,,,2026-01-01,,USD,25,1000000
A,haiku,input,list,,,2026-01-01,,USD,1,1000000
A,haiku,input,contract,,,2026-01-01,,USD,0.8,1000
A,own,input,contract,,,2026-01-01,,USD,2,1000000
A,mixed,input,list,,,2026-01-01,,EUR,2,1000000
A,mixed,input,contract,,,2026-01-01,,USD,1,1000000
A,euro,input,list,,,2026-01-01,,EUR,2,1000000
A,*,web_search,list,,,2026-01-01,,USD,10,1000
";

fn book(unpriced: Unpriced) -> Arc<PriceBook> {
    Arc::new(PriceBook::new(&[PriceTable::from_csv("p.csv", BOOK).unwrap()], unpriced).unwrap())
}

/// A row of usage: its details as SQL, unit, quantity, time, currency, and BilledCost and EffectiveCost alike.
fn usage(details: &str, unit: &str, quantity: &str, time: &str, currency: &str, cost: &str) -> String {
    format!("('Usage','A',{details},'Web Search','{unit}',{quantity},'{time}',{currency},{cost},{cost},NULL,'billed')")
}

fn input(model: &str) -> String {
    format!(r#"'{{"ModelId":"{model}","TokenDirection":"Input"}}'"#)
}

/// The plan of a table `t` with the rows.
async fn plan(context: &SessionContext, rows: &[String]) -> LogicalPlan {
    let sql = format!(
        "SELECT column1 AS \"ChargeCategory\", column2 AS \"ServiceProviderName\", column3 AS \"SkuPriceDetails\", \
         column4 AS \"SkuMeter\", column5 AS \"ConsumedUnit\", CAST(column6 AS DECIMAL(38,18)) AS \"ConsumedQuantity\", \
         CAST(column7 AS TIMESTAMP) AS \"ChargePeriodStart\", CAST(column8 AS VARCHAR) AS \"BillingCurrency\", \
         CAST(column9 AS DECIMAL(38,18)) AS \"BilledCost\", CAST(column10 AS DECIMAL(38,18)) AS \"EffectiveCost\", \
         CAST(column11 AS DECIMAL(38,18)) AS \"ListCost\", CAST(column11 AS DECIMAL(38,18)) AS \"ListUnitPrice\", \
         CAST(column11 AS DECIMAL(38,18)) AS \"ContractedCost\", \
         CAST(column11 AS DECIMAL(38,18)) AS \"ContractedUnitPrice\", \
         CAST(column11 AS DECIMAL(38,18)) AS \"PricingQuantity\", CAST(column11 AS VARCHAR) AS \"PricingUnit\", \
         column12 AS \"x_CostBasis\" FROM (VALUES {})",
        rows.join(", ")
    );
    let batches = context.sql(&sql).await.unwrap().collect().await.unwrap();
    let table = MemTable::try_new(batches[0].schema(), vec![batches]).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context.table("t").await.unwrap().into_unoptimized_plan()
}

async fn answer(rows: &[String], unpriced: Unpriced) -> Result<Vec<RecordBatch>> {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let plan = priced(plan(&context, rows).await, &book(unpriced))?;
    let frame = context.execute_logical_plan(plan).await.map_err(|cause| from_datafusion(cause, None))?;
    frame.collect().await.map_err(|cause| from_datafusion(cause, None))
}

/// The named cells of the only row, amounts without zeros at their end.
async fn cells(row: String, columns: &[&str]) -> Vec<String> {
    let batches = answer(&[row], Unpriced::Error).await.unwrap();
    let cell = |name: &&str| {
        let text = array_value_to_string(batches[0].column_by_name(name).unwrap(), 0).unwrap();
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    columns.iter().map(cell).collect()
}

async fn refused(row: String) -> Error {
    answer(&[row], Unpriced::Error).await.unwrap_err()
}

const COSTS: [&str; 4] = ["ListCost", "ContractedCost", "EffectiveCost", "BilledCost"];

#[tokio::test]
async fn usage_without_cost_gets_all_that_a_price_says() {
    let row = usage(&input("haiku"), "Tokens", "3000", "2026-06-01", "NULL", "NULL");
    let columns = [
        "ListUnitPrice",
        "ListCost",
        "ContractedUnitPrice",
        "ContractedCost",
        "EffectiveCost",
        "BilledCost",
        "BillingCurrency",
        "PricingQuantity",
        "PricingUnit",
        "x_CostBasis",
    ];
    // The contract is for a thousand: so is the list price then.
    let wanted = ["0.001", "0.003", "0.8", "2.4", "2.4", "2.4", "USD", "3", "1000 Tokens", "price book"];
    assert_eq!(cells(row, &columns).await, wanted);
}

#[tokio::test]
async fn day_tier_and_context_choose_the_price() {
    let details = |more: &str| format!(r#"'{{"ModelId":"opus","TokenDirection":"Input"{more}}}'"#);
    for (more, time, cost) in [
        ("", "2026-06-15T23:59:59.999999", "5"),
        ("", "2026-06-16T00:00:00", "4"),
        (r#","x_ServiceTier":"batch""#, "2026-06-16", "2.5"),
        (r#","x_ContextWindow":"200k-1M""#, "2026-06-16", "10"),
        (r#","x_ContextWindow":"0-200k""#, "2026-06-16", "4"),
    ] {
        let row = usage(&details(more), "Tokens", "1000000", time, "'USD'", "NULL");
        assert_eq!(cells(row, &COSTS).await, [cost; 4], "{more} {time}");
    }
    let reasoning = r#"'{"ModelId":"opus","TokenDirection":"Output","x_TokenType":"Reasoning"}'"#;
    assert_eq!(cells(usage(reasoning, "Tokens", "2", "2026-06-16", "NULL", "NULL"), &COSTS).await, ["0.00005"; 4]);
}

#[tokio::test]
async fn what_is_no_token_is_priced_by_its_meter() {
    let row = usage("NULL", "Requests", "3", "2026-06-01", "NULL", "NULL");
    assert_eq!(cells(row, &["BilledCost", "PricingQuantity", "PricingUnit"]).await, ["0.03", "0.003", "1000 Requests"]);
}

#[tokio::test]
async fn a_figure_of_the_vendor_stays() {
    for cost in ["7", "0"] {
        let row = usage(&input("unknown"), "Tokens", "NULL", "2026-06-01", "'USD'", cost);
        let columns = ["BilledCost", "EffectiveCost", "ListCost", "PricingUnit", "x_CostBasis"];
        assert_eq!(cells(row, &columns).await, [cost, cost, "", "", "billed"]);
    }
    let seat = usage(&input("opus"), "Tokens", "1", "2026-06-01", "NULL", "NULL").replace("'Usage'", "'Purchase'");
    assert_eq!(cells(seat, &["BilledCost", "x_CostBasis"]).await, ["", "billed"]);
}

#[tokio::test]
async fn no_tokens_cost_nothing_and_a_contract_alone_claims_no_saving() {
    let none = usage(&input("opus"), "Tokens", "0", "2026-06-01", "NULL", "NULL");
    assert_eq!(cells(none, &["BilledCost", "ListCost", "x_CostBasis"]).await, ["0", "0", "price book"]);
    let own = usage(&input("own"), "Tokens", "1000000", "2026-06-01", "NULL", "NULL");
    assert_eq!(cells(own, &["ListUnitPrice", "ListCost", "BilledCost"]).await, ["", "2", "2"]);
}

#[tokio::test]
async fn what_has_no_price_is_named_or_null() {
    let tokens = |details: &str| usage(details, "Tokens", "1", "2026-06-01", "NULL", "NULL");
    let rows = [
        (tokens(&input("opsu")), "no price of `input` of `opsu`"),
        (
            tokens(r#"'{"ModelId":"opus","TokenDirection":"Input","TokenCacheAction":"Read"}'"#),
            "no price of `cache_read`",
        ),
        (tokens(r#"'{"TokenDirection":"Input"}'"#), "without a `ModelId`"),
        (tokens(r#"'{"ModelId":"opus"}'"#), "neither `TokenDirection` nor"),
        (tokens("NULL"), "without a `ModelId`"),
        (
            usage("NULL", "Requests", "1", "2026-06-01", "NULL", "NULL").replace("'Web Search'", "NULL"),
            "nor `SkuMeter`",
        ),
        (usage(&input("opus"), "Tokens", "1", "2025-12-31", "NULL", "NULL"), "on 2025-12-31"),
    ];
    for (row, message) in rows {
        let error = refused(row.clone()).await;
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.message().contains(message) && !error.hints().is_empty(), "{message}: {error:?}");
        let batches = answer(&[row], Unpriced::Null).await.unwrap();
        for column in ["BilledCost", "EffectiveCost", "PricingUnit"] {
            assert_eq!(batches[0].column_by_name(column).unwrap().null_count(), 1, "{message}: {column}");
        }
    }
    let quantity = refused(usage(&input("opus"), "Tokens", "NULL", "2026-06-01", "NULL", "NULL")).await;
    assert!(quantity.message().contains("ConsumedQuantity"), "{quantity}");
}

#[tokio::test]
async fn a_price_in_another_currency_is_refused() {
    let charged = refused(usage(&input("euro"), "Tokens", "1", "2026-06-01", "'USD'", "NULL")).await;
    assert!(charged.message().contains("is in EUR, the charge in USD"), "{charged}");
    let mixed = refused(usage(&input("mixed"), "Tokens", "1", "2026-06-01", "NULL", "NULL")).await;
    assert!(mixed.message().contains("is in EUR, the charge in USD"), "{mixed}");
    let own = usage(&input("euro"), "Tokens", "1000000", "2026-06-01", "NULL", "NULL");
    assert_eq!(cells(own, &["BillingCurrency", "BilledCost"]).await, ["EUR", "2"]);
}

#[tokio::test]
async fn filters_and_columns_that_no_price_touches_reach_the_scan() {
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
    let rows = [usage(&input("opus"), "Tokens", "1", "2026-06-01", "NULL", "NULL")];
    let plan = priced(plan(&context, &rows).await, &book(Unpriced::Error)).unwrap();
    let view = datafusion::datasource::ViewTable::new(plan, None);
    context.register_table("spend", Arc::new(view)).unwrap();
    let optimized = async |sql: &str| {
        let plan = context.sql(sql).await.unwrap().into_optimized_plan().unwrap();
        plan.display_indent().to_string()
    };
    let filtered = optimized(
        "SELECT sum(\"EffectiveCost\") FROM spend \
         WHERE \"EffectiveCost\" > 0 AND \"ChargePeriodStart\" >= TIMESTAMP '2026-06-01'",
    )
    .await;
    assert_eq!(filtered.matches("price_usage(").count(), 1, "{filtered}");
    let line = |part: &str| filtered.lines().position(|line| line.contains("Filter:") && line.contains(part)).unwrap();
    let priced = filtered.lines().position(|line| line.contains("price_usage(")).unwrap();
    assert!(line("EffectiveCost") < priced && priced < line("ChargePeriodStart >="), "{filtered}");
    let untouched = optimized("SELECT \"ServiceProviderName\" FROM spend").await;
    assert!(
        !untouched.contains("price_usage") && untouched.contains("projection=[ServiceProviderName]"),
        "{untouched}"
    );
}

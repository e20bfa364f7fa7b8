//! Amounts of several currencies are never added; they are grouped, filtered or converted first.

use std::sync::Arc;

use outlay::config::Config;
use outlay::engine::{Engine, Sql};
use outlay::query::Catalog;
use outlay::{ErrorKind, Result};

use super::project::{Project, charges, doubles, texts, with};

const RATES: &str = "from_currency,to_currency,valid_from,rate\nEUR,USD,2026-05-01,1.10\nEUR,USD,2026-06-01,1.20\n";

/// Ten dollars in May and six euros in June, with team, budgets in both currencies, and exchange rates.
fn two_currencies() -> Project {
    let project = Project::new(
        "[sources.charges]\npath = \"charges\"\n[tables.fx_rates]\npath = \"rates.csv\"\n[tables.budgets]\npath = \"budgets.csv\"\n",
    );
    project.parquet("charges/usd.parquet", &charges("2026-05", &[4.0, 6.0]));
    let euros = with(charges("2026-06", &[1.0, 5.0]), "BillingCurrency", texts(&["EUR", "EUR"]));
    project.parquet("charges/eur.parquet", &with(euros, "ServiceName", texts(&["Engine", "Disk"])));
    project.write("rates.csv", RATES);
    project.write("budgets.csv", "scope_type,scope,period_start,period_end,amount,currency\ncompany,Acme,2026-05-01,2026-06-01,8.00,EUR\ncompany,Acme,2026-05-01,2026-06-01,20.00,USD\n");
    project
}

/// Plans and runs `statements`, one after the other.
fn outcomes(project: &Project, statements: &[&str]) -> Vec<Result<usize>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config::load(&project.path().join("outlay.toml")).unwrap();
    let queries = Catalog::from_folder(&project.path().join("queries")).unwrap_or_default();
    let engine = Arc::new(Engine::builder(config).catalog(queries).threads(1).build().unwrap());
    statements
        .iter()
        .map(|sql| {
            runtime.block_on(async {
                let batches = engine.query(Sql::new(sql, "test")).await?.collect().await?;
                Ok(batches.iter().map(arrow::array::RecordBatch::num_rows).sum())
            })
        })
        .collect()
}

#[track_caller]
fn all_run(project: &Project, statements: &[&str]) {
    for (sql, outcome) in statements.iter().zip(outcomes(project, statements)) {
        assert!(outcome.is_ok(), "{sql}\n{outcome:?}");
    }
}

#[track_caller]
fn all_refused(project: &Project, statements: &[&str]) {
    for (sql, outcome) in statements.iter().zip(outcomes(project, statements)) {
        let error = outcome.expect_err(sql);
        assert_eq!(error.kind(), ErrorKind::Query, "{sql}\n{error:?}");
        assert!(error.message().contains(" adds "), "{sql}\n{error:?}");
    }
}

#[test]
fn a_sum_of_two_currencies_is_refused_with_the_ways_out() {
    let error = two_currencies().run(&["-c", "select sum(effectivecost) from spend"]).refused(1);
    for said in [
        "`sum(EffectiveCost)` adds EUR and USD",
        "-c:1:12",
        "group by BillingCurrency",
        "BillingCurrency = 'EUR'",
        "convert_currency(",
    ] {
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn whatever_adds_amounts_of_no_one_currency_is_refused() {
    all_refused(
        &two_currencies(),
        &[
            "select sum(BilledCost) from spend",
            "select SUM(listcost) from focus_data_table",
            "select avg(EffectiveCost) from spend",
            "select median(EffectiveCost), stddev(EffectiveCost) from spend",
            "select sum(distinct EffectiveCost) from spend",
            "select ServiceName, sum(EffectiveCost) from spend group by ServiceName",
            "select sum(EffectiveCost * 1.1) from spend",
            "select sum(coalesce(EffectiveCost, 0)) from spend",
            "select sum(case when ChargeCategory = 'Usage' then EffectiveCost else 0 end) from spend",
            "select sum(abs(round(-EffectiveCost, 2))) from spend",
            "select sum(EffectiveCost) filter (where ServiceName = 'Engine') from spend",
            "select sum(EffectiveCost) over (order by ChargePeriodStart) from spend",
            "select sum(EffectiveCost) over (partition by ServiceName) from spend",
            "select ServiceName from spend group by ServiceName having sum(EffectiveCost) > 1",
            "select ServiceName from spend group by ServiceName order by sum(EffectiveCost)",
            // Grouped first, added after.
            "with c as (select BillingCurrency, sum(EffectiveCost) as cost from spend group by 1) select sum(cost) from c",
            "select sum(cost) from (select BillingCurrency, EffectiveCost as cost from spend)",
            "select sum(cost) from (select distinct BillingCurrency, EffectiveCost as cost from spend)",
            "select sum(highest) from (select BillingCurrency, max(EffectiveCost) as highest from spend group by 1)",
            "select sum(sum(EffectiveCost)) over () from spend group by BillingCurrency",
            // A total across the currencies stands beside those of each.
            "select BillingCurrency, sum(EffectiveCost) from spend group by rollup(BillingCurrency)",
            "select BillingCurrency, ServiceName, sum(EffectiveCost) from spend group by cube(BillingCurrency, ServiceName)",
            "select BillingCurrency, sum(EffectiveCost) from spend group by grouping sets ((BillingCurrency), ())",
            // Subqueries, wherever they stand.
            "select (select sum(EffectiveCost) from spend)",
            "select 1 where exists (select sum(EffectiveCost) from spend having sum(EffectiveCost) > 0)",
            "select count(*) from budgets where amount > (select sum(EffectiveCost) from spend)",
            "select count(*) from budgets where amount in (select sum(EffectiveCost) from spend)",
            // Rows of two filters, one below the other.
            "with u as (select EffectiveCost as cost from spend where BillingCurrency = 'USD' \
               union all select EffectiveCost from spend where BillingCurrency = 'EUR') select sum(cost) from u",
            "select sum(cost) from (select EffectiveCost as cost from spend union all select BilledCost from spend)",
            // A filter that leaves more than one, or is of something else.
            "select sum(EffectiveCost) from spend where BillingCurrency in ('USD', 'EUR')",
            "select sum(EffectiveCost) from spend where BillingCurrency = 'USD' or ServiceName = 'Engine'",
            "select sum(EffectiveCost) from spend where BillingCurrency <> 'GBP'",
            "select sum(EffectiveCost) from spend where ServiceName = 'Engine'",
            "select sum(s.EffectiveCost) from spend s left join budgets b on s.BillingCurrency = 'USD'",
            // A join does not keep currencies apart unless it names them.
            "select b.currency, sum(s.EffectiveCost) from spend s cross join budgets b group by 1",
            "select b.currency, sum(s.EffectiveCost) from spend s left join budgets b on s.ServiceName = b.currency group by 1",
            "select b.currency, sum(s.EffectiveCost) from budgets b right join spend s on b.currency = s.BillingCurrency group by 1",
            "select b.currency, sum(s.EffectiveCost) from spend s, budgets b where s.EffectiveCost < b.amount group by 1",
            // The currency of another row.
            "select BillingCurrency, sum(before) from (select BillingCurrency, \
               lag(EffectiveCost) over (order by ChargePeriodStart) as before from spend) group by 1",
            // Converted from a currency that it is not in, or only in part.
            "select sum(convert_currency(EffectiveCost, 'EUR', 'USD', ChargePeriodStart)) from spend",
            "select sum(convert_currency(EffectiveCost, BillingCurrency, 'USD', ChargePeriodStart) + ListCost) from spend",
            "select sum(convert_currency(s.EffectiveCost, s.BillingCurrency, b.currency, s.ChargePeriodStart)) \
               from spend s cross join budgets b",
            "select BillingCurrency, sum(PricingCurrencyEffectiveCost + EffectiveCost) from spend group by PricingCurrency, BillingCurrency \
               having sum(BilledCost + 0) > (select avg(BilledCost) from spend)",
            // Put in a list and taken out again.
            "select sum(cost) from (select unnest(costs) as cost from (select array_agg(EffectiveCost) as costs from spend))",
            "with recursive r(n, unit, cost) as (select 1, BillingCurrency, EffectiveCost from spend \
               union all select n + 1, 'EUR', cost from r where n < 2) select unit, sum(cost) from r group by unit",
            "select array_sum(array_agg(EffectiveCost)) from spend",
            "select corr(EffectiveCost, ListCost), var_pop(EffectiveCost) from spend",
            "select percentile_cont(0.5) within group (order by EffectiveCost) from spend",
            "select approx_percentile_cont(EffectiveCost, 0.5) from spend",
            // Other shapes of statements.
            "select distinct on (ServiceName) ServiceName, (select max(total) from \
               (select sum(BilledCost) as total from spend group by ServiceName)) from spend order by ServiceName",
            "with recursive r(n, cost) as (select 1, EffectiveCost from spend union all select n + 1, cost from r where n < 2) \
               select sum(cost) from r",
            "select sum(cost) from (select EffectiveCost as cost from spend intersect select BilledCost from spend)",
            "select sum(t.cost) from budgets b, lateral (select s.EffectiveCost as cost from spend s) t",
            "explain select sum(EffectiveCost) from spend",
        ],
    );
}

#[test]
fn what_keeps_currencies_apart_runs() {
    all_run(
        &two_currencies(),
        &[
            "select count(*), count(EffectiveCost), min(EffectiveCost), max(EffectiveCost), any_value(EffectiveCost) from spend",
            "select sum(PricingQuantity), avg(ConsumedQuantity) from spend",
            "select EffectiveCost * 2, EffectiveCost + BilledCost from spend",
            "select billingcurrency, sum(EffectiveCost) from spend group by BILLINGCURRENCY",
            "select sum(EffectiveCost) from spend group by BillingCurrency, ServiceName",
            "select upper(BillingCurrency), sum(EffectiveCost) from spend group by upper(BillingCurrency)",
            "select coalesce(BillingCurrency, 'none') as c, avg(EffectiveCost) from spend group by c having avg(EffectiveCost) > 0",
            "select sum(EffectiveCost) from spend where BillingCurrency = 'USD'",
            "select sum(EffectiveCost) from spend where 'USD' = BillingCurrency and ServiceName = 'Engine'",
            "select sum(EffectiveCost) from spend where BillingCurrency in ('EUR')",
            "select sum(EffectiveCost) from spend where upper(BillingCurrency) = 'USD'",
            "select sum(cost) from (select EffectiveCost as cost from spend where BillingCurrency = 'USD')",
            "select sum(cost) from (select EffectiveCost as cost, BillingCurrency as c from spend) where c = 'USD'",
            "select sum(EffectiveCost) filter (where BillingCurrency = 'USD') as usd, \
               sum(case when BillingCurrency = 'EUR' then EffectiveCost end) as eur, \
               sum(case BillingCurrency when 'EUR' then EffectiveCost else 0 end) as eur_too from spend",
            // A currency under another name, and sums of sums.
            "with c as (select BillingCurrency as unit, EffectiveCost as cost from spend) select unit, sum(cost) from c group by unit",
            "with d as (select BillingCurrency as unit, ServiceName, sum(EffectiveCost) as cost from spend group by 1, 2) \
               select unit, sum(cost), sum(sum(cost)) over (partition by unit) from d group by unit",
            "select unit, sum(cost) from (select BillingCurrency as unit, EffectiveCost as cost from spend \
               union all select BillingCurrency, BilledCost from spend) group by unit",
            "select unit, sum(cost) from (select 'USD' as unit, EffectiveCost as cost from spend where BillingCurrency = 'USD' \
               union all select BillingCurrency, BilledCost from spend) group by unit",
            "select sum(cost) from (select EffectiveCost as cost from spend where BillingCurrency = 'USD' \
               union all select BilledCost from spend where BillingCurrency = 'USD')",
            "select sum(EffectiveCost) over (partition by BillingCurrency order by ChargePeriodStart) from spend",
            "select BillingCurrency, sum(change) from (select BillingCurrency, EffectiveCost - \
               lag(EffectiveCost) over (partition by BillingCurrency order by ChargePeriodStart) as change from spend) group by 1",
            "select BillingCurrency, ServiceName, sum(EffectiveCost) from spend group by BillingCurrency, rollup(ServiceName)",
            "select ServiceName, sum(EffectiveCost) from spend where BillingCurrency = 'USD' group by rollup(ServiceName)",
            // A ratio has no currency.
            "select avg(EffectiveCost / nullif(ListCost, 0)) from spend",
            "select sum(signum(EffectiveCost)), sum(case when EffectiveCost > 1 then 1 else 0 end) from spend",
            // The currency of a table that is joined on it.
            "select b.currency, sum(s.EffectiveCost), sum(b.amount) from budgets b left join spend s on s.BillingCurrency = b.currency group by 1",
            "select b.currency, sum(s.EffectiveCost) from budgets b, spend s where s.BillingCurrency = b.currency group by b.currency",
            "select coalesce(b.currency, s.BillingCurrency) as c, sum(s.EffectiveCost) from budgets b \
               full join spend s on s.BillingCurrency = b.currency group by 1",
            "select sum(s.EffectiveCost) from (select * from budgets where currency = 'USD') b join spend s on s.BillingCurrency = b.currency",
            "select sum(EffectiveCost) from spend where BillingCurrency = (select min(currency) from budgets)",
            // A subquery for each row of a currency.
            "select b.currency, (select sum(s.EffectiveCost) from spend s where s.BillingCurrency = b.currency) as cost from budgets b",
            "select currency, sum(cost) from (select b.currency, \
               (select sum(s.EffectiveCost) from spend s where s.BillingCurrency = b.currency) as cost from budgets b) group by 1",
            "select t.cost from budgets b, lateral (select sum(s.EffectiveCost) as cost from spend s where s.BillingCurrency = b.currency) t",
            "with recursive r(n, unit, cost) as (select 1, BillingCurrency, EffectiveCost from spend \
               union all select n + 1, unit, cost from r where n < 2) select unit, sum(cost) from r group by unit",
            "select unit, sum(cost) from (select BillingCurrency as unit, EffectiveCost as cost from spend intersect \
               select BillingCurrency, BilledCost from spend) group by unit",
            // Converted first, or grouped first and converted then.
            "select sum(convert_currency(EffectiveCost, BillingCurrency, 'USD', ChargePeriodStart)) from spend",
            "select sum(convert_currency(cost, BillingCurrency, 'EUR', date '2026-06-03')) from \
               (select BillingCurrency, sum(EffectiveCost) as cost from spend group by 1)",
            "select b.currency, sum(convert_currency(s.EffectiveCost, s.BillingCurrency, b.currency, s.ChargePeriodStart)) \
               from spend s cross join budgets b group by 1",
        ],
    );
}

#[test]
fn amounts_of_the_price_list_belong_to_its_own_currency() {
    let project = Project::with_charges();
    let tokens = with(charges("2026-05", &[4.0, 6.0]), "PricingCurrency", texts(&["Token", "USD"]));
    project.parquet("charges/a.parquet", &with(tokens, "PricingCurrencyEffectiveCost", doubles(&[2.0, 6.0])));
    let error = project.run(&["-c", "select sum(PricingCurrencyEffectiveCost) from spend"]).refused(1);
    assert!(error.contains("adds Token and USD") && error.contains("group by PricingCurrency"), "{error}");
    all_refused(&project, &["select sum(PricingCurrencyEffectiveCost) from spend group by BillingCurrency"]);
    all_run(
        &project,
        &[
            "select sum(EffectiveCost) from spend",
            "select sum(PricingCurrencyEffectiveCost) from spend group by PricingCurrency",
            "select sum(PricingCurrencyEffectiveCost) from spend where PricingCurrency = 'Token'",
        ],
    );
}

#[test]
fn conditions_within_conditions_are_walked_once() {
    let nested = |depth: usize, open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let subqueries = nested(15, "(select max(BillingCurrency) from spend where BillingCurrency = ", "'USD'", ")");
    let cases = nested(20, "case ", "BillingCurrency", " when 'USD' then 'EUR' when 'EUR' then 'USD' else 'GBP' end");
    let conditions = nested(20, "case when ", "BillingCurrency", " = 'USD' then 'EUR' else 'USD' end");
    let sql = |condition: String| format!("select sum(EffectiveCost) from spend where ServiceName = {condition}");
    let statements = [subqueries, cases, conditions].map(sql);
    all_refused(&two_currencies(), &statements.each_ref().map(String::as_str));
}

#[test]
fn a_view_that_adds_currencies_is_refused_where_it_is_used() {
    let project = two_currencies();
    project.write("queries/totals.sql", "-- description: All?\nSELECT sum(EffectiveCost) AS cost FROM spend\n");
    project.write(
        "queries/costs.sql",
        "-- description: Each.\nSELECT EffectiveCost AS cost, BillingCurrency AS unit FROM spend\n",
    );
    all_refused(&project, &["select * from totals", "select sum(cost) from costs"]);
    all_run(&project, &["select unit, sum(cost) from costs group by unit"]);
    let error = project.run(&["run", "totals"]).refused(2);
    assert!(error.contains("adds EUR and USD") && error.contains("totals.sql:2:12"), "{error}");
}

#[test]
fn a_ledger_of_one_currency_adds_what_it_likes() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0, 2.0]));
    project.parquet("charges/b.parquet", &charges("2026-06", &[4.0]));
    all_run(
        &project,
        &[
            "select sum(EffectiveCost) from spend",
            "select BillingCurrency, sum(EffectiveCost) from spend group by rollup(BillingCurrency)",
            "with u as (select EffectiveCost as cost from spend where BillingCurrency = 'USD' \
               union all select EffectiveCost from spend where BillingCurrency = 'EUR') select sum(cost) from u",
            "select sum(convert_currency(EffectiveCost, BillingCurrency, 'USD', ChargePeriodStart)) from spend",
        ],
    );
    all_refused(
        &project,
        &["select sum(c) from (select EffectiveCost as c from spend union all \
        select convert_currency(EffectiveCost, BillingCurrency, 'EUR', ChargePeriodStart) from spend)"],
    );
    let error = project.run(&["-c", "select convert_currency(1.5, 'USD', 'EUR', date '2026-05-01')"]).refused(2);
    assert!(error.contains("no table of exchange rates") && error.contains("[tables.fx_rates]"), "{error}");
}

#[test]
fn currencies_are_read_where_no_footer_tells_them() {
    let project = Project::with_charges();
    project.write("charges/a.parquet", without_statistics(&charges("2026-05", &[1.0, 2.0])));
    assert_eq!(project.sql("select sum(EffectiveCost) as cost from spend"), "cost\n3.00\n");
    let mixed = with(charges("2026-06", &[1.0, 2.0]), "BillingCurrency", texts(&["USD", "EUR"]));
    project.write("charges/b.parquet", without_statistics(&mixed));
    all_refused(&project, &["select sum(EffectiveCost) from spend"]);
}

fn without_statistics(columns: &[(&str, arrow::array::ArrayRef)]) -> Vec<u8> {
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::{EnabledStatistics, WriterProperties};
    let batch = arrow::array::RecordBatch::try_from_iter(columns.iter().cloned()).unwrap();
    let properties = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn amounts_are_converted_by_the_rate_of_their_day() {
    let project = two_currencies();
    // 4 + 6 dollars, and 1 + 5 euros of June at 1.20.
    let sql =
        "select sum(convert_currency(EffectiveCost, BillingCurrency, 'USD', ChargePeriodStart)) as usd from spend";
    assert_eq!(project.sql(sql), "usd\n17.20\n");
    // The other direction divides: 10 / 1.10 = 9.0909..., rounded at the eighteenth digit.
    let sql = "select convert_currency(10, 'USD', 'EUR', date '2026-05-31') as eur, fx_rate('EUR', 'USD', '2026-06-01') as rate, \
               convert_currency(cast(null as decimal(38,18)), 'EUR', 'USD', date '2026-06-01') as nothing, \
               convert_currency(2.5, 'GBP', 'GBP', null) as same";
    assert_eq!(project.sql(sql), "eur,rate,nothing,same\n9.090909090909090909,1.20,,2.50\n");
}

#[test]
fn a_missing_rate_is_named_with_its_month() {
    let project = two_currencies();
    let error =
        project.run(&["-c", "select convert_currency(1, 'EUR', 'USD', timestamp '2026-07-17 00:00:00')"]).refused(1);
    assert!(error.contains("no exchange rate from EUR to USD for 2026-07"), "{error}");
    assert!(error.contains("2026-06-01") && error.contains("max_age_days"), "{error}");
    let error = project.run(&["-c", "select fx_rate('GBP', 'USD', date '2026-06-01')"]).refused(1);
    assert!(error.contains("no exchange rate from GBP to USD for 2026-06"), "{error}");
    let error = project.run(&["-c", "select convert_currency(1, null, 'USD', date '2026-06-01')"]).refused(1);
    assert!(error.contains("without a currency"), "{error}");
    project.write("outlay.toml", "[tables.fx_rates]\npath = \"rates.csv\"\n[fx]\nmax_age_days = 46\n");
    assert_eq!(project.sql("select fx_rate('EUR', 'USD', date '2026-07-17') as r"), "r\n1.20\n");
}

#[test]
fn a_table_of_rates_that_contradicts_itself_is_broken_data() {
    let project = two_currencies();
    let sql = "select convert_currency(1, 'EUR', 'USD', date '2026-06-01')";
    project.write("rates.csv", format!("{RATES}EUR,USD,2026-06-01,1.21\n"));
    let error = project.run(&["-c", sql]).refused(1);
    assert!(error.contains("two exchange rates") && error.contains("2026-06-01"), "{error}");
    // Who converts nothing reads no rates.
    assert_eq!(project.sql("select count(*) as n from spend"), "n\n4\n");
    project.write("rates.csv", "from_currency,to_currency,valid_from,value\nEUR,USD,2026-06-01,1.21\n");
    let error = project.run(&["-c", sql]).refused(1);
    assert!(error.contains("no column `rate`") && error.contains("fx_rates"), "{error}");
}

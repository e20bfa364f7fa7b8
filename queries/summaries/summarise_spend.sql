-- description: What was spent each day? The charges added up by day, team, provider, service and kind, as table `daily_spend`.
-- owner: finops
-- tags: daily, finance, spend, summary
--
-- `outlay build` stores it month by month of use: what a dashboard or a spreadsheet asks of years of charges stands in a few
-- thousand rows. Amounts are sums in the billing currency with every digit, so their total is that of the charges; credits
-- and taxes are charges of their own category. The day is that of ChargePeriodStart, in UTC.
-- param: interval  period = last(12mo)  "time of use"
-- materialize: table=daily_spend interval=month(day)
-- check: unique(day, billing_month, team, provider, service_category, service, charge_category, billing_currency)
-- check: not_null(day, team, charge_category, billing_currency, charges, billed_cost, effective_cost)
-- check: charges > 0
-- chart: bar x=team y=effective_cost series=billing_currency title="Effective cost by team"
SELECT
  CAST(ChargePeriodStart AS DATE) AS day,
  CAST(BillingPeriodStart AS DATE) AS billing_month,
  team,
  ServiceProviderName AS provider,
  ServiceCategory AS service_category,
  ServiceName AS service,
  ChargeCategory AS charge_category,
  BillingCurrency AS billing_currency,
  count(*) AS charges,
  sum(BilledCost) AS billed_cost,
  sum(EffectiveCost) AS effective_cost,
  sum(ListCost) AS list_cost
FROM team_charges
WHERE ChargePeriodStart >= $interval_start
  AND ChargePeriodStart < $interval_end
GROUP BY
  CAST(ChargePeriodStart AS DATE),
  CAST(BillingPeriodStart AS DATE),
  team,
  ServiceProviderName,
  ServiceCategory,
  ServiceName,
  ChargeCategory,
  BillingCurrency
ORDER BY day, billing_month, team, provider, service_category, service, charge_category, billing_currency

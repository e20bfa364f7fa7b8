-- description: What is spent in one currency? Effective cost by month and provider, converted by the rates of its days.
-- owner: finance
-- tags: currency, finance, monthly, spend
--
-- Every charge is converted by the rate of the day of its use: the newest line of the table `fx_rates` from that day or
-- before, at most 45 days old; a month without a rate is an error that names it. One row of each original currency, so
-- that the amount and the rates that made it stand side by side; lowest and highest rate are what one unit of the
-- original currency was worth. Effective cost; rounded at the 18th digit, charge by charge.
-- param: currency  text = USD             "currency to report in, such as EUR"
-- param: period    period = last(12mo)    "time of use, such as 2026-Q2"
-- check: unique(month, provider, billing_currency)
-- check: not_null(month, provider, billing_currency, effective_cost, reporting_currency, converted_cost)
-- check: lowest_rate > 0 AND highest_rate >= lowest_rate
-- chart: line x=month y=converted_cost series=provider title="Effective cost in one currency"
WITH converted AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    EffectiveCost AS effective_cost,
    fx_rate(BillingCurrency, $currency, ChargePeriodStart) AS rate,
    convert_currency(EffectiveCost, BillingCurrency, $currency, ChargePeriodStart) AS converted_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
)
SELECT
  month,
  provider,
  billing_currency,
  sum(effective_cost) AS effective_cost,
  min(rate) AS lowest_rate,
  max(rate) AS highest_rate,
  $currency AS reporting_currency,
  sum(converted_cost) AS converted_cost
FROM converted
GROUP BY month, provider, billing_currency
ORDER BY month, provider, billing_currency

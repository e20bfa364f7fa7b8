-- description: What does it all cost in one currency? Effective cost by month and billing currency, converted.
-- owner: finance
-- tags: currency, finance, monthly, spend
--
-- Effective cost by the month of use in the currency of the bill, and the same in the reporting currency by the rates of
-- the table `fx_rates`: the cost of each day is converted at the rate of that day and rounded at the eighteenth digit.
-- The lowest and the highest rate that were used stand beside it, 1 where nothing was converted. A day without a rate
-- that is recent enough is an error, not a gap. The converted column may be added over the rows of a month; the effective
-- cost may not.
-- param: currency  text = 'USD'         "reporting currency"
-- param: period    period = last(12mo)  "time of use, such as 2026-Q2"
-- check: unique(month, billing_currency)
-- check: not_null(month, billing_currency, effective_cost, lowest_rate, highest_rate, converted_cost)
-- check: lowest_rate > 0 AND lowest_rate <= highest_rate
-- check: billing_currency <> reporting_currency OR converted_cost = effective_cost
-- chart: stacked x=month y=converted_cost series=billing_currency title="Cost in the reporting currency"
WITH daily_costs AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
  GROUP BY date_trunc('day', ChargePeriodStart), BillingCurrency
)
SELECT
  CAST(date_trunc('month', day) AS DATE) AS month,
  billing_currency,
  sum(effective_cost) AS effective_cost,
  min(fx_rate(billing_currency, $currency, day)) AS lowest_rate,
  max(fx_rate(billing_currency, $currency, day)) AS highest_rate,
  sum(convert_currency(effective_cost, billing_currency, $currency, day)) AS converted_cost,
  $currency AS reporting_currency
FROM daily_costs
GROUP BY date_trunc('month', day), billing_currency
ORDER BY month, billing_currency

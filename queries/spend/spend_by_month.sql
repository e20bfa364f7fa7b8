-- description: How much do we use from month to month? Charges and effective cost by month.
-- owner: finops
-- tags: finance, spend, trend
--
-- Effective cost in the billing currency, by the calendar month of use, not that of the bill: a correction counts in
-- the month that it corrects. A month without charges has no row.
-- param: period  period = last(24mo)  "time of use, such as 2026-Q2"
-- check: unique(month, billing_currency)
-- check: not_null(month, billing_currency, effective_cost)
-- check: charges > 0
-- chart: line x=month y=effective_cost series=billing_currency title="Effective cost by month"
SELECT
  CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
  BillingCurrency AS billing_currency,
  count(*) AS charges,
  sum(EffectiveCost) AS effective_cost
FROM spend
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
GROUP BY date_trunc('month', ChargePeriodStart), BillingCurrency
ORDER BY month, billing_currency

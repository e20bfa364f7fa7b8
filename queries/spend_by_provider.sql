-- name: spend_by_provider
-- description: Effective cost by provider over a period, one row per provider and currency.
-- owner: finops
-- tags: finance, spend
-- param: period  period = last(12mo)  "period of use to report, such as 2026-Q2"
-- check: unique(provider, billing_currency)
-- check: not_null(billing_currency)
-- chart: bar x=provider y=effective_cost series=billing_currency
SELECT
  ServiceProviderName AS provider,
  BillingCurrency AS billing_currency,
  sum(EffectiveCost) AS effective_cost
FROM spend
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
GROUP BY ServiceProviderName, BillingCurrency
ORDER BY billing_currency, effective_cost DESC, provider

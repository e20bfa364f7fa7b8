-- description: Which services cost the most? Effective cost by provider and service over a period.
-- owner: finops
-- tags: finance, spend
--
-- Effective cost in the billing currency, by the time of use; all charges are included, taxes and credits as the
-- services they are billed under. The share is a percentage of all cost in the same currency, rounded to two digits.
-- param: period  period = last(12mo)  "time of use, such as 2026-Q2"
-- check: unique(provider, service_category, service, billing_currency)
-- check: not_null(billing_currency, effective_cost)
-- chart: bar x=service y=effective_cost series=provider title="Effective cost by service"
WITH costs AS (
  SELECT
    ServiceProviderName AS provider,
    ServiceCategory AS service_category,
    ServiceName AS service,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
  GROUP BY ServiceProviderName, ServiceCategory, ServiceName, BillingCurrency
)
SELECT
  provider,
  service_category,
  service,
  billing_currency,
  effective_cost,
  round(100 * effective_cost / nullif(sum(effective_cost) OVER (PARTITION BY billing_currency), 0), 2) AS share_percent
FROM costs
ORDER BY billing_currency, effective_cost DESC, provider, service_category, service

-- description: How fast does spend grow? Effective cost by month and provider against the month and the year before.
-- owner: finops
-- tags: finance, spend, trend
--
-- Effective cost in the billing currency, by the calendar month of use; give whole months. A provider that had charges
-- in one of the months compared has a row, up to the last month with charges of anybody. Without charges to compare
-- with, the earlier cost and the change are NULL; a percentage needs an earlier cost above zero and has two digits.
-- param: period  period = last(12mo)  "months to show, such as 2026-Q2"
-- check: unique(month, provider, billing_currency)
-- check: not_null(month, billing_currency, effective_cost)
-- chart: line x=month y=effective_cost series=provider title="Effective cost by provider"
WITH monthly_costs AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS cost,
    max(date_trunc('month', ChargePeriodStart)) OVER () AS last_month
  FROM spend
  WHERE ChargePeriodStart >= $period_start - INTERVAL '12 months'
    AND ChargePeriodStart < $period_end
  GROUP BY date_trunc('month', ChargePeriodStart), ServiceProviderName, BillingCurrency
),
distances (months_ago, distance) AS (
  VALUES
    (0, INTERVAL '0 months'),
    (1, INTERVAL '1 month'),
    (12, INTERVAL '12 months')
),
shifted_costs AS (
  SELECT
    monthly_costs.month + distances.distance AS month,
    distances.months_ago,
    monthly_costs.provider,
    monthly_costs.billing_currency,
    monthly_costs.cost,
    monthly_costs.last_month
  FROM monthly_costs
  CROSS JOIN distances
),
comparisons AS (
  SELECT
    month,
    provider,
    billing_currency,
    coalesce(sum(cost) FILTER (WHERE months_ago = 0), 0) AS effective_cost,
    sum(cost) FILTER (WHERE months_ago = 1) AS month_before_cost,
    sum(cost) FILTER (WHERE months_ago = 12) AS year_before_cost
  FROM shifted_costs
  WHERE month >= $period_start
    AND month < $period_end
    AND month <= last_month
  GROUP BY month, provider, billing_currency
)
SELECT
  month,
  provider,
  billing_currency,
  effective_cost,
  month_before_cost,
  effective_cost - month_before_cost AS month_change,
  CASE WHEN month_before_cost > 0
    THEN round(100 * (effective_cost - month_before_cost) / nullif(month_before_cost, 0), 2)
  END AS month_change_percent,
  year_before_cost,
  effective_cost - year_before_cost AS year_change,
  CASE WHEN year_before_cost > 0
    THEN round(100 * (effective_cost - year_before_cost) / nullif(year_before_cost, 0), 2)
  END AS year_change_percent
FROM comparisons
ORDER BY month, billing_currency, provider

-- description: What changed most? Teams and services by the change of effective cost from one month to the next.
-- owner: finops
-- tags: finance, spend, trend, team
--
-- Effective cost in the billing currency, by the month of use, against the month before. What is new changes from 0,
-- what is gone changes to 0; what did not change is left out. Ranked within each currency by the size of the change, up
-- or down; ties by name. A percentage needs an earlier cost above zero and has two digits.
-- param: month  month = last_full_month  "month to compare with the one before"
-- param: top    int = 20                 "how many to show of each currency"
-- check: unique(billing_currency, rank)
-- check: unique(team, provider, service, billing_currency)
-- check: not_null(team, billing_currency, change)
-- check: change = effective_cost - month_before_cost
-- chart: bar x=team y=change series=service title="Largest changes of effective cost"
WITH movements AS (
  SELECT
    team,
    ServiceProviderName AS provider,
    ServiceName AS service,
    BillingCurrency AS billing_currency,
    coalesce(sum(EffectiveCost) FILTER (WHERE ChargePeriodStart < $month_start), 0) AS month_before_cost,
    coalesce(sum(EffectiveCost) FILTER (WHERE ChargePeriodStart >= $month_start), 0) AS effective_cost
  FROM team_charges
  WHERE ChargePeriodStart >= $month_start - INTERVAL '1 month'
    AND ChargePeriodStart < $month_end
  GROUP BY team, ServiceProviderName, ServiceName, BillingCurrency
),
ranked_movements AS (
  SELECT
    row_number() OVER (
      PARTITION BY billing_currency
      ORDER BY abs(effective_cost - month_before_cost) DESC, team, provider, service
    ) AS rank,
    team,
    provider,
    service,
    billing_currency,
    month_before_cost,
    effective_cost
  FROM movements
  WHERE effective_cost <> month_before_cost
)
SELECT
  rank,
  team,
  provider,
  service,
  billing_currency,
  month_before_cost,
  effective_cost,
  effective_cost - month_before_cost AS change,
  CASE WHEN month_before_cost > 0
    THEN round(100 * (effective_cost - month_before_cost) / nullif(month_before_cost, 0), 2)
  END AS change_percent
FROM ranked_movements
WHERE rank <= $top
ORDER BY billing_currency, rank

-- description: Where does AI spend go? Seats and API in one view, by principal, team, workflow or product, for a month.
-- owner: finops
-- tags: ai, monthly, spend, team
--
-- Effective cost of the AI services, allocated cost included, by the month of use. Seat cost is that of recurring purchases
-- priced in seats, metered cost that of every other charge: calls of an API, requests, credits and corrections. What names
-- no principal, workflow or product, or has no team, stands as `unassigned` and is not spread, so the column is all AI spend of
-- the currency. A rule that splits a charge gives its parts to teams; the parts keep their principal, workflow and product.
-- The share is a percentage of the AI spend of the currency, the month before stands beside it; percentages have two digits.
-- param: month  month = last_full_month                             "month to report"
-- param: by     text = team in (principal, team, workflow, product)  "whose spend"
-- check: unique(name, billing_currency)
-- check: not_null(name, billing_currency, seat_cost, metered_cost, effective_cost, month_before_cost)
-- check: effective_cost = seat_cost + metered_cost
-- chart: stacked x=name y=seat_cost,metered_cost title="AI spend"
WITH ai_charges AS (
  SELECT
    CASE $by
      WHEN 'principal' THEN coalesce(nullif(PrincipalId, ''), 'unassigned')
      WHEN 'workflow' THEN workflow
      WHEN 'product' THEN product
      ELSE team
    END AS name,
    BillingCurrency AS billing_currency,
    ChargePeriodStart >= $month_start AS is_now,
    coalesce(ChargeCategory = 'Purchase' AND ChargeFrequency = 'Recurring' AND PricingUnit = 'Seats', FALSE) AS is_seat,
    EffectiveCost AS cost
  FROM work_charges
  WHERE ChargePeriodStart >= $month_start - INTERVAL '1 month'
    AND ChargePeriodStart < $month_end
    AND ServiceCategory = 'AI and Machine Learning'
),
costs AS (
  SELECT
    name,
    billing_currency,
    coalesce(sum(cost) FILTER (WHERE is_now AND is_seat), 0) AS seat_cost,
    coalesce(sum(cost) FILTER (WHERE is_now AND NOT is_seat), 0) AS metered_cost,
    coalesce(sum(cost) FILTER (WHERE is_now), 0) AS effective_cost,
    coalesce(sum(cost) FILTER (WHERE NOT is_now), 0) AS month_before_cost
  FROM ai_charges
  GROUP BY name, billing_currency
)
SELECT
  name,
  billing_currency,
  seat_cost,
  metered_cost,
  effective_cost,
  round(100 * effective_cost / nullif(sum(effective_cost) OVER (PARTITION BY billing_currency), 0), 2) AS share_percent,
  month_before_cost,
  effective_cost - month_before_cost AS change
FROM costs
ORDER BY billing_currency, effective_cost DESC, name

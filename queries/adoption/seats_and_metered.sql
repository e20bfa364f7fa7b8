-- description: Are the seats used? Seats, idle seats and metered cost of AI by team for a month.
-- owner: platform
-- tags: adoption, ai, monthly, team
--
-- Seats are recurring purchases priced in seats, in the AI services; a seat is idle when its principal has no charge
-- counted in tokens at the same provider in the month, and so is a seat without a principal. Metered is every other
-- charge of the AI services of the provider. Effective cost in the billing currency, by the month of use.
-- param: month  month = last_full_month  "month to report"
-- check: unique(team, provider, billing_currency)
-- check: not_null(team, billing_currency, seats, idle_seats, seat_cost, metered_cost)
-- check: idle_seats BETWEEN 0 AND seats
-- chart: stacked x=team y=seat_cost,metered_cost title="Cost of AI by team"
WITH ai_charges AS (
  SELECT
    team,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    PrincipalId AS principal_id,
    coalesce(ChargeCategory = 'Purchase' AND ChargeFrequency = 'Recurring' AND PricingUnit = 'Seats', FALSE) AS is_seat,
    coalesce(ConsumedUnit = 'Tokens', FALSE) AS is_token,
    coalesce(PricingQuantity, 0) AS quantity,
    EffectiveCost AS cost
  FROM team_charges
  WHERE ChargePeriodStart >= $month_start
    AND ChargePeriodStart < $month_end
    AND ServiceCategory = 'AI and Machine Learning'
),
used_charges AS (
  SELECT
    team,
    provider,
    billing_currency,
    principal_id,
    is_seat,
    quantity,
    cost,
    principal_id IS NOT NULL
      AND bool_or(is_token) OVER (PARTITION BY provider, principal_id) AS is_used
  FROM ai_charges
)
SELECT
  team,
  provider,
  billing_currency,
  coalesce(sum(quantity) FILTER (WHERE is_seat), 0) AS seats,
  coalesce(sum(quantity) FILTER (WHERE is_seat AND NOT is_used), 0) AS idle_seats,
  coalesce(sum(cost) FILTER (WHERE is_seat), 0) AS seat_cost,
  coalesce(sum(cost) FILTER (WHERE is_seat AND NOT is_used), 0) AS idle_seat_cost,
  coalesce(sum(cost) FILTER (WHERE NOT is_seat), 0) AS metered_cost
FROM used_charges
GROUP BY team, provider, billing_currency
ORDER BY billing_currency, provider, team

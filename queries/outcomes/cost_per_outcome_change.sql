-- description: Why did the cost of a success change? Price, mix, volume and success rate by team against the quarter before.
-- owner: finance
-- tags: outcomes, price, quarterly, team, trend
--
-- The cost of a success is restated from the quarter before to this one in four steps, one thing at a time; each effect is
-- the difference of two neighbouring figures, so the effects add up to the change to the last digit.
--
--   success rate  cost before ÷ attempts before × attempts now ÷ successes now: as many attempts for a success as now
--   volume        what was used now, at the mix and the prices before: each unit of measure × its average price before
--   mix           the same use split over meters as now, at the price of each meter before
--   price         at the prices now: the cost now
--
-- Attempts are all outcomes, whatever their status; volume is therefore the use of an attempt. A meter is a provider, SKU
-- and its price details; its quantity is the consumed one, else the priced one. A meter that is new has the price of now and
-- changes mix, a unit of measure that is new changes volume, and so does a charge without a quantity, such as a purchase.
-- These are the flexible-budget, sales-quantity, sales-mix and price variances of cost accounting (Horngren, Datar and
-- Rajan, Cost Accounting), taken by successive substitution. Effective cost, allocated cost included, by the time of use in
-- the billing currency; amounts for one success, with four digits. Without a success in one of the quarters there is no
-- change to explain; what names no team is left out.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to compare with the one before"
-- check: unique(team, billing_currency)
-- check: not_null(team, billing_currency, succeeded_before, succeeded)
-- check: change IS NULL OR change = success_rate_effect + volume_effect + mix_effect + price_effect
-- check: change IS NULL OR change = cost_per_success - cost_per_success_before
-- chart: stacked x=team y=success_rate_effect,volume_effect,mix_effect,price_effect title="Why the cost of a success changed"
WITH measured_charges AS (
  SELECT
    team,
    BillingCurrency AS billing_currency,
    ServiceProviderName AS provider,
    SkuId AS sku,
    SkuPriceDetails AS details,
    ChargePeriodStart >= $quarter_start AS is_now,
    CASE
      WHEN ConsumedUnit IS NOT NULL AND ConsumedQuantity > 0 THEN ConsumedUnit
      WHEN PricingUnit IS NOT NULL AND PricingQuantity > 0 THEN PricingUnit
    END AS unit,
    CASE
      WHEN ConsumedUnit IS NOT NULL AND ConsumedQuantity > 0 THEN ConsumedQuantity
      WHEN PricingUnit IS NOT NULL AND PricingQuantity > 0 THEN PricingQuantity
      ELSE 0
    END AS quantity,
    EffectiveCost AS cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start - INTERVAL '3 months'
    AND ChargePeriodStart < $quarter_end
),
meters AS (
  SELECT
    team,
    billing_currency,
    unit,
    coalesce(sum(quantity) FILTER (WHERE NOT is_now), 0) AS quantity_before,
    coalesce(sum(quantity) FILTER (WHERE is_now), 0) AS quantity,
    coalesce(sum(cost) FILTER (WHERE NOT is_now), 0) AS cost_before,
    coalesce(sum(cost) FILTER (WHERE is_now), 0) AS cost
  FROM measured_charges
  GROUP BY team, billing_currency, provider, sku, details, unit
),
priced_meters AS (
  SELECT
    team,
    billing_currency,
    unit,
    quantity_before,
    quantity,
    cost_before,
    cost,
    CASE WHEN quantity_before > 0
      THEN cost_before * quantity / nullif(quantity_before, 0)
      ELSE cost
    END AS cost_at_prices_before
  FROM meters
),
units AS (
  SELECT
    team,
    billing_currency,
    sum(cost_before) AS cost_before,
    sum(cost) AS cost,
    sum(cost_at_prices_before) AS cost_at_prices_before,
    CASE WHEN sum(quantity_before) > 0
      THEN sum(cost_before) * sum(quantity) / nullif(sum(quantity_before), 0)
      ELSE sum(cost_at_prices_before)
    END AS cost_at_mix_before
  FROM priced_meters
  GROUP BY team, billing_currency, unit
),
costs AS (
  SELECT
    team,
    billing_currency,
    sum(cost_before) AS cost_before,
    sum(cost_at_mix_before) AS cost_at_mix_before,
    sum(cost_at_prices_before) AS cost_at_prices_before,
    sum(cost) AS cost
  FROM units
  GROUP BY team, billing_currency
),
attempts AS (
  SELECT
    team,
    count(*) FILTER (WHERE occurred_at < $quarter_start) AS attempts_before,
    count(*) FILTER (WHERE occurred_at >= $quarter_start) AS attempts,
    count(*) FILTER (WHERE occurred_at < $quarter_start AND status = 'succeeded') AS succeeded_before,
    count(*) FILTER (WHERE occurred_at >= $quarter_start AND status = 'succeeded') AS succeeded
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start - INTERVAL '3 months'
    AND occurred_at < $quarter_end
  GROUP BY team
),
figures AS (
  SELECT
    costs.team,
    costs.billing_currency,
    coalesce(attempts.succeeded_before, 0) AS succeeded_before,
    coalesce(attempts.succeeded, 0) AS succeeded,
    round(cost_before / nullif(succeeded_before, 0), 4) AS before,
    CASE WHEN succeeded_before > 0
      THEN round(cost_before * attempts / nullif(attempts_before * succeeded, 0), 4)
    END AS at_rate_now,
    round(cost_at_mix_before / nullif(succeeded, 0), 4) AS at_use_now,
    round(cost_at_prices_before / nullif(succeeded, 0), 4) AS at_mix_now,
    round(cost / nullif(succeeded, 0), 4) AS now
  FROM costs
  LEFT JOIN attempts ON attempts.team = costs.team
  WHERE costs.team <> 'unassigned'
)
SELECT
  team,
  billing_currency,
  succeeded_before,
  succeeded,
  before AS cost_per_success_before,
  now AS cost_per_success,
  now - before AS change,
  at_rate_now - before AS success_rate_effect,
  CASE WHEN before IS NOT NULL THEN at_use_now - at_rate_now END AS volume_effect,
  CASE WHEN before IS NOT NULL THEN at_mix_now - at_use_now END AS mix_effect,
  CASE WHEN before IS NOT NULL THEN now - at_mix_now END AS price_effect
FROM figures
ORDER BY billing_currency, abs(change) DESC NULLS LAST, team

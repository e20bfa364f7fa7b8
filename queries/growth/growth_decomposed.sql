-- description: Why does AI spend grow? People, use of a person, mix and price: a quarter against the one before or a year ago.
-- owner: finance
-- tags: ai, finance, growth, price, quarterly, trend
--
-- Effective cost of the AI services is restated from the earlier quarter to this one in four steps, one thing at a time; each
-- effect is the difference of two neighbouring figures, so the effects add up to the change to the last digit.
--
--   people  cost before × people now ÷ people before: as many people as now, each costing what one did before
--   use     what was used now at the average price before of its unit of measure: as much use of a person as now
--   mix     the same use split over meters as now, at the price of each meter before
--   price   at the prices now: the cost now
--
-- People are the principals with a charge of the AI services in the quarter, service accounts included; charges without a
-- principal count as cost and use. Without people in one of the quarters that effect is 0 and use carries it. A meter is a
-- provider's model and class of tokens, or its SKU where the price details name no model; its quantity is the consumed one,
-- else the priced one. A meter that is new has the price of now and changes mix; a unit of measure that is new or no longer
-- used changes use, and so does a charge without a quantity. These are the sales-quantity, sales-mix and price variances of
-- cost accounting (Horngren, Datar and Rajan, Cost Accounting), taken by successive substitution; another order of the steps
-- would give other parts of the same sum. Steps in between are rounded to four digits, the costs are not. In the billing
-- currency, by the time of use.
-- param: quarter  quarter = last_full_quarter      "fiscal quarter to explain"
-- param: against  text = year in (quarter, year)  "the quarter before, or the same quarter of the year before"
-- check: unique(billing_currency)
-- check: not_null(billing_currency, cost_before, cost, change, people_effect, use_effect, mix_effect, price_effect)
-- check: change = cost - cost_before
-- check: change = people_effect + use_effect + mix_effect + price_effect
-- chart: stacked x=billing_currency y=people_effect,use_effect,mix_effect,price_effect title="Why AI spend changed"
WITH measured_charges AS (
  SELECT
    BillingCurrency AS billing_currency,
    PrincipalId AS principal_id,
    ServiceProviderName AS provider,
    CASE WHEN SkuPriceDetails ->> 'ModelId' IS NULL THEN SkuId END AS sku,
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
  FROM spend
  WHERE ChargePeriodStart >= $quarter_start - INTERVAL '12 months'
    AND ChargePeriodStart < $quarter_end
    AND ServiceCategory = 'AI and Machine Learning'
    AND (
      ChargePeriodStart >= $quarter_start
      OR ($against = 'quarter' AND ChargePeriodStart >= $quarter_start - INTERVAL '3 months')
      OR ($against = 'year' AND ChargePeriodStart < $quarter_end - INTERVAL '12 months')
    )
),
meters AS (
  SELECT
    billing_currency,
    unit,
    coalesce(sum(quantity) FILTER (WHERE NOT is_now), 0) AS quantity_before,
    coalesce(sum(quantity) FILTER (WHERE is_now), 0) AS quantity,
    coalesce(sum(cost) FILTER (WHERE NOT is_now), 0) AS cost_before,
    coalesce(sum(cost) FILTER (WHERE is_now), 0) AS cost
  FROM measured_charges
  GROUP BY billing_currency, provider, sku, details, unit
),
priced_meters AS (
  SELECT
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
    billing_currency,
    sum(cost_before) AS cost_before,
    sum(cost) AS cost,
    sum(cost_at_prices_before) AS cost_at_prices_before,
    CASE WHEN sum(quantity_before) > 0
      THEN sum(cost_before) * sum(quantity) / nullif(sum(quantity_before), 0)
      ELSE sum(cost_at_prices_before)
    END AS cost_at_mix_before
  FROM priced_meters
  GROUP BY billing_currency, unit
),
costs AS (
  SELECT
    billing_currency,
    sum(cost_before) AS before,
    round(sum(cost_at_mix_before), 4) AS at_use_now,
    round(sum(cost_at_prices_before), 4) AS at_mix_now,
    sum(cost) AS now
  FROM units
  GROUP BY billing_currency
),
people AS (
  SELECT
    billing_currency,
    count(DISTINCT principal_id) FILTER (WHERE NOT is_now) AS people_before,
    count(DISTINCT principal_id) FILTER (WHERE is_now) AS people
  FROM measured_charges
  GROUP BY billing_currency
),
figures AS (
  SELECT
    costs.billing_currency,
    people_before,
    people,
    before,
    CASE WHEN people_before > 0 AND people > 0
      THEN round(before * people / nullif(people_before, 0), 4)
      ELSE before
    END AS at_people_now,
    at_use_now,
    at_mix_now,
    now
  FROM costs
  JOIN people ON people.billing_currency = costs.billing_currency
)
SELECT
  billing_currency,
  people_before,
  people,
  before AS cost_before,
  now AS cost,
  now - before AS change,
  CASE WHEN before > 0 THEN round(now / nullif(before, 0), 2) END AS times,
  at_people_now - before AS people_effect,
  at_use_now - at_people_now AS use_effect,
  at_mix_now - at_use_now AS mix_effect,
  now - at_mix_now AS price_effect
FROM figures
ORDER BY billing_currency

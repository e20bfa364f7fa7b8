-- description: What drives the cost of AI? People, use of a person, tokens of a use, mix and price by month.
-- owner: finance
-- tags: ai, finance, forecast, monthly, team
--
-- Effective cost of the charges counted in tokens, taken apart into what a planner can argue about:
--
--   cost = people × days of use of a person × tokens of a day of use × cost of a token in this mix × price
--
-- People are the principals with such a charge in the month, service accounts included; a day of use is one on which a
-- principal has one. Mix is what a million tokens of the month's meters costs at the prices of the first month: it rises when
-- dearer models are chosen. Price is what the meters cost against those prices, 1 in the first month and 0.8 after a cut of a
-- fifth. A meter is a provider's model and class of tokens, or its SKU where the price details name no model; one that was not
-- there in the first month comes in at its first price. Charges of tokens that name no principal are not in it. In the billing currency, by the time of use; the drivers
-- have so many digits that their product is the cost to a millionth.
-- param: period  period = last(24mo)   "whole months; the first one sets the prices"
-- param: teams   text[]? = null        "only these teams"
-- check: unique(month, billing_currency)
-- check: not_null(month, billing_currency, people, effective_cost, days_per_person, tokens_per_day, mix_cost_per_million, price_index)
-- check: abs(CAST(people AS DOUBLE) * days_per_person * tokens_per_day * mix_cost_per_million * price_index / 1e6 - effective_cost) <= 1e-6 * (1 + effective_cost)
-- chart: line x=month y=effective_cost title="Cost of tokens"
WITH token_charges AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    ServiceProviderName AS provider,
    CASE WHEN SkuPriceDetails ->> 'ModelId' IS NULL THEN SkuId END AS sku,
    SkuPriceDetails AS details,
    ConsumedQuantity AS tokens,
    EffectiveCost AS cost
  FROM team_charges
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ConsumedUnit = 'Tokens'
    AND ConsumedQuantity > 0
    AND PrincipalId IS NOT NULL
    AND ($teams IS NULL OR team = ANY($teams))
),
meter_months AS (
  SELECT
    month,
    billing_currency,
    provider,
    sku,
    details,
    sum(tokens) AS tokens,
    sum(cost) AS cost
  FROM token_charges
  GROUP BY month, billing_currency, provider, sku, details
),
priced_months AS (
  SELECT
    month,
    billing_currency,
    tokens,
    cost,
    first_value(CAST(cost / nullif(tokens, 0) AS DECIMAL(38, 18))) OVER (
      PARTITION BY billing_currency, provider, sku, details
      ORDER BY month
    ) AS first_price
  FROM meter_months
),
costs AS (
  SELECT
    month,
    billing_currency,
    sum(tokens) AS tokens,
    sum(cost) AS cost,
    CAST(sum(tokens * first_price) AS DECIMAL(38, 18)) AS cost_at_first_prices
  FROM priced_months
  GROUP BY month, billing_currency
),
uses AS (
  SELECT
    month,
    billing_currency,
    count(DISTINCT principal_id) AS people,
    count(*) AS days
  FROM (SELECT DISTINCT month, day, principal_id, billing_currency FROM token_charges) AS days
  GROUP BY month, billing_currency
)
SELECT
  costs.month,
  costs.billing_currency,
  uses.people,
  round(CAST(uses.days AS DECIMAL(38, 18)) / nullif(uses.people, 0), 10) AS days_per_person,
  round(costs.tokens / nullif(uses.days, 0), 6) AS tokens_per_day,
  round(1000000 * costs.cost_at_first_prices / nullif(costs.tokens, 0), 10) AS mix_cost_per_million,
  coalesce(round(costs.cost / nullif(costs.cost_at_first_prices, 0), 10), 1) AS price_index,
  costs.cost AS effective_cost
FROM costs
JOIN uses
  ON uses.month = costs.month
 AND uses.billing_currency = costs.billing_currency
ORDER BY costs.billing_currency, costs.month

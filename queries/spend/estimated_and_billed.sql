-- description: Is the bill what the tokens should cost, and why did it change? Estimate and bill of tokens by model and month.
-- owner: finance
-- tags: ai, finance, monthly, price, spend
--
-- Two things are compared. The bill of a month against its estimate: `difference` is billed cost less tokens times the
-- price of the price book on the day of use (contract, else list). And the bill of a month against the month before it:
-- `change` is the sum of five effects, exactly, each of which revalues the month before one step further.
--
--   volume       all tokens of the provider grow alike: estimate before × (tokens now ÷ tokens before, of the provider)
--   mix          tokens of each model go to input, output, tiers and contexts as now, at the average price of each before
--   cache        input is read, written and not cached as now, at the price of each class before
--   price        at the prices now: the estimate of the month
--   unexplained  what the difference between bill and estimate grew by
--
-- A class of token that was not used before has the price of now: it changes mix or cache, not price. Where the provider
-- was not used before all is volume. These are the sales-quantity, sales-mix and price variances of cost accounting
-- (Horngren, Datar and Rajan, Cost Accounting, chapter on sales-variance analysis), with the cache as a mix within
-- input. Charges counted in tokens only, by the calendar month of use; give whole months. Needs `[price_book]`.
-- param: period  period = last(12mo)  "months to show, such as 2026-Q2"
-- check: unique(month, provider, model, billing_currency)
-- check: not_null(month, provider, model, billing_currency, billed, estimated, change)
-- check: change = volume_effect + mix_effect + cache_effect + price_effect + unexplained_effect
-- check: abs(difference) <= 0.01 warn
-- chart: stacked x=month y=volume_effect,mix_effect,cache_effect,price_effect,unexplained_effect title="Why the bill of tokens changed"
WITH token_charges AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    ServiceProviderName AS provider,
    SkuPriceDetails AS details,
    BillingCurrency AS billing_currency,
    sum(coalesce(ConsumedQuantity, 0)) AS tokens,
    sum(BilledCost) AS billed
  FROM spend
  WHERE ChargePeriodStart >= $period_start - INTERVAL '1 month'
    AND ChargePeriodStart < $period_end
    AND ConsumedUnit = 'Tokens'
  GROUP BY date_trunc('day', ChargePeriodStart), ServiceProviderName, SkuPriceDetails, BillingCurrency
),
estimated_charges AS (
  SELECT
    CAST(date_trunc('month', day) AS DATE) AS month,
    provider,
    billing_currency,
    details ->> 'ModelId' AS model,
    token_class(details) AS token_class,
    coalesce(details ->> 'x_ServiceTier', '') AS tier,
    coalesce(details ->> 'x_ContextWindow', '') AS context,
    tokens,
    billed,
    CAST(tokens * token_price('contract', provider, details, day, billing_currency) AS DECIMAL(38, 18)) AS estimated,
    max(date_trunc('month', day)) OVER () AS last_month
  FROM token_charges
),
distances (months_ago, distance) AS (
  VALUES
    (0, INTERVAL '0 months'),
    (1, INTERVAL '1 month')
),
classes AS (
  SELECT
    charges.month + distances.distance AS month,
    charges.provider,
    charges.billing_currency,
    charges.model,
    charges.token_class,
    CASE WHEN charges.token_class IN ('output', 'reasoning') THEN charges.token_class ELSE 'input' END AS side,
    charges.tier,
    charges.context,
    coalesce(sum(charges.tokens) FILTER (WHERE months_ago = 0), 0) AS tokens,
    coalesce(sum(charges.tokens) FILTER (WHERE months_ago = 1), 0) AS tokens_before,
    coalesce(sum(charges.billed) FILTER (WHERE months_ago = 0), 0) AS billed,
    coalesce(sum(charges.billed) FILTER (WHERE months_ago = 1), 0) AS billed_before,
    coalesce(sum(charges.estimated) FILTER (WHERE months_ago = 0), 0) AS estimated,
    coalesce(sum(charges.estimated) FILTER (WHERE months_ago = 1), 0) AS estimated_before
  FROM estimated_charges AS charges
  CROSS JOIN distances
  WHERE charges.month + distances.distance >= $period_start
    AND charges.month + distances.distance < $period_end
    AND charges.month + distances.distance <= charges.last_month
  GROUP BY
    charges.month + distances.distance,
    charges.provider,
    charges.billing_currency,
    charges.model,
    charges.token_class,
    charges.tier,
    charges.context
),
revalued_classes AS (
  SELECT
    classes.*,
    CASE WHEN tokens_before > 0
      THEN CAST(tokens * estimated_before AS DECIMAL(38, 18)) / nullif(tokens_before, 0)
      ELSE estimated
    END AS at_prices_before,
    sum(tokens) OVER (PARTITION BY month, provider, billing_currency) AS provider_tokens,
    sum(tokens_before) OVER (PARTITION BY month, provider, billing_currency) AS provider_tokens_before
  FROM classes
),
sides AS (
  SELECT
    month,
    provider,
    billing_currency,
    model,
    sum(tokens) AS tokens,
    sum(billed) AS billed,
    sum(billed_before) AS billed_before,
    sum(estimated) AS estimated,
    sum(estimated_before) AS estimated_before,
    sum(CASE WHEN provider_tokens_before > 0
      THEN CAST(estimated_before * provider_tokens AS DECIMAL(38, 18)) / nullif(provider_tokens_before, 0)
      ELSE at_prices_before
    END) AS at_growth,
    CASE WHEN sum(tokens_before) > 0
      THEN CAST(sum(tokens) * sum(estimated_before) AS DECIMAL(38, 18)) / nullif(sum(tokens_before), 0)
      ELSE sum(at_prices_before)
    END AS at_mix,
    sum(at_prices_before) AS at_cache
  FROM revalued_classes
  GROUP BY month, provider, billing_currency, model, side, tier, context
),
models AS (
  SELECT
    month,
    provider,
    billing_currency,
    model,
    sum(tokens) AS tokens,
    sum(billed) AS billed,
    sum(billed_before) AS billed_before,
    sum(estimated) AS estimated,
    sum(estimated_before) AS estimated_before,
    sum(at_growth) AS at_growth,
    sum(at_mix) AS at_mix,
    sum(at_cache) AS at_cache
  FROM sides
  GROUP BY month, provider, billing_currency, model
)
SELECT
  CAST(month AS DATE) AS month,
  provider,
  model,
  billing_currency,
  tokens,
  billed,
  estimated,
  billed - estimated AS difference,
  billed_before,
  billed - billed_before AS change,
  at_growth - estimated_before AS volume_effect,
  at_mix - at_growth AS mix_effect,
  at_cache - at_mix AS cache_effect,
  estimated - at_cache AS price_effect,
  (billed - estimated) - (billed_before - estimated_before) AS unexplained_effect
FROM models
ORDER BY month, billing_currency, provider, model

-- description: What do tokens cost? Tokens, effective cost and cost of a million tokens by model and class of token.
-- owner: finops
-- tags: ai, spend
--
-- The class is the direction (input, output) and what the cache did (uncached, read, write), as the SKU details say it. What
-- was told for all tokens of a request together, or is billed by request, has no direction: gateways and Cursor tell no
-- cost by class, so their tokens cost 0 and that row has the money of the model. Seats are left out. Effective cost in the
-- billing currency, by the time of use; the cost of a million tokens is what was really paid, rounded to six digits.
-- param: period  period = last(3mo)  "time of use, such as 2026-Q2"
-- check: unique(provider, model, token_direction, token_cache_action, billing_currency)
-- check: not_null(billing_currency, tokens, effective_cost)
-- check: tokens >= 0 warn
-- chart: bar x=model y=effective_cost series=token_direction title="Effective cost by model"
WITH token_charges AS (
  SELECT
    ServiceProviderName AS provider,
    coalesce(SkuPriceDetails ->> 'ModelId', 'unknown') AS model,
    SkuPriceDetails ->> 'TokenDirection' AS token_direction,
    SkuPriceDetails ->> 'TokenCacheAction' AS token_cache_action,
    BillingCurrency AS billing_currency,
    CASE WHEN ConsumedUnit = 'Tokens' THEN coalesce(ConsumedQuantity, 0) ELSE 0 END AS tokens,
    EffectiveCost AS effective_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND (ConsumedUnit = 'Tokens' OR (SkuPriceDetails ->> 'ModelId') IS NOT NULL)
)
SELECT
  provider,
  model,
  token_direction,
  token_cache_action,
  billing_currency,
  sum(tokens) AS tokens,
  sum(effective_cost) AS effective_cost,
  round(sum(effective_cost) * 1000000 / nullif(sum(tokens), 0), 6) AS cost_per_million_tokens
FROM token_charges
GROUP BY provider, model, token_direction, token_cache_action, billing_currency
ORDER BY billing_currency, provider, model, token_direction, token_cache_action

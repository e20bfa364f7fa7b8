-- description: How many tokens were used each day, and for how much? By day, team, workflow and model, as table `daily_tokens`.
-- owner: finops
-- tags: ai, daily, summary
--
-- `outlay build` stores it month by month of use. The charges counted in tokens, by the direction of the token and what the
-- cache did with it, as the SKU details say it. Tokens are a quantity, not a result: join what came out of them. Effective
-- cost in the billing currency, with every digit; the day is that of ChargePeriodStart, in UTC.
-- param: interval  period = last(3mo)  "time of use"
-- materialize: table=daily_tokens interval=month(day)
-- check: unique(day, team, workflow, provider, model, token_direction, token_cache_action, billing_currency)
-- check: not_null(day, team, workflow, model, billing_currency, tokens, effective_cost)
-- check: tokens >= 0 warn
-- chart: bar x=model y=effective_cost series=token_direction title="Effective cost by model"
SELECT
  CAST(ChargePeriodStart AS DATE) AS day,
  team,
  coalesce(nullif(Tags ->> 'workflow', ''), 'unassigned') AS workflow,
  ServiceProviderName AS provider,
  coalesce(SkuPriceDetails ->> 'ModelId', 'unknown') AS model,
  SkuPriceDetails ->> 'TokenDirection' AS token_direction,
  SkuPriceDetails ->> 'TokenCacheAction' AS token_cache_action,
  BillingCurrency AS billing_currency,
  sum(coalesce(ConsumedQuantity, 0)) AS tokens,
  sum(EffectiveCost) AS effective_cost
FROM team_charges
WHERE ChargePeriodStart >= $interval_start
  AND ChargePeriodStart < $interval_end
  AND ConsumedUnit = 'Tokens'
GROUP BY
  CAST(ChargePeriodStart AS DATE),
  team,
  coalesce(nullif(Tags ->> 'workflow', ''), 'unassigned'),
  ServiceProviderName,
  coalesce(SkuPriceDetails ->> 'ModelId', 'unknown'),
  SkuPriceDetails ->> 'TokenDirection',
  SkuPriceDetails ->> 'TokenCacheAction',
  BillingCurrency
ORDER BY day, team, workflow, provider, model, token_direction, token_cache_action, billing_currency

-- description: Who fills the prompt cache and never reads it? Tokens written to the cache against tokens read from it.
-- owner: platform
-- tags: ai, waste
--
-- Charges counted in tokens that the prompt cache wrote or read, by principal and model. Writing costs more than plain
-- input and pays back when what was written is read: with writes at 1.25 times the price of input and reads at a tenth of
-- it, from 0.28 tokens read for each one written (0.25 / 0.9). Flagged is who reads less than that, for a least cost of
-- writing. Effective cost of the writes in the billing currency; reads in the period count whenever their write was, so
-- that a cache filled at the end of the period looks worse than it is.
--
-- A pattern to look at, not a person to punish. Most often it is a setting: prompts whose beginning changes each time.
-- False alarms on the sample company, last three months, principals flagged that were not planted: 0 of 156.
-- param: period  period = last(3mo)  "time of use, such as 2026-Q2"
-- param: reads   decimal = 0.28      "tokens read for each one written below which the cache does not pay"
-- param: least   decimal = 100       "cost of writing below which nothing is suspect"
-- check: unique(principal_id, model, billing_currency)
-- check: not_null(principal_id, model, billing_currency, written_tokens, read_tokens, write_cost)
-- check: written_tokens >= 0 AND read_tokens >= 0 warn
-- chart: bar x=principal_id y=write_cost series=model title="Cost of writing to the cache in vain"
WITH cache_sums AS (
  SELECT
    PrincipalId AS principal_id,
    coalesce(SkuPriceDetails ->> 'ModelId', 'unknown') AS model,
    BillingCurrency AS billing_currency,
    SkuPriceDetails ->> 'TokenCacheAction' AS action,
    sum(coalesce(ConsumedQuantity, 0)) AS tokens,
    sum(EffectiveCost) AS effective_cost
  FROM token_use
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND PrincipalId IS NOT NULL
    AND (SkuPriceDetails ->> 'TokenCacheAction') IN ('Read', 'Write')
  GROUP BY PrincipalId, SkuPriceDetails ->> 'ModelId', BillingCurrency, SkuPriceDetails ->> 'TokenCacheAction'
),
principals AS (
  SELECT
    principal_id,
    model,
    billing_currency,
    coalesce(sum(tokens) FILTER (WHERE action = 'Write'), 0) AS written_tokens,
    coalesce(sum(tokens) FILTER (WHERE action = 'Read'), 0) AS read_tokens,
    coalesce(sum(effective_cost) FILTER (WHERE action = 'Write'), 0) AS write_cost
  FROM cache_sums
  GROUP BY principal_id, model, billing_currency
)
SELECT
  principal_id,
  model,
  billing_currency,
  written_tokens,
  read_tokens,
  round(read_tokens / nullif(written_tokens, 0), 2) AS reads_per_write,
  write_cost
FROM principals
WHERE written_tokens > 0
  AND read_tokens < written_tokens * $reads
  AND write_cost >= $least
ORDER BY write_cost DESC, principal_id, model, billing_currency

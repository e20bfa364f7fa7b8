-- description: What did the prompt cache save? Tokens read from it against the price of input that is not cached, by model.
-- owner: finops
-- tags: ai, monthly, price, spend
--
-- Input tokens only, at the prices of the price book on the day of use: the contract price, else the list price. Saved
-- is what the tokens read from the cache would have cost more as uncached input; extra is what writing to the cache cost
-- beyond uncached input. Net below zero: more was written than reading paid back. The share of reads is a percentage of
-- all input tokens, with two digits. Needs `[price_book]`.
-- param: period  period = last(12mo)  "months of use, such as 2026-Q2"
-- check: unique(month, provider, model, billing_currency)
-- check: not_null(month, provider, model, billing_currency, saved_on_reads, extra_on_writes, net_savings)
-- check: net_savings = saved_on_reads - extra_on_writes
-- check: net_savings >= 0 warn
-- chart: bar x=month y=net_savings series=model title="Saved by the prompt cache"
WITH token_charges AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    ServiceProviderName AS provider,
    SkuPriceDetails AS details,
    BillingCurrency AS billing_currency,
    sum(coalesce(ConsumedQuantity, 0)) AS tokens
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ConsumedUnit = 'Tokens'
    AND (SkuPriceDetails ->> 'TokenDirection') = 'Input'
  GROUP BY date_trunc('day', ChargePeriodStart), ServiceProviderName, SkuPriceDetails, BillingCurrency
),
priced_tokens AS (
  SELECT
    CAST(date_trunc('month', day) AS DATE) AS month,
    provider,
    details ->> 'ModelId' AS model,
    billing_currency,
    CASE token_class(details) WHEN 'input' THEN 'input' WHEN 'cache_read' THEN 'read' ELSE 'write' END AS action,
    tokens,
    CAST(tokens * token_price('contract', provider, details, day, billing_currency) AS DECIMAL(38, 18)) AS cost,
    CAST(tokens * unit_price(
      'contract', provider, details ->> 'ModelId', 'input', details ->> 'x_ServiceTier', day,
      details ->> 'x_ContextWindow', billing_currency
    ) AS DECIMAL(38, 18)) AS uncached_cost
  FROM token_charges
),
totals AS (
  SELECT
    month,
    provider,
    model,
    billing_currency,
    coalesce(sum(tokens) FILTER (WHERE action = 'input'), 0) AS input_tokens,
    coalesce(sum(tokens) FILTER (WHERE action = 'read'), 0) AS cache_read_tokens,
    coalesce(sum(tokens) FILTER (WHERE action = 'write'), 0) AS cache_write_tokens,
    coalesce(sum(uncached_cost - cost) FILTER (WHERE action = 'read'), 0) AS saved_on_reads,
    coalesce(sum(cost - uncached_cost) FILTER (WHERE action = 'write'), 0) AS extra_on_writes
  FROM priced_tokens
  GROUP BY month, provider, model, billing_currency
)
SELECT
  month,
  provider,
  model,
  billing_currency,
  input_tokens,
  cache_read_tokens,
  cache_write_tokens,
  round(100 * cache_read_tokens / nullif(input_tokens + cache_read_tokens + cache_write_tokens, 0), 2) AS cache_read_percent,
  saved_on_reads,
  extra_on_writes,
  saved_on_reads - extra_on_writes AS net_savings
FROM totals
ORDER BY month, billing_currency, provider, model

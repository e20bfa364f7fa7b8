-- description: What does a million tokens cost on our own GPUs? At measured utilisation and at full use, by cluster and model.
-- owner: platform
-- tags: ai, efficiency, price
--
-- The cost is GPU hours times the price of an hour, from the table `gpu_hours`; a row counts whole in the period in which it
-- begins. The unit cost is the cost over the tokens served, for a million of them, so idle hours are in it. Full use is what
-- the same hours would serve at the capacity of the GPU:
--
--   at measured use  cost × 1,000,000 ÷ tokens served
--   at full use      cost × 1,000,000 ÷ (GPU hours × 3,600 × tokens per second that a GPU can serve)
--   utilisation      tokens served as a percentage of that capacity
--
-- An hour of 2.50 at 185 tokens in a second is 666,000 tokens: 3.7538 for a million, not for a thousand. Idle cost is the
-- cost of the capacity that served nothing, below zero when more was served than the stated capacity. Without a capacity of
-- every row there is no figure at full use, without tokens no measured one. Quotients have four digits, percentages two.
-- param: period  period = last(12mo)  "periods of GPU hours that begin in it, such as 2026-Q2"
-- check: unique(cluster, model, billing_currency)
-- check: not_null(cluster, model, billing_currency, gpu_hours, cost, tokens_served)
-- check: utilisation_percent IS NULL OR utilisation_percent <= 100 warn
-- chart: bar x=model y=cost_per_million,cost_per_million_at_full_use title="Cost of a million tokens on own GPUs"
WITH clusters AS (
  SELECT
    cluster,
    model,
    currency AS billing_currency,
    sum(gpu_hours) AS gpu_hours,
    CAST(sum(gpu_hours * hourly_price) AS DECIMAL(38, 18)) AS cost,
    sum(tokens_served) AS tokens_served,
    CASE WHEN count(capacity_tokens_per_second) = count(*)
      THEN CAST(sum(gpu_hours * 3600 * capacity_tokens_per_second) AS DECIMAL(38, 18))
    END AS capacity_tokens
  FROM gpu_hours
  WHERE period_start >= $period_start
    AND period_start < $period_end
  GROUP BY cluster, model, currency
)
SELECT
  cluster,
  model,
  billing_currency,
  gpu_hours,
  cost,
  tokens_served,
  round(tokens_served / nullif(gpu_hours * 3600, 0), 4) AS tokens_per_gpu_second,
  round(100 * tokens_served / nullif(capacity_tokens, 0), 2) AS utilisation_percent,
  round(1000000 * cost / nullif(tokens_served, 0), 4) AS cost_per_million,
  round(1000000 * cost / nullif(capacity_tokens, 0), 4) AS cost_per_million_at_full_use,
  round(cost - cost * tokens_served / nullif(capacity_tokens, 0), 4) AS idle_cost
FROM clusters
ORDER BY billing_currency, cost DESC, cluster, model

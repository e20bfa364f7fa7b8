-- description: Should we serve a model ourselves or buy its tokens? Own GPUs against an API: unit costs, a month, break-even.
-- owner: platform
-- tags: ai, efficiency, price
--
-- Own cost is that of the table `gpu_hours`, as in `self_hosted_unit_cost`: at measured use, idle hours included, and at full use,
-- what the same hours would serve at the stated capacity. The API has the price that the company pays now: the effective cost, in the
-- currency of the GPUs, of all charges that name a model, for a million tokens. With `provider` and `model` it is the price
-- of that model in the price book on `price_date`, that of the contract, else the list price, for the same tokens: input, cache
-- and output in the proportion in which they were bought. What is bought may be better than what the GPUs serve: name the model that
-- would do their work. A token that a GPU serves is one that comes out, so the price of a
-- million output tokens has their input in it; with `counts=all` tokens that go in were counted as served too.
--
-- A month is what the hours and tokens of the clusters come to over the months from their first day to their last, parts
-- of a month by its days. GPUs cost the same whatever they serve, an API by the token: the break-even is the number of tokens
-- a month from which own GPUs are cheaper,
--
--   (own cost a month − cost of the downtime of the API) ÷ price of a token of the API
--
-- and as a percentage of what the GPUs can serve; above 100 they cannot serve so many. Downtime costs its minutes: an
-- outage of four hours at 1,000 a minute is 240,000. Each side has hours of it a month, in both costs of a month and in the break-even,
-- not in the prices of a million. The verdict compares the costs of a month: `make`, `buy` or `even`, `unknown` without a price in the
-- currency. Tokens that cost nothing, such as those of a seat, count as bought for nothing. Needs `[price_book]`. Prices and costs
-- have four digits, percentages two.
-- param: period              period = last(3mo)                "GPU hours that begin in it, charges used in it"
-- param: provider            text? = null                      "provider of the model of the price book"
-- param: model               text? = null                      "model of the price book to compare with, what is bought when left out"
-- param: price_date          date = today                      "the day whose prices count"
-- param: counts              text = output in (output, all)    "which tokens `tokens_served` counts"
-- param: own_downtime_hours  decimal = 0                       "hours a month that the own GPUs are down"
-- param: api_downtime_hours  decimal = 0                       "hours a month that the API is down"
-- param: outage_minute_cost  decimal = 0                       "cost of a minute of outage, in the currency of the GPUs"
-- check: unique(cluster, model, billing_currency)
-- check: not_null(cluster, model, billing_currency, tokens_per_month, own_cost_per_month, verdict)
-- check: accepted(verdict: make, buy, even, unknown)
-- check: saved_per_month IS NULL OR saved_per_month = api_cost_per_month - own_cost_per_month
-- chart: bar x=model y=own_cost_per_month,api_cost_per_month series=cluster title="A month on own GPUs and from an API"
WITH clusters AS (
  SELECT
    cluster,
    model,
    currency AS billing_currency,
    min(period_start) AS first_day,
    max(period_end) AS end_day,
    CAST(sum(gpu_hours * hourly_price) AS DECIMAL(38, 18)) AS cost,
    sum(tokens_served) AS tokens,
    CASE WHEN count(capacity_tokens_per_second) = count(*)
      THEN CAST(sum(gpu_hours * 3600 * capacity_tokens_per_second) AS DECIMAL(38, 18))
    END AS capacity_tokens
  FROM gpu_hours
  WHERE period_start >= $period_start
    AND period_start < $period_end
  GROUP BY cluster, model, currency
),
spans AS (
  SELECT
    *,
    12 * (date_part('year', end_day) - date_part('year', first_day))
      + date_part('month', end_day) - date_part('month', first_day) AS month_starts,
    CAST(date_trunc('month', first_day) AS DATE) AS first_month,
    CAST(date_trunc('month', end_day) AS DATE) AS end_month
  FROM clusters
),
months AS (
  SELECT
    *,
    CAST(
      month_starts
        + CAST(end_day - end_month AS DECIMAL(9, 0)) / (CAST(end_month + INTERVAL '1 month' AS DATE) - end_month)
        - CAST(first_day - first_month AS DECIMAL(9, 0)) / (CAST(first_month + INTERVAL '1 month' AS DATE) - first_month)
      AS DECIMAL(18, 9)
    ) AS months
  FROM spans
),
own AS (
  SELECT
    cluster,
    model,
    billing_currency,
    round(tokens / nullif(months, 0), 0) AS tokens_per_month,
    capacity_tokens / nullif(months, 0) AS capacity_per_month,
    round(cost / nullif(months, 0) + $own_downtime_hours * 60 * $outage_minute_cost, 4) AS own_cost_per_month,
    round(1000000 * cost / nullif(tokens, 0), 4) AS own_cost_per_million,
    round(1000000 * cost / nullif(capacity_tokens, 0), 4) AS own_cost_per_million_at_full_use
  FROM months
),
bought AS (
  SELECT
    BillingCurrency AS billing_currency,
    CASE WHEN ConsumedUnit = 'Tokens' THEN token_class(SkuPriceDetails) END AS token_class,
    coalesce(sum(ConsumedQuantity) FILTER (WHERE ConsumedUnit = 'Tokens'), 0) AS tokens,
    sum(EffectiveCost) AS cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND (SkuPriceDetails ->> 'ModelId') IS NOT NULL
  GROUP BY BillingCurrency, token_class
),
bought_prices AS (
  SELECT
    billing_currency,
    sum(cost) / nullif(sum(tokens) FILTER (WHERE $counts = 'all' OR token_class IN ('output', 'reasoning')), 0) AS token_price
  FROM bought
  WHERE $model IS NULL
  GROUP BY billing_currency
),
listed AS (
  SELECT
    price_currency('contract', $provider, $model, 'output', '', $price_date) AS billing_currency,
    $counts = 'all' OR token_class IN ('output', 'reasoning') AS is_served,
    tokens,
    CAST(tokens * unit_price('contract', $provider, $model, token_class, '', $price_date) AS DECIMAL(38, 18)) AS price
  FROM bought
  WHERE $model IS NOT NULL
    AND token_class IS NOT NULL
),
listed_prices AS (
  SELECT
    billing_currency,
    sum(price) / nullif(sum(tokens) FILTER (WHERE is_served), 0) AS token_price
  FROM listed
  GROUP BY billing_currency
),
prices AS (
  SELECT billing_currency, token_price FROM bought_prices
  UNION ALL
  SELECT billing_currency, token_price FROM listed_prices
),
figures AS (
  SELECT
    own.*,
    round(1000000 * prices.token_price, 4) AS api_cost_per_million,
    round(own.tokens_per_month * prices.token_price + $api_downtime_hours * 60 * $outage_minute_cost, 4) AS api_cost_per_month,
    CASE WHEN own.own_cost_per_month <= $api_downtime_hours * 60 * $outage_minute_cost THEN CAST(0 AS DECIMAL(38, 18))
      ELSE (own.own_cost_per_month - $api_downtime_hours * 60 * $outage_minute_cost) / nullif(prices.token_price, 0)
    END AS break_even_tokens
  FROM own
  LEFT JOIN prices ON prices.billing_currency = own.billing_currency
)
SELECT
  cluster,
  model,
  billing_currency,
  tokens_per_month,
  own_cost_per_million,
  own_cost_per_million_at_full_use,
  api_cost_per_million,
  own_cost_per_month,
  api_cost_per_month,
  api_cost_per_month - own_cost_per_month AS saved_per_month,
  CASE WHEN api_cost_per_million IS NOT NULL THEN round(break_even_tokens, 0) END AS break_even_tokens_per_month,
  CASE WHEN api_cost_per_million IS NOT NULL
    THEN round(100 * break_even_tokens / nullif(capacity_per_month, 0), 2)
  END AS break_even_percent,
  CASE
    WHEN api_cost_per_month IS NULL THEN 'unknown'
    WHEN api_cost_per_month > own_cost_per_month THEN 'make'
    WHEN api_cost_per_month < own_cost_per_month THEN 'buy'
    ELSE 'even'
  END AS verdict
FROM figures
ORDER BY billing_currency, own_cost_per_month DESC, cluster, model

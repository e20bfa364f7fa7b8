-- description: How well are tokens used? Cache hits, output for input, unit cost, cost of a success and retries, by model or team.
-- owner: platform
-- tags: ai, efficiency, outcomes, team
--
-- The charges that name a model or are counted in tokens, and what came of them; not a board of who burns most. Effective cost in
-- the billing currency, allocated cost included, by the time of use:
--
--   cache hits        input tokens that were read from the cache, as a percentage of all input
--   output per input  tokens that came out for each that went in, cached or not
--   cost per million  cost over all tokens, requests and what else the model costs included
--   cost per success  the same cost over the succeeded outcomes of the period
--   retries           prompts that a principal sent to the same model again within minutes, as a percentage of all prompts
--
-- Outcomes are those of the team, the workflow or the product; where one has charges in two currencies, and for models, they are
-- credited by the share of output tokens: for a model in each team and workflow that used it, a division and no proof of cause, as in
-- `cost_per_outcome_by_model`. What is `unassigned` has no cost of a success. What a success costs besides is in `cost_per_outcome`.
-- Retries are known where the source tells hashes of prompts (`outlay show token_use`), and NULL elsewhere. Tokens without a
-- model stand as `unknown`. Percentages have two digits, quotients and credits four.
-- param: period         period = last(3mo)                                  "time of use and of outcomes, such as 2026-Q2"
-- param: by             text = model in (model, product, team, workflow)    "what a row is"
-- param: retry_minutes  int = 10                                            "minutes within which the same prompt is a retry"
-- check: unique(name, billing_currency)
-- check: not_null(name, billing_currency, input_tokens, output_tokens, effective_cost, succeeded)
-- check: cache_hit_percent IS NULL OR cache_hit_percent BETWEEN 0 AND 100 warn
-- check: retry_percent IS NULL OR retry_percent BETWEEN 0 AND 100
-- chart: bar x=name y=cost_per_success series=billing_currency title="Model cost of a success"
-- chart: bar x=name y=cache_hit_percent series=billing_currency title="Input read from the cache, in percent"
WITH charges AS (
  SELECT
    CASE $by WHEN 'workflow' THEN workflow WHEN 'product' THEN product ELSE team END AS place,
    CASE WHEN $by = 'model' THEN workflow ELSE '' END AS part,
    coalesce(model, 'unknown') AS model,
    BillingCurrency AS billing_currency,
    PrincipalId AS principal_id,
    ChargePeriodStart AS used_at,
    CASE WHEN ConsumedUnit = 'Tokens' THEN token_class(SkuPriceDetails) END AS token_class,
    sum(coalesce(ConsumedQuantity, 0)) AS quantity,
    sum(EffectiveCost) AS cost
  FROM work_charges
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND (model IS NOT NULL OR ConsumedUnit = 'Tokens')
  GROUP BY 1, 2, 3, 4, 5, 6, 7
),
uses AS (
  SELECT
    place,
    part,
    CASE $by WHEN 'model' THEN model ELSE place END AS name,
    billing_currency,
    coalesce(sum(quantity) FILTER (WHERE token_class NOT IN ('output', 'reasoning')), 0) AS input_tokens,
    coalesce(sum(quantity) FILTER (WHERE token_class = 'cache_read'), 0) AS cached_tokens,
    coalesce(sum(quantity) FILTER (WHERE token_class IN ('output', 'reasoning')), 0) AS output_tokens,
    sum(cost) AS cost
  FROM charges
  GROUP BY 1, 2, 3, 4
),
results AS (
  SELECT
    CASE $by WHEN 'workflow' THEN workflow WHEN 'product' THEN product ELSE team END AS place,
    CASE WHEN $by = 'model' THEN workflow ELSE '' END AS part,
    count(*) AS succeeded
  FROM outcome_facts
  WHERE occurred_at >= $period_start
    AND occurred_at < $period_end
    AND status = 'succeeded'
  GROUP BY 1, 2
),
credits AS (
  SELECT
    uses.*,
    coalesce(
      results.succeeded * uses.output_tokens / nullif(sum(uses.output_tokens) OVER (PARTITION BY uses.place, uses.part), 0), 0
    ) AS succeeded
  FROM uses
  LEFT JOIN results
    ON results.place = uses.place
   AND results.part = uses.part
),
names AS (
  SELECT
    name,
    billing_currency,
    sum(input_tokens) AS input_tokens,
    sum(cached_tokens) AS cached_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost) AS cost,
    sum(succeeded) AS succeeded
  FROM credits
  GROUP BY name, billing_currency
),
prompts AS (
  SELECT
    PrincipalId AS principal_id,
    coalesce(SkuPriceDetails ->> 'ModelId', 'unknown') AS model,
    ChargePeriodStart AS used_at,
    prompt_hash
  FROM token_use
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND PrincipalId IS NOT NULL
    AND prompt_hash IS NOT NULL
  GROUP BY 1, 2, 3, 4
),
tries AS (
  SELECT
    principal_id,
    model,
    used_at,
    coalesce(
      to_unixtime(used_at)
        - to_unixtime(lag(used_at) OVER (PARTITION BY principal_id, model, prompt_hash ORDER BY used_at)) <= 60 * $retry_minutes,
      FALSE
    ) AS is_retry
  FROM prompts
),
places AS (
  SELECT DISTINCT
    CASE $by WHEN 'model' THEN model ELSE place END AS name,
    billing_currency,
    principal_id,
    model,
    used_at
  FROM charges
  WHERE token_class IS NOT NULL
),
retries AS (
  SELECT
    places.name,
    places.billing_currency,
    count(*) AS prompts,
    count(*) FILTER (WHERE tries.is_retry) AS retries
  FROM places
  JOIN tries
    ON tries.principal_id = places.principal_id
   AND tries.model = places.model
   AND tries.used_at = places.used_at
  GROUP BY places.name, places.billing_currency
)
SELECT
  names.name,
  names.billing_currency,
  names.input_tokens,
  names.output_tokens,
  round(100 * names.cached_tokens / nullif(names.input_tokens, 0), 2) AS cache_hit_percent,
  round(names.output_tokens / nullif(names.input_tokens, 0), 4) AS output_per_input,
  names.cost AS effective_cost,
  round(1000000 * names.cost / nullif(names.input_tokens + names.output_tokens, 0), 4) AS cost_per_million,
  round(names.succeeded, 4) AS succeeded,
  CASE WHEN names.name <> 'unassigned' THEN round(names.cost / nullif(names.succeeded, 0), 4) END AS cost_per_success,
  retries.prompts,
  round(CAST(100 * retries.retries AS DECIMAL(20, 0)) / nullif(retries.prompts, 0), 2) AS retry_percent
FROM names
LEFT JOIN retries
  ON retries.name = names.name
 AND retries.billing_currency = names.billing_currency
ORDER BY names.billing_currency, names.cost DESC, names.name

-- description: OpenRouter generations: the CSV export of the activity page, one row a request.
-- documentation: https://openrouter.ai/docs/guides/features/activity
-- field: generation_id  text     required
-- field: created_at     time     required
-- field: cost           decimal  = cost_total  required
-- field: byok_cost      decimal  = byok_usage_inference
-- field: prompt         decimal  = tokens_prompt
-- field: completion     decimal  = tokens_completion
-- field: reasoning      decimal  = tokens_reasoning
-- field: cache_read     decimal  = tokens_cached
-- field: model          text     = model_permaslug
-- field: provider       text     = provider_name
-- field: person         text     = user
-- field: app_name       text
-- field: api_key_name   text
--
-- cost_total is what the request cost; cost_cache (a saving, below 0), cost_web_search and cost_file_processing
-- are parts of it and are not added again. It stands for all tokens: the row of the request carries it, the rows
-- of tokens cost 0. The prompt includes what the cache served and the completion includes reasoning: both are
-- subtracted, unless a part exceeds its whole and so stands beside it. Use with an own key (BYOK) is billed by its
-- provider and stands in x_ByokCost. A cancelled request may cost nothing and stays a request. Times without zone
-- are UTC.
WITH uses AS (
  SELECT
    *,
    unnest(
      token_rows(
        CASE WHEN prompt >= cache_read THEN prompt - cache_read ELSE prompt END,
        cache_read,
        NULL,
        NULL,
        CASE WHEN completion >= reasoning THEN completion - reasoning ELSE completion END,
        reasoning,
        1
      )
    ) AS token
  FROM records
)
SELECT
  created_at AS ChargePeriodStart,
  created_at + INTERVAL '1 second' AS ChargePeriodEnd,
  'OpenRouter' AS ServiceProviderName,
  vendor_name(provider) AS HostProviderName,
  'OpenRouter API' AS ServiceName,
  person AS PrincipalId,
  api_key_name AS CredentialId,
  labels('app', app_name) AS Tags,
  coalesce(token['meter'], 'Requests') AS SkuMeter,
  token_details(vendor_name(split_part(model, '/', 1)), model, token['class'], NULL, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ListCost,
  CASE WHEN cost IS NOT NULL THEN 'billed' END AS x_CostBasis,
  generation_id AS x_RequestId,
  CASE WHEN token['class'] IS NULL THEN byok_cost END AS x_ByokCost
FROM uses

-- description: LiteLLM daily spend of users: the table LiteLLM_DailyUserSpend, by key, model and provider.
-- documentation: https://docs.litellm.ai/docs/proxy/cost_tracking
-- field: day          time     = date  required
-- field: person       text     = user_id
-- field: api_key      text     required
-- field: model        text
-- field: model_group  text
-- field: provider     text     = custom_llm_provider
-- field: prompt       decimal  = prompt_tokens  required
-- field: completion   decimal  = completion_tokens
-- field: cache_read   decimal  = cache_read_input_tokens
-- field: cache_write  decimal  = cache_creation_input_tokens
-- field: cost         decimal  = spend  required
-- field: requests     decimal  = api_requests
--
-- The same requests as in the spend logs, summed by day: land one of the two. The cost is what the gateway
-- computed, no bill; the row of requests carries it, the rows of tokens cost 0. Prompt tokens INCLUDE the cache
-- tokens; a day whose cache tokens exceed its prompt was counted without them, as older versions did. A cache
-- write counts as 5 minutes, and reasoning is not told. Tables of teams and tags hold the same spend again, from
-- another side.
WITH days AS (
  SELECT
    *,
    coalesce(cache_read, 0) + coalesce(cache_write, 0) AS cached,
    CASE
      WHEN provider IS NOT NULL AND starts_with(model, provider || '/') THEN substr(model, length(provider) + 2)
      ELSE model
    END AS model_id
  FROM records
),
uses AS (
  SELECT
    *,
    unnest(
      token_rows(
        CASE WHEN prompt >= cached THEN prompt - cached ELSE prompt END,
        cache_read,
        cache_write,
        NULL,
        completion,
        NULL,
        requests
      )
    ) AS token
  FROM days
)
SELECT
  day AS ChargePeriodStart,
  coalesce(vendor_name(nullif(provider, '')), 'LiteLLM') AS ServiceProviderName,
  coalesce(nullif(model_group, ''), model_id) AS ServiceName,
  nullif(person, '') AS PrincipalId,
  api_key AS CredentialId,
  coalesce(token['meter'], 'Requests') AS SkuMeter,
  token_details(NULL, model_id, token['class'], NULL, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ListCost,
  CASE WHEN cost IS NOT NULL THEN 'vendor estimate' END AS x_CostBasis
FROM uses

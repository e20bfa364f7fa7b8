-- description: Helicone requests: tokens and cost of each request through the proxy, by user and property.
-- documentation: https://docs.helicone.ai/features/hql
-- records: data[]
-- field: request_id       text     required
-- field: created_at       time     = request_created_at  required
-- field: status           integer  = status | response_status  required
-- field: api_status       integer  = response_status
-- field: cost             decimal  required
-- field: provider         text
-- field: model            text     = model | request_model
-- field: person           text     = user_id | request_user_id
-- field: properties       json     = properties | request_properties
-- field: organization_id  text
-- field: input            decimal  = prompt_tokens  required
-- field: cache_read       decimal  = prompt_cache_read_tokens
-- field: cache_write      decimal  = prompt_cache_write_tokens
-- field: output           decimal  = completion_tokens
-- field: reasoning        decimal  = reasoning_tokens
-- field: cached_from      text     = cache_reference_id
--
-- The cost is computed from a price list, no bill. In rows of the table request_response_rmt it is a whole number
-- of BILLIONTHS of a dollar; the API and its exports, which say response_status where the table says status,
-- divided it already. It stands for all tokens: the row of the request carries it, the rows of tokens cost 0.
-- Prompt and completion exclude the cache tokens and reasoning, which the table counts beside them. A cache write
-- counts as 5 minutes. cache_reference_id names the request whose answer the proxy gave again: no model was called
-- and its tokens are not used twice.
WITH requests AS (
  SELECT
    *,
    CASE WHEN api_status IS NULL THEN cost / 1000000000 ELSE cost END AS dollars,
    coalesce(cached_from, '') NOT IN ('', '00000000-0000-0000-0000-000000000000') AS from_proxy_cache
  FROM records
),
uses AS (
  SELECT
    *,
    unnest(
      CASE
        WHEN from_proxy_cache THEN token_rows(NULL, NULL, NULL, NULL, NULL, NULL, 1)
        ELSE token_rows(input, cache_read, cache_write, NULL, output, reasoning, 1)
      END
    ) AS token
  FROM requests
)
SELECT
  created_at AS ChargePeriodStart,
  created_at + INTERVAL '1 second' AS ChargePeriodEnd,
  coalesce(vendor_name(nullif(provider, '')), 'Helicone') AS ServiceProviderName,
  coalesce(nullif(model, ''), 'Helicone') AS ServiceName,
  organization_id AS SubAccountId,
  nullif(person, '') AS PrincipalId,
  properties AS Tags,
  coalesce(token['meter'], 'Requests') AS SkuMeter,
  token_details(NULL, model, token['class'], NULL, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN coalesce(dollars, 0) ELSE dollars * 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(dollars, 0) ELSE dollars * 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(dollars, 0) ELSE dollars * 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(dollars, 0) ELSE dollars * 0 END AS ListCost,
  CASE WHEN dollars IS NOT NULL THEN 'vendor estimate' END AS x_CostBasis,
  request_id AS x_RequestId
FROM uses

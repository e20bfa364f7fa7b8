-- description: Anthropic usage report of the Messages API: tokens by bucket, workspace, API key, model and tier.
-- documentation: https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-messages-usage-report
-- records: data[].results[]
-- field: starting_at         time     required
-- field: ending_at           time
-- field: input               decimal  = uncached_input_tokens  required
-- field: cache_read          decimal  = cache_read_input_tokens
-- field: cache_write_5m      decimal  = cache_creation.ephemeral_5m_input_tokens
-- field: cache_write_1h      decimal  = cache_creation.ephemeral_1h_input_tokens
-- field: output              decimal  = output_tokens
-- field: web_searches        decimal  = server_tool_use.web_search_requests
-- field: model               text
-- field: account_id          text
-- field: service_account_id  text
-- field: api_key_id          text
-- field: workspace_id        text
-- field: service_tier        text
-- field: context_window      text
-- field: inference_geo       text
--
-- Input excludes what the cache served and stored: the classes are disjoint as they come. The report tells no
-- cost, the price book does; Priority Tier is in this report and never in the cost report. What a report was not
-- grouped by is NULL, and so are the workspace "default" and the key of the console. Buckets without use have no
-- results.
WITH uses AS (
  SELECT
    *,
    unnest(token_rows(input, cache_read, cache_write_5m, cache_write_1h, output, NULL, web_searches)) AS token
  FROM records
)
SELECT
  starting_at AS ChargePeriodStart,
  ending_at AS ChargePeriodEnd,
  'Anthropic' AS ServiceProviderName,
  'Claude API' AS ServiceName,
  workspace_id AS SubAccountId,
  coalesce(account_id, service_account_id) AS PrincipalId,
  api_key_id AS CredentialId,
  inference_geo AS RegionId,
  coalesce(token['meter'], 'Web Search') AS SkuMeter,
  token_details('Anthropic', model, token['class'], service_tier, context_window) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit
FROM uses
WHERE token['tokens'] > 0

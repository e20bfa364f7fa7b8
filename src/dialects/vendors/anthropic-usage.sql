-- description: Anthropic usage report of the Messages API: tokens by bucket, workspace, API key and model.
-- documentation: https://docs.claude.com/en/api/admin-api/usage-cost/get-messages-usage-report
-- records: data[].results[]
-- field: starting_at     time     required
-- field: ending_at       time
-- field: input           decimal  = uncached_input_tokens  required
-- field: cache_read      decimal  = cache_read_input_tokens
-- field: cache_write_5m  decimal  = cache_creation.ephemeral_5m_input_tokens
-- field: cache_write_1h  decimal  = cache_creation.ephemeral_1h_input_tokens
-- field: output          decimal  = output_tokens
-- field: model           text
-- field: api_key_id      text
-- field: workspace_id    text
-- field: service_tier    text
-- field: context_window  text
WITH tokens AS (
  SELECT
    *,
    unnest(token_rows(input, cache_read, cache_write_5m, cache_write_1h, output, NULL)) AS token
  FROM records
)
SELECT
  starting_at AS ChargePeriodStart,
  ending_at AS ChargePeriodEnd,
  'Anthropic' AS ServiceProviderName,
  'Anthropic' AS BillingAccountId,
  'Claude API' AS ServiceName,
  workspace_id AS SubAccountId,
  api_key_id AS CredentialId,
  token['meter'] AS SkuMeter,
  token_details('Anthropic', model, token['class'], service_tier, context_window) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  'Tokens' AS ConsumedUnit
FROM tokens

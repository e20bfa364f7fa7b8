-- description: OpenAI usage of completions, embeddings and moderations: tokens by bucket, project, user, key and model.
-- documentation: https://platform.openai.com/docs/api-reference/usage/completions
-- records: data[].results[]
-- field: start_time    epoch_s  required
-- field: end_time      epoch_s
-- field: all_input     decimal  = input_tokens  required
-- field: cache_read    decimal  = input_cached_tokens
-- field: cache_write   decimal  = input_cache_write_tokens
-- field: output        decimal  = output_tokens
-- field: model         text
-- field: project_id    text
-- field: user_id       text
-- field: api_key_id    text
-- field: batch         boolean
-- field: service_tier  text
--
-- Input INCLUDES what the cache served and stored: both are subtracted. Audio and image tokens are inside these
-- counts and reasoning is inside output, neither told by class, so they are not rows of their own. Times are epoch
-- seconds. The tier "default" is the standard one. The usage tells no cost: the price book does, and the costs report
-- has it by line item. Images, speech and sessions are counted in other units and are in the costs report.
WITH uses AS (
  SELECT
    *,
    unnest(
      token_rows(
        all_input - coalesce(cache_read, 0) - coalesce(cache_write, 0),
        cache_read,
        cache_write,
        NULL,
        output,
        NULL
      )
    ) AS token,
    CASE WHEN batch THEN 'batch' WHEN service_tier = 'default' THEN 'standard' ELSE service_tier END AS tier
  FROM records
)
SELECT
  start_time AS ChargePeriodStart,
  end_time AS ChargePeriodEnd,
  'OpenAI' AS ServiceProviderName,
  'OpenAI API' AS ServiceName,
  project_id AS SubAccountId,
  user_id AS PrincipalId,
  api_key_id AS CredentialId,
  token['meter'] AS SkuMeter,
  token_details('OpenAI', model, token['class'], tier, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  'Tokens' AS ConsumedUnit
FROM uses

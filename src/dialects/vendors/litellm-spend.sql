-- description: LiteLLM spend logs: the table LiteLLM_SpendLogs, one row a request through the gateway.
-- documentation: https://docs.litellm.ai/docs/proxy/cost_tracking
-- field: request_id       text     required
-- field: started_at       time     = startTime  required
-- field: ended_at         time     = endTime
-- field: cost             decimal  = spend  required
-- field: prompt           decimal  = prompt_tokens  required
-- field: completion       decimal  = completion_tokens
-- field: model            text
-- field: model_group      text
-- field: provider         text     = custom_llm_provider
-- field: api_key          text
-- field: person           text     = user
-- field: end_user         text
-- field: team_id          text
-- field: organization_id  text
-- field: cache_hit        text
-- field: status           text
-- field: metadata         json
--
-- The cost is what the gateway computed from its price list, no bill: a model that the list does not know costs 0.
-- It stands for all tokens: the row of the request carries it, the rows of tokens cost 0, since their shares by
-- class are not told. Prompt tokens INCLUDE what the cache of the model served and stored; which those are stands
-- in the metadata, under additional_usage_values or usage_object, in the words of Anthropic or of OpenAI. Older
-- versions counted the prompt without them: a record whose cache tokens exceed its prompt is such a one. Reasoning
-- is part of completion. cache_hit says that the cache of the GATEWAY answered: no model was called, and the
-- tokens in the row were used before. Failed requests stay, at what they cost. Metadata in a CSV or a dump is JSON
-- text. Times are UTC. Empty text is what the gateway writes for none.
WITH metered AS (
  SELECT
    *,
    greatest(
      (metadata -> 'additional_usage_values' ->> 'cache_read_input_tokens')::DECIMAL(38, 18),
      (metadata -> 'additional_usage_values' -> 'prompt_tokens_details' ->> 'cached_tokens')::DECIMAL(38, 18),
      (metadata -> 'usage_object' ->> 'cache_read_input_tokens')::DECIMAL(38, 18),
      (metadata -> 'usage_object' -> 'prompt_tokens_details' ->> 'cached_tokens')::DECIMAL(38, 18)
    ) AS cache_read,
    greatest(
      (metadata -> 'additional_usage_values' ->> 'cache_creation_input_tokens')::DECIMAL(38, 18),
      (metadata -> 'usage_object' ->> 'cache_creation_input_tokens')::DECIMAL(38, 18)
    ) AS cache_write,
    greatest(
      (
        metadata -> 'additional_usage_values' -> 'prompt_tokens_details' -> 'cache_creation_token_details'
          ->> 'ephemeral_1h_input_tokens'
      )::DECIMAL(38, 18),
      (
        metadata -> 'usage_object' -> 'prompt_tokens_details' -> 'cache_creation_token_details'
          ->> 'ephemeral_1h_input_tokens'
      )::DECIMAL(38, 18)
    ) AS cache_write_1h,
    greatest(
      (metadata -> 'additional_usage_values' -> 'completion_tokens_details' ->> 'reasoning_tokens')::DECIMAL(38, 18),
      (metadata -> 'usage_object' -> 'completion_tokens_details' ->> 'reasoning_tokens')::DECIMAL(38, 18)
    ) AS reasoning,
    lower(cache_hit) = 'true' AS from_gateway_cache
  FROM records
),
requests AS (
  SELECT
    *,
    coalesce(cache_read, 0) + coalesce(cache_write, 0) AS cached,
    CASE
      WHEN provider IS NOT NULL AND starts_with(model, provider || '/') THEN substr(model, length(provider) + 2)
      ELSE model
    END AS model_id
  FROM metered
),
uses AS (
  SELECT
    *,
    unnest(
      CASE
        WHEN from_gateway_cache THEN token_rows(NULL, NULL, NULL, NULL, NULL, NULL, 1)
        ELSE
          token_rows(
            CASE WHEN prompt >= cached THEN prompt - cached ELSE prompt END,
            cache_read,
            cache_write - coalesce(cache_write_1h, 0),
            cache_write_1h,
            CASE WHEN completion >= reasoning THEN completion - reasoning ELSE completion END,
            reasoning,
            1
          )
      END
    ) AS token
  FROM requests
)
SELECT
  started_at AS ChargePeriodStart,
  greatest(ended_at, started_at + INTERVAL '1 second') AS ChargePeriodEnd,
  coalesce(vendor_name(nullif(provider, '')), 'LiteLLM') AS ServiceProviderName,
  coalesce(nullif(model_group, ''), model_id) AS ServiceName,
  coalesce(nullif(organization_id, ''), 'LiteLLM') AS BillingAccountId,
  nullif(team_id, '') AS SubAccountId,
  metadata ->> 'user_api_key_team_alias' AS SubAccountName,
  coalesce(nullif(person, ''), nullif(end_user, '')) AS PrincipalId,
  api_key AS CredentialId,
  labels(
    'team', metadata ->> 'user_api_key_team_alias',
    'end_user', end_user,
    'status', status
  ) AS Tags,
  coalesce(token['meter'], 'Requests') AS SkuMeter,
  token_details(NULL, model_id, token['class'], NULL, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ListCost,
  CASE WHEN cost IS NOT NULL THEN 'vendor estimate' END AS x_CostBasis,
  request_id AS x_RequestId
FROM uses

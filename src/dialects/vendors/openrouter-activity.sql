-- description: OpenRouter activity: spend and tokens of a day by endpoint and model.
-- documentation: https://openrouter.ai/docs/api-reference/analytics/get-activity
-- records: data[]
-- field: day          time     = date  required
-- field: model        text     = model_permaslug | model  required
-- field: endpoint_id  text     required
-- field: provider     text     = provider_name
-- field: cost         decimal  = usage  required
-- field: byok_cost    decimal  = byok_usage_inference
-- field: requests     decimal
-- field: input        decimal  = prompt_tokens
-- field: completion   decimal  = completion_tokens
-- field: reasoning    decimal  = reasoning_tokens
--
-- The cost is drawn from credits, in US dollars, and stands for all tokens of the day: the row of requests carries
-- it, the rows of tokens cost 0. Use with an own key (BYOK) is billed by the provider of the key: x_ByokCost shows
-- it and no cost column holds it. Reasoning is part of completion and is subtracted; a record with more reasoning
-- than completion counts it beside. Cached input is not told apart here; the CSV of generations has it. Thirty
-- days are kept: land them.
WITH uses AS (
  SELECT
    *,
    unnest(
      token_rows(
        input,
        NULL,
        NULL,
        NULL,
        CASE WHEN completion >= reasoning THEN completion - reasoning ELSE completion END,
        reasoning,
        requests
      )
    ) AS token
  FROM records
)
SELECT
  day AS ChargePeriodStart,
  'OpenRouter' AS ServiceProviderName,
  vendor_name(provider) AS HostProviderName,
  'OpenRouter API' AS ServiceName,
  endpoint_id AS ResourceId,
  coalesce(token['meter'], 'Requests') AS SkuMeter,
  token_details(vendor_name(split_part(model, '/', 1)), model, token['class'], NULL, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(cost, 0) ELSE cost * 0 END AS ListCost,
  CASE WHEN cost IS NOT NULL THEN 'billed' END AS x_CostBasis,
  CASE WHEN token['class'] IS NULL THEN byok_cost END AS x_ByokCost
FROM uses

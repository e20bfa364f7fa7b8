-- description: Langfuse observations: usage and cost of generations by type of usage.
-- documentation: https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields
-- records: data[]
-- field: id             text     required
-- field: started_at     time     = start_time | startTime  required
-- field: ended_at       time     = end_time | endTime
-- field: trace_id       text     = trace_id | traceId
-- field: project_id     text     = project_id | projectId
-- field: environment    text
-- field: person         text     = user_id | userId
-- field: model          text     = provided_model_name | providedModelName | model
-- field: usage          json     = usage_details | usageDetails  required
-- field: costs          json     = cost_details | costDetails
-- field: cost           decimal  = total_cost | totalCost | calculatedTotalCost
-- field: pricing_tier   text     = usage_pricing_tier_name | usagePricingTierName
--
-- Usage and cost are maps by type of usage, and types are disjoint: "input" excludes "input_cached_tokens". The
-- key "total" is their sum and is no type. Names of types are free: a type is a class of tokens by what its name
-- says, and what is no token stays with the request. The costs by type are exact where Langfuse tells them; the
-- row of the request carries what is left of the total, so that the sum is the total to the last digit. Costs were
-- given by the application or computed from a price list: no bill. Without a total nothing is told, and a price book may price the tokens. Spans have no usage and cost nothing. The
-- legacy export has no user: it is on the trace. The export names no vendor: calls that the vendor or a gateway
-- reports too are declared as an overlap.
WITH observations AS (
  SELECT
    *,
    row_number() OVER () AS observation,
    coalesce(cost, (costs ->> 'total')::DECIMAL(38, 18)) AS total_cost
  FROM records
  WHERE json_length(usage) > 0 OR cost <> 0
),
by_type AS (
  SELECT
    *,
    unnest(array_append(array_remove(coalesce(json_object_keys(usage), []), 'total'), 'requests')) AS type
  FROM observations
),
classified AS (
  SELECT
    *,
    CASE
      WHEN type LIKE '%cache%' AND type LIKE '%creat%' AND type LIKE '%1h%' THEN 'cache_write_1h'
      WHEN type LIKE '%cache%' AND (type LIKE '%creat%' OR type LIKE '%write%') THEN 'cache_write_5m'
      WHEN type LIKE '%cache%' THEN 'cache_read'
      WHEN type LIKE '%reasoning%' OR type LIKE '%thinking%' THEN 'reasoning'
      WHEN type LIKE '%input%' OR type LIKE '%prompt%' THEN 'input'
      WHEN type LIKE '%output%' OR type LIKE '%completion%' THEN 'output'
    END AS class,
    CASE WHEN type = 'requests' THEN 1 ELSE json_as_text(usage, type)::DECIMAL(38, 18) END AS quantity,
    json_as_text(costs, type)::DECIMAL(38, 18) AS type_cost
  FROM by_type
),
charges AS (
  SELECT
    *,
    CASE
      WHEN class IS NOT NULL THEN coalesce(type_cost, total_cost * 0)
      WHEN total_cost IS NULL THEN 0
      ELSE total_cost - coalesce(sum(type_cost) FILTER (WHERE class IS NOT NULL) OVER (PARTITION BY observation), 0)
    END AS charge
  FROM classified
  WHERE class IS NOT NULL OR type = 'requests'
)
SELECT
  started_at AS ChargePeriodStart,
  greatest(ended_at, started_at + INTERVAL '1 second') AS ChargePeriodEnd,
  'Langfuse' AS ServiceProviderName,
  coalesce(model, 'Langfuse') AS ServiceName,
  project_id AS SubAccountId,
  nullif(person, '') AS PrincipalId,
  labels('environment', environment) AS Tags,
  type AS SkuMeter,
  token_details(NULL, model, class, NULL, NULL) AS SkuPriceDetails,
  quantity AS ConsumedQuantity,
  CASE WHEN class IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit,
  charge AS BilledCost,
  charge AS EffectiveCost,
  charge AS ContractedCost,
  charge AS ListCost,
  CASE WHEN charge IS NOT NULL AND total_cost IS NOT NULL THEN 'vendor estimate' END AS x_CostBasis,
  id AS x_RequestId,
  trace_id AS x_TraceId,
  pricing_tier AS x_PricingTier
FROM charges
WHERE quantity <> 0 OR charge <> 0

-- description: Anthropic cost report: what a day cost, by workspace and line of the bill.
-- documentation: https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report
-- records: data[].results[]
-- field: starting_at     time     required
-- field: ending_at       time
-- field: cents           decimal  = amount  required
-- field: list_cents      decimal  = list_amount
-- field: currency        text     required
-- field: description     text
-- field: cost_type       text
-- field: token_type      text
-- field: model           text
-- field: workspace_id    text
-- field: service_tier    text
-- field: context_window  text
-- field: inference_geo   text
--
-- The amount is text in CENTS: "123.45" is 1.2345 dollars. It comes without quantities; those are in the usage
-- report, whose rows carry no cost. A price book gives them one: then declare the overlap of the two reports, or
-- the same use costs twice. Not grouped by description, a row is all that a workspace cost. Priority Tier is
-- billed otherwise and never in here.
WITH charges AS (
  SELECT
    *,
    CASE token_type
      WHEN 'uncached_input_tokens' THEN 'input'
      WHEN 'cache_read_input_tokens' THEN 'cache_read'
      WHEN 'cache_creation.ephemeral_5m_input_tokens' THEN 'cache_write_5m'
      WHEN 'cache_creation.ephemeral_1h_input_tokens' THEN 'cache_write_1h'
      WHEN 'output_tokens' THEN 'output'
    END AS class
  FROM records
)
SELECT
  starting_at AS ChargePeriodStart,
  ending_at AS ChargePeriodEnd,
  'Anthropic' AS ServiceProviderName,
  'Claude API' AS ServiceName,
  workspace_id AS SubAccountId,
  inference_geo AS RegionId,
  description AS ChargeDescription,
  coalesce(token_type, cost_type) AS SkuMeter,
  CASE
    WHEN model IS NOT NULL
      THEN token_details('Anthropic', model, class, service_tier, context_window)
  END AS SkuPriceDetails,
  cents / 100 AS BilledCost,
  cents / 100 AS EffectiveCost,
  cents / 100 AS ContractedCost,
  coalesce(list_cents, cents) / 100 AS ListCost,
  upper(currency) AS BillingCurrency,
  'billed' AS x_CostBasis
FROM charges

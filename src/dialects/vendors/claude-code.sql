-- description: Claude Code analytics: tokens and estimated cost of a day by person, terminal and model.
-- documentation: https://platform.claude.com/docs/en/manage-claude/claude-code-analytics-api
-- records: data[].model_breakdown[]
-- field: day                time     = date  required
-- field: email_address      text     = actor.email_address
-- field: api_key_name       text     = actor.api_key_name
-- field: organization_id    text
-- field: customer_type      text     required
-- field: subscription_type  text
-- field: terminal_type      text
-- field: model              text
-- field: input              decimal  = tokens.input  required
-- field: output             decimal  = tokens.output
-- field: cache_read         decimal  = tokens.cache_read
-- field: cache_write        decimal  = tokens.cache_creation
-- field: cents              decimal  = estimated_cost.amount
-- field: currency           text     = estimated_cost.currency
--
-- One estimate in CENTS stands for all tokens of a model. It is a charge of its own without quantity, the rows of
-- tokens cost 0: their share of it by class is not told, and no share is invented. The sums by model are exact.
-- The tokens of a subscription are included in its seat: they are billed 0, and their estimate is the list cost.
-- Tokens of API customers are in the usage report too: use one of the two, or declare the overlap. Cache writes
-- are not told by duration; they count as 5 minutes. A day of work without a model has no charge.
WITH uses AS (
  SELECT
    *,
    unnest(token_rows(input, cache_read, cache_write, NULL, output, NULL, NULL)) AS token,
    cents / 100 AS estimate,
    CASE WHEN customer_type = 'subscription' THEN 0 ELSE cents / 100 END AS paid
  FROM records
)
SELECT
  day AS ChargePeriodStart,
  'Anthropic' AS ServiceProviderName,
  'Claude Code' AS ServiceName,
  coalesce(organization_id, 'Anthropic') AS BillingAccountId,
  coalesce(email_address, api_key_name) AS PrincipalId,
  api_key_name AS CredentialId,
  coalesce(token['meter'], 'Claude Code') AS SkuMeter,
  token_details('Anthropic', model, token['class'], NULL, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NOT NULL THEN 'Tokens' END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN coalesce(paid, 0) ELSE paid * 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(paid, 0) ELSE paid * 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(paid, 0) ELSE paid * 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(estimate, 0) ELSE estimate * 0 END AS ListCost,
  coalesce(upper(currency), 'USD') AS BillingCurrency,
  CASE
    WHEN customer_type = 'subscription' THEN 'billed'
    WHEN cents IS NOT NULL THEN 'vendor estimate'
  END AS x_CostBasis,
  subscription_type AS x_SubscriptionType,
  terminal_type AS x_TerminalType
FROM uses
WHERE token['class'] IS NOT NULL OR cents <> 0

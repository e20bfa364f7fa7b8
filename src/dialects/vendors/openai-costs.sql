-- description: OpenAI costs: what a day cost, by project and line item.
-- documentation: https://platform.openai.com/docs/api-reference/usage/costs
-- records: data[].results[]
-- field: start_time  epoch_s  required
-- field: end_time    epoch_s
-- field: cost        decimal  = amount.value     required
-- field: currency    text     = amount.currency
-- field: line_item   text
-- field: project_id  text
-- field: api_key_id  text
--
-- The amount is in units of its currency, which is written in lower case. A line item such as "gpt-5, cached
-- input" names a model and what was metered of it; others name a service, and without grouping there is none.
-- Users and quantities are in the usage report, whose rows carry no cost. A price book gives them one: then
-- declare the overlap of the two reports, or the same use costs twice.
WITH charges AS (
  SELECT
    *,
    CASE WHEN strpos(line_item, ', ') > 0 THEN split_part(line_item, ', ', 1) END AS model,
    CASE
      WHEN line_item LIKE '%, cached input' THEN 'cache_read'
      WHEN line_item LIKE '%, cache write%' THEN 'cache_write_5m'
      WHEN line_item LIKE '%, input' THEN 'input'
      WHEN line_item LIKE '%, output' THEN 'output'
    END AS class
  FROM records
)
SELECT
  start_time AS ChargePeriodStart,
  end_time AS ChargePeriodEnd,
  'OpenAI' AS ServiceProviderName,
  'OpenAI API' AS ServiceName,
  project_id AS SubAccountId,
  api_key_id AS CredentialId,
  line_item AS ChargeDescription,
  line_item AS SkuMeter,
  CASE WHEN model IS NOT NULL THEN token_details('OpenAI', model, class, NULL, NULL) END AS SkuPriceDetails,
  cost AS BilledCost,
  cost AS EffectiveCost,
  cost AS ContractedCost,
  cost AS ListCost,
  coalesce(upper(currency), 'USD') AS BillingCurrency,
  'billed' AS x_CostBasis
FROM charges

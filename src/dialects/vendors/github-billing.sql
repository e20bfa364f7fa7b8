-- description: GitHub billing usage report: Copilot seats, premium requests and AI credits, Actions and the rest.
-- documentation: https://docs.github.com/en/billing/reference/billing-reports
-- records: usageItems[]
-- field: day            time     = date  required
-- field: product        text     required
-- field: sku            text     required
-- field: quantity       decimal
-- field: unit_type      text     = unit_type | unitType
-- field: unit_price     decimal  = applied_cost_per_quantity | pricePerUnit
-- field: gross_amount   decimal  = gross_amount | grossAmount  required
-- field: net_amount     decimal  = net_amount | netAmount  required
-- field: username       text     = username | user
-- field: organization   text     = organization | organizationName
-- field: repository     text     = repository | repositoryName
-- field: cost_center    text     = cost_center_name | costCenterName
-- field: workflow_path  text
-- field: model          text
-- field: input          decimal
-- field: cache_read     decimal
-- field: cache_write    decimal
-- field: output         decimal
--
-- The CSV of the billing pages (summarised, detailed, premium requests, AI usage) and the JSON of the REST API.
-- What the plan includes has gross = discount and net 0: list cost without a bill. The detailed report alone has
-- user and workflow. Seats accrue by the day in user months: they are purchases that recur. Where the AI usage
-- report tells tokens, they are rows of cost 0 beside the row of credits that carries the cost; its input excludes
-- the cache. Premium requests and AI credits of the same days are also in the summarised report: land one of the
-- two. Columns aic_* restate the same use in credits: left out.
-- The Copilot usage metrics are no dialect: their ai_credits_used counts the credits of this report again, without money.
-- They are a table for questions of adoption.
WITH uses AS (
  SELECT
    *,
    unnest(token_rows(input, cache_read, cache_write, NULL, output, NULL, quantity)) AS token,
    replace(lower(product), ' ', '_') AS line,
    lower(unit_type) LIKE 'user%month%' OR lower(unit_type) LIKE 'seat%' AS is_seat
  FROM records
)
SELECT
  day AS ChargePeriodStart,
  'GitHub' AS ServiceProviderName,
  CASE line
    WHEN 'copilot' THEN 'GitHub Copilot'
    WHEN 'actions' THEN 'GitHub Actions'
    ELSE 'GitHub ' || replace(line, '_', ' ')
  END AS ServiceName,
  CASE
    WHEN line IN ('copilot', 'models', 'spark') THEN 'AI and Machine Learning'
    ELSE 'Developer Tools'
  END AS ServiceCategory,
  CASE
    WHEN line IN ('copilot', 'models', 'spark') THEN 'Generative AI'
    WHEN line = 'actions' THEN 'Continuous Integration and Deployment'
    WHEN line IN ('git_lfs', 'packages') THEN 'Source Code Management'
    ELSE 'Other (Developer Tools)'
  END AS ServiceSubcategory,
  CASE WHEN is_seat THEN 'Purchase' ELSE 'Usage' END AS ChargeCategory,
  CASE WHEN is_seat THEN 'Recurring' ELSE 'Usage-Based' END AS ChargeFrequency,
  organization AS SubAccountId,
  organization AS SubAccountName,
  username AS PrincipalId,
  labels('repository', repository, 'cost_center', cost_center, 'workflow', workflow_path) AS Tags,
  sku AS SkuId,
  coalesce(token['meter'], sku) AS SkuMeter,
  CASE WHEN model IS NOT NULL THEN token_details(NULL, model, token['class'], NULL, NULL) END AS SkuPriceDetails,
  CASE WHEN is_seat THEN NULL ELSE token['tokens'] END AS ConsumedQuantity,
  CASE WHEN token['class'] IS NOT NULL THEN 'Tokens' WHEN NOT is_seat THEN unit_type END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN quantity ELSE token['tokens'] / 1000000 END AS PricingQuantity,
  CASE WHEN token['class'] IS NULL THEN unit_type ELSE '1000000 Tokens' END AS PricingUnit,
  CASE WHEN token['class'] IS NULL THEN unit_price END AS ListUnitPrice,
  CASE WHEN token['class'] IS NULL THEN net_amount ELSE 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN net_amount ELSE 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN net_amount ELSE 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN gross_amount ELSE 0 END AS ListCost,
  'billed' AS x_CostBasis
FROM uses

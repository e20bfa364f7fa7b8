-- description: Which charges stand behind a chargeback statement? Its lines by day, SKU, resource, way of allocation and file.
-- owner: finance
-- tags: allocation, chargeback, client, finance
--
-- The lines of `chargeback_statement` taken apart: effective cost in the billing currency by day of use (UTC), SKU, resource,
-- principal, the way in which it came to the team, and the object of the delivery that holds the charges. `charges` counts
-- the charges, whole or in part. The same parameters as the statement give the same sums, to the last digit.
-- param: period   period = last_full_month  "time of use, such as 2026-05"
-- param: clients  text[]? = null            "only these clients"
-- param: teams    text[]? = null            "only these teams"
-- check: unique(client, team, provider, service, day, sku_id, resource_id, principal_id, charge_category, allocation, from_team, billing_currency, object)
-- check: not_null(client, team, day, billing_currency, effective_cost)
-- chart: bar x=day y=effective_cost series=client title="Effective cost by day and client"
SELECT
  client,
  team,
  ServiceProviderName AS provider,
  ServiceName AS service,
  CAST(ChargePeriodStart AS DATE) AS day,
  SkuId AS sku_id,
  ResourceId AS resource_id,
  PrincipalId AS principal_id,
  ChargeCategory AS charge_category,
  allocation,
  from_team,
  BillingCurrency AS billing_currency,
  x_ObjectName AS object,
  count(*) AS charges,
  sum(EffectiveCost) AS effective_cost
FROM client_charges
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
  AND ($clients IS NULL OR client = ANY($clients))
  AND ($teams IS NULL OR team = ANY($teams))
GROUP BY
  client,
  team,
  ServiceProviderName,
  ServiceName,
  CAST(ChargePeriodStart AS DATE),
  SkuId,
  ResourceId,
  PrincipalId,
  ChargeCategory,
  allocation,
  from_team,
  BillingCurrency,
  x_ObjectName
ORDER BY
  client,
  team,
  billing_currency,
  provider,
  service,
  day,
  sku_id,
  resource_id,
  principal_id,
  charge_category,
  allocation,
  from_team,
  object

-- description: What may the coming months cost? Five hundred futures of monthly cost by team and provider.
-- owner: finance
-- tags: building-block, forecast, monthly, team
--
-- Each path is one future: its months and its parts belong together, so that sums over months, teams and providers are sums
-- within a path, and quantiles of totals are quantiles of such sums. The effective cost of a team at a provider is forecast
-- from its closed months, a month without charges being one of cost 0; a month counts as closed when the close lag of the
-- project has passed. Fifteen months from the first open month, in the billing currency. The same charges and date give the
-- same paths.
-- param: closed  month = last_full_month  "last closed month"
-- check: not_null(path, month, team, provider, billing_currency, effective_cost)
WITH closed_costs AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    team,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM team_charges
  WHERE ChargePeriodStart < $closed_end
  GROUP BY date_trunc('month', ChargePeriodStart), team, ServiceProviderName, BillingCurrency
)
SELECT
  path,
  ts AS month,
  team,
  provider,
  billing_currency,
  value AS effective_cost
FROM forecast_paths(
  closed_costs,
  timestamp_col => month,
  data_col => effective_cost,
  id_cols => [team, provider, billing_currency],
  horizon => 15,
  paths => 500,
  seed => 42,
  gaps => 'zero'
)
ORDER BY path, month, team, provider, billing_currency

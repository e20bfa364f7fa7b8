-- description: What may the coming months cost in each scenario? The paths of `cost_paths`, changed as each scenario says.
-- owner: finance
-- tags: building-block, forecast, scenario
--
-- The scenario `baseline` is the forecast as it is. The same path of two scenarios is the same future but for their assumptions,
-- so that differences between scenarios are free of chance. Effective cost in the billing currency.
-- check: not_null(scenario, path, month, team, provider, billing_currency, effective_cost)
WITH names AS (
  SELECT 'baseline' AS scenario
  UNION
  SELECT scenario
  FROM scenarios
)
SELECT
  names.scenario,
  cost_paths.path,
  cost_paths.month,
  cost_paths.team,
  cost_paths.provider,
  cost_paths.billing_currency,
  cost_paths.effective_cost * coalesce(scenario_factors.factor, 1) AS effective_cost
FROM names
CROSS JOIN cost_paths
LEFT JOIN scenario_factors
  ON scenario_factors.scenario = names.scenario
 AND scenario_factors.month = cost_paths.month
 AND scenario_factors.team = cost_paths.team
 AND scenario_factors.provider = cost_paths.provider
 AND scenario_factors.billing_currency = cost_paths.billing_currency

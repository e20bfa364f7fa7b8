-- description: What is each budget still to pay? The days of its period without charges yet, in five hundred futures.
-- owner: finance
-- tags: budget, building-block, forecast, scenario
--
-- A row is a month, or the rest of one, of a budget's period in one future (`path`) of one scenario. The days until a provider's
-- newest charge are known and not forecast; the rest of a month costs its share of the days. Budgets that are over have no
-- rows. `first_day` is the earliest day forecast in the month, `next_month` the day after its end.
-- check: unique(scenario, path, scope_type, scope, period_start, period_end, billing_currency, month)
WITH seen AS (
  SELECT
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    CAST(date_trunc('day', max(ChargePeriodStart)) AS DATE) + 1 AS seen_until
  FROM spend
  GROUP BY ServiceProviderName, BillingCurrency
),
scopes (scope_type) AS (
  VALUES ('company'), ('provider'), ('team')
),
path_costs AS (
  SELECT
    scenario_paths.scenario,
    scenario_paths.path,
    scopes.scope_type,
    CASE scopes.scope_type
      WHEN 'team' THEN scenario_paths.team
      WHEN 'provider' THEN scenario_paths.provider
      ELSE ''
    END AS scope_key,
    scenario_paths.billing_currency,
    scenario_paths.month,
    CAST(scenario_paths.month + INTERVAL '1 month' AS DATE) AS next_month,
    greatest(scenario_paths.month, seen.seen_until) AS unseen_from,
    sum(scenario_paths.effective_cost) AS cost
  FROM scopes
  CROSS JOIN scenario_paths
  JOIN seen
    ON seen.provider = scenario_paths.provider
   AND seen.billing_currency = scenario_paths.billing_currency
  GROUP BY
    scenario_paths.scenario,
    scenario_paths.path,
    scopes.scope_type,
    scope_key,
    scenario_paths.billing_currency,
    scenario_paths.month,
    greatest(scenario_paths.month, seen.seen_until)
)
SELECT
  path_costs.scenario,
  path_costs.path,
  budget_lines.scope_type,
  budget_lines.scope,
  budget_lines.period_start,
  budget_lines.period_end,
  budget_lines.billing_currency,
  path_costs.month,
  min(greatest(path_costs.unseen_from, budget_lines.period_start)) AS first_day,
  least(path_costs.next_month, budget_lines.period_end) AS end_day,
  sum(
    path_costs.cost
      * (least(path_costs.next_month, budget_lines.period_end)
         - greatest(path_costs.unseen_from, budget_lines.period_start))
      / (path_costs.next_month - path_costs.month)
  ) AS cost
FROM budget_lines
JOIN path_costs
  ON path_costs.scope_type = budget_lines.scope_type
 AND path_costs.scope_key = budget_lines.scope_key
 AND path_costs.billing_currency = budget_lines.billing_currency
 AND path_costs.unseen_from < least(path_costs.next_month, budget_lines.period_end)
 AND path_costs.next_month > budget_lines.period_start
GROUP BY
  path_costs.scenario,
  path_costs.path,
  budget_lines.scope_type,
  budget_lines.scope,
  budget_lines.period_start,
  budget_lines.period_end,
  budget_lines.billing_currency,
  path_costs.month,
  least(path_costs.next_month, budget_lines.period_end)

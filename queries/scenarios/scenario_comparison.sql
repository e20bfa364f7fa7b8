-- description: What does each scenario make of the period? Outlook with P10, P50 and P90 by scenario, beside the baseline.
-- owner: finance
-- tags: finance, forecast, scenario
--
-- The cost of the period at its end, by scope: effective cost of the days with charges, and the forecast of the days to come as in
-- `budget_futures`, changed as the scenario says. The change is the mean of the scenario less that of the baseline; both come
-- from the same futures, so it is what the assumptions do and no chance. P10, P50 and P90 are of the total of the period.
-- param: period  period = this_year                             "whole months to compare"
-- param: scope   text = company in (company, provider, team)    "by what"
-- check: unique(scenario, scope, billing_currency)
-- check: not_null(scenario, scope, billing_currency, outlook, p10, p50, p90, change)
-- check: p10 <= p50 AND p50 <= p90
-- chart: bar x=scenario y=outlook series=scope title="Outlook by scenario"
WITH seen AS (
  SELECT
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    CAST(date_trunc('day', max(ChargePeriodStart)) AS DATE) + 1 AS seen_until
  FROM spend
  GROUP BY ServiceProviderName, BillingCurrency
),
to_come AS (
  SELECT
    paths.scenario,
    paths.path,
    CASE $scope WHEN 'team' THEN paths.team WHEN 'provider' THEN paths.provider ELSE '' END AS scope,
    paths.billing_currency,
    sum(
      paths.effective_cost
        * greatest(
            CAST(paths.month + INTERVAL '1 month' AS DATE) - greatest(paths.month, seen.seen_until),
            0
          )
        / (CAST(paths.month + INTERVAL '1 month' AS DATE) - paths.month)
    ) AS cost
  FROM scenario_paths AS paths
  JOIN seen
    ON seen.provider = paths.provider
   AND seen.billing_currency = paths.billing_currency
  WHERE paths.month >= $period_start
    AND paths.month < $period_end
  GROUP BY paths.scenario, paths.path, scope, paths.billing_currency
),
actuals AS (
  SELECT
    scope_key AS scope,
    billing_currency,
    sum(effective_cost) AS actual
  FROM scope_costs
  WHERE scope_type = $scope
    AND day >= $period_start
    AND day < $period_end
  GROUP BY scope_key, billing_currency
),
futures AS (
  SELECT
    to_come.scenario,
    to_come.scope,
    to_come.billing_currency,
    coalesce(actuals.actual, 0) AS actual,
    coalesce(actuals.actual, 0) + to_come.cost AS total
  FROM to_come
  LEFT JOIN actuals
    ON actuals.scope = to_come.scope
   AND actuals.billing_currency = to_come.billing_currency
),
ranked AS (
  SELECT
    futures.*,
    row_number() OVER (PARTITION BY scenario, scope, billing_currency ORDER BY total) AS place,
    count(*) OVER (PARTITION BY scenario, scope, billing_currency) AS futures
  FROM futures
),
outlooks AS (
  SELECT
    scenario,
    scope,
    billing_currency,
    actual,
    round(sum(total) / count(*), 2) AS outlook,
    round(min(total) FILTER (WHERE 10 * place >= futures), 2) AS p10,
    round(min(total) FILTER (WHERE 2 * place >= futures), 2) AS p50,
    round(min(total) FILTER (WHERE 10 * place >= 9 * futures), 2) AS p90
  FROM ranked
  GROUP BY scenario, scope, billing_currency, actual
)
SELECT
  scenario,
  scope,
  billing_currency,
  actual,
  outlook,
  p10,
  p50,
  p90,
  outlook - max(outlook) FILTER (WHERE scenario = 'baseline') OVER line AS change,
  round(
    100 * (outlook / nullif(max(outlook) FILTER (WHERE scenario = 'baseline') OVER line, 0) - 1),
    2
  ) AS change_percent
FROM outlooks
WINDOW line AS (PARTITION BY scope, billing_currency)
ORDER BY scope, billing_currency, scenario <> 'baseline', scenario

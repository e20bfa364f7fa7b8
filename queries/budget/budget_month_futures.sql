-- description: What does each month of a budget cost, in each of five hundred futures? Closed months are the same in all of them.
-- owner: finance
-- tags: budget, building-block, forecast
--
-- A row is a month of a scope in one future of the baseline: its budget, and the cost of its days with charges with that of its days
-- to come. Budgets of longer periods are spread over their days; where several budgets of one scope meet in a month, one of the month
-- and one of its quarter, those of the shortest period count. A month that a budget only touches counts for its days in it.
-- check: unique(scope_type, scope, billing_currency, month, path)
-- check: not_null(scope_type, scope, billing_currency, month, path, budget, cost, actual)
WITH starts AS (
  SELECT
    budget_lines.*,
    CAST(unnest(generate_series(
      CAST(date_trunc('month', period_start) AS DATE),
      period_end - INTERVAL '1 day',
      INTERVAL '1 month'
    )) AS DATE) AS month
  FROM budget_lines
),
touched_months AS (
  SELECT
    starts.*,
    greatest(month, period_start) AS first_day,
    least(CAST(month + INTERVAL '1 month' AS DATE), period_end) AS end_day,
    period_end - period_start AS days,
    min(period_end - period_start) OVER (PARTITION BY scope_type, scope, billing_currency, month) AS fewest_days
  FROM starts
),
line_months AS (
  SELECT *
  FROM touched_months
  WHERE days = fewest_days
),
actuals AS (
  SELECT
    line_months.scope_type,
    line_months.scope,
    line_months.billing_currency,
    line_months.month,
    sum(scope_costs.effective_cost) AS actual
  FROM line_months
  JOIN scope_costs
    ON scope_costs.scope_type = line_months.scope_type
   AND scope_costs.scope_key = line_months.scope_key
   AND scope_costs.billing_currency = line_months.billing_currency
   AND scope_costs.day >= line_months.first_day
   AND scope_costs.day < line_months.end_day
  GROUP BY line_months.scope_type, line_months.scope, line_months.billing_currency, line_months.month
),
months AS (
  SELECT
    line_months.scope_type,
    line_months.scope,
    line_months.billing_currency,
    line_months.month,
    CAST(
      sum(
        line_months.budget * (line_months.end_day - line_months.first_day)
          / line_months.days
      ) AS DECIMAL(38, 18)
    ) AS budget
  FROM line_months
  GROUP BY line_months.scope_type, line_months.scope, line_months.billing_currency, line_months.month
),
to_come AS (
  SELECT
    futures.scope_type,
    futures.scope,
    futures.billing_currency,
    futures.month,
    futures.path,
    sum(futures.cost) AS cost
  FROM budget_futures AS futures
  JOIN line_months
    ON line_months.scope_type = futures.scope_type
   AND line_months.scope = futures.scope
   AND line_months.period_start = futures.period_start
   AND line_months.period_end = futures.period_end
   AND line_months.billing_currency = futures.billing_currency
   AND line_months.month = futures.month
  WHERE futures.scenario = 'baseline'
  GROUP BY futures.scope_type, futures.scope, futures.billing_currency, futures.month, futures.path
),
paths (path) AS (
  SELECT unnest(generate_series(1, 500))
)
SELECT
  months.scope_type,
  months.scope,
  months.billing_currency,
  months.month,
  paths.path,
  months.budget,
  coalesce(actuals.actual, 0) AS actual,
  to_come.cost IS NOT NULL AS is_open,
  CAST(coalesce(actuals.actual, 0) + coalesce(to_come.cost, 0) AS DECIMAL(38, 18)) AS cost
FROM months
CROSS JOIN paths
LEFT JOIN actuals
  ON actuals.scope_type = months.scope_type
 AND actuals.scope = months.scope
 AND actuals.billing_currency = months.billing_currency
 AND actuals.month = months.month
LEFT JOIN to_come
  ON to_come.scope_type = months.scope_type
 AND to_come.scope = months.scope
 AND to_come.billing_currency = months.billing_currency
 AND to_come.month = months.month
 AND to_come.path = paths.path
ORDER BY months.scope_type, months.scope, months.billing_currency, months.month, paths.path

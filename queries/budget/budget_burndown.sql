-- description: Will the money last the year? What is left of the budget after each month, as it was and in P10, P50 and P90.
-- owner: finance
-- tags: budget, finance, forecast, monthly
--
-- The budgets of one scope in the fiscal year added up, the company unless you name another, less the cost of every month until
-- `day`, the day after the month. `left_actual` is what was left after months whose days all have charges; later on it is the
-- quantiles of what is left: costs are added up within each of the futures of `budget_outlook` first and ranked after, so the
-- last row is the risk of the year. P10 is what is left when little is spent, P90 when much is: below zero it is overspent. The
-- pace is the budget used up evenly, month by month as planned. In cents.
-- param: year        year = this_year                             "fiscal year of the budgets"
-- param: scope_type  text = company in (company, provider, team)  "kind of scope"
-- param: scope       text? = null                                 "a team or a provider; the first one when left out"
-- param: today       date = today                                 "date of the report"
-- check: unique(scope, billing_currency, day)
-- check: not_null(scope, billing_currency, day, budget, planned)
-- check: left_p50 IS NULL OR (left_p10 >= left_p50 AND left_p50 >= left_p90)
-- chart: burndown x=day y=left_p50 low=left_p90 high=left_p10 actual=left_actual as_of=as_of title="What is left of the budget"
WITH scopes AS (
  SELECT coalesce($scope, min(scope)) AS scope
  FROM budget_lines
  WHERE scope_type = $scope_type
),
futures AS (
  SELECT
    futures.scope,
    futures.billing_currency,
    futures.month,
    futures.path,
    futures.is_open,
    sum(futures.budget) OVER year_of_path AS budget,
    sum(futures.budget) OVER until_month AS planned,
    sum(futures.cost) OVER until_month AS cost
  FROM budget_month_futures AS futures
  JOIN scopes ON scopes.scope = futures.scope
  WHERE futures.scope_type = $scope_type
    AND futures.month >= $year_start
    AND futures.month < $year_end
  WINDOW
    year_of_path AS (PARTITION BY futures.scope, futures.billing_currency, futures.path),
    until_month AS (PARTITION BY futures.scope, futures.billing_currency, futures.path ORDER BY futures.month)
),
ranked AS (
  SELECT
    futures.*,
    row_number() OVER (PARTITION BY scope, billing_currency, month ORDER BY cost) AS place,
    count(*) OVER (PARTITION BY scope, billing_currency, month) AS number
  FROM futures
),
month_ends AS (
  SELECT
    scope,
    billing_currency,
    CAST(month + INTERVAL '1 month' AS DATE) AS day,
    budget,
    planned,
    bool_or(is_open) AS is_open,
    min(cost) FILTER (WHERE 10 * place >= number) AS p10,
    min(cost) FILTER (WHERE 2 * place >= number) AS p50,
    min(cost) FILTER (WHERE 10 * place >= 9 * number) AS p90
  FROM ranked
  GROUP BY scope, billing_currency, month, budget, planned
  UNION ALL
  SELECT scope, billing_currency, min(month), budget, 0, FALSE, 0, 0, 0
  FROM ranked
  GROUP BY scope, billing_currency, budget
),
last_known AS (
  SELECT scope, billing_currency, max(day) AS day
  FROM month_ends
  WHERE NOT is_open
  GROUP BY scope, billing_currency
)
SELECT
  month_ends.scope,
  month_ends.billing_currency,
  month_ends.day,
  round(month_ends.budget, 2) AS budget,
  round(month_ends.budget - month_ends.planned, 2) AS planned,
  CASE WHEN NOT month_ends.is_open THEN round(month_ends.budget - month_ends.p50, 2) END AS left_actual,
  CASE WHEN month_ends.day >= last_known.day THEN round(month_ends.budget - month_ends.p10, 2) END AS left_p10,
  CASE WHEN month_ends.day >= last_known.day THEN round(month_ends.budget - month_ends.p50, 2) END AS left_p50,
  CASE WHEN month_ends.day >= last_known.day THEN round(month_ends.budget - month_ends.p90, 2) END AS left_p90,
  $today AS as_of
FROM month_ends
JOIN last_known
  ON last_known.scope = month_ends.scope
 AND last_known.billing_currency = month_ends.billing_currency
ORDER BY month_ends.scope, month_ends.billing_currency, month_ends.day

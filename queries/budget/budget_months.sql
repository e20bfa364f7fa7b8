-- description: Is the year on plan? Cost of each month as it was, and P10, P50 and P90 of the months to come, beside the budget.
-- owner: finance
-- tags: budget, finance, forecast, monthly
--
-- The months of the budgets of one scope in the fiscal year, the company unless you name another. `actual` is the cost of a month
-- whose days all have charges; a month still to come, or not all of it, has the quantiles of its total instead: the days with
-- charges and the forecast of the rest, from the futures of `budget_outlook`, in cents. The quantiles of months do not add up
-- to those of a quarter; `budget_outlook` and `budget_burndown` have these.
-- param: year        year = this_year                             "fiscal year of the budgets"
-- param: scope_type  text = company in (company, provider, team)  "kind of scope"
-- param: scope       text? = null                                 "a team or a provider; the first one when left out"
-- param: today       date = today                                 "date of the report"
-- check: unique(scope, billing_currency, month)
-- check: not_null(scope, billing_currency, month, budget)
-- check: p50 IS NULL OR (p10 <= p50 AND p50 <= p90)
-- check: (actual IS NULL) <> (p50 IS NULL)
-- chart: fan x=month y=p50 low=p10 high=p90 actual=actual budget=budget as_of=as_of title="Cost by month against the budget"
WITH scopes AS (
  SELECT coalesce($scope, min(scope)) AS scope
  FROM budget_lines
  WHERE scope_type = $scope_type
),
ranked AS (
  SELECT
    futures.scope,
    futures.billing_currency,
    futures.month,
    futures.budget,
    futures.is_open,
    futures.cost,
    row_number() OVER (PARTITION BY futures.scope, futures.billing_currency, futures.month ORDER BY futures.cost) AS place,
    count(*) OVER (PARTITION BY futures.scope, futures.billing_currency, futures.month) AS futures
  FROM budget_month_futures AS futures
  JOIN scopes ON scopes.scope = futures.scope
  WHERE futures.scope_type = $scope_type
    AND futures.month >= $year_start
    AND futures.month < $year_end
)
SELECT
  scope,
  billing_currency,
  month,
  round(budget, 2) AS budget,
  CASE WHEN NOT is_open THEN round(min(cost), 2) END AS actual,
  CASE WHEN is_open THEN round(min(cost) FILTER (WHERE 10 * place >= futures), 2) END AS p10,
  CASE WHEN is_open THEN round(min(cost) FILTER (WHERE 2 * place >= futures), 2) END AS p50,
  CASE WHEN is_open THEN round(min(cost) FILTER (WHERE 10 * place >= 9 * futures), 2) END AS p90,
  $today AS as_of
FROM ranked
GROUP BY scope, billing_currency, month, budget, is_open
ORDER BY scope, billing_currency, month

-- description: When does the money run out? The day on which each budget is spent, as a distribution.
-- owner: finance
-- tags: budget, finance, forecast
--
-- Budgets whose whole period lies in the fiscal year and is not over. In each of the futures of `budget_futures` the cost to date
-- and the forecast of the days to come are added up; the budget is spent on the day on which the sum reaches it, a month's cost
-- being spread evenly over its days. `early` is the day before which a tenth of the futures run out, `likely` half, `late`
-- nine tenths; a day is NULL when so many futures do not run out before the period ends. The risk is the percentage of futures
-- that do. A budget that is spent already says so: all three are the day on which it was.
-- param: year      year = this_year                           "fiscal year of the budgets"
-- param: scope     text? = null in (company, provider, team)  "only budgets of this kind of scope"
-- param: scenario  text = baseline                            "a scenario of the table `scenarios`, or baseline"
-- param: today     date = today                               "date of the report"
-- check: unique(scope_type, scope, period_start, period_end, billing_currency)
-- check: not_null(scope_type, scope, period_start, period_end, billing_currency, budget, runout_risk)
-- check: runout_risk BETWEEN 0 AND 100
-- check: coalesce(early <= likely, TRUE) AND coalesce(likely <= late, TRUE)
-- chart: bar x=scope y=runout_risk series=period_start title="Risk of running out"
WITH lines AS (
  SELECT *
  FROM budget_lines
  WHERE period_start >= $year_start
    AND period_end <= $year_end
    AND period_end > $today
    AND ($scope IS NULL OR scope_type = $scope)
),
spent_days AS (
  SELECT
    lines.scope_type,
    lines.scope,
    lines.period_start,
    lines.period_end,
    lines.billing_currency,
    lines.budget,
    scope_costs.day,
    sum(scope_costs.effective_cost) OVER (
      PARTITION BY lines.scope_type, lines.scope, lines.period_start, lines.period_end, lines.billing_currency
      ORDER BY scope_costs.day
    ) AS spent
  FROM lines
  JOIN scope_costs
    ON scope_costs.scope_type = lines.scope_type
   AND scope_costs.scope_key = lines.scope_key
   AND scope_costs.billing_currency = lines.billing_currency
   AND scope_costs.day >= lines.period_start
   AND scope_costs.day < lines.period_end
),
actuals AS (
  SELECT
    lines.scope_type,
    lines.scope,
    lines.period_start,
    lines.period_end,
    lines.billing_currency,
    lines.budget,
    coalesce(sum(scope_costs.effective_cost), 0) AS actual
  FROM lines
  LEFT JOIN scope_costs
    ON scope_costs.scope_type = lines.scope_type
   AND scope_costs.scope_key = lines.scope_key
   AND scope_costs.billing_currency = lines.billing_currency
   AND scope_costs.day >= lines.period_start
   AND scope_costs.day < lines.period_end
  GROUP BY
    lines.scope_type,
    lines.scope,
    lines.period_start,
    lines.period_end,
    lines.billing_currency,
    lines.budget
),
already AS (
  SELECT
    scope_type,
    scope,
    period_start,
    period_end,
    billing_currency,
    min(day) AS day
  FROM spent_days
  WHERE spent >= budget
  GROUP BY scope_type, scope, period_start, period_end, billing_currency
),
sums AS (
  SELECT
    futures.path,
    actuals.scope_type,
    actuals.scope,
    actuals.period_start,
    actuals.period_end,
    actuals.billing_currency,
    futures.first_day,
    futures.end_day,
    futures.cost,
    actuals.budget
      - actuals.actual
      - sum(futures.cost) OVER (
        PARTITION BY
          futures.path,
          actuals.scope_type,
          actuals.scope,
          actuals.period_start,
          actuals.period_end,
          actuals.billing_currency
        ORDER BY futures.month
      ) AS left_after
  FROM actuals
  JOIN budget_futures AS futures
    ON futures.scope_type = actuals.scope_type
   AND futures.scope = actuals.scope
   AND futures.period_start = actuals.period_start
   AND futures.period_end = actuals.period_end
   AND futures.billing_currency = actuals.billing_currency
  WHERE futures.scenario = $scenario
),
runouts AS (
  SELECT
    path,
    scope_type,
    scope,
    period_start,
    period_end,
    billing_currency,
    min(
      CASE WHEN left_after <= 0
        THEN first_day + CAST(
          floor((end_day - first_day) * greatest(cost + left_after, 0) / nullif(cost, 0)) AS BIGINT
        )
      END
    ) AS day
  FROM sums
  GROUP BY path, scope_type, scope, period_start, period_end, billing_currency
),
futures AS (
  SELECT
    actuals.*,
    coalesce(
      already.day,
      CASE WHEN runouts.day IS NOT NULL THEN least(runouts.day, actuals.period_end - 1) END
    ) AS day
  FROM actuals
  LEFT JOIN already
    ON already.scope_type = actuals.scope_type
   AND already.scope = actuals.scope
   AND already.period_start = actuals.period_start
   AND already.period_end = actuals.period_end
   AND already.billing_currency = actuals.billing_currency
  LEFT JOIN runouts
    ON runouts.scope_type = actuals.scope_type
   AND runouts.scope = actuals.scope
   AND runouts.period_start = actuals.period_start
   AND runouts.period_end = actuals.period_end
   AND runouts.billing_currency = actuals.billing_currency
),
ranked AS (
  SELECT
    futures.*,
    row_number() OVER (
      PARTITION BY scope_type, scope, period_start, period_end, billing_currency
      ORDER BY day NULLS LAST
    ) AS place,
    count(*) OVER (PARTITION BY scope_type, scope, period_start, period_end, billing_currency) AS futures
  FROM futures
)
SELECT
  scope_type,
  scope,
  period_start,
  period_end,
  billing_currency,
  budget,
  actual,
  round(CAST(100 * count(day) AS DECIMAL(20, 4)) / count(*), 1) AS runout_risk,
  min(day) FILTER (WHERE place = (futures + 9) / 10) AS early,
  min(day) FILTER (WHERE place = (futures + 1) / 2) AS likely,
  min(day) FILTER (WHERE place = (9 * futures + 9) / 10) AS late
FROM ranked
GROUP BY scope_type, scope, period_start, period_end, billing_currency, budget, actual
ORDER BY scope_type, scope, period_start, period_end, billing_currency

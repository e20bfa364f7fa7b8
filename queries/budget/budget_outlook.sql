-- description: Will the budget hold? Budget, actual, outlook with P10, P50 and P90, and the risk of breach by scope and period.
-- owner: finance
-- tags: budget, finance, forecast, team
--
-- Budgets whose whole period lies in the fiscal year. The outlook is what the period will have cost at its end: the effective
-- cost to date, and for the days that no charge of a provider has come from yet their share of the month as forecast, changed
-- as the scenario says. Every number of it comes from the same five hundred futures (`cost_paths`): added up first, over months,
-- teams and providers, and ranked after, so the P90 of a quarter is no sum of P90s. P10 is the fiftieth lowest of the five hundred
-- totals, P50 the 250th, P90 the 450th, in cents.
--
-- Variance is the mean outlook less the budget: above zero it is overspent. The breach risk is the percentage of futures that
-- cost more than the budget. A budget whose period is not over is at risk when that is above the limit given, and then the
-- check fails: `outlay check budgets` is for jobs and alerts, with a limit of 50 unless `-p most_risk=80` says another. The run
-- rate is the cost to date spread from the days with charges over all days of the period. The prior period is as long and ends
-- where this one starts, the year before is the same period twelve months earlier. Report an earlier day with `--as-of`, which
-- moves the forecast too.
-- param: year       year = this_year                           "fiscal year of the budgets"
-- param: scope      text? = null in (company, provider, team)  "only budgets of this kind of scope"
-- param: scenario   text = baseline                            "a scenario of the table `scenarios`, or baseline"
-- param: today      date = today                               "date of the report"
-- param: most_risk  decimal? = null                            "breach risk in percent above which a budget is at risk"
-- check: unique(scope_type, scope, period_start, period_end, billing_currency)
-- check: not_null(scope_type, scope, period_start, period_end, billing_currency, budget, actual, outlook, p10, p50, p90)
-- check: p10 <= p50 AND p50 <= p90
-- check: NOT at_risk
-- chart: bar x=scope y=budget,outlook series=period_start title="Budget and outlook"
WITH lines AS (
  SELECT *
  FROM budget_lines
  WHERE period_start >= $year_start
    AND period_end <= $year_end
    AND ($scope IS NULL OR scope_type = $scope)
),
actuals AS (
  SELECT
    lines.scope_type,
    lines.scope,
    lines.period_start,
    lines.period_end,
    lines.billing_currency,
    sum(effective_cost) FILTER (WHERE day >= lines.period_start AND day < lines.period_end) AS actual,
    sum(effective_cost) FILTER (WHERE day >= lines.prior_start AND day < lines.period_start) AS prior_period,
    sum(effective_cost) FILTER (
      WHERE day >= lines.period_start - INTERVAL '12 months'
        AND day < lines.period_end - INTERVAL '12 months'
    ) AS year_before
  FROM lines
  JOIN scope_costs
    ON scope_costs.scope_type = lines.scope_type
   AND scope_costs.scope_key = lines.scope_key
   AND scope_costs.billing_currency = lines.billing_currency
  GROUP BY lines.scope_type, lines.scope, lines.period_start, lines.period_end, lines.billing_currency
),
to_come AS (
  SELECT
    path,
    scope_type,
    scope,
    period_start,
    period_end,
    billing_currency,
    sum(cost) AS cost
  FROM budget_futures
  WHERE scenario = $scenario
    AND period_start >= $year_start
    AND period_end <= $year_end
  GROUP BY path, scope_type, scope, period_start, period_end, billing_currency
),
futures AS (
  SELECT
    lines.scope_type,
    lines.scope,
    lines.period_start,
    lines.period_end,
    lines.billing_currency,
    lines.budget,
    coalesce(actuals.actual, 0) AS actual,
    actuals.prior_period,
    actuals.year_before,
    coalesce(actuals.actual, 0) + coalesce(to_come.cost, 0) AS total
  FROM lines
  LEFT JOIN actuals
    ON actuals.scope_type = lines.scope_type
   AND actuals.scope = lines.scope
   AND actuals.period_start = lines.period_start
   AND actuals.period_end = lines.period_end
   AND actuals.billing_currency = lines.billing_currency
  LEFT JOIN to_come
    ON to_come.scope_type = lines.scope_type
   AND to_come.scope = lines.scope
   AND to_come.period_start = lines.period_start
   AND to_come.period_end = lines.period_end
   AND to_come.billing_currency = lines.billing_currency
),
ranked AS (
  SELECT
    futures.*,
    row_number() OVER (
      PARTITION BY scope_type, scope, period_start, period_end, billing_currency
      ORDER BY total
    ) AS place,
    count(*) OVER (PARTITION BY scope_type, scope, period_start, period_end, billing_currency) AS futures
  FROM futures
),
outlooks AS (
  SELECT
    scope_type,
    scope,
    period_start,
    period_end,
    billing_currency,
    budget,
    actual,
    prior_period,
    year_before,
    round(sum(total) / count(*), 2) AS outlook,
    round(min(total) FILTER (WHERE 10 * place >= futures), 2) AS p10,
    round(min(total) FILTER (WHERE 2 * place >= futures), 2) AS p50,
    round(min(total) FILTER (WHERE 10 * place >= 9 * futures), 2) AS p90,
    round(CAST(100 * count(*) FILTER (WHERE total > budget) AS DECIMAL(20, 4)) / count(*), 1) AS breach_risk_percent
  FROM ranked
  GROUP BY scope_type, scope, period_start, period_end, billing_currency, budget, actual, prior_period, year_before
),
seen AS (
  SELECT max(day) + 1 AS seen_until
  FROM scope_costs
  WHERE scope_type = 'company'
)
SELECT
  scope_type,
  scope,
  period_start,
  period_end,
  CASE
    WHEN period_end <= $today THEN 'past'
    WHEN period_start > $today THEN 'future'
    ELSE 'current'
  END AS phase,
  billing_currency,
  budget,
  actual,
  budget - actual AS remaining,
  outlook,
  p10,
  p50,
  p90,
  outlook - budget AS variance,
  round(100 * (outlook - budget) / nullif(budget, 0), 2) AS variance_percent,
  breach_risk_percent,
  period_end > $today AND breach_risk_percent > coalesce($most_risk, 100) AS at_risk,
  CASE WHEN seen_until > period_start
    THEN round(actual * (period_end - period_start) / (least(period_end, seen_until) - period_start), 2)
  END AS run_rate,
  prior_period,
  year_before,
  $scenario AS scenario,
  $today AS as_of
FROM outlooks
CROSS JOIN seen
ORDER BY scope_type, scope, period_start, period_end, billing_currency

-- description: What will the coming quarters cost? Closed months plus forecast, with P10, P50 and P90 of the total, by team and company.
-- owner: finance
-- tags: budget, finance, forecast, quarterly, team
--
-- Effective cost by fiscal quarter, from the quarter that the first open month lies in. `actual` is what the closed months
-- cost, `forecast` the mean of the months still open, `outlook` both. The quantiles are those of the total: the months of
-- all teams are drawn a thousand times together, added up draw by draw, and ranked after. So the P90 of the company is
-- below the sum of the P90s of its teams, and `outlook` of the company is the sum of those of its teams (each currency by
-- itself, up to a cent of rounding). The error and the coverage are those of months at earlier ends of history, shares of one.
-- param: history  period = last(36mo)                 "months to learn from"
-- param: until    quarter = shift(this_quarter, 1)    "last quarter of the outlook"
-- param: seed     int = 42                            "seed of the draws: the same seed gives the same digits"
-- check: unique(scope_type, scope, billing_currency, quarter)
-- check: not_null(scope_type, scope, billing_currency, quarter)
-- check: accepted(scope_type: company, team)
-- check: p10 <= p50 AND p50 <= p90
-- check: outlook IS NOT NULL warn
-- chart: bar x=scope y=outlook series=quarter title="Outlook by quarter"
WITH monthly_costs AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    team,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS cost
  FROM team_charges
  WHERE ChargePeriodStart >= $history_start
    AND ChargePeriodStart < $history_end
  GROUP BY CAST(date_trunc('month', ChargePeriodStart) AS DATE), team, BillingCurrency
),
totals AS (
  SELECT 'company' AS scope_type, 'all teams' AS scope, *
  FROM forecast_total(
    monthly_costs,
    timestamp_col => month,
    data_col => cost,
    id_cols => [team, billing_currency],
    total_over => [team],
    by => 'quarter',
    horizon => $until_end,
    gaps => 'zero',
    grain => 'month',
    seed => $seed
  )
  UNION ALL
  SELECT 'team', *
  FROM forecast_total(
    monthly_costs,
    timestamp_col => month,
    data_col => cost,
    id_cols => [team, billing_currency],
    by => 'quarter',
    horizon => $until_end,
    gaps => 'zero',
    grain => 'month',
    seed => $seed
  )
)
SELECT
  scope_type,
  scope,
  billing_currency,
  period AS quarter,
  period_start AS quarter_start,
  period_end AS quarter_end,
  round(actual, 2) AS actual,
  round(forecast, 2) AS forecast,
  round(mean, 2) AS outlook,
  round(p10, 2) AS p10,
  round(p50, 2) AS p50,
  round(p90, 2) AS p90,
  steps_actual AS months_closed,
  steps_forecast AS months_open,
  method,
  backtest_wape,
  backtest_coverage,
  note
FROM totals
ORDER BY scope_type, scope, billing_currency, quarter_start

-- description: What will each team spend in the coming months? Mean, P10, P50 and P90 of effective cost by team and month.
-- owner: finance
-- tags: budget, finance, forecast, team
--
-- One forecast for each team and billing currency, from its effective cost by month of use. Only months that are full on the
-- date of the report count: the first month ahead is the one that is still running. A month without charges is a month
-- of zero. P10 to P90 holds eight of ten outcomes, and is wider where a team's months were harder to foretell; the error of
-- the same method at earlier ends of the same history stands beside it, as a share of the cost (0.05 is 5%), with the share
-- of months that lay inside the interval. A team with fewer than four months gets its last value with a wide interval, and
-- the note says so. Amounts are rounded to the cent. Months may not be added up to the P10 or P90 of a quarter: `quarter_outlook`
-- gives those.
-- param: history  period = last(36mo)   "months to learn from"
-- param: months   int = 6               "months ahead"
-- param: teams    text[]? = null        "only these teams"
-- check: unique(team, billing_currency, month)
-- check: not_null(team, billing_currency, month)
-- check: p10 <= p50 AND p50 <= p90
-- check: p50 IS NOT NULL warn
-- chart: line x=month y=p50 series=team title="Effective cost by team, months ahead"
WITH monthly_costs AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    team,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS cost
  FROM team_charges
  WHERE ChargePeriodStart >= $history_start
    AND ChargePeriodStart < $history_end
    AND ($teams IS NULL OR team = ANY($teams))
  GROUP BY CAST(date_trunc('month', ChargePeriodStart) AS DATE), team, BillingCurrency
)
SELECT
  team,
  billing_currency,
  ts AS month,
  round(mean, 2) AS mean,
  round(p10, 2) AS p10,
  round(p50, 2) AS p50,
  round(p90, 2) AS p90,
  method,
  backtest_wape,
  backtest_coverage,
  n_obs AS months_observed,
  note
FROM forecast(
  monthly_costs,
  timestamp_col => month,
  data_col => cost,
  id_cols => [team, billing_currency],
  horizon => $months,
  quantiles => [0.1, 0.5, 0.9],
  gaps => 'zero',
  grain => 'month'
)
ORDER BY team, billing_currency, month

-- description: Every budget with its prior period: amounts of one scope, period and currency added up.
-- owner: finance
-- tags: budget, building-block
--
-- The end of a period is exclusive. The prior period of whole months is as many months before, of any other period as many days.
-- check: unique(scope_type, scope, period_start, period_end, billing_currency)
-- check: accepted(scope_type: company, provider, team)
-- check: period_start < period_end
WITH totals AS (
  SELECT
    scope_type,
    scope,
    period_start,
    period_end,
    12 * date_part('year', period_start) + date_part('month', period_start) - 1 AS first_month,
    12 * date_part('year', period_end) + date_part('month', period_end) - 1 AS end_month,
    date_part('day', period_start) = 1 AND date_part('day', period_end) = 1 AS is_whole_months,
    currency AS billing_currency,
    CAST(sum(amount) AS DECIMAL(38, 18)) AS budget
  FROM budgets
  GROUP BY scope_type, scope, period_start, period_end, currency
)
SELECT
  scope_type,
  scope,
  CASE WHEN scope_type = 'company' THEN '' ELSE scope END AS scope_key,
  CASE WHEN is_whole_months
    THEN make_date((2 * first_month - end_month) / 12, (2 * first_month - end_month) % 12 + 1, 1)
    ELSE period_start - (period_end - period_start)
  END AS prior_start,
  period_start,
  period_end,
  billing_currency,
  budget
FROM totals
ORDER BY scope_type, scope, period_start, period_end, billing_currency

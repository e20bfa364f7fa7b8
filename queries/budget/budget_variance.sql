-- description: Who makes the variance? From the budget to the outlook of the year, step by step, by provider or team.
-- owner: finance
-- tags: budget, finance, forecast
--
-- The budgets of all scopes of one kind for the months of the fiscal year added up, then each scope's variance, its outlook less
-- its budget, the largest overspending first, then the outlook: what those months will have cost the scopes that have a
-- budget. Months that are over are in it as they were, the others with the mean of the futures of `budget_months`; where a
-- month and its quarter both have a budget, that of the month counts. Amounts are in cents, and the steps add up.
-- param: year  year = this_year                   "fiscal year of the budgets"
-- param: by    text = provider in (provider, team)  "whose variance"
-- check: unique(billing_currency, place)
-- check: unique(billing_currency, step)
-- check: not_null(billing_currency, place, step, amount, is_total)
-- chart: waterfall x=step y=amount total=is_total title="From budget to outlook"
WITH scopes AS (
  SELECT
    billing_currency,
    scope,
    round(sum(budget) FILTER (WHERE path = 1), 2) AS budget,
    round(sum(cost) / count(DISTINCT path), 2) AS outlook
  FROM budget_month_futures
  WHERE scope_type = $by
    AND month >= $year_start
    AND month < $year_end
  GROUP BY billing_currency, scope
),
steps AS (
  SELECT billing_currency, 0 AS part, 'Budget' AS step, sum(budget) AS amount
  FROM scopes
  GROUP BY billing_currency
  UNION ALL
  SELECT billing_currency, 1, scope, outlook - budget
  FROM scopes
  UNION ALL
  SELECT billing_currency, 2, 'Outlook', sum(outlook)
  FROM scopes
  GROUP BY billing_currency
)
SELECT
  billing_currency,
  row_number() OVER (PARTITION BY billing_currency ORDER BY part, amount DESC, step) AS place,
  step,
  amount,
  part <> 1 AS is_total
FROM steps
ORDER BY billing_currency, place

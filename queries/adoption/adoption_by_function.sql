-- description: Which functions use AI? Active people against the roster by function and month.
-- owner: platform
-- tags: adoption, ai, function, monthly
--
-- A person counts for the function of the last stay of the month (`person_months`), `unassigned` when the roster gives
-- none. Active is whoever has a charge counted in tokens that begins in the month. Functions nobody of which is active
-- stand here too, with zero. The share is in percent; a month that is not over is marked as not finished.
-- param: period  period = last(12mo)  "months that begin in it are shown"
-- check: unique(month, function)
-- check: not_null(month, function, active_people, people, is_finished)
-- check: active_people BETWEEN 0 AND people
-- chart: line x=month y=active_percent series=function title="Active share of each function"
SELECT
  month,
  function,
  count(*) FILTER (WHERE active_days > 0) AS active_people,
  count(*) AS people,
  round(100 * CAST(count(*) FILTER (WHERE active_days > 0) AS DECIMAL(18, 0)) / nullif(count(*), 0), 2) AS active_percent,
  is_finished
FROM person_months
WHERE month >= $period_start
  AND month < $period_end
GROUP BY month, function, is_finished
ORDER BY month, function

-- description: How many people really use AI each month? Active people against the roster of the month.
-- owner: platform
-- tags: adoption, ai, monthly
--
-- Active is whoever has at least one charge counted in tokens that begins in the month; people are those on the roster on
-- one of its days (`person_months` says more). The share is in percent. A month that is not over is marked as not finished:
-- its lower number is no drop.
-- param: period  period = last(12mo)  "months that begin in it are shown"
-- check: unique(month)
-- check: not_null(month, active_people, people, is_finished)
-- check: active_people BETWEEN 0 AND people
-- chart: line x=month y=active_people,people title="Active people and roster"
SELECT
  month,
  count(*) FILTER (WHERE active_days > 0) AS active_people,
  count(*) AS people,
  round(100 * CAST(count(*) FILTER (WHERE active_days > 0) AS DECIMAL(18, 0)) / nullif(count(*), 0), 2) AS active_percent,
  is_finished
FROM person_months
WHERE month >= $period_start
  AND month < $period_end
GROUP BY month, is_finished
ORDER BY month

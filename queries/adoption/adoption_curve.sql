-- description: How fast does the use of AI spread? New and cumulative adopters by week.
-- owner: platform
-- tags: adoption, ai, weekly
--
-- An adopter is a person of the roster, past or present, with a charge counted in tokens; the week is the one in which
-- the first of them begins, a Monday. Service accounts are no people, and charges without a principal are nobody's.
-- Every week from the first charge of the ledger to the last use by anybody has a row. The whole ledger counts whatever
-- weeks are shown: who started before the period is in the cumulative number.
-- param: period  period? = null  "weeks that begin in it are shown, all when left out"
-- check: unique(week)
-- check: not_null(week, new_adopters, cumulative_adopters)
-- check: new_adopters >= 0 AND cumulative_adopters >= new_adopters
-- chart: area x=week y=cumulative_adopters title="People who have used AI"
WITH principals AS (
  SELECT
    PrincipalId AS principal_id,
    min(ChargePeriodStart) AS first_use,
    max(ChargePeriodStart) AS last_use
  FROM spend
  WHERE ConsumedUnit = 'Tokens'
  GROUP BY PrincipalId
),
span AS (
  SELECT
    CAST(date_trunc('week', (SELECT min(ChargePeriodStart) FROM spend)) AS DATE) AS first_week,
    CAST(date_trunc('week', max(last_use)) AS DATE) AS last_week
  FROM principals
),
weeks AS (
  SELECT unnest(generate_series(first_week, last_week, INTERVAL '7 days')) AS week
  FROM span
  WHERE first_week <= last_week
),
adopters AS (
  SELECT
    CAST(date_trunc('week', first_use) AS DATE) AS week,
    count(*) AS new_adopters
  FROM principals
  WHERE principal_id IN (SELECT principal_id FROM roster)
  GROUP BY date_trunc('week', first_use)
),
curve AS (
  SELECT
    weeks.week,
    coalesce(adopters.new_adopters, 0) AS new_adopters,
    sum(coalesce(adopters.new_adopters, 0)) OVER (ORDER BY weeks.week) AS cumulative_adopters
  FROM weeks
  LEFT JOIN adopters ON adopters.week = weeks.week
)
SELECT
  week,
  new_adopters,
  cumulative_adopters
FROM curve
WHERE ($period_start IS NULL OR week >= $period_start)
  AND ($period_end IS NULL OR week < $period_end)
ORDER BY week

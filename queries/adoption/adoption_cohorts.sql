-- description: Who stays? Retention of the people who started to use AI in the same month, by months since.
-- owner: platform
-- tags: adoption, ai, cohort, monthly
--
-- A cohort is everybody of the roster whose first charge counted in tokens begins in the month, `months_since` 0. Active is
-- who has such a charge in the month looked at. Retention is in percent of those of the cohort who are still on the roster
-- in that month, since who left the company did not give up AI. NULL when nobody is left. A month that is not over is marked as not finished:
-- whoever is missing in it is not lost yet.
-- param: cohorts  period = last(12mo)  "months of first use to show"
-- check: unique(cohort, months_since)
-- check: not_null(cohort, months_since, month, cohort_people, people, active_people, is_finished)
-- check: active_people BETWEEN 0 AND people AND people <= cohort_people
-- chart: line x=months_since y=retention_percent series=cohort title="Share of each cohort that is active"
WITH firsts AS (
  SELECT
    principal_id,
    min(month) AS cohort
  FROM person_months
  WHERE active_days > 0
  GROUP BY principal_id
),
sizes AS (
  SELECT
    cohort,
    count(*) AS cohort_people
  FROM firsts
  GROUP BY cohort
),
months AS (
  SELECT DISTINCT
    month,
    is_finished
  FROM person_months
),
counts AS (
  SELECT
    firsts.cohort,
    person_months.month,
    count(*) AS people,
    count(*) FILTER (WHERE person_months.active_days > 0) AS active_people
  FROM firsts
  JOIN person_months
    ON person_months.principal_id = firsts.principal_id
   AND person_months.month >= firsts.cohort
  GROUP BY firsts.cohort, person_months.month
)
SELECT
  sizes.cohort,
  CAST(
    12 * (date_part('year', months.month) - date_part('year', sizes.cohort))
      + date_part('month', months.month) - date_part('month', sizes.cohort)
    AS BIGINT
  ) AS months_since,
  months.month,
  sizes.cohort_people,
  coalesce(counts.people, 0) AS people,
  coalesce(counts.active_people, 0) AS active_people,
  round(100 * CAST(coalesce(counts.active_people, 0) AS DECIMAL(18, 0)) / nullif(coalesce(counts.people, 0), 0), 2) AS retention_percent,
  months.is_finished
FROM sizes
JOIN months ON months.month >= sizes.cohort
LEFT JOIN counts
  ON counts.cohort = sizes.cohort
 AND counts.month = months.month
WHERE sizes.cohort >= $cohorts_start
  AND sizes.cohort < $cohorts_end
ORDER BY sizes.cohort, months.month

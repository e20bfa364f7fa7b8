-- description: Who of the roster used AI on how many days of each month? One row for each person and month.
-- owner: platform
-- tags: adoption, building-block, monthly
--
-- A person of a month is on the roster on one of its days, with the team and the function of the last stay that touches
-- the month: who changes team in the middle counts once. An active day has a charge counted in tokens that begins on it,
-- however many. Months run from the first to the last use by anybody; a month is finished once a charge counted in tokens
-- reaches its end. Service accounts that are on no roster, and charges without a principal, are not here.
-- check: unique(month, principal_id)
-- check: not_null(month, principal_id, team, function, active_days, is_finished)
-- check: active_days BETWEEN 0 AND 31
-- chart: bar x=month y=active_days title="Active days"
WITH active_days AS (
  SELECT
    PrincipalId AS principal_id,
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    count(DISTINCT CAST(ChargePeriodStart AS DATE)) AS active_days,
    max(ChargePeriodEnd) AS last_end
  FROM spend
  WHERE ConsumedUnit = 'Tokens'
  GROUP BY PrincipalId, date_trunc('month', ChargePeriodStart)
),
span AS (
  SELECT
    min(month) AS first_month,
    max(month) AS last_month,
    max(last_end) AS known_until
  FROM active_days
),
months AS (
  SELECT
    unnest(generate_series(first_month, last_month, INTERVAL '1 month')) AS month,
    known_until
  FROM span
  WHERE first_month <= last_month
),
stays AS (
  SELECT
    months.month,
    months.month + INTERVAL '1 month' <= months.known_until AS is_finished,
    roster.principal_id,
    roster.team,
    coalesce(nullif(roster.function, ''), 'unassigned') AS function,
    row_number() OVER (
      PARTITION BY months.month, roster.principal_id
      ORDER BY roster.start_date DESC, roster.team
    ) AS place
  FROM months
  JOIN roster
    ON roster.start_date < months.month + INTERVAL '1 month'
   AND (roster.end_date IS NULL OR roster.end_date > months.month)
)
SELECT
  stays.month,
  stays.principal_id,
  stays.team,
  stays.function,
  coalesce(active_days.active_days, 0) AS active_days,
  stays.is_finished
FROM stays
LEFT JOIN active_days
  ON active_days.month = stays.month
 AND active_days.principal_id = stays.principal_id
WHERE stays.place = 1
ORDER BY stays.month, stays.principal_id

-- description: How many people really use AI each week? Active people against the roster of the week.
-- owner: platform
-- tags: adoption, ai, weekly
--
-- Active is whoever has at least one charge counted in tokens that begins in the week; how many tokens does not matter.
-- People are those on the roster on a day of the week; whoever else is active, such as a service account, is counted
-- apart, and charges without a principal are not counted. Weeks begin on Monday; those of the period from the first to
-- the last with use by anybody. A week is finished once there is a charge counted in tokens that reaches its end.
-- param: period  period = last(26w)  "weeks that begin in it are shown"
-- check: unique(week)
-- check: not_null(week, active_people, people, is_finished)
-- check: active_people BETWEEN 0 AND people
-- chart: line x=week y=active_people,people title="Active people and roster"
WITH token_charges AS (
  SELECT
    CAST(date_trunc('week', ChargePeriodStart) AS DATE) AS week,
    PrincipalId AS principal_id,
    max(ChargePeriodEnd) AS last_end
  FROM spend
  WHERE ChargePeriodStart >= date_trunc('week', $period_start + INTERVAL '6 days')
    AND ConsumedUnit = 'Tokens'
  GROUP BY date_trunc('week', ChargePeriodStart), PrincipalId
),
span AS (
  SELECT
    min(week) AS first_week,
    max(week) FILTER (WHERE week < $period_end) AS last_week,
    max(last_end) AS known_until
  FROM token_charges
),
weeks AS (
  SELECT
    unnest(generate_series(first_week, last_week, INTERVAL '7 days')) AS week,
    known_until
  FROM span
  WHERE first_week <= last_week
),
rosters AS (
  SELECT DISTINCT
    weeks.week,
    roster.principal_id
  FROM weeks
  JOIN roster
    ON roster.start_date < weeks.week + INTERVAL '7 days'
   AND (roster.end_date IS NULL OR roster.end_date > weeks.week)
),
roster_counts AS (
  SELECT
    week,
    count(*) AS people
  FROM rosters
  GROUP BY week
),
active_counts AS (
  SELECT
    token_charges.week,
    count(rosters.principal_id) AS active_people,
    count(*) - count(rosters.principal_id) AS other_active_principals
  FROM token_charges
  LEFT JOIN rosters
    ON rosters.week = token_charges.week
   AND rosters.principal_id = token_charges.principal_id
  WHERE token_charges.principal_id IS NOT NULL
  GROUP BY token_charges.week
)
SELECT
  weeks.week,
  coalesce(active_counts.active_people, 0) AS active_people,
  coalesce(roster_counts.people, 0) AS people,
  round(100 * CAST(coalesce(active_counts.active_people, 0) AS DECIMAL(18, 0)) / nullif(roster_counts.people, 0), 2) AS active_percent,
  coalesce(active_counts.other_active_principals, 0) AS other_active_principals,
  weeks.week + INTERVAL '7 days' <= weeks.known_until AS is_finished
FROM weeks
LEFT JOIN roster_counts ON roster_counts.week = weeks.week
LEFT JOIN active_counts ON active_counts.week = weeks.week
ORDER BY weeks.week

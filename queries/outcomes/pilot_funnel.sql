-- description: How many pilots get deployed, and does it help to set outcomes first? Stage conversion by guidance.
-- owner: platform
-- tags: ai, outcomes, pilots
--
-- A pilot reached a stage when it entered that stage or a later one, whatever stages it skipped; a stage entered twice counts
-- once. It is guided when any of its rows says that the outcomes were set first, unguided when rows say only that they were
-- not, `unknown` when none says. `step_percent` is the share of the pilots of the stage before that reached this one,
-- `deployed_percent` the share of the pilots of this stage that were deployed, with the interval of Wilson (1927) at the
-- given level: with few pilots it is wide, and two groups whose intervals overlap may be alike. Pilots that are neither
-- stopped nor deployed count as not deployed so far; `under_way` says how many. Pilots that were only stopped have no stage.
-- Percentages have two digits.
-- param: period  period? = null          "pilots whose first stage was entered in it, all when left out"
-- param: level   decimal = 0.95          "how sure the interval is, between 0 and 1"
-- check: unique(guidance, stage)
-- check: not_null(guidance, stage, pilots, deployed, stopped, under_way)
-- check: pilots = deployed + stopped + under_way
-- check: sql: SELECT pilot_id, stage FROM pilots WHERE stage NOT IN ('idea', 'prototype', 'pilot', 'deployed', 'stopped')
-- chart: bar x=stage y=pilots series=guidance title="Pilots by stage"
WITH stages (step, stage) AS (
  VALUES (1, 'idea'), (2, 'prototype'), (3, 'pilot'), (4, 'deployed')
),
pilot_states AS (
  SELECT
    pilots.pilot_id,
    CASE
      WHEN bool_or(pilots.guided) THEN 'guided'
      WHEN bool_or(NOT pilots.guided) THEN 'unguided'
      ELSE 'unknown'
    END AS guidance,
    max(stages.step) AS last_step,
    coalesce(bool_or(pilots.stage = 'stopped'), FALSE) AS is_stopped,
    min(pilots.entered_at) AS started_at
  FROM pilots
  LEFT JOIN stages ON stages.stage = pilots.stage
  GROUP BY pilots.pilot_id
),
cohort AS (
  SELECT *
  FROM pilot_states
  WHERE ($period_start IS NULL OR started_at >= $period_start)
    AND ($period_end IS NULL OR started_at < $period_end)
),
groups AS (
  SELECT DISTINCT guidance
  FROM cohort
),
reached AS (
  SELECT
    groups.guidance,
    stages.step,
    stages.stage,
    count(cohort.pilot_id) AS pilots,
    count(cohort.pilot_id) FILTER (WHERE cohort.last_step = 4) AS deployed,
    count(cohort.pilot_id) FILTER (WHERE cohort.last_step < 4 AND cohort.is_stopped) AS stopped,
    count(cohort.pilot_id) FILTER (WHERE cohort.last_step < 4 AND NOT cohort.is_stopped) AS under_way
  FROM groups
  CROSS JOIN stages
  LEFT JOIN cohort
    ON cohort.guidance = groups.guidance
   AND cohort.last_step >= stages.step
  GROUP BY groups.guidance, stages.step, stages.stage
),
steps AS (
  SELECT
    *,
    lag(pilots) OVER (PARTITION BY guidance ORDER BY step) AS pilots_before
  FROM reached
)
SELECT
  guidance,
  stage,
  pilots,
  round(CAST(100 * pilots AS DECIMAL(18, 0)) / nullif(pilots_before, 0), 2) AS step_percent,
  deployed,
  stopped,
  under_way,
  round(CAST(100 * deployed AS DECIMAL(18, 0)) / nullif(pilots, 0), 2) AS deployed_percent,
  CASE WHEN pilots > 0 THEN round(100 * wilson_low(deployed, pilots, $level), 2) END AS deployed_percent_low,
  CASE WHEN pilots > 0 THEN round(100 * wilson_high(deployed, pilots, $level), 2) END AS deployed_percent_high
FROM steps
ORDER BY guidance, step

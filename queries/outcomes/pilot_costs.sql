-- description: What does a pilot cost, and what a deployed one? Cost of pilots by guidance, team or pilot.
-- owner: platform
-- tags: ai, outcomes, pilots
--
-- The cost of a pilot is the effective cost of the charges that carry its tag `pilot`, over its whole life unless a period is
-- given, in the billing currency. Pilots that were stopped, or are not deployed yet, are paid for by those that were
-- deployed. Guided means that the outcomes were set first (as in `pilot_funnel`); the team is the one that the first stage
-- of the pilot names. Cost of a tag that no pilot has stands as `unlisted`, so that every tagged charge is here; a group
-- without any cost has no currency. Group by pilot for the list of pilots. Quotients have four digits.
-- param: by      text = guidance in (guidance, pilot, team)  "what is compared"
-- param: period  period? = null                              "time of use, the whole ledger when left out"
-- check: unique(subject, billing_currency)
-- check: not_null(subject, pilots, deployed, stopped, effective_cost)
-- check: deployed + stopped <= pilots
-- chart: bar x=subject y=cost_per_deployed_pilot series=billing_currency title="Cost of a deployed pilot"
WITH pilot_states AS (
  SELECT
    pilot_id,
    CASE
      WHEN bool_or(guided) THEN 'guided'
      WHEN bool_or(NOT guided) THEN 'unguided'
      ELSE 'unknown'
    END AS guidance,
    coalesce(first_value(nullif(team, '') ORDER BY entered_at, stage), 'unassigned') AS team,
    bool_or(stage = 'deployed') AS is_deployed,
    bool_or(stage = 'stopped') AND NOT bool_or(stage = 'deployed') AS is_stopped
  FROM pilots
  GROUP BY pilot_id
),
subjects AS (
  SELECT
    pilot_id,
    CASE $by WHEN 'pilot' THEN pilot_id WHEN 'team' THEN team ELSE guidance END AS subject,
    is_deployed,
    is_stopped
  FROM pilot_states
),
subject_counts AS (
  SELECT
    subject,
    count(*) AS pilots,
    count(*) FILTER (WHERE is_deployed) AS deployed,
    count(*) FILTER (WHERE is_stopped) AS stopped
  FROM subjects
  GROUP BY subject
),
tag_costs AS (
  SELECT
    pilot,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM work_charges
  WHERE pilot <> 'unassigned'
    AND ($period_start IS NULL OR ChargePeriodStart >= $period_start)
    AND ($period_end IS NULL OR ChargePeriodStart < $period_end)
  GROUP BY pilot, BillingCurrency
),
subject_costs AS (
  SELECT
    coalesce(subjects.subject, 'unlisted') AS subject,
    tag_costs.billing_currency,
    sum(tag_costs.effective_cost) AS effective_cost
  FROM tag_costs
  LEFT JOIN subjects ON subjects.pilot_id = tag_costs.pilot
  GROUP BY coalesce(subjects.subject, 'unlisted'), tag_costs.billing_currency
)
SELECT
  coalesce(subject_counts.subject, subject_costs.subject) AS subject,
  subject_costs.billing_currency,
  coalesce(subject_counts.pilots, 0) AS pilots,
  coalesce(subject_counts.deployed, 0) AS deployed,
  coalesce(subject_counts.stopped, 0) AS stopped,
  coalesce(subject_costs.effective_cost, 0) AS effective_cost,
  round(subject_costs.effective_cost / nullif(subject_counts.pilots, 0), 4) AS cost_per_pilot,
  round(subject_costs.effective_cost / nullif(subject_counts.deployed, 0), 4) AS cost_per_deployed_pilot
FROM subject_counts
FULL JOIN subject_costs ON subject_costs.subject = subject_counts.subject
ORDER BY billing_currency, effective_cost DESC, subject

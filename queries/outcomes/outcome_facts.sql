-- description: Every outcome with what its table leaves out filled in: the one place that says what an outcome is.
-- owner: finops
-- tags: building-block, outcomes
--
-- An outcome counts in the period in which it occurred, for the team, workflow and product that it names, whatever happened
-- to its principal since; one that names none is `unassigned`, one without a type `unknown`. An outcome without a quantity
-- has size 1. It was learned of when it occurred unless `recorded_at` says later, and had its status as soon as it was
-- learned of unless `status_at` says otherwise. A revert is carried by the period in which the outcome occurred, not by
-- the period of the revert: `cost_per_outcome` takes `known_by` to answer as before it, `late_outcomes` lists what changed.
--
-- Every query about outcomes selects from here. A table with other names of columns or words for the status is mapped by
-- overriding this one file, or by `columns` of the table in the configuration.
-- check: unique(outcome_id)
-- check: not_null(outcome_id, outcome_type, occurred_at, status, team, workflow, product, quantity, recorded_at, status_at)
-- check: accepted(status: succeeded, failed, reverted, abandoned)
-- check: quantity >= 0
-- check: value IS NULL OR currency IS NOT NULL
-- check: recorded_at >= occurred_at warn
-- chart: bar x=outcome_type y=quantity series=status title="Outcomes by type"
SELECT
  outcome_id,
  coalesce(nullif(outcome_type, ''), 'unknown') AS outcome_type,
  occurred_at,
  status,
  principal_id,
  coalesce(nullif(team, ''), 'unassigned') AS team,
  coalesce(nullif(workflow, ''), 'unassigned') AS workflow,
  coalesce(nullif(product, ''), 'unassigned') AS product,
  CAST(coalesce(quantity, 1) AS DECIMAL(38, 18)) AS quantity,
  CAST(value AS DECIMAL(38, 18)) AS value,
  nullif(currency, '') AS currency,
  coalesce(recorded_at, occurred_at) AS recorded_at,
  coalesce(status_at, recorded_at, occurred_at) AS status_at
FROM outcomes
ORDER BY occurred_at, outcome_id

-- description: What changed after the quarter was closed? Outcomes that were learned of, settled or reverted late.
-- owner: finance
-- tags: outcomes, quality, quarterly, team
--
-- Every outcome that occurred in the quarter and is known otherwise today than at the end of the day of the close: recorded
-- later, given its status later, or reverted later. An outcome, and its revert, belong to the quarter in which it occurred
-- and restate that quarter; the quarter of the revert is left alone. `status_at_close` is NULL for what was not known or not
-- settled at the close. `success_change` is what the outcome adds to the successes of the quarter since: 1, 0 or -1.
-- `days_late` counts from the day of the close. `cost_per_outcome` with `known_by` gives the figures of the close.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter that was closed"
-- param: closed   date? = null                 "day of the close, the last day of the quarter when left out"
-- check: unique(outcome_id)
-- check: not_null(outcome_id, team, outcome_type, occurred_at, status, learned_at, days_late, success_change)
-- check: days_late > 0
-- chart: bar x=team y=success_change title="Successes gained and lost after the close"
WITH closed_outcomes AS (
  SELECT
    *,
    CAST(coalesce($closed + INTERVAL '1 day', $quarter_end) AS TIMESTAMP) AS closed_at
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
),
known_outcomes AS (
  SELECT
    *,
    CASE
      WHEN recorded_at >= closed_at THEN NULL
      WHEN status_at < closed_at THEN status
      WHEN status = 'reverted' THEN 'succeeded'
    END AS status_at_close,
    greatest(recorded_at, status_at) AS learned_at
  FROM closed_outcomes
)
SELECT
  team,
  outcome_id,
  outcome_type,
  occurred_at,
  status_at_close,
  status,
  learned_at,
  CAST(learned_at AS DATE) - CAST(closed_at AS DATE) + 1 AS days_late,
  CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END
    - CASE WHEN status_at_close = 'succeeded' THEN 1 ELSE 0 END AS success_change
FROM known_outcomes
WHERE status_at_close IS DISTINCT FROM status
ORDER BY team, learned_at, outcome_id

-- description: What does a success cost? Effective cost, outcomes and cost of a success by team for a fiscal quarter.
-- owner: finops
-- tags: outcomes, quarterly, team
--
-- The cost of a success is all effective cost of the team divided by its succeeded outcomes: failed and reverted ones
-- are paid for by those that succeeded. Cost counts by the time of use, in the billing currency; an outcome counts when
-- it occurred, for the team that it names. Nothing is hidden: a team with cost and no success has no cost of a success,
-- a team with outcomes and no cost has no currency and a cost of 0. Cost without a team stands as `unassigned` and is
-- not spread over the others. A team that spends in two currencies has a row of each, with the same outcomes in both.
-- The cost of a success is rounded to four digits.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to report"
-- param: teams    text[]? = null               "only these teams"
-- check: unique(team, billing_currency)
-- check: not_null(team, effective_cost, succeeded, failed, reverted)
-- check: effective_cost >= 0 warn
-- check: succeeded >= 0 AND failed >= 0 AND reverted >= 0
-- chart: bar x=team y=cost_per_success series=billing_currency title="Cost of a success"
WITH team_costs AS (
  SELECT
    team,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM team_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
  GROUP BY team, BillingCurrency
),
team_outcomes AS (
  SELECT
    coalesce(nullif(team, ''), 'unassigned') AS team,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'reverted') AS reverted
  FROM outcomes
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
  GROUP BY coalesce(nullif(team, ''), 'unassigned')
),
team_results AS (
  SELECT
    coalesce(team_costs.team, team_outcomes.team) AS team,
    team_costs.billing_currency,
    coalesce(team_costs.effective_cost, 0) AS effective_cost,
    coalesce(team_outcomes.succeeded, 0) AS succeeded,
    coalesce(team_outcomes.failed, 0) AS failed,
    coalesce(team_outcomes.reverted, 0) AS reverted
  FROM team_costs
  FULL JOIN team_outcomes ON team_outcomes.team = team_costs.team
)
SELECT
  team,
  billing_currency,
  effective_cost,
  succeeded,
  failed,
  reverted,
  CASE WHEN billing_currency IS NOT NULL
    THEN round(effective_cost / nullif(succeeded, 0), 4)
  END AS cost_per_success
FROM team_results
WHERE $teams IS NULL
   OR team = ANY($teams)
ORDER BY billing_currency, effective_cost DESC, team

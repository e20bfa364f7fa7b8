-- description: What does a success cost? Direct and allocated cost, outcomes and cost of a success by team for a quarter.
-- owner: finops
-- tags: outcomes, quarterly, team
--
-- The cost of a success is all effective cost of the team divided by its succeeded outcomes: those that failed, were
-- reverted or abandoned are paid for by those that succeeded. Direct is what the team's own tag brought, allocated what a
-- rule or the roster brought; both add up to the ledger over all teams. What names no team stands as `unassigned`, which has
-- no cost of a success: its cost and its outcomes need not belong together. Cost counts by the time of use, in the billing
-- currency; an outcome counts when it occurred, for the team it names.
--
-- A few successes may be luck: between `cost_low` and `cost_high` lies the cost of a success that the count supports at the
-- given level (exact interval of a Poisson count, Garwood 1936; the cost is taken as it is). Without a success there is no
-- cost of one and no upper end, without any outcome no lower end either. Coverage is the share of all cost of the currency
-- that lies with teams that have outcomes: what is missing to 100 bought nothing that is counted here. A team that spends in
-- two currencies has a row of each with the same outcomes in both; a team with outcomes and no cost has no currency and a
-- cost of 0. Quotients have four digits.
--
-- With `known_by` the outcomes are those believed at the end of that day: what was learned of later is missing, what was
-- reverted later still counts as a success. `--as-of` does the same for the cost, by the day of delivery.
-- param: quarter   quarter = last_full_quarter  "fiscal quarter to report"
-- param: teams     text[]? = null               "only these teams"
-- param: known_by  date? = null                 "as believed at the end of this day, as known now when left out"
-- param: level     decimal = 0.95               "how sure the interval is, between 0 and 1"
-- check: unique(team, billing_currency)
-- check: not_null(team, direct_cost, allocated_cost, succeeded, failed, reverted, abandoned)
-- check: direct_cost + allocated_cost >= 0 warn
-- check: succeeded >= 0 AND failed >= 0 AND reverted >= 0 AND abandoned >= 0
-- check: cost_per_success IS NULL OR cost_per_success < 0 OR cost_per_success BETWEEN cost_low AND cost_high
-- chart: bar x=team y=cost_per_success series=billing_currency title="Cost of a success"
WITH team_costs AS (
  SELECT
    team,
    BillingCurrency AS billing_currency,
    coalesce(sum(EffectiveCost) FILTER (WHERE NOT is_allocated), 0) AS direct_cost,
    coalesce(sum(EffectiveCost) FILTER (WHERE is_allocated), 0) AS allocated_cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
  GROUP BY team, BillingCurrency
),
known_outcomes AS (
  SELECT
    team,
    CASE WHEN status = 'reverted' AND status_at >= $known_by + INTERVAL '1 day'
      THEN 'succeeded'
      ELSE status
    END AS status
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
    AND ($known_by IS NULL OR recorded_at < $known_by + INTERVAL '1 day')
    AND ($known_by IS NULL OR status = 'reverted' OR status_at < $known_by + INTERVAL '1 day')
),
team_outcomes AS (
  SELECT
    team,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'reverted') AS reverted,
    count(*) FILTER (WHERE status = 'abandoned') AS abandoned
  FROM known_outcomes
  GROUP BY team
),
team_results AS (
  SELECT
    coalesce(team_costs.team, team_outcomes.team) AS team,
    team_outcomes.team IS NOT NULL AS has_outcomes,
    team_costs.billing_currency,
    coalesce(team_costs.direct_cost, 0) AS direct_cost,
    coalesce(team_costs.allocated_cost, 0) AS allocated_cost,
    coalesce(team_costs.direct_cost + team_costs.allocated_cost, 0) AS cost,
    coalesce(team_outcomes.succeeded, 0) AS succeeded,
    coalesce(team_outcomes.failed, 0) AS failed,
    coalesce(team_outcomes.reverted, 0) AS reverted,
    coalesce(team_outcomes.abandoned, 0) AS abandoned
  FROM team_costs
  FULL JOIN team_outcomes ON team_outcomes.team = team_costs.team
),
coverage AS (
  SELECT
    billing_currency,
    round(100 * coalesce(sum(cost) FILTER (WHERE has_outcomes AND team <> 'unassigned'), 0) / nullif(sum(cost), 0), 2) AS coverage_percent
  FROM team_results
  GROUP BY billing_currency
)
SELECT
  team_results.team,
  team_results.billing_currency,
  team_results.direct_cost,
  team_results.allocated_cost,
  team_results.succeeded,
  team_results.failed,
  team_results.reverted,
  team_results.abandoned,
  CASE WHEN coverage.billing_currency IS NOT NULL AND team <> 'unassigned'
    THEN round(cost / nullif(succeeded, 0), 4)
  END AS cost_per_success,
  CASE WHEN coverage.billing_currency IS NOT NULL AND team <> 'unassigned' AND has_outcomes
    THEN round(cost / poisson_high(succeeded, $level), 4)
  END AS cost_low,
  CASE WHEN coverage.billing_currency IS NOT NULL AND team <> 'unassigned'
    THEN round(cost / nullif(poisson_low(succeeded, $level), 0), 4)
  END AS cost_high,
  coverage.coverage_percent
FROM team_results
LEFT JOIN coverage ON coverage.billing_currency = team_results.billing_currency
WHERE $teams IS NULL
   OR team = ANY($teams)
ORDER BY team_results.billing_currency, team_results.cost DESC, team_results.team

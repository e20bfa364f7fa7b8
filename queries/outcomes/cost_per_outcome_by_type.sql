-- description: What does a merged change cost, what a resolved ticket? Cost of a success by type for a fiscal quarter.
-- owner: finops
-- tags: outcomes, quarterly
--
-- Each team's effective cost of the quarter, allocated cost included, is spread evenly over all its outcomes, whatever their
-- status; the cost of a success of a type is what falls on the type divided by its successes. Cost of teams without any
-- outcome, and cost without a team, stand as the type `none`, so that the column is all cost of the quarter to the last
-- digit. Cost counts by the time of use, in the billing currency; the counts of a type stand in the row of every currency.
-- The interval is that of `cost_per_outcome`. Quotients have four digits.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to report"
-- param: level    decimal = 0.95               "how sure the interval is, between 0 and 1"
-- check: unique(outcome_type, billing_currency)
-- check: not_null(outcome_type, billing_currency, effective_cost, succeeded, failed, reverted, abandoned)
-- chart: bar x=outcome_type y=cost_per_success series=billing_currency title="Cost of a success by type"
WITH team_costs AS (
  SELECT
    team,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
  GROUP BY team, BillingCurrency
),
typed_outcomes AS (
  SELECT
    team,
    outcome_type,
    count(*) AS outcomes,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'reverted') AS reverted,
    count(*) FILTER (WHERE status = 'abandoned') AS abandoned
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
  GROUP BY team, outcome_type
),
shares AS (
  SELECT
    team,
    outcome_type,
    outcomes,
    sum(outcomes) OVER (PARTITION BY team ORDER BY outcome_type) AS outcomes_so_far,
    sum(outcomes) OVER (PARTITION BY team) AS team_outcomes
  FROM typed_outcomes
),
-- A share is the rounded part up to here less the rounded part before: the shares of a team add up to its cost exactly.
type_costs AS (
  SELECT
    coalesce(shares.outcome_type, 'none') AS outcome_type,
    team_costs.billing_currency,
    sum(
      CASE WHEN shares.team IS NULL
        THEN team_costs.effective_cost
        ELSE team_costs.effective_cost * shares.outcomes_so_far / nullif(shares.team_outcomes, 0)
          - team_costs.effective_cost * (shares.outcomes_so_far - shares.outcomes) / nullif(shares.team_outcomes, 0)
      END
    ) AS effective_cost
  FROM team_costs
  LEFT JOIN shares
    ON shares.team = team_costs.team
   AND team_costs.team <> 'unassigned'
  GROUP BY coalesce(shares.outcome_type, 'none'), team_costs.billing_currency
),
type_counts AS (
  SELECT
    outcome_type,
    sum(succeeded) AS succeeded,
    sum(failed) AS failed,
    sum(reverted) AS reverted,
    sum(abandoned) AS abandoned
  FROM typed_outcomes
  GROUP BY outcome_type
),
currencies AS (
  SELECT DISTINCT billing_currency
  FROM team_costs
),
type_rows AS (
  SELECT outcome_type, billing_currency FROM type_counts CROSS JOIN currencies
  UNION
  SELECT outcome_type, billing_currency FROM type_costs
)
SELECT
  type_rows.outcome_type,
  type_rows.billing_currency,
  coalesce(type_costs.effective_cost, 0) AS effective_cost,
  coalesce(type_counts.succeeded, 0) AS succeeded,
  coalesce(type_counts.failed, 0) AS failed,
  coalesce(type_counts.reverted, 0) AS reverted,
  coalesce(type_counts.abandoned, 0) AS abandoned,
  round(coalesce(type_costs.effective_cost, 0) / nullif(type_counts.succeeded, 0), 4) AS cost_per_success,
  round(coalesce(type_costs.effective_cost, 0) / poisson_high(type_counts.succeeded, $level), 4) AS cost_low,
  round(coalesce(type_costs.effective_cost, 0) / nullif(poisson_low(type_counts.succeeded, $level), 0), 4) AS cost_high
FROM type_rows
LEFT JOIN type_counts
  ON type_counts.outcome_type = type_rows.outcome_type
LEFT JOIN type_costs
  ON type_costs.outcome_type = type_rows.outcome_type
 AND type_costs.billing_currency = type_rows.billing_currency
ORDER BY type_rows.billing_currency, effective_cost DESC, type_rows.outcome_type

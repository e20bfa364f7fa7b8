-- description: What does a success cost in each workflow? Direct and allocated cost and outcomes by workflow for a quarter.
-- owner: finops
-- tags: outcomes, quarterly
--
-- The cost of a workflow is the effective cost of the charges that carry its tag, of whatever team, by the time of use and
-- in the billing currency; an outcome counts when it occurred, for the workflow it names. Outcomes that failed, were
-- reverted or abandoned are paid for by those that succeeded. What names no workflow stands as `unassigned` and is not
-- spread. Coverage is the share of all cost of the currency that lies with a named workflow, so a low one says that the
-- cost of a success is more than it seems here. The other columns are those of `cost_per_outcome`.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to report"
-- param: level    decimal = 0.95               "how sure the interval is, between 0 and 1"
-- check: unique(workflow, billing_currency)
-- check: not_null(workflow, direct_cost, allocated_cost, succeeded, failed, reverted, abandoned)
-- check: succeeded >= 0 AND failed >= 0 AND reverted >= 0 AND abandoned >= 0
-- chart: bar x=workflow y=cost_per_success series=billing_currency title="Cost of a success by workflow"
WITH workflow_costs AS (
  SELECT
    workflow,
    BillingCurrency AS billing_currency,
    coalesce(sum(EffectiveCost) FILTER (WHERE NOT is_allocated), 0) AS direct_cost,
    coalesce(sum(EffectiveCost) FILTER (WHERE is_allocated), 0) AS allocated_cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
  GROUP BY workflow, BillingCurrency
),
workflow_outcomes AS (
  SELECT
    workflow,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'reverted') AS reverted,
    count(*) FILTER (WHERE status = 'abandoned') AS abandoned
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
  GROUP BY workflow
),
workflow_results AS (
  SELECT
    coalesce(workflow_costs.workflow, workflow_outcomes.workflow) AS workflow,
    workflow_outcomes.workflow IS NOT NULL AS has_outcomes,
    workflow_costs.billing_currency,
    coalesce(workflow_costs.direct_cost, 0) AS direct_cost,
    coalesce(workflow_costs.allocated_cost, 0) AS allocated_cost,
    coalesce(workflow_costs.direct_cost + workflow_costs.allocated_cost, 0) AS cost,
    coalesce(workflow_outcomes.succeeded, 0) AS succeeded,
    coalesce(workflow_outcomes.failed, 0) AS failed,
    coalesce(workflow_outcomes.reverted, 0) AS reverted,
    coalesce(workflow_outcomes.abandoned, 0) AS abandoned
  FROM workflow_costs
  FULL JOIN workflow_outcomes ON workflow_outcomes.workflow = workflow_costs.workflow
),
coverage AS (
  SELECT
    billing_currency,
    round(100 * coalesce(sum(cost) FILTER (WHERE workflow <> 'unassigned'), 0) / nullif(sum(cost), 0), 2) AS coverage_percent
  FROM workflow_results
  GROUP BY billing_currency
)
SELECT
  workflow_results.workflow,
  workflow_results.billing_currency,
  workflow_results.direct_cost,
  workflow_results.allocated_cost,
  workflow_results.succeeded,
  workflow_results.failed,
  workflow_results.reverted,
  workflow_results.abandoned,
  CASE WHEN coverage.billing_currency IS NOT NULL AND workflow <> 'unassigned'
    THEN round(cost / nullif(succeeded, 0), 4)
  END AS cost_per_success,
  CASE WHEN coverage.billing_currency IS NOT NULL AND workflow <> 'unassigned' AND has_outcomes
    THEN round(cost / poisson_high(succeeded, $level), 4)
  END AS cost_low,
  CASE WHEN coverage.billing_currency IS NOT NULL AND workflow <> 'unassigned'
    THEN round(cost / nullif(poisson_low(succeeded, $level), 0), 4)
  END AS cost_high,
  coverage.coverage_percent
FROM workflow_results
LEFT JOIN coverage ON coverage.billing_currency = workflow_results.billing_currency
ORDER BY workflow_results.billing_currency, workflow_results.cost DESC, workflow_results.workflow

-- description: Who spends without an outcome? People whose cost bought their peers many successes, and them hardly any.
-- owner: platform
-- tags: ai, outcomes, waste
--
-- People of the roster, and the effective cost of their charges counted in tokens, in the billing currency. What a
-- success costs is worked out for each workflow: the cost of all people in it divided by their succeeded outcomes of the
-- period. At that rate a person's cost would have bought so many successes; the person is flagged when these are many
-- and the own successes at most a small share of them. Outcomes count when they occurred, each once whatever its size: a few
-- large ones would make everybody else look idle. Cost in workflows without a success has no rate: it expects nothing and
-- is not counted. A person with charges in two currencies has a row of each, with all own successes in both. Expected
-- successes have two digits.
--
-- A pattern to look at, not a person to punish. Whose outcomes nobody records, who helps others to theirs, and who works
-- on something long looks like this too.
-- False alarms on the sample company, last three months, people flagged that were not planted: 0 of 150;
-- with half of the expected successes, 10, it would be 3.
-- param: period    period = last(3mo)  "time of use and of outcomes, such as 2026-Q2"
-- param: expected  decimal = 20        "successes that the cost must have bought peers"
-- param: share     decimal = 0.1       "own successes at most so many times the expected ones"
-- check: unique(principal_id, billing_currency)
-- check: not_null(principal_id, billing_currency, effective_cost, successes, expected_successes)
-- check: successes >= 0 AND expected_successes > 0
-- chart: bar x=principal_id y=expected_successes,successes title="Successes expected and had"
WITH own_costs AS (
  SELECT
    PrincipalId AS principal_id,
    workflow,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM token_use
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND PrincipalId IN (SELECT principal_id FROM roster)
  GROUP BY PrincipalId, workflow, BillingCurrency
),
own_successes AS (
  SELECT
    principal_id,
    workflow,
    count(*) AS successes
  FROM outcomes
  WHERE occurred_at >= $period_start
    AND occurred_at < $period_end
    AND status = 'succeeded'
    AND principal_id IN (SELECT principal_id FROM roster)
  GROUP BY principal_id, workflow
),
workflow_costs AS (
  SELECT
    workflow,
    billing_currency,
    sum(effective_cost) AS effective_cost
  FROM own_costs
  GROUP BY workflow, billing_currency
),
workflow_successes AS (
  SELECT
    workflow,
    sum(successes) AS successes
  FROM own_successes
  GROUP BY workflow
),
rates AS (
  SELECT
    workflow_costs.workflow,
    workflow_costs.billing_currency,
    workflow_costs.effective_cost / nullif(workflow_successes.successes, 0) AS cost_per_success
  FROM workflow_costs
  JOIN workflow_successes ON workflow_successes.workflow = workflow_costs.workflow
),
expectations AS (
  SELECT
    own_costs.principal_id,
    own_costs.billing_currency,
    sum(own_costs.effective_cost) AS effective_cost,
    sum(own_costs.effective_cost / nullif(rates.cost_per_success, 0)) AS expected_successes
  FROM own_costs
  JOIN rates
    ON rates.workflow = own_costs.workflow
   AND rates.billing_currency = own_costs.billing_currency
  GROUP BY own_costs.principal_id, own_costs.billing_currency
),
people AS (
  SELECT
    principal_id,
    sum(successes) AS successes
  FROM own_successes
  GROUP BY principal_id
)
SELECT
  expectations.principal_id,
  expectations.billing_currency,
  expectations.effective_cost,
  coalesce(people.successes, 0) AS successes,
  round(expectations.expected_successes, 2) AS expected_successes
FROM expectations
LEFT JOIN people ON people.principal_id = expectations.principal_id
WHERE expectations.expected_successes >= $expected
  AND coalesce(people.successes, 0) <= expectations.expected_successes * $share
ORDER BY expectations.effective_cost DESC, expectations.principal_id, expectations.billing_currency

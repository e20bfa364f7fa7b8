-- description: What does a deployment cost, size taken into account? Normalised deployments by team for a fiscal quarter.
-- owner: platform
-- tags: outcomes, quarterly, team
--
-- Deployments are the succeeded outcomes of one type. Their size is the quantity of the outcome, such as the changes it
-- holds; one without a quantity has size 1. A normalised deployment has the average size of all deployments of the company
-- in the quarter: many small ones count for less than they seem, a large one for more, and who splits one in two stands no
-- better among the teams. Give `normal_size` to compare quarters. The cost is all effective cost of the team in the quarter,
-- allocated cost included, by the time of use in the billing currency: whatever else it did led to what it deployed.
-- Deployments that name no team are nobody's cost. Between `cost_low` and `cost_high` lies the cost of a deployment that
-- their count supports at the given level (exact interval of a Poisson count, Garwood 1936). Quotients have four digits.
-- param: quarter       quarter = last_full_quarter      "fiscal quarter to report"
-- param: outcome_type  text = deployed_feature          "type of the outcomes that are deployments"
-- param: normal_size   decimal? = null                  "size of a normalised deployment, the average when left out"
-- param: level         decimal = 0.95                   "how sure the interval is, between 0 and 1"
-- check: unique(team, billing_currency)
-- check: not_null(team, effective_cost, deployments, size, reverted)
-- check: deployments >= 0 AND size >= 0
-- chart: bar x=team y=cost_per_normalised_deployment series=billing_currency title="Cost of a normalised deployment"
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
team_deployments AS (
  SELECT
    team,
    count(*) FILTER (WHERE status = 'succeeded') AS deployments,
    coalesce(sum(quantity) FILTER (WHERE status = 'succeeded'), 0) AS size,
    count(*) FILTER (WHERE status = 'reverted') AS reverted
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
    AND outcome_type = $outcome_type
  GROUP BY team
),
company AS (
  SELECT
    coalesce($normal_size, sum(size) / nullif(sum(deployments), 0)) AS normal_size
  FROM team_deployments
),
normalised AS (
  SELECT
    team_deployments.team,
    team_deployments.deployments,
    team_deployments.size,
    team_deployments.reverted,
    team_deployments.size / nullif(company.normal_size, 0) AS normalised_deployments
  FROM team_deployments
  CROSS JOIN company
)
SELECT
  normalised.team,
  team_costs.billing_currency,
  coalesce(team_costs.effective_cost, 0) AS effective_cost,
  normalised.deployments,
  normalised.size,
  normalised.reverted,
  round(normalised.normalised_deployments, 4) AS normalised_deployments,
  round(team_costs.effective_cost / nullif(normalised.deployments, 0), 4) AS cost_per_deployment,
  round(team_costs.effective_cost / poisson_high(normalised.deployments, $level), 4) AS cost_low,
  round(team_costs.effective_cost / nullif(poisson_low(normalised.deployments, $level), 0), 4) AS cost_high,
  round(team_costs.effective_cost / nullif(normalised.normalised_deployments, 0), 4) AS cost_per_normalised_deployment
FROM normalised
LEFT JOIN team_costs
  ON team_costs.team = normalised.team
 AND normalised.team <> 'unassigned'
ORDER BY team_costs.billing_currency, cost_per_normalised_deployment NULLS LAST, normalised.team

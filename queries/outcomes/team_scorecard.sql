-- description: How does each team do? Use of AI, outcomes, reverts, cost of a success and its trend for a fiscal quarter.
-- owner: platform
-- tags: ai, outcomes, quarterly, team, trend
--
-- Several signals side by side, none of them alone: people and services that used AI (a charge counted in tokens), tokens,
-- successes, the quality of what first succeeded (reverted of succeeded and reverted, with the interval of Wilson 1927 at
-- the given level: a team with few outcomes has a wide one), all effective cost with allocated cost, and the cost of a
-- success against the quarter before. Cost counts by the time of use, in the billing currency, an outcome when it
-- occurred. A team without a success in one of the quarters has no trend; what names no team is left out. Percentages have
-- two digits, quotients four.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to report"
-- param: level    decimal = 0.95               "how sure the interval is, between 0 and 1"
-- check: unique(team, billing_currency)
-- check: not_null(team, billing_currency, active_principals, tokens, succeeded, reverted, effective_cost)
-- check: revert_percent IS NULL OR revert_percent BETWEEN revert_percent_low AND revert_percent_high
-- chart: bar x=team y=cost_per_success,cost_per_success_before title="Cost of a success, this quarter and the one before"
WITH team_charges_of_quarters AS (
  SELECT
    team,
    BillingCurrency AS billing_currency,
    PrincipalId AS principal_id,
    coalesce(ConsumedUnit = 'Tokens', FALSE) AS is_token,
    ChargePeriodStart >= $quarter_start AS is_now,
    sum(coalesce(ConsumedQuantity, 0)) AS quantity,
    sum(EffectiveCost) AS cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start - INTERVAL '3 months'
    AND ChargePeriodStart < $quarter_end
  GROUP BY team, BillingCurrency, PrincipalId, is_token, is_now
),
team_costs AS (
  SELECT
    team,
    billing_currency,
    count(DISTINCT principal_id) FILTER (WHERE is_now AND is_token) AS active_principals,
    coalesce(sum(quantity) FILTER (WHERE is_now AND is_token), 0) AS tokens,
    coalesce(sum(cost) FILTER (WHERE is_now), 0) AS effective_cost,
    coalesce(sum(cost) FILTER (WHERE NOT is_now), 0) AS cost_before
  FROM team_charges_of_quarters
  GROUP BY team, billing_currency
),
team_outcomes AS (
  SELECT
    team,
    count(*) FILTER (WHERE occurred_at >= $quarter_start AND status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE occurred_at >= $quarter_start AND status = 'reverted') AS reverted,
    count(*) FILTER (WHERE occurred_at < $quarter_start AND status = 'succeeded') AS succeeded_before
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start - INTERVAL '3 months'
    AND occurred_at < $quarter_end
  GROUP BY team
),
figures AS (
  SELECT
    team_costs.team,
    team_costs.billing_currency,
    team_costs.active_principals,
    team_costs.tokens,
    coalesce(team_outcomes.succeeded, 0) AS succeeded,
    coalesce(team_outcomes.succeeded_before, 0) AS succeeded_before,
    coalesce(team_outcomes.reverted, 0) AS reverted,
    coalesce(team_outcomes.succeeded + team_outcomes.reverted, 0) AS delivered,
    team_costs.effective_cost,
    round(team_costs.effective_cost / nullif(team_outcomes.succeeded, 0), 4) AS cost_per_success,
    round(team_costs.cost_before / nullif(team_outcomes.succeeded_before, 0), 4) AS cost_per_success_before
  FROM team_costs
  LEFT JOIN team_outcomes ON team_outcomes.team = team_costs.team
  WHERE team_costs.team <> 'unassigned'
)
SELECT
  team,
  billing_currency,
  active_principals,
  tokens,
  succeeded_before,
  succeeded,
  reverted,
  round(CAST(100 * reverted AS DECIMAL(18, 0)) / nullif(delivered, 0), 2) AS revert_percent,
  CASE WHEN delivered > 0 THEN round(100 * wilson_low(reverted, delivered, $level), 2) END AS revert_percent_low,
  CASE WHEN delivered > 0 THEN round(100 * wilson_high(reverted, delivered, $level), 2) END AS revert_percent_high,
  effective_cost,
  cost_per_success_before,
  cost_per_success,
  CASE WHEN cost_per_success_before > 0
    THEN round(100 * (cost_per_success - cost_per_success_before) / nullif(cost_per_success_before, 0), 2)
  END AS cost_change_percent
FROM figures
ORDER BY billing_currency, effective_cost DESC, team

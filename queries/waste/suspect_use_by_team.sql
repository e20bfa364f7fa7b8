-- description: How much of each team's AI cost belongs to principals with a pattern of waste? No person is shown.
-- owner: platform
-- tags: ai, team, waste
--
-- Effective cost of charges counted in tokens, in the billing currency, by team; flagged is a principal in `suspect_usage`,
-- and flagged cost is all its cost in the team and period, not only what the pattern looks at. Charges without a principal
-- count in the cost of the team. A team of fewer principals than the configuration lets show by themselves (`min_group`
-- under `[privacy]`) stands in the row `suppressed`; the next larger teams join it until that row is large enough itself,
-- since one small team alone would be told by elimination. All money stays: the rows add up to the cost of the period. A
-- principal of two teams counts in both.
-- param: period  period = last(3mo)  "time of use, such as 2026-Q2"
-- check: unique(team, billing_currency)
-- check: not_null(team, billing_currency, principals, flagged_principals, effective_cost, flagged_cost)
-- check: flagged_principals BETWEEN 0 AND principals
-- chart: bar x=team y=effective_cost,flagged_cost title="Cost of AI, and of what needs a look"
WITH principal_costs AS (
  SELECT
    team,
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM team_charges
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ConsumedUnit = 'Tokens'
  GROUP BY team, PrincipalId, BillingCurrency
),
flagged AS (
  SELECT DISTINCT principal_id
  FROM suspect_usage
),
teams AS (
  SELECT
    principal_costs.team,
    principal_costs.billing_currency,
    count(principal_costs.principal_id) AS principals,
    count(flagged.principal_id) AS flagged_principals,
    sum(principal_costs.effective_cost) AS effective_cost,
    coalesce(sum(principal_costs.effective_cost) FILTER (WHERE flagged.principal_id IS NOT NULL), 0) AS flagged_cost
  FROM principal_costs
  LEFT JOIN flagged ON flagged.principal_id = principal_costs.principal_id
  GROUP BY principal_costs.team, principal_costs.billing_currency
),
ranked AS (
  SELECT
    teams.*,
    coalesce(sum(principals) OVER (
      PARTITION BY billing_currency
      ORDER BY principals, team
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0) AS smaller_teams
  FROM teams
),
shown AS (
  SELECT
    CASE
      WHEN small_group(principals) OR (smaller_teams > 0 AND small_group(smaller_teams)) THEN 'suppressed'
      ELSE team
    END AS team,
    billing_currency,
    principals,
    flagged_principals,
    effective_cost,
    flagged_cost
  FROM ranked
)
SELECT
  team,
  billing_currency,
  sum(principals) AS principals,
  sum(flagged_principals) AS flagged_principals,
  sum(effective_cost) AS effective_cost,
  sum(flagged_cost) AS flagged_cost,
  round(100 * sum(flagged_cost) / nullif(sum(effective_cost), 0), 2) AS flagged_percent
FROM shown
GROUP BY team, billing_currency
ORDER BY billing_currency, flagged_cost DESC, team

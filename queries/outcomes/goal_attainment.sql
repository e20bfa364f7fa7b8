-- description: Did the spend reach its goals? Goals, what was attained of them and what it cost, by scope and period.
-- owner: finance
-- tags: finance, outcomes, quarterly, team
--
-- Goals whose whole period lies in the fiscal year, of the company, functions, teams, workflows and products. Attained is
-- the size of the succeeded outcomes that occurred in the period, of the scope and of the type of the goal, all types when
-- it names none; an outcome without a quantity has size 1. The cost is all effective cost of the scope in the period by the
-- time of use, allocated cost included; for a workflow or product the cost of its tag. A function is the sum of its teams, as
-- `team_functions` says. A goal is `past`, `current` or `future` on the date of the report; `elapsed_percent` is how much of
-- the period is over by the end of the day before, to hold `attained_percent` against. A scope with two currencies has a
-- row of each, one without cost has no currency.
-- param: year   year = this_year  "fiscal year of the goals"
-- param: today  date = today      "date of the report"
-- check: unique(goal_id, billing_currency)
-- check: not_null(goal_id, scope_type, scope, period_start, period_end, target, attained, effective_cost)
-- check: accepted(scope_type: company, function, team, workflow, product)
-- check: period_start < period_end
-- chart: bar x=scope y=attained_percent series=period_start title="Goals attained"
WITH year_goals AS (
  SELECT
    goal_id,
    scope_type,
    scope,
    CASE WHEN scope_type = 'company' THEN '' ELSE scope END AS scope_key,
    nullif(outcome_type, '') AS outcome_type,
    CAST(period_start AS DATE) AS period_start,
    CAST(period_end AS DATE) AS period_end,
    CAST(target AS DECIMAL(38, 18)) AS target
  FROM goals
  WHERE period_start >= $year_start
    AND period_end <= $year_end
),
scopes (scope_type) AS (
  VALUES ('company'), ('function'), ('team'), ('workflow'), ('product')
),
charges AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    team,
    workflow,
    product,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS cost
  FROM work_charges
  WHERE ChargePeriodStart >= $year_start
    AND ChargePeriodStart < $year_end
  GROUP BY date_trunc('day', ChargePeriodStart), team, workflow, product, BillingCurrency
),
daily_costs AS (
  SELECT
    scopes.scope_type,
    CASE scopes.scope_type
      WHEN 'function' THEN team_functions.function
      WHEN 'team' THEN charges.team
      WHEN 'workflow' THEN charges.workflow
      WHEN 'product' THEN charges.product
      ELSE ''
    END AS scope_key,
    charges.billing_currency,
    charges.day,
    sum(charges.cost) AS cost
  FROM charges
  LEFT JOIN team_functions ON team_functions.team = charges.team
  CROSS JOIN scopes
  GROUP BY scopes.scope_type, scope_key, charges.billing_currency, charges.day
),
goal_costs AS (
  SELECT
    year_goals.goal_id,
    daily_costs.billing_currency,
    sum(daily_costs.cost) AS effective_cost
  FROM year_goals
  JOIN daily_costs
    ON daily_costs.scope_type = year_goals.scope_type
   AND daily_costs.scope_key = year_goals.scope_key
   AND daily_costs.day >= year_goals.period_start
   AND daily_costs.day < year_goals.period_end
  GROUP BY year_goals.goal_id, daily_costs.billing_currency
),
successes AS (
  SELECT
    scopes.scope_type,
    CASE scopes.scope_type
      WHEN 'function' THEN team_functions.function
      WHEN 'team' THEN outcome_facts.team
      WHEN 'workflow' THEN outcome_facts.workflow
      WHEN 'product' THEN outcome_facts.product
      ELSE ''
    END AS scope_key,
    outcome_facts.outcome_type,
    outcome_facts.occurred_at,
    outcome_facts.quantity
  FROM outcome_facts
  LEFT JOIN team_functions ON team_functions.team = outcome_facts.team
  CROSS JOIN scopes
  WHERE outcome_facts.status = 'succeeded'
    AND outcome_facts.occurred_at >= $year_start
    AND outcome_facts.occurred_at < $year_end
),
goal_successes AS (
  SELECT
    year_goals.goal_id,
    sum(successes.quantity) AS attained
  FROM year_goals
  JOIN successes
    ON successes.scope_type = year_goals.scope_type
   AND successes.scope_key = year_goals.scope_key
   AND successes.occurred_at >= year_goals.period_start
   AND successes.occurred_at < year_goals.period_end
   AND (year_goals.outcome_type IS NULL OR successes.outcome_type = year_goals.outcome_type)
  GROUP BY year_goals.goal_id
)
SELECT
  year_goals.goal_id,
  year_goals.scope_type,
  year_goals.scope,
  year_goals.outcome_type,
  year_goals.period_start,
  year_goals.period_end,
  CASE
    WHEN year_goals.period_end <= $today THEN 'past'
    WHEN year_goals.period_start > $today THEN 'future'
    ELSE 'current'
  END AS phase,
  CASE
    WHEN year_goals.period_end <= $today THEN 100
    WHEN year_goals.period_start > $today THEN 0
    ELSE round(
      CAST(100 * ($today - year_goals.period_start) AS DECIMAL(18, 0))
        / nullif(year_goals.period_end - year_goals.period_start, 0), 2
    )
  END AS elapsed_percent,
  year_goals.target,
  coalesce(goal_successes.attained, 0) AS attained,
  round(100 * coalesce(goal_successes.attained, 0) / nullif(year_goals.target, 0), 2) AS attained_percent,
  goal_costs.billing_currency,
  coalesce(goal_costs.effective_cost, 0) AS effective_cost,
  round(goal_costs.effective_cost / nullif(goal_successes.attained, 0), 4) AS cost_per_attained
FROM year_goals
LEFT JOIN goal_successes ON goal_successes.goal_id = year_goals.goal_id
LEFT JOIN goal_costs ON goal_costs.goal_id = year_goals.goal_id
ORDER BY year_goals.period_start, year_goals.scope_type, year_goals.scope, year_goals.goal_id, goal_costs.billing_currency

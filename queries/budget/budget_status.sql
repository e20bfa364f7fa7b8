-- description: Where does each budget stand? Budget, effective cost to date and what is left by scope and period.
-- owner: finance
-- tags: budget, finance, monthly, team
--
-- Budgets whose whole period lies in the fiscal year, of teams, providers and the company. The actual is the effective
-- cost of the charges used in the period of the budget, in its currency: for a team those of the team, for a provider
-- those of the provider of the service, for the company all. Where several amounts stand for one scope and period they
-- are added. Remaining is budget less actual, below zero when it is overspent; used is the actual as a percentage of
-- the budget, with two digits. A budget is `past`, `current` or `future` on the date of the report.
-- param: year   year = this_year                                    "fiscal year of the budgets"
-- param: scope  text? = null in (company, provider, team)  "only budgets of this kind of scope"
-- param: today  date = today                                        "date of the report"
-- check: unique(scope_type, scope, period_start, period_end, billing_currency)
-- check: not_null(scope_type, scope, period_start, period_end, billing_currency, budget, actual)
-- check: accepted(scope_type: company, provider, team)
-- check: period_start < period_end
-- check: remaining = budget - actual
-- check: actual <= budget OR phase <> 'past' warn
-- chart: bar x=scope y=budget,actual title="Budget and actual"
WITH charges AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    team,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS cost
  FROM team_charges
  WHERE ChargePeriodStart >= $year_start
    AND ChargePeriodStart < $year_end
  GROUP BY date_trunc('day', ChargePeriodStart), team, ServiceProviderName, BillingCurrency
),
scopes (scope_type) AS (
  VALUES ('company'), ('provider'), ('team')
),
daily_costs AS (
  SELECT
    scopes.scope_type,
    CASE scopes.scope_type
      WHEN 'team' THEN charges.team
      WHEN 'provider' THEN charges.provider
      ELSE ''
    END AS scope_key,
    charges.billing_currency,
    charges.day,
    sum(charges.cost) AS cost
  FROM charges
  CROSS JOIN scopes
  GROUP BY scopes.scope_type, scope_key, charges.billing_currency, charges.day
),
planned AS (
  SELECT
    scope_type,
    scope,
    CASE WHEN scope_type = 'company' THEN '' ELSE scope END AS scope_key,
    period_start,
    period_end,
    currency AS billing_currency,
    CAST(sum(amount) AS DECIMAL(38, 18)) AS budget
  FROM budgets
  WHERE period_start >= $year_start
    AND period_end <= $year_end
    AND ($scope IS NULL OR scope_type = $scope)
  GROUP BY scope_type, scope, period_start, period_end, currency
),
used AS (
  SELECT
    planned.scope_type,
    planned.scope,
    planned.period_start,
    planned.period_end,
    planned.billing_currency,
    planned.budget,
    coalesce(sum(daily_costs.cost), 0) AS actual
  FROM planned
  LEFT JOIN daily_costs
    ON daily_costs.scope_type = planned.scope_type
   AND daily_costs.scope_key = planned.scope_key
   AND daily_costs.billing_currency = planned.billing_currency
   AND daily_costs.day >= planned.period_start
   AND daily_costs.day < planned.period_end
  GROUP BY
    planned.scope_type,
    planned.scope,
    planned.period_start,
    planned.period_end,
    planned.billing_currency,
    planned.budget
)
SELECT
  scope_type,
  scope,
  period_start,
  period_end,
  CASE
    WHEN period_end <= $today THEN 'past'
    WHEN period_start > $today THEN 'future'
    ELSE 'current'
  END AS phase,
  billing_currency,
  budget,
  actual,
  budget - actual AS remaining,
  round(100 * actual / nullif(budget, 0), 2) AS used_percent
FROM used
ORDER BY scope_type, scope, period_start, period_end, billing_currency

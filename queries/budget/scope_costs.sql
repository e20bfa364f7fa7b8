-- description: What did the company, each provider and each team cost on each day? The actuals that budgets are held against.
-- owner: finance
-- tags: budget, building-block
--
-- Effective cost in the billing currency by day of use. `scope_key` is the team, the provider of the service, or empty for the
-- company. The cost of a day stands in three rows: take one kind of scope.
-- check: unique(scope_type, scope_key, billing_currency, day)
WITH daily_costs AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    team,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM team_charges
  GROUP BY date_trunc('day', ChargePeriodStart), team, ServiceProviderName, BillingCurrency
),
scopes (scope_type) AS (
  VALUES ('company'), ('provider'), ('team')
)
SELECT
  scopes.scope_type,
  CASE scopes.scope_type
    WHEN 'team' THEN daily_costs.team
    WHEN 'provider' THEN daily_costs.provider
    ELSE ''
  END AS scope_key,
  daily_costs.billing_currency,
  daily_costs.day,
  sum(daily_costs.effective_cost) AS effective_cost
FROM daily_costs
CROSS JOIN scopes
GROUP BY scopes.scope_type, scope_key, daily_costs.billing_currency, daily_costs.day
ORDER BY scopes.scope_type, scope_key, daily_costs.billing_currency, daily_costs.day

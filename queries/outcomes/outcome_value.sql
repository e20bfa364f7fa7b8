-- description: Was it worth it? Value of the successes against the cost of the team for a quarter.
-- owner: finance
-- tags: finance, outcomes, quarterly, team
--
-- The value is what the company says its succeeded outcomes are worth, in the currency it says; it is held against the
-- effective cost of the team in that currency, allocated cost included, by the time of use. Nothing is converted: a team
-- whose values and costs are in two currencies has a row of each. The return is what is gained on each unit of cost, as a
-- percentage with two digits: 0 pays back exactly, -100 brings nothing. `valued` counts the successes that say a value in
-- the currency; the others bring nothing here, so that the return is low rather than guessed. Where no success says one,
-- there is no return to tell.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to report"
-- check: unique(team, billing_currency)
-- check: not_null(team, effective_cost, succeeded, valued, value, gain)
-- check: valued BETWEEN 0 AND succeeded
-- check: gain = value - effective_cost
-- chart: bar x=team y=effective_cost,value title="Cost and value"
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
successes AS (
  SELECT
    team,
    currency,
    value
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
    AND status = 'succeeded'
),
team_values AS (
  SELECT
    team,
    currency,
    count(*) AS valued,
    sum(value) AS value
  FROM successes
  WHERE value IS NOT NULL
  GROUP BY team, currency
),
team_successes AS (
  SELECT
    team,
    count(*) AS succeeded
  FROM successes
  GROUP BY team
),
balances AS (
  SELECT
    coalesce(team_costs.team, team_values.team) AS team,
    coalesce(team_costs.billing_currency, team_values.currency) AS billing_currency,
    coalesce(team_costs.effective_cost, 0) AS effective_cost,
    coalesce(team_values.valued, 0) AS valued,
    coalesce(team_values.value, 0) AS value
  FROM team_costs
  FULL JOIN team_values
    ON team_values.team = team_costs.team
   AND team_values.currency = team_costs.billing_currency
)
SELECT
  balances.team,
  balances.billing_currency,
  balances.effective_cost,
  coalesce(team_successes.succeeded, 0) AS succeeded,
  balances.valued,
  balances.value,
  balances.value - balances.effective_cost AS gain,
  CASE WHEN balances.valued > 0
    THEN round(100 * (balances.value - balances.effective_cost) / nullif(balances.effective_cost, 0), 2)
  END AS return_percent
FROM balances
LEFT JOIN team_successes ON team_successes.team = balances.team
ORDER BY balances.billing_currency, gain DESC, balances.team

-- description: What ran away? Days on which a principal cost many times its own usual day.
-- owner: platform
-- tags: ai, waste
--
-- Effective cost of charges counted in tokens, in the billing currency, by principal and day of use. The usual day is
-- the median over the days of the period on which the principal had such charges, so a principal needs some days to
-- have one; a day is flagged when it costs at least so many times as much, and at least a least amount. A usual day of 0
-- has no multiple. Evidence is the cost of the day, the usual cost and the multiple.
--
-- A pattern to look at, not a person to punish. A loop that ran away looks like this, and so does a big but honest job.
-- False alarms on the sample company, last three months, principals flagged that were not planted: 0 of 156.
-- param: period  period = last(3mo)     "time of use, such as 2026-Q2"
-- param: times   decimal = 10           "how many times the usual day makes a day suspect"
-- param: least   decimal = 1000         "cost of a day below which nothing is suspect"
-- param: days    int = 5                "days of use that a principal needs to have a usual day"
-- check: unique(day, principal_id, billing_currency)
-- check: not_null(day, principal_id, billing_currency, effective_cost, usual_cost)
-- chart: bar x=day y=effective_cost series=principal_id title="Suspect days"
WITH daily_costs AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ConsumedUnit = 'Tokens'
    AND PrincipalId IS NOT NULL
  GROUP BY date_trunc('day', ChargePeriodStart), PrincipalId, BillingCurrency
),
usual_days AS (
  SELECT
    principal_id,
    billing_currency,
    count(*) AS days_of_use,
    median(effective_cost) AS usual_cost
  FROM daily_costs
  GROUP BY principal_id, billing_currency
)
SELECT
  daily_costs.day,
  daily_costs.principal_id,
  daily_costs.billing_currency,
  daily_costs.effective_cost,
  usual_days.usual_cost,
  round(daily_costs.effective_cost / nullif(usual_days.usual_cost, 0), 1) AS times_usual
FROM daily_costs
JOIN usual_days
  ON usual_days.principal_id = daily_costs.principal_id
 AND usual_days.billing_currency = daily_costs.billing_currency
WHERE usual_days.days_of_use >= $days
  AND daily_costs.effective_cost >= $least
  AND daily_costs.effective_cost >= usual_days.usual_cost * $times
ORDER BY daily_costs.effective_cost DESC, daily_costs.day, daily_costs.principal_id, daily_costs.billing_currency

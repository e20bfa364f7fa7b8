-- name: spend_by_team
-- description: Effective cost by team over a period, one row per team and currency.
--   A team is the sub account its charges are booked on; charges without one are `unassigned`.
-- owner: finops
-- tags: finance, spend
-- param: period  period = last(12mo)  "period of use to report, such as 2026-Q2"
-- check: unique(team, billing_currency)
-- check: not_null(team, billing_currency)
-- chart: bar x=team y=effective_cost series=billing_currency
SELECT
  coalesce(SubAccountName, SubAccountId, 'unassigned') AS team,
  BillingCurrency AS billing_currency,
  sum(EffectiveCost) AS effective_cost
FROM spend
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
GROUP BY coalesce(SubAccountName, SubAccountId, 'unassigned'), BillingCurrency
ORDER BY billing_currency, effective_cost DESC, team

-- description: What did each team use? Effective cost by team over a period.
-- owner: finops
-- tags: finance, spend, team
--
-- Effective cost in the billing currency, by the time of use: discounts and commitments are spread over what they
-- cover, credits and taxes are included. The cost of charges without a team stands as `unassigned` and is not spread.
-- param: period  period = last(12mo)  "time of use, such as 2026-Q2"
-- param: teams   text[]? = null       "only these teams"
-- check: unique(team, billing_currency)
-- check: not_null(team, billing_currency, effective_cost)
-- chart: bar x=team y=effective_cost series=billing_currency title="Effective cost by team"
SELECT
  team,
  BillingCurrency AS billing_currency,
  sum(EffectiveCost) AS effective_cost
FROM team_charges
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
  AND ($teams IS NULL OR team = ANY($teams))
GROUP BY team, BillingCurrency
ORDER BY billing_currency, effective_cost DESC, team

-- description: What does each team cost, shared cost included? Effective cost by team: tagged, by roster, received.
-- owner: finops
-- tags: allocation, finance, team
--
-- `tagged_cost` are charges with the team's tag, `roster_cost` those of its people without one, `received_cost` what the
-- rules of outlay.toml moved to it; the three add up to the effective cost. What a rule moved away is gone from the team
-- that it took it from. The row `unassigned` is what nobody bears. Effective cost in the billing currency, by the
-- time of use; the column adds up to that of `spend`, to the last digit.
-- param: period  period = last(3mo)  "time of use, such as 2026-Q2"
-- param: teams   text[]? = null      "only these teams"
-- check: unique(team, billing_currency)
-- check: not_null(team, billing_currency, effective_cost)
-- chart: bar x=team y=effective_cost series=billing_currency title="Effective cost by team, shared cost included"
SELECT
  team,
  BillingCurrency AS billing_currency,
  coalesce(sum(EffectiveCost) FILTER (WHERE allocation = 'tag'), 0) AS tagged_cost,
  coalesce(sum(EffectiveCost) FILTER (WHERE allocation = 'roster'), 0) AS roster_cost,
  coalesce(
    sum(EffectiveCost) FILTER (WHERE allocation NOT IN ('tag', 'roster', 'unassigned')),
    0
  ) AS received_cost,
  sum(EffectiveCost) AS effective_cost
FROM allocated_spend
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
  AND ($teams IS NULL OR team = ANY($teams))
GROUP BY team, BillingCurrency
ORDER BY billing_currency, effective_cost DESC, team

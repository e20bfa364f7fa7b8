-- description: Who bears what, and why? Effective cost by tag, roster and rule: from which team, to which, what was left.
-- owner: finops
-- tags: allocation, finance, team
--
-- One row for each way in which cost came to a team: `tag` and `roster` are a team's own charges, any other allocation is the
-- rule of outlay.toml that moved them, `from_team` whom it took them from. What nobody bears stands as `unassigned`, with
-- the reason where a rule applied and could not divide it. Effective cost in the billing currency, by the time of use;
-- the column adds up to that of `spend`, to the last digit. Shares are percentages of the currency, with two digits.
-- param: period  period = last(3mo)  "time of use, such as 2026-Q2"
-- check: unique(allocation, from_team, team, allocation_reason, billing_currency)
-- check: not_null(allocation, team, billing_currency, effective_cost)
-- chart: bar x=team y=effective_cost series=allocation title="Effective cost by allocation"
WITH ways AS (
  SELECT
    allocation,
    from_team,
    team,
    allocation_reason,
    BillingCurrency AS billing_currency,
    sum(EffectiveCost) AS effective_cost
  FROM allocated_spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
  GROUP BY allocation, from_team, team, allocation_reason, BillingCurrency
)
SELECT
  allocation,
  from_team,
  team,
  allocation_reason,
  billing_currency,
  effective_cost,
  round(
    100 * effective_cost / nullif(sum(effective_cost) OVER (PARTITION BY billing_currency), 0),
    2
  ) AS percent_of_cost
FROM ways
ORDER BY billing_currency, allocation, from_team, effective_cost DESC, team, allocation_reason

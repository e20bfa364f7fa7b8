-- description: How much cost has no team? Untagged effective cost and its share by provider over a period.
-- owner: finops
-- tags: quality, spend
--
-- Effective cost in the billing currency, by the time of use, of the charges that no team is known for; see
-- `team_charges` for what that means. Credits and taxes without a tag are among them. The share is a percentage of all
-- cost of the provider, with two digits; it is NULL where all cost adds up to nothing.
-- param: period  period = last(3mo)  "time of use, such as 2026-Q2"
-- check: unique(provider, billing_currency)
-- check: not_null(billing_currency, untagged_charges, untagged_cost, effective_cost)
-- check: untagged_percent <= 20 warn
-- chart: bar x=provider y=untagged_cost series=billing_currency title="Effective cost without a team"
SELECT
  ServiceProviderName AS provider,
  BillingCurrency AS billing_currency,
  count(*) FILTER (WHERE team = 'unassigned') AS untagged_charges,
  coalesce(sum(EffectiveCost) FILTER (WHERE team = 'unassigned'), 0) AS untagged_cost,
  sum(EffectiveCost) AS effective_cost,
  round(
    100 * coalesce(sum(EffectiveCost) FILTER (WHERE team = 'unassigned'), 0) / nullif(sum(EffectiveCost), 0),
    2
  ) AS untagged_percent
FROM team_charges
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
GROUP BY ServiceProviderName, BillingCurrency
ORDER BY billing_currency, untagged_cost DESC, provider

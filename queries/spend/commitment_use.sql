-- description: Do commitments pay? Used and unused cost, utilisation, break-even and savings of each commitment by month.
-- owner: finops
-- tags: commitment, finance, monthly, spend
--
-- Charges of a commitment discount (CommitmentDiscountId) with a status. Used and unused cost are EffectiveCost, which
-- spreads the purchase over its term; utilisation is what was used as a percentage of both. The on-demand cost is the
-- list cost of what was used: break-even is the utilisation, in percent, above which the commitment beats paying that; net savings are on-demand
-- cost less used and unused. Coverage is the share of the provider's usage of the month, at list cost, that commitments
-- bore. Percentages have two digits; costs in the billing currency. Two kinds of cost meet here and in no other query:
-- what was paid, and what the same use costs by the list.
-- param: period  period = last(12mo)  "months of use, such as 2026-Q2"
-- check: unique(provider, commitment, month, billing_currency)
-- check: not_null(provider, commitment, month, billing_currency, used_cost, unused_cost, on_demand_cost)
-- check: utilisation_percent IS NULL OR utilisation_percent BETWEEN 0 AND 100 warn
-- chart: line x=month y=utilisation_percent series=commitment title="Utilisation of commitments"
WITH usage_charges AS (
  SELECT
    ServiceProviderName AS provider,
    CommitmentDiscountId AS commitment,
    CommitmentDiscountStatus AS status,
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    BillingCurrency AS billing_currency,
    EffectiveCost AS effective_cost,
    ListCost AS list_cost
  FROM spend
  WHERE ChargeCategory = 'Usage'
    AND ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
),
eligible AS (
  SELECT
    provider,
    month,
    billing_currency,
    sum(list_cost) FILTER (WHERE status IS NULL OR status = 'Used') AS list_cost
  FROM usage_charges
  GROUP BY provider, month, billing_currency
),
commitments AS (
  SELECT
    provider,
    commitment,
    month,
    billing_currency,
    coalesce(sum(effective_cost) FILTER (WHERE status = 'Used'), 0) AS used_cost,
    coalesce(sum(effective_cost) FILTER (WHERE status = 'Unused'), 0) AS unused_cost,
    coalesce(sum(list_cost) FILTER (WHERE status = 'Used'), 0) AS on_demand_cost
  FROM usage_charges
  WHERE commitment IS NOT NULL
    AND status IS NOT NULL
  GROUP BY provider, commitment, month, billing_currency
)
SELECT
  commitments.provider,
  commitments.commitment,
  commitments.month,
  commitments.billing_currency,
  commitments.used_cost,
  commitments.unused_cost,
  round(100 * commitments.used_cost / nullif(commitments.used_cost + commitments.unused_cost, 0), 2)
    AS utilisation_percent,
  commitments.on_demand_cost,
  round(100 * commitments.used_cost / nullif(commitments.on_demand_cost, 0), 2) AS break_even_percent,
  commitments.on_demand_cost - commitments.used_cost - commitments.unused_cost AS net_savings,
  round(100 * commitments.on_demand_cost / nullif(eligible.list_cost, 0), 2) AS coverage_percent
FROM commitments
JOIN eligible
  ON eligible.provider = commitments.provider
 AND eligible.month = commitments.month
 AND eligible.billing_currency = commitments.billing_currency
ORDER BY commitments.provider, commitments.commitment, commitments.month, commitments.billing_currency

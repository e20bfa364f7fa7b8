-- description: Do the commitments pay? Used, unused, coverage, saving and break-even of each commitment by month.
-- owner: finops
-- tags: commitments, finance, monthly
--
-- Used is the effective cost of the charges that a commitment covers, unused that of what it stood ready for in vain,
-- both in the billing currency and by the time of use; utilisation is used as a percentage of both. Covered compares
-- with what could have been: used as a percentage of the effective cost of all usage of the services that the commitment
-- covers in the month, by any commitment or at the standard price. Dynamic prices are no standard.
--
-- The on-demand cost is what the covered charges would have cost at the contracted price, or at the list price. Saved is
-- the on-demand cost less used and unused. The commitment beats on-demand while its utilisation is above the break-even,
-- which is used as a percentage of the on-demand cost: at a discount of 30 % it pays from a utilisation of 70 % on.
-- Comparing the two costs is the subject here. Percentages have two digits.
-- param: period   period = last(12mo)                         "time of use, such as 2026-Q2"
-- param: against  text = 'contracted' in (contracted, list)  "price that the commitment is held against"
-- check: unique(month, provider, commitment_id, billing_currency)
-- check: not_null(month, commitment_id, billing_currency, used, unused)
-- check: coverage_percent <= 100 warn
-- check: utilisation_percent >= break_even_percent warn
-- chart: line x=month y=utilisation_percent,break_even_percent series=commitment_id title="Utilisation and break-even"
WITH charges AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    ServiceProviderName AS provider,
    ServiceName AS service,
    BillingCurrency AS billing_currency,
    CommitmentDiscountId AS commitment_id,
    CommitmentDiscountStatus AS status,
    sum(EffectiveCost) AS effective_cost,
    sum(CASE WHEN $against = 'list' THEN ListCost ELSE ContractedCost END) AS on_demand_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ChargeCategory = 'Usage'
    AND (CommitmentDiscountStatus IN ('Used', 'Unused') OR PricingCategory = 'Standard')
  GROUP BY
    date_trunc('month', ChargePeriodStart),
    ServiceProviderName,
    ServiceName,
    BillingCurrency,
    CommitmentDiscountId,
    CommitmentDiscountStatus
),
commitments AS (
  SELECT
    month,
    provider,
    commitment_id,
    billing_currency,
    coalesce(sum(effective_cost) FILTER (WHERE status = 'Used'), 0) AS used,
    coalesce(sum(effective_cost) FILTER (WHERE status = 'Unused'), 0) AS unused,
    coalesce(sum(on_demand_cost) FILTER (WHERE status = 'Used'), 0) AS on_demand_cost
  FROM charges
  WHERE status IS NOT NULL
  GROUP BY month, provider, commitment_id, billing_currency
),
services AS (
  SELECT
    month,
    provider,
    service,
    billing_currency,
    sum(effective_cost) AS eligible_cost
  FROM charges
  WHERE status IS NULL OR status = 'Used'
  GROUP BY month, provider, service, billing_currency
),
covered_services AS (
  SELECT DISTINCT
    month,
    provider,
    service,
    billing_currency,
    commitment_id
  FROM charges
  WHERE status = 'Used'
),
eligible AS (
  SELECT
    covered_services.month,
    covered_services.provider,
    covered_services.commitment_id,
    covered_services.billing_currency,
    sum(services.eligible_cost) AS eligible_cost
  FROM covered_services
  JOIN services
    ON services.month = covered_services.month
   AND services.provider = covered_services.provider
   AND services.service = covered_services.service
   AND services.billing_currency = covered_services.billing_currency
  GROUP BY
    covered_services.month,
    covered_services.provider,
    covered_services.commitment_id,
    covered_services.billing_currency
)
SELECT
  commitments.month,
  commitments.provider,
  commitments.commitment_id,
  commitments.billing_currency,
  commitments.used,
  commitments.unused,
  round(100 * commitments.used / nullif(commitments.used + commitments.unused, 0), 2) AS utilisation_percent,
  round(100 * commitments.used / nullif(eligible.eligible_cost, 0), 2) AS coverage_percent,
  commitments.on_demand_cost,
  commitments.on_demand_cost - commitments.used - commitments.unused AS saved,
  round(100 * commitments.used / nullif(commitments.on_demand_cost, 0), 2) AS break_even_percent
FROM commitments
LEFT JOIN eligible
  ON eligible.month = commitments.month
 AND eligible.provider = commitments.provider
 AND eligible.commitment_id = commitments.commitment_id
 AND eligible.billing_currency = commitments.billing_currency
ORDER BY commitments.month, commitments.billing_currency, commitments.provider, commitments.commitment_id

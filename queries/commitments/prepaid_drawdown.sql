-- description: How much of what was paid in advance is left? Commitments bought, used, unused and left by month.
-- owner: finance
-- tags: commitments, finance, monthly
--
-- Cash against use, which is the subject: a commitment is paid for with the billed cost of its purchases and drawn down
-- by the effective cost of the charges that it covers (used) and of what it stood ready for in vain (unused). Where it
-- is paid month by month the balance stays near zero. The balance counts from the first charge of the ledger whatever
-- months are shown, by the time of use and in the billing currency; a purchase counts on the day it takes effect. The
-- last day of validity is that of the last purchase; it is unknown when charges are covered after it, as where a vendor
-- gives the purchase the period of its invoice. What is left when the last day has passed is lost: it stands in the last
-- month in which the commitment moved.
-- param: period  period? = null  "months to show, all when left out"
-- param: today   date = today    "what is good until later is not lost"
-- check: unique(month, provider, commitment_id, billing_currency)
-- check: not_null(month, commitment_id, billing_currency, bought, used, unused, balance, lost)
-- check: balance = opening_balance + bought - used - unused
-- check: lost = 0 warn
-- chart: line x=month y=balance series=commitment_id title="Paid in advance and not used yet"
WITH months AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    ServiceProviderName AS provider,
    CommitmentDiscountId AS commitment_id,
    BillingCurrency AS billing_currency,
    coalesce(sum(BilledCost) FILTER (WHERE ChargeCategory = 'Purchase'), 0) AS bought,
    coalesce(sum(EffectiveCost) FILTER (WHERE CommitmentDiscountStatus = 'Used'), 0) AS used,
    coalesce(sum(EffectiveCost) FILTER (WHERE CommitmentDiscountStatus = 'Unused'), 0) AS unused,
    max(ChargePeriodEnd) FILTER (WHERE ChargeCategory = 'Purchase') AS bought_until,
    max(ChargePeriodEnd) FILTER (WHERE CommitmentDiscountStatus IS NOT NULL) AS covered_until
  FROM spend
  WHERE CommitmentDiscountId IS NOT NULL
  GROUP BY date_trunc('month', ChargePeriodStart), ServiceProviderName, CommitmentDiscountId, BillingCurrency
),
balances AS (
  SELECT
    month,
    provider,
    commitment_id,
    billing_currency,
    bought,
    used,
    unused,
    sum(bought - used - unused) OVER (PARTITION BY provider, commitment_id, billing_currency ORDER BY month) AS balance,
    max(bought_until) OVER (PARTITION BY provider, commitment_id, billing_currency) AS bought_until,
    max(covered_until) OVER (PARTITION BY provider, commitment_id, billing_currency) AS covered_until,
    max(month) OVER (PARTITION BY provider, commitment_id, billing_currency) AS last_month
  FROM months
),
terms AS (
  SELECT
    balances.*,
    CASE WHEN covered_until IS NULL OR covered_until <= bought_until THEN bought_until END AS valid_until
  FROM balances
)
SELECT
  month,
  provider,
  commitment_id,
  billing_currency,
  balance - bought + used + unused AS opening_balance,
  bought,
  used,
  unused,
  balance,
  CAST(valid_until - INTERVAL '1 day' AS DATE) AS last_day,
  CASE
    WHEN month = last_month AND valid_until <= $today THEN greatest(balance, 0)
    ELSE 0
  END AS lost
FROM terms
WHERE ($period_start IS NULL OR month >= $period_start)
  AND ($period_end IS NULL OR month < $period_end)
ORDER BY month, billing_currency, provider, commitment_id

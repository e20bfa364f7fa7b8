-- description: What changed since? Billed cost of each billing period as it was known on two dates, by provider and cause.
-- owner: finance
-- tags: finance, monthly, quality
--
-- Each date stands for the deliveries that had come by its end (UTC). A difference has one cause: `first delivery` when
-- the provider had billed nothing of the period by the earlier date, `withdrawn` when it has nothing of it by the later
-- one, `correction` for charges of class Correction, `open period` when the period had not ended by the earlier date,
-- `credit` for credits, else `restated`. Periods without a difference have no row. Billed cost in the billing currency; the difference is later less earlier.
-- param: earlier  date = shift(today, -30)  "what was known at the end of this day"
-- param: later    date = today              "and of this one"
-- check: unique(billing_period_start, provider, billing_currency, cause)
-- check: not_null(billing_period_start, provider, billing_currency, cause, difference)
-- check: accepted(cause: first delivery, withdrawn, correction, open period, credit, restated)
-- chart: bar x=billing_period_start y=difference series=cause title="Billed later less earlier"
WITH charges AS (
  SELECT
    'earlier' AS known,
    BillingPeriodStart,
    BillingPeriodEnd,
    ServiceProviderName,
    BillingCurrency,
    ChargeClass,
    ChargeCategory,
    BilledCost
  FROM spend_as_of($earlier)
  UNION ALL
  SELECT
    'later' AS known,
    BillingPeriodStart,
    BillingPeriodEnd,
    ServiceProviderName,
    BillingCurrency,
    ChargeClass,
    ChargeCategory,
    BilledCost
  FROM spend_as_of($later)
),
groups AS (
  SELECT
    CAST(date_trunc('day', BillingPeriodStart) AS DATE) AS billing_period_start,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    CASE
      WHEN ChargeClass = 'Correction' THEN 'correction'
      WHEN BillingPeriodEnd > $earlier THEN 'open period'
      WHEN ChargeCategory = 'Credit' THEN 'credit'
      ELSE 'restated'
    END AS kind,
    count(*) FILTER (WHERE known = 'earlier') AS earlier_charges,
    count(*) FILTER (WHERE known = 'later') AS later_charges,
    coalesce(sum(BilledCost) FILTER (WHERE known = 'earlier'), 0) AS earlier_billed_cost,
    coalesce(sum(BilledCost) FILTER (WHERE known = 'later'), 0) AS later_billed_cost
  FROM charges
  GROUP BY billing_period_start, provider, billing_currency, kind
),
known_groups AS (
  SELECT
    *,
    sum(earlier_charges) OVER (PARTITION BY billing_period_start, provider, billing_currency) AS known_earlier,
    sum(later_charges) OVER (PARTITION BY billing_period_start, provider, billing_currency) AS known_later
  FROM groups
),
causes AS (
  SELECT
    billing_period_start,
    provider,
    billing_currency,
    CASE
      WHEN known_earlier = 0 THEN 'first delivery'
      WHEN known_later = 0 THEN 'withdrawn'
      ELSE kind
    END AS cause,
    earlier_charges,
    later_charges,
    earlier_billed_cost,
    later_billed_cost
  FROM known_groups
)
SELECT
  billing_period_start,
  provider,
  billing_currency,
  cause,
  sum(earlier_charges) AS earlier_charges,
  sum(later_charges) AS later_charges,
  sum(earlier_billed_cost) AS earlier_billed_cost,
  sum(later_billed_cost) AS later_billed_cost,
  sum(later_billed_cost) - sum(earlier_billed_cost) AS difference
FROM causes
GROUP BY billing_period_start, provider, billing_currency, cause
HAVING sum(later_billed_cost) <> sum(earlier_billed_cost)
    OR sum(later_charges) <> sum(earlier_charges)
ORDER BY billing_period_start, provider, billing_currency, cause

-- description: What was delivered and does not count? Charges and billed cost set aside, by source, month and reason.
-- owner: finops
-- tags: quality, ledger
--
-- Files that a newer delivery superseded, that no manifest names or that came after the as-of date, and charges whose use
-- another source counts (`[[overlaps]]` in outlay.toml). Nothing is lost: `spend` and `set_aside` together are what was
-- delivered. Billed cost in the billing currency, by the start of the billing period.
-- param: period  period = last(12mo)  "billing periods that begin in it, such as 2026-Q2"
-- check: unique(source, billing_period_start, reason, counted_in, billing_currency)
-- check: not_null(source, billing_period_start, reason, charges)
-- chart: bar x=billing_period_start y=charges series=reason title="Charges set aside"
WITH aside AS (
  SELECT
    x_SourceName AS source,
    CAST(date_trunc('day', BillingPeriodStart) AS DATE) AS billing_period_start,
    x_SetAsideReason AS reason,
    coalesce(x_CountedIn, '') AS counted_in,
    BillingCurrency AS billing_currency,
    BilledCost AS billed_cost
  FROM set_aside
  WHERE BillingPeriodStart >= $period_start
    AND BillingPeriodStart < $period_end
)
SELECT
  source,
  billing_period_start,
  reason,
  counted_in,
  billing_currency,
  count(*) AS charges,
  sum(billed_cost) AS billed_cost
FROM aside
GROUP BY source, billing_period_start, reason, counted_in, billing_currency
ORDER BY source, billing_period_start, reason, counted_in, billing_currency

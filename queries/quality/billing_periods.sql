-- description: Which bills may still change? Billing periods by issuer, open or closed, with their billed cost.
-- owner: finance
-- tags: finance, monthly, quality
--
-- A period is closed once the newest full month of the project has passed it: `close_lag_days` in outlay.toml says how
-- many days after its end a bill is complete. A company that gets the FOCUS dataset Billing Period overrides this file
-- with a SELECT over that table, and every query about open and closed periods follows. Billed cost in the billing
-- currency; charges that correct an earlier period stand in the period that bills them.
-- param: closed  month = last_full_month  "newest month whose bill is complete"
-- check: unique(issuer, billing_period_start, billing_currency)
-- check: not_null(issuer, billing_period_start, billing_period_end, billing_currency, status, billed_cost)
-- check: accepted(status: Open, Closed)
-- chart: bar x=billing_period_start y=billed_cost series=status title="Billed cost by status of the period"
WITH periods AS (
  SELECT
    InvoiceIssuerName AS issuer,
    CAST(date_trunc('day', BillingPeriodStart) AS DATE) AS billing_period_start,
    CAST(date_trunc('day', BillingPeriodEnd) AS DATE) AS billing_period_end,
    BillingCurrency AS billing_currency,
    BilledCost AS billed_cost
  FROM spend
)
SELECT
  issuer,
  billing_period_start,
  max(billing_period_end) AS billing_period_end,
  billing_currency,
  CASE WHEN max(billing_period_end) <= $closed_end THEN 'Closed' ELSE 'Open' END AS status,
  count(*) AS charges,
  sum(billed_cost) AS billed_cost
FROM periods
GROUP BY issuer, billing_period_start, billing_currency
ORDER BY billing_period_start, issuer, billing_currency

-- description: Do the invoices match the charges? Invoiced and billed amounts by issuer, month and currency.
-- owner: finance
-- tags: finance, monthly, quality
--
-- Billed cost of the charges by the issuer of the invoice and the start of the billing period, against the invoices of
-- that issuer and period, both in the billing currency. The residual is what was invoiced less what the charges say;
-- an invoice without charges and charges without an invoice have a row too, the missing side counting as 0 in it.
-- param: period  period = last(12mo)  "billing periods that begin in it, such as 2026-Q2"
-- check: unique(issuer, billing_period_start, billing_currency)
-- check: not_null(billing_period_start, billing_currency, residual, status)
-- check: accepted(status: matches, differs, no invoice, no charges)
-- check: status = 'matches' warn
-- chart: bar x=billing_period_start y=residual series=issuer title="Invoiced less billed"
WITH billed AS (
  SELECT
    InvoiceIssuerName AS issuer,
    CAST(date_trunc('day', BillingPeriodStart) AS DATE) AS billing_period_start,
    BillingCurrency AS billing_currency,
    sum(BilledCost) AS billed_cost
  FROM spend
  WHERE BillingPeriodStart >= $period_start
    AND BillingPeriodStart < $period_end
  GROUP BY InvoiceIssuerName, date_trunc('day', BillingPeriodStart), BillingCurrency
),
invoiced AS (
  SELECT
    issuer,
    billing_period_start,
    currency AS billing_currency,
    count(*) AS invoices,
    CAST(sum(amount) AS DECIMAL(38, 18)) AS invoiced_cost
  FROM invoices
  WHERE billing_period_start >= $period_start
    AND billing_period_start < $period_end
  GROUP BY issuer, billing_period_start, currency
)
SELECT
  coalesce(billed.issuer, invoiced.issuer) AS issuer,
  coalesce(billed.billing_period_start, invoiced.billing_period_start) AS billing_period_start,
  coalesce(billed.billing_currency, invoiced.billing_currency) AS billing_currency,
  coalesce(invoiced.invoices, 0) AS invoices,
  invoiced.invoiced_cost,
  billed.billed_cost,
  coalesce(invoiced.invoiced_cost, 0) - coalesce(billed.billed_cost, 0) AS residual,
  CASE
    WHEN invoiced.invoices IS NULL THEN 'no invoice'
    WHEN billed.billing_period_start IS NULL THEN 'no charges'
    WHEN invoiced.invoiced_cost = billed.billed_cost THEN 'matches'
    ELSE 'differs'
  END AS status
FROM billed
FULL JOIN invoiced
  ON invoiced.issuer = billed.issuer
 AND invoiced.billing_period_start = billed.billing_period_start
 AND invoiced.billing_currency = billed.billing_currency
ORDER BY billing_period_start, issuer, billing_currency

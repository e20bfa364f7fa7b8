-- description: What was invoiced? One row an invoice: issuer, number, billing period, currency and amount.
-- owner: finance
-- tags: finance, quality
--
-- The one query that knows how the table `invoices` looks; everything about invoices builds on it. It reads a plain
-- list with the columns invoice_id, issuer, billing_period_start, billing_period_end, currency and amount. Where the
-- table is a FOCUS 1.4 dataset Invoice Detail, a project puts its own `queries/invoice_lines.sql` in the place of this:
-- the same columns and checks, from InvoiceId, InvoiceIssuerName, BillingPeriodStart, BillingPeriodEnd,
-- BillingCurrency and sum(BilledCost), WHERE InvoiceIssueStatus <> 'Voided'. Amounts in the billing currency; the lines
-- of an invoice are added, its period is that of its first line.
-- check: unique(issuer, invoice_id, billing_currency)
-- check: not_null(issuer, billing_period_start, billing_currency, invoiced_cost)
-- chart: bar x=billing_period_start y=invoiced_cost series=issuer title="Invoiced"
SELECT
  issuer,
  invoice_id,
  CAST(min(billing_period_start) AS DATE) AS billing_period_start,
  CAST(max(billing_period_end) AS DATE) AS billing_period_end,
  currency AS billing_currency,
  CAST(sum(amount) AS DECIMAL(38, 18)) AS invoiced_cost
FROM invoices
GROUP BY issuer, invoice_id, currency
ORDER BY billing_period_start, issuer, invoice_id, billing_currency

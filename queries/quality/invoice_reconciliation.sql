-- description: Do the invoices match the charges? Invoiced and billed amounts by invoice, billing period and currency.
-- owner: finance
-- tags: finance, monthly, quality
--
-- The amount of each invoice against the billed cost of the charges that belong to it (`invoice_matches` says which), in
-- the billing currency. The residual is what was invoiced less what the charges say, a missing side counting as 0; its
-- percentage is of the invoice, with two digits. Up to the tolerance, the cent that rounding may cost, an invoice matches.
-- Beyond it the invoice differs, which is a warning, and beyond the percentage that auditors usually call material the
-- check fails, as it does for an invoice without a single charge. Charges without an invoice are a warning: the invoice
-- of an unfinished period is yet to come, and a gateway sends none. `invoice_residuals` looks for the cause.
-- param: period            period = last(12mo)  "billing periods that begin in it, such as 2026-Q2"
-- param: tolerance         decimal = 0.01       "residual up to which an invoice matches, in the billing currency"
-- param: material_percent  decimal = 5          "residual beyond which the check fails, in percent of the invoice"
-- check: unique(issuer, invoice_id, billing_period_start, billing_currency)
-- check: not_null(issuer, billing_period_start, billing_currency, residual, status)
-- check: accepted(status: matches, differs, differs materially, no invoice, no charges)
-- check: status NOT IN ('differs materially', 'no charges')
-- check: status = 'matches' warn
-- chart: bar x=billing_period_start y=residual series=issuer title="Invoiced less billed"
WITH totals AS (
  SELECT
    issuer,
    invoice_id,
    billing_period_start,
    billing_currency,
    coalesce(sum(invoices), 0) AS invoices,
    coalesce(sum(charges), 0) AS charges,
    sum(invoiced_cost) AS invoiced_cost,
    sum(billed_cost) AS billed_cost,
    coalesce(sum(invoiced_cost), 0) - coalesce(sum(billed_cost), 0) AS residual
  FROM invoice_matches
  WHERE billing_period_start >= $period_start
    AND billing_period_start < $period_end
  GROUP BY issuer, invoice_id, billing_period_start, billing_currency
)
SELECT
  issuer,
  invoice_id,
  billing_period_start,
  billing_currency,
  invoices,
  charges,
  invoiced_cost,
  billed_cost,
  residual,
  round(100 * residual / nullif(invoiced_cost, 0), 2) AS residual_percent,
  CASE
    WHEN invoices = 0 THEN 'no invoice'
    WHEN charges = 0 THEN 'no charges'
    WHEN abs(residual) <= $tolerance THEN 'matches'
    WHEN 100 * abs(residual) <= $material_percent * abs(invoiced_cost) THEN 'differs'
    ELSE 'differs materially'
  END AS status
FROM totals
ORDER BY billing_period_start, issuer, invoice_id, billing_currency

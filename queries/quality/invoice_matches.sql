-- description: Which charges stand on which invoice? Invoices, and groups of charges with the invoice they belong to.
-- owner: finance
-- tags: finance, quality
--
-- A charge belongs to the invoice of its issuer and currency whose number it carries, in whatever period it was billed.
-- A charge without a number, or with one that no invoice has, belongs to the invoice of its issuer, currency and billing
-- period. Of several that is the one whose number no charge carries, or all of those together ("A-1, A-2"); where each
-- number is carried, the charge belongs to the only invoice there is, else to none. Billed cost and invoiced amounts in the billing currency; a row is either
-- an invoice (`invoices`, `invoiced_cost`) or a group of charges (`charges`, `billed_cost`), the rest of it NULL.
-- check: unique(issuer, invoice_id, billing_period_start, billing_currency, charge_category, charge_class, service, carries_invoice_id, billed_period_start)
-- check: not_null(issuer, billing_period_start, billing_currency)
-- check: (invoices IS NULL) <> (charges IS NULL)
-- check: sql: SELECT * FROM (SELECT BillingCurrency AS currency, sum(BilledCost) AS total FROM spend GROUP BY BillingCurrency) AS theirs FULL JOIN (SELECT billing_currency AS currency, sum(billed_cost) AS total FROM result WHERE charges > 0 GROUP BY billing_currency) AS ours ON ours.currency = theirs.currency WHERE ours.total IS DISTINCT FROM theirs.total
-- check: sql: SELECT * FROM (SELECT billing_currency AS currency, sum(invoiced_cost) AS total FROM invoice_lines GROUP BY billing_currency) AS theirs FULL JOIN (SELECT billing_currency AS currency, sum(invoiced_cost) AS total FROM result WHERE invoices > 0 GROUP BY billing_currency) AS ours ON ours.currency = theirs.currency WHERE ours.total IS DISTINCT FROM theirs.total
-- chart: bar x=billing_period_start y=billed_cost series=issuer title="Billed, by the period of the invoice"
WITH charges AS (
  SELECT
    InvoiceIssuerName AS issuer,
    InvoiceId AS charge_invoice_id,
    CAST(date_trunc('day', BillingPeriodStart) AS DATE) AS billed_period_start,
    BillingCurrency AS billing_currency,
    ChargeCategory AS charge_category,
    ChargeClass AS charge_class,
    ServiceName AS service,
    count(*) AS charges,
    sum(BilledCost) AS billed_cost
  FROM spend
  GROUP BY
    InvoiceIssuerName, InvoiceId, date_trunc('day', BillingPeriodStart), BillingCurrency, ChargeCategory, ChargeClass,
    ServiceName
),
numbered AS (
  SELECT
    charges.*,
    invoice_lines.invoice_id,
    invoice_lines.billing_period_start
  FROM charges
  LEFT JOIN invoice_lines
    ON invoice_lines.issuer = charges.issuer
   AND invoice_lines.billing_currency = charges.billing_currency
   AND invoice_lines.invoice_id = charges.charge_invoice_id
),
carried AS (
  SELECT DISTINCT issuer, invoice_id, billing_currency
  FROM numbered
  WHERE invoice_id IS NOT NULL
),
lines AS (
  SELECT
    invoice_lines.issuer,
    invoice_lines.invoice_id,
    invoice_lines.billing_period_start,
    invoice_lines.billing_currency,
    invoice_lines.invoiced_cost,
    carried.invoice_id IS NOT NULL AS is_carried
  FROM invoice_lines
  LEFT JOIN carried
    ON carried.issuer = invoice_lines.issuer
   AND carried.invoice_id = invoice_lines.invoice_id
   AND carried.billing_currency = invoice_lines.billing_currency
),
periods AS (
  SELECT
    issuer,
    billing_period_start,
    billing_currency,
    CASE
      WHEN count(*) FILTER (WHERE NOT is_carried) > 0
        THEN string_agg(invoice_id, ', ' ORDER BY invoice_id) FILTER (WHERE NOT is_carried)
      WHEN count(*) = 1 THEN min(invoice_id)
    END AS common_id
  FROM lines
  GROUP BY issuer, billing_period_start, billing_currency
),
unnumbered AS (
  SELECT DISTINCT issuer, billed_period_start, billing_currency
  FROM numbered
  WHERE invoice_id IS NULL
),
invoiced AS (
  SELECT
    lines.issuer,
    CASE
      WHEN lines.is_carried OR unnumbered.issuer IS NULL THEN lines.invoice_id
      ELSE periods.common_id
    END AS invoice_id,
    lines.billing_period_start,
    lines.billing_currency,
    lines.invoiced_cost
  FROM lines
  JOIN periods
    ON periods.issuer = lines.issuer
   AND periods.billing_period_start = lines.billing_period_start
   AND periods.billing_currency = lines.billing_currency
  LEFT JOIN unnumbered
    ON unnumbered.issuer = lines.issuer
   AND unnumbered.billed_period_start = lines.billing_period_start
   AND unnumbered.billing_currency = lines.billing_currency
),
billed AS (
  SELECT
    numbered.issuer,
    coalesce(numbered.invoice_id, periods.common_id) AS invoice_id,
    coalesce(numbered.billing_period_start, numbered.billed_period_start) AS billing_period_start,
    numbered.billing_currency,
    numbered.charge_category,
    numbered.charge_class,
    numbered.service,
    numbered.charge_invoice_id IS NOT NULL AS carries_invoice_id,
    numbered.billed_period_start,
    numbered.charges,
    numbered.billed_cost
  FROM numbered
  LEFT JOIN periods
    ON periods.issuer = numbered.issuer
   AND periods.billing_period_start = numbered.billed_period_start
   AND periods.billing_currency = numbered.billing_currency
)
SELECT
  issuer,
  invoice_id,
  billing_period_start,
  billing_currency,
  CAST(NULL AS VARCHAR) AS charge_category,
  CAST(NULL AS VARCHAR) AS charge_class,
  CAST(NULL AS VARCHAR) AS service,
  CAST(NULL AS BOOLEAN) AS carries_invoice_id,
  CAST(NULL AS DATE) AS billed_period_start,
  count(*) AS invoices,
  CAST(NULL AS BIGINT) AS charges,
  sum(invoiced_cost) AS invoiced_cost,
  CAST(NULL AS DECIMAL(38, 18)) AS billed_cost
FROM invoiced
GROUP BY issuer, invoice_id, billing_period_start, billing_currency
UNION ALL
SELECT
  issuer,
  invoice_id,
  billing_period_start,
  billing_currency,
  charge_category,
  charge_class,
  service,
  carries_invoice_id,
  billed_period_start,
  CAST(NULL AS BIGINT) AS invoices,
  CAST(sum(charges) AS BIGINT) AS charges,
  CAST(NULL AS DECIMAL(38, 18)) AS invoiced_cost,
  sum(billed_cost) AS billed_cost
FROM billed
GROUP BY
  issuer, invoice_id, billing_period_start, billing_currency, charge_category, charge_class, service,
  carries_invoice_id, billed_period_start
ORDER BY
  billing_period_start, issuer, invoice_id, billing_currency, charge_category, charge_class, service,
  carries_invoice_id, billed_period_start

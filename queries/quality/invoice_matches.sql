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
entries AS (
  SELECT
    charges.issuer,
    invoice_lines.invoice_id,
    coalesce(invoice_lines.billing_period_start, charges.billed_period_start) AS billing_period_start,
    charges.billing_currency,
    charges.charge_category,
    charges.charge_class,
    charges.service,
    charges.charge_invoice_id IS NOT NULL AS carries_invoice_id,
    charges.billed_period_start,
    CAST(NULL AS BIGINT) AS invoices,
    charges.charges,
    CAST(NULL AS DECIMAL(38, 18)) AS invoiced_cost,
    charges.billed_cost
  FROM charges
  LEFT JOIN invoice_lines
    ON invoice_lines.issuer = charges.issuer
   AND invoice_lines.billing_currency = charges.billing_currency
   AND invoice_lines.invoice_id = charges.charge_invoice_id
  UNION ALL
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
    1 AS invoices,
    CAST(NULL AS BIGINT) AS charges,
    invoiced_cost,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_cost
  FROM invoice_lines
),
carried AS (
  SELECT
    *,
    invoices = 1
      AND (invoice_id IS NULL OR count(charges) OVER (PARTITION BY issuer, invoice_id, billing_currency) = 0)
      AS is_uncarried
  FROM entries
),
periods AS (
  SELECT
    *,
    count(invoices) OVER (PARTITION BY issuer, billing_period_start, billing_currency) AS invoices_of_period,
    count(charges) FILTER (WHERE invoice_id IS NULL)
      OVER (PARTITION BY issuer, billing_period_start, billing_currency) AS unnumbered,
    min(invoice_id) FILTER (WHERE invoices = 1)
      OVER (PARTITION BY issuer, billing_period_start, billing_currency) AS only_id,
    count(*) FILTER (WHERE is_uncarried)
      OVER (PARTITION BY issuer, billing_period_start, billing_currency) AS uncarried,
    string_agg(invoice_id, ', ') FILTER (WHERE is_uncarried) OVER (
      PARTITION BY issuer, billing_period_start, billing_currency
      ORDER BY invoice_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS uncarried_ids
  FROM carried
),
matched AS (
  SELECT
    *,
    CASE
      WHEN is_uncarried AND unnumbered > 0 THEN uncarried_ids
      WHEN invoice_id IS NOT NULL THEN invoice_id
      WHEN uncarried > 0 THEN uncarried_ids
      WHEN invoices_of_period = 1 THEN only_id
    END AS matched_id
  FROM periods
)
SELECT
  issuer,
  matched_id AS invoice_id,
  billing_period_start,
  billing_currency,
  charge_category,
  charge_class,
  service,
  carries_invoice_id,
  billed_period_start,
  CAST(sum(invoices) AS BIGINT) AS invoices,
  CAST(sum(charges) AS BIGINT) AS charges,
  sum(invoiced_cost) AS invoiced_cost,
  sum(billed_cost) AS billed_cost
FROM matched
GROUP BY
  issuer, matched_id, billing_period_start, billing_currency, charge_category, charge_class, service,
  carries_invoice_id, billed_period_start
ORDER BY
  billing_period_start, issuer, matched_id, billing_currency, charge_category, charge_class, service,
  carries_invoice_id, billed_period_start

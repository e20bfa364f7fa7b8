-- description: Why does an invoice differ from its charges? Groups of charges whose total comes near the residual.
-- owner: finance
-- tags: finance, quality
--
-- For each invoice with a residual, in the billing currency: its charges grouped by one trait at a time (category, class,
-- service, service and category, no invoice number, billed in another period), and the charges of the same issuer and
-- currency that belong to no invoice. A residual of 10.00 less than a group of 10.00 says that the invoice leaves the
-- group out; one of 10.00 more says that the invoice holds it twice, or that it holds charges that belong to none. The
-- distance says how far the nearer of these is off, 0 an exact explanation; the nearest groups come first.
-- param: period     period = last(12mo)  "billing periods that begin in it, such as 2026-Q2"
-- param: tolerance  decimal = 0.01       "residual up to which an invoice matches, in the billing currency"
-- param: nearest    int = 5              "groups to show for each invoice"
-- check: unique(issuer, invoice_id, billing_period_start, billing_currency, place)
-- check: not_null(issuer, billing_period_start, billing_currency, residual, trait, value, distance, explains)
-- check: distance >= 0
-- chart: bar x=value y=distance series=invoice_id title="How far groups are from the residual"
WITH residuals AS (
  SELECT
    issuer,
    invoice_id,
    billing_period_start,
    billing_currency,
    coalesce(sum(invoiced_cost), 0) - coalesce(sum(billed_cost), 0) AS residual
  FROM invoice_matches
  WHERE billing_period_start >= $period_start
    AND billing_period_start < $period_end
  GROUP BY issuer, invoice_id, billing_period_start, billing_currency
  HAVING sum(invoices) > 0
     AND abs(coalesce(sum(invoiced_cost), 0) - coalesce(sum(billed_cost), 0)) > $tolerance
),
traits AS (
  SELECT unnest(ARRAY[
    'category', 'class', 'service', 'service and category', 'no invoice number', 'billed in another period'
  ]) AS trait
),
own_charges AS (
  SELECT
    residuals.issuer,
    residuals.invoice_id,
    residuals.billing_period_start,
    residuals.billing_currency,
    residuals.residual,
    traits.trait,
    CASE traits.trait
      WHEN 'category' THEN charge_category
      WHEN 'class' THEN charge_class
      WHEN 'service' THEN service
      WHEN 'service and category' THEN concat(service, ', ', charge_category)
      WHEN 'no invoice number' THEN CASE WHEN NOT carries_invoice_id THEN 'all' END
      ELSE CASE WHEN billed_period_start <> residuals.billing_period_start THEN CAST(billed_period_start AS VARCHAR) END
    END AS value,
    charges,
    billed_cost
  FROM residuals
  JOIN invoice_matches
    ON invoice_matches.issuer = residuals.issuer
   AND invoice_matches.invoice_id = residuals.invoice_id
   AND invoice_matches.billing_period_start = residuals.billing_period_start
   AND invoice_matches.billing_currency = residuals.billing_currency
  CROSS JOIN traits
  WHERE charges IS NOT NULL
),
foreign_charges AS (
  SELECT
    residuals.issuer,
    residuals.invoice_id,
    residuals.billing_period_start,
    residuals.billing_currency,
    residuals.residual,
    'on no invoice' AS trait,
    concat(service, ', ', CAST(billed_period_start AS VARCHAR)) AS value,
    charges,
    billed_cost
  FROM residuals
  JOIN invoice_matches
    ON invoice_matches.issuer = residuals.issuer
   AND invoice_matches.billing_currency = residuals.billing_currency
  WHERE charges IS NOT NULL
    AND invoice_matches.invoice_id IS NULL
    AND residuals.invoice_id IS NOT NULL
),
candidates AS (
  SELECT
    issuer,
    invoice_id,
    billing_period_start,
    billing_currency,
    residual,
    trait,
    value,
    sum(charges) AS charges,
    sum(billed_cost) AS billed_cost,
    CASE
      WHEN trait = 'on no invoice' THEN abs(sum(billed_cost) - residual)
      ELSE least(abs(sum(billed_cost) + residual), abs(sum(billed_cost) - residual))
    END AS distance,
    CASE
      WHEN trait = 'on no invoice' AND sum(billed_cost) = residual THEN 'invoiced, belongs to no invoice'
      WHEN sum(billed_cost) = -residual THEN 'not on the invoice'
      WHEN trait <> 'on no invoice' AND sum(billed_cost) = residual THEN 'twice on the invoice'
      ELSE 'nothing exactly'
    END AS explains
  FROM (SELECT * FROM own_charges UNION ALL SELECT * FROM foreign_charges) AS charges
  WHERE value IS NOT NULL
  GROUP BY issuer, invoice_id, billing_period_start, billing_currency, residual, trait, value
),
placed AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY issuer, invoice_id, billing_period_start, billing_currency
      ORDER BY distance, trait, value
    ) AS place
  FROM candidates
)
SELECT
  issuer,
  invoice_id,
  billing_period_start,
  billing_currency,
  residual,
  place,
  trait,
  value,
  charges,
  billed_cost,
  distance,
  explains
FROM placed
WHERE place <= $nearest
ORDER BY billing_period_start, issuer, invoice_id, billing_currency, place

-- description: What was given back or put right? Credits, adjustments and corrections by bill and month of use.
-- owner: finance
-- tags: finance, quality
--
-- Billed cost in the billing currency, negative where it lowers the bill, by the month of the bill and the month of
-- use. Where the two differ, an earlier month was changed after it was closed. A correction is any charge of that
-- class; credits and adjustments are the charges of those categories that are no correction.
-- param: period  period = last(12mo)  "months of the bills, such as 2026-Q2"
-- check: unique(billing_month, charge_month, provider, kind, billing_currency)
-- check: not_null(billing_month, charge_month, kind, billing_currency, billed_cost)
-- check: accepted(kind: adjustment, correction, credit)
-- chart: bar x=billing_month y=billed_cost series=kind title="Credits and corrections"
WITH changes AS (
  SELECT
    CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS billing_month,
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS charge_month,
    ServiceProviderName AS provider,
    CASE WHEN ChargeClass = 'Correction' THEN 'correction' ELSE lower(ChargeCategory) END AS kind,
    BillingCurrency AS billing_currency,
    BilledCost AS billed_cost
  FROM spend
  WHERE BillingPeriodStart >= $period_start
    AND BillingPeriodStart < $period_end
    AND (ChargeCategory IN ('Credit', 'Adjustment') OR ChargeClass = 'Correction')
)
SELECT
  billing_month,
  charge_month,
  provider,
  kind,
  billing_currency,
  count(*) AS charges,
  sum(billed_cost) AS billed_cost
FROM changes
GROUP BY billing_month, charge_month, provider, kind, billing_currency
ORDER BY billing_month, charge_month, provider, kind, billing_currency

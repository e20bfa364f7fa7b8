-- description: Is anything missing? Charges, effective cost and days without charges by source and month.
-- owner: finops
-- tags: quality, trend
--
-- One row of each source, currency and calendar month of use, from the first month of the source in the period to the
-- last that has begun, so that a month without a single charge shows as 0 charges. Days count by the start of the
-- charge, those from the date of the report on are not expected. Effective cost in the billing currency.
-- param: period  period = last(12mo)  "time of use, such as 2026-Q2"
-- param: today   date = today         "date of the report"
-- check: unique(source, month, billing_currency)
-- check: not_null(source, month, billing_currency, charges, days_without_charges)
-- check: days_without_charges >= 0
-- check: charges > 0 warn
-- chart: line x=month y=charges series=source title="Charges by source"
WITH daily_charges AS (
  SELECT
    x_SourceName AS source,
    BillingCurrency AS billing_currency,
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    count(*) AS charges,
    sum(EffectiveCost) AS effective_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
  GROUP BY x_SourceName, BillingCurrency, date_trunc('day', ChargePeriodStart)
),
days AS (
  SELECT unnest(generate_series(
    CAST($period_start AS DATE),
    CAST($period_end AS DATE) - INTERVAL '1 day',
    INTERVAL '1 day'
  )) AS day
),
months AS (
  SELECT
    CAST(date_trunc('month', day) AS DATE) AS month,
    count(*) FILTER (WHERE day < $today) AS expected_days
  FROM days
  GROUP BY date_trunc('month', day)
),
monthly_charges AS (
  SELECT
    source,
    billing_currency,
    CAST(date_trunc('month', day) AS DATE) AS month,
    sum(charges) AS charges,
    sum(effective_cost) AS effective_cost,
    min(day) AS first_charge_day,
    max(day) AS last_charge_day,
    count(*) FILTER (WHERE day < $today) AS days_with_charges,
    min(min(day)) OVER (PARTITION BY source, billing_currency) AS source_start
  FROM daily_charges
  GROUP BY source, billing_currency, date_trunc('month', day)
),
sources AS (
  SELECT
    source,
    billing_currency,
    min(source_start) AS source_start
  FROM monthly_charges
  GROUP BY source, billing_currency
)
SELECT
  sources.source,
  months.month,
  sources.billing_currency,
  coalesce(monthly_charges.charges, 0) AS charges,
  coalesce(monthly_charges.effective_cost, 0) AS effective_cost,
  monthly_charges.first_charge_day,
  monthly_charges.last_charge_day,
  months.expected_days - coalesce(monthly_charges.days_with_charges, 0) AS days_without_charges
FROM sources
JOIN months
  ON months.month >= date_trunc('month', sources.source_start)
 AND months.month < $today
LEFT JOIN monthly_charges
  ON monthly_charges.source = sources.source
 AND monthly_charges.billing_currency = sources.billing_currency
 AND monthly_charges.month = months.month
ORDER BY sources.source, months.month, sources.billing_currency

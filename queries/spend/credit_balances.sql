-- description: How many credits are left? Purchases, use and expiry of virtual currencies by month, with the balance.
-- owner: finance
-- tags: currency, finance, monthly, spend
--
-- A virtual currency is a pricing currency that is no code of three capital letters: credits, tokens or units that a
-- vendor sells ahead and takes back as they are used. Amounts are in that currency (PricingCurrencyEffectiveCost).
-- Purchased are charges of category Purchase, used is usage; expired are adjustments and credits below zero, turned
-- round, as vendors book what lapses, and granted those above. The balance is what all months up to this one leave,
-- counted from the first charge of the ledger, whatever the period shown.
-- param: period  period = last(12mo)  "months to show, such as 2026-Q2"
-- check: unique(provider, pricing_currency, month)
-- check: not_null(provider, pricing_currency, month, purchased, granted, used, expired, balance)
-- check: balance >= 0 warn
-- chart: line x=month y=balance series=provider title="Credits left"
WITH movements AS (
  SELECT
    ServiceProviderName AS provider,
    PricingCurrency AS pricing_currency,
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    ChargeCategory AS category,
    coalesce(PricingCurrencyEffectiveCost, 0) AS amount
  FROM spend
  WHERE PricingCurrency IS NOT NULL
    AND NOT regexp_like(PricingCurrency, '^[A-Z]{3}$')
    AND ChargePeriodStart < $period_end
),
monthly AS (
  SELECT
    provider,
    pricing_currency,
    month,
    coalesce(sum(amount) FILTER (WHERE category = 'Purchase'), 0) AS purchased,
    coalesce(sum(amount) FILTER (WHERE category IN ('Adjustment', 'Credit') AND amount > 0), 0) AS granted,
    coalesce(sum(amount) FILTER (WHERE category = 'Usage'), 0) AS used,
    -coalesce(sum(amount) FILTER (WHERE category IN ('Adjustment', 'Credit') AND amount < 0), 0) AS expired
  FROM movements
  GROUP BY provider, pricing_currency, month
),
balances AS (
  SELECT
    *,
    sum(purchased + granted - used - expired) OVER (
      PARTITION BY provider, pricing_currency
      ORDER BY month
    ) AS balance
  FROM monthly
)
SELECT
  provider,
  pricing_currency,
  month,
  purchased,
  granted,
  used,
  expired,
  balance
FROM balances
WHERE month >= $period_start
ORDER BY provider, pricing_currency, month

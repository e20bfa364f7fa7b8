-- description: How many credits are left? Credits and tokens bought in advance: bought, drawn, expired and left by month.
-- owner: finance
-- tags: commitments, currency, finance, monthly
--
-- A virtual currency is a pricing currency that is no code of three capitals, such as `Token` or `credits`. It is drawn
-- by every charge priced in it that is no purchase; it is bought by purchases whose pricing unit is its name, in whatever
-- letters, or its name with an `s`: the pricing quantity says how many, the charge period how long they are good for.
-- That is how the examples of FOCUS 1.2 write it. A balance belongs to a provider and a billing account, and shows from
-- the first drawing on.
--
-- FOCUS has no charge for what expires, so it follows: what expires first is drawn first, and what was not drawn when
-- its charge period ended is gone, in the month of that end. A balance below zero is an overdraft. All quantities are
-- units of the virtual currency, counted from the first charge of the ledger whatever months are shown; months in which
-- nothing moved have no row.
-- param: period  period? = null  "months to show, all when left out"
-- param: today   date = today    "what is good until later has not expired"
-- check: unique(month, provider, billing_account, virtual_currency)
-- check: not_null(month, virtual_currency, opening_balance, bought, drawn, expired, balance)
-- check: balance = opening_balance + bought - drawn - expired
-- check: expired >= 0
-- check: balance >= 0 warn
-- chart: line x=month y=balance series=virtual_currency title="Credits left"
WITH drawings AS (
  SELECT
    ServiceProviderName AS provider,
    BillingAccountId AS billing_account,
    PricingCurrency AS virtual_currency,
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    sum(PricingCurrencyEffectiveCost) AS drawn
  FROM spend
  WHERE ChargeCategory <> 'Purchase'
    AND (length(PricingCurrency) <> 3 OR PricingCurrency <> upper(PricingCurrency))
  GROUP BY ServiceProviderName, BillingAccountId, PricingCurrency, date_trunc('day', ChargePeriodStart)
),
accounts AS (
  SELECT DISTINCT
    provider,
    billing_account,
    virtual_currency
  FROM drawings
),
lots AS (
  SELECT
    accounts.provider,
    accounts.billing_account,
    accounts.virtual_currency,
    CAST(date_trunc('day', spend.ChargePeriodStart) AS DATE) AS day,
    CAST(date_trunc('day', spend.ChargePeriodEnd) AS DATE) AS expires,
    sum(spend.PricingQuantity) AS bought
  FROM spend
  JOIN accounts
    ON accounts.provider = spend.ServiceProviderName
   AND accounts.billing_account = spend.BillingAccountId
   AND (lower(spend.PricingUnit) = lower(accounts.virtual_currency)
     OR lower(spend.PricingUnit) = concat(lower(accounts.virtual_currency), 's'))
  WHERE spend.ChargeCategory = 'Purchase'
  GROUP BY
    accounts.provider,
    accounts.billing_account,
    accounts.virtual_currency,
    date_trunc('day', spend.ChargePeriodStart),
    date_trunc('day', spend.ChargePeriodEnd)
),
endings AS (
  SELECT
    provider,
    billing_account,
    virtual_currency,
    expires,
    sum(bought) AS ending
  FROM lots
  WHERE expires <= $today
  GROUP BY provider, billing_account, virtual_currency, expires
),
drawn_before AS (
  SELECT
    endings.provider,
    endings.billing_account,
    endings.virtual_currency,
    endings.expires,
    endings.ending,
    coalesce(sum(drawings.drawn), 0) AS drawn
  FROM endings
  LEFT JOIN drawings
    ON drawings.provider = endings.provider
   AND drawings.billing_account = endings.billing_account
   AND drawings.virtual_currency = endings.virtual_currency
   AND drawings.day < endings.expires
  GROUP BY
    endings.provider,
    endings.billing_account,
    endings.virtual_currency,
    endings.expires,
    endings.ending
),
undrawn AS (
  SELECT
    provider,
    billing_account,
    virtual_currency,
    expires,
    greatest(sum(ending) OVER (PARTITION BY provider, billing_account, virtual_currency ORDER BY expires) - drawn, 0) AS left_over
  FROM drawn_before
),
expired_so_far AS (
  SELECT
    provider,
    billing_account,
    virtual_currency,
    expires,
    max(left_over) OVER (PARTITION BY provider, billing_account, virtual_currency ORDER BY expires) AS expired
  FROM undrawn
),
movements AS (
  SELECT provider, billing_account, virtual_currency, day, bought, 0 AS drawn, 0 AS expired
  FROM lots
  UNION ALL
  SELECT provider, billing_account, virtual_currency, day, 0, drawn, 0
  FROM drawings
  UNION ALL
  SELECT
    provider,
    billing_account,
    virtual_currency,
    expires,
    0,
    0,
    expired - coalesce(lag(expired) OVER (PARTITION BY provider, billing_account, virtual_currency ORDER BY expires), 0)
  FROM expired_so_far
),
months AS (
  SELECT
    CAST(date_trunc('month', day) AS DATE) AS month,
    provider,
    billing_account,
    virtual_currency,
    sum(bought) AS bought,
    sum(drawn) AS drawn,
    sum(expired) AS expired
  FROM movements
  GROUP BY date_trunc('month', day), provider, billing_account, virtual_currency
),
balances AS (
  SELECT
    month,
    provider,
    billing_account,
    virtual_currency,
    bought,
    drawn,
    expired,
    sum(bought - drawn - expired) OVER (PARTITION BY provider, billing_account, virtual_currency ORDER BY month) AS balance
  FROM months
)
SELECT
  month,
  provider,
  billing_account,
  virtual_currency,
  balance - bought + drawn + expired AS opening_balance,
  bought,
  drawn,
  expired,
  balance
FROM balances
WHERE ($period_start IS NULL OR month >= $period_start)
  AND ($period_end IS NULL OR month < $period_end)
ORDER BY month, provider, billing_account, virtual_currency

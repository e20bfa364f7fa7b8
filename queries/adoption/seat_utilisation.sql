-- description: Are the seats that we pay for used? Used and idle seats of the table `seats` by provider, plan and month.
-- owner: platform
-- tags: adoption, ai, monthly, seats
--
-- A seat counts in every month that it touches, once for each provider, plan and person. It is used when its person
-- has a charge counted in tokens of that provider that begins in the month. Cost is the monthly price, whole even where the
-- seat begins or ends within the month, as seats are not sold by the day. `seats_and_metered` answers the same from the charges. Utilisation is in percent.
-- param: period  period = last(6mo)  "months that begin in it are shown"
-- check: unique(month, provider, plan, currency)
-- check: not_null(month, provider, plan, currency, seats, used_seats, idle_seats)
-- check: used_seats + idle_seats = seats
-- chart: stacked x=month y=used_seats,idle_seats title="Seats"
WITH months AS (
  SELECT unnest(generate_series(CAST($period_start AS DATE), CAST($period_end AS DATE) - INTERVAL '1 day', INTERVAL '1 month')) AS month
),
held AS (
  SELECT
    CAST(months.month AS DATE) AS month,
    seats.provider,
    coalesce(nullif(seats.plan, ''), 'unnamed') AS plan,
    seats.currency,
    seats.principal_id,
    max(seats.monthly_price) AS monthly_price
  FROM months
  JOIN seats
    ON seats.start_date < months.month + INTERVAL '1 month'
   AND (seats.end_date IS NULL OR seats.end_date > months.month)
  GROUP BY CAST(months.month AS DATE), seats.provider, coalesce(nullif(seats.plan, ''), 'unnamed'), seats.currency, seats.principal_id
),
used AS (
  SELECT DISTINCT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    ServiceProviderName AS provider,
    PrincipalId AS principal_id
  FROM spend
  WHERE ConsumedUnit = 'Tokens'
    AND ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
),
seat_months AS (
  SELECT
    held.month,
    held.provider,
    held.plan,
    held.currency,
    held.monthly_price,
    used.principal_id IS NOT NULL AS is_used
  FROM held
  LEFT JOIN used
    ON used.month = held.month
   AND used.provider = held.provider
   AND used.principal_id = held.principal_id
)
SELECT
  month,
  provider,
  plan,
  currency,
  count(*) AS seats,
  count(*) FILTER (WHERE is_used) AS used_seats,
  count(*) FILTER (WHERE NOT is_used) AS idle_seats,
  round(100 * CAST(count(*) FILTER (WHERE is_used) AS DECIMAL(18, 0)) / nullif(count(*), 0), 2) AS utilisation_percent,
  sum(monthly_price) AS cost,
  coalesce(sum(monthly_price) FILTER (WHERE NOT is_used), 0) AS idle_cost
FROM seat_months
GROUP BY month, provider, plan, currency
ORDER BY month, provider, plan, currency

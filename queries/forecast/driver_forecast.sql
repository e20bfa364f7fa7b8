-- description: What if more people come, or tokens get cheaper? Each driver of the cost of AI forecast or assumed, and their product.
-- owner: finance
-- tags: ai, finance, forecast, scenario
--
-- The drivers are those of `spend_drivers` over the last two years: people, days of use of a person, tokens of a day of use, the
-- cost of a million tokens in the mix of the month at the prices of the first one, and the price against those. Each is the median of
-- its own forecast, or what you assume from the first open month on; price goes on as it is unless you assume another, because
-- price lists change by announcement, not by trend. Their product stands beside the median, P10 and P90 of the cost forecast as
-- one series: where the two differ widely, the drivers do not move alone, and the direct forecast is the safer number.
--
-- A quarter more people than forecast is `-p people_times=1.25`; a price cut of a fifth is `-p price_times=0.8`. Dated
-- assumptions by team and workflow belong into the table `scenarios`; `scenario_comparison` reads it. Amounts in cents.
-- param: months         int = 6          "months ahead"
-- param: people_times   decimal = 1      "people against their forecast"
-- param: days_times     decimal = 1      "days of use of a person against their forecast"
-- param: tokens_times   decimal = 1      "tokens of a day of use against their forecast"
-- param: mix_times      decimal = 1      "cost of the mix against its forecast"
-- param: price_times    decimal = 1      "prices against those of the last closed month"
-- check: unique(month, billing_currency)
-- check: not_null(month, billing_currency)
-- check: cost_from_drivers >= 0
-- check: cost_from_drivers BETWEEN cost_p10 AND cost_p90 warn
-- chart: line x=month y=cost_from_drivers,cost_p50 title="Cost of tokens by its drivers, and forecast as one"
WITH history AS (
  SELECT month, billing_currency, 'people' AS driver, CAST(people AS DECIMAL(38, 18)) AS value
  FROM spend_drivers
  UNION ALL
  SELECT month, billing_currency, 'days', CAST(days_per_person AS DECIMAL(38, 18))
  FROM spend_drivers
  UNION ALL
  SELECT month, billing_currency, 'tokens', CAST(tokens_per_day AS DECIMAL(38, 18))
  FROM spend_drivers
  UNION ALL
  SELECT month, billing_currency, 'mix', CAST(mix_cost_per_million AS DECIMAL(38, 18))
  FROM spend_drivers
  UNION ALL
  SELECT month, billing_currency, 'cost', CAST(effective_cost AS DECIMAL(38, 18))
  FROM spend_drivers
),
prices AS (
  SELECT
    billing_currency,
    last_value(price_index ORDER BY month) AS price_index
  FROM spend_drivers
  GROUP BY billing_currency
),
forecasts AS (
  SELECT
    CAST(ts AS DATE) AS month,
    billing_currency,
    max(p50) FILTER (WHERE driver = 'people') AS people,
    max(p50) FILTER (WHERE driver = 'days') AS days,
    max(p50) FILTER (WHERE driver = 'tokens') AS tokens,
    max(p50) FILTER (WHERE driver = 'mix') AS mix,
    max(p10) FILTER (WHERE driver = 'cost') AS cost_p10,
    max(p50) FILTER (WHERE driver = 'cost') AS cost_p50,
    max(p90) FILTER (WHERE driver = 'cost') AS cost_p90
  FROM forecast(
    history,
    timestamp_col => month,
    data_col => value,
    id_cols => [driver, billing_currency],
    horizon => $months,
    grain => 'month'
  )
  GROUP BY ts, billing_currency
),
drivers AS (
  SELECT
    forecasts.month,
    forecasts.billing_currency,
    round(forecasts.people * $people_times, 2) AS people,
    round(forecasts.days * $days_times, 4) AS days_per_person,
    round(forecasts.tokens * $tokens_times, 0) AS tokens_per_day,
    round(forecasts.mix * $mix_times, 6) AS mix_cost_per_million,
    round(prices.price_index * $price_times, 6) AS price_index,
    forecasts.cost_p10,
    forecasts.cost_p50,
    forecasts.cost_p90
  FROM forecasts
  JOIN prices ON prices.billing_currency = forecasts.billing_currency
)
SELECT
  month,
  billing_currency,
  people,
  days_per_person,
  tokens_per_day,
  mix_cost_per_million,
  price_index,
  round(
    CAST(people * days_per_person AS DECIMAL(20, 6)) * CAST(tokens_per_day / 1000000 AS DECIMAL(20, 6))
      * CAST(mix_cost_per_million * price_index AS DECIMAL(20, 6)),
    2
  ) AS cost_from_drivers,
  round(cost_p10, 2) AS cost_p10,
  round(cost_p50, 2) AS cost_p50,
  round(cost_p90, 2) AS cost_p90
FROM drivers
ORDER BY billing_currency, month

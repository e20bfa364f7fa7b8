-- description: A seat, or pay by use? What each person costs now, metered and with a seat, with break-even, by person or in sum.
-- owner: finops
-- tags: ai, efficiency, price, seats
--
-- Seats are those of the table `seats`; one counts whole in every month that it touches, as in `seat_utilisation`. Use is the
-- usage of the AI services of the same provider in the same currency by people: those of the roster, whenever they were on it,
-- and those with a seat. Service accounts cannot have one. Providers that have sold no seat in the period are left out.
-- Metered cost is its effective cost: what is paid by use, with a seat or without. Tokens that cost nothing to a person with a
-- seat are included in it and get the price of the price book on the day of use, that of the contract, else the list price:
-- included cost is what they would cost metered. Tokens of one model at one time cost nothing when all charges of them add up
-- to 0; without a seat they stay free.
--
--   cost now         seats + metered cost
--   cost if metered  metered cost + included cost
--   cost if seats    seats + metered cost; whoever has no seat gets the cheapest of the provider in the months of use, and it
--                    covers of the metered cost what seats of that provider cover of all use, to four digits, everything where
--                    nothing is known
--
-- With `covered_percent` every seat covers that part of all use instead: what if the provider includes less? Where all use is paid
-- besides the seat, the seat buys access and no tokens, and metered is cheaper. Break-even is the number of tokens a month from
-- which a seat pays that covers them: its price over the average price of a token, as used, if metered. The verdict is the
-- cheaper one for the row as a whole; saved is what the cheaper one for each person would save against now, below zero it would
-- cost more. For sums take `by`, `provider` or `plan` (`none` without a seat). Needs `[price_book]`.
-- param: period           period = last(3mo)                               "months of use and of seats that begin in it"
-- param: by               text = principal in (plan, principal, provider)  "what a row is"
-- param: covered_percent  decimal? = null                                  "part of use that a seat covers; as it is now when left out"
-- check: unique(name, provider, billing_currency)
-- check: not_null(name, provider, billing_currency, people, seat_months, seat_cost, tokens, metered_cost, cost_now, verdict)
-- check: accepted(verdict: seat, metered, even)
-- check: cost_now = seat_cost + metered_cost
-- check: cost_if_metered = metered_cost + included_cost
-- check: people >= better_with_seat + better_metered
-- chart: bar x=name y=cost_now,cost_if_metered,cost_if_seats title="Seats and metered use"
WITH months AS (
  SELECT unnest(generate_series(CAST($period_start AS DATE), CAST($period_end AS DATE) - INTERVAL '1 day', INTERVAL '1 month')) AS month
),
plan_months AS (
  SELECT
    CAST(months.month AS DATE) AS month,
    seats.provider,
    seats.principal_id,
    seats.currency AS billing_currency,
    coalesce(nullif(seats.plan, ''), 'unnamed') AS plan,
    max(seats.monthly_price) AS price
  FROM months
  JOIN seats
    ON seats.start_date < months.month + INTERVAL '1 month'
   AND (seats.end_date IS NULL OR seats.end_date > months.month)
  GROUP BY 1, 2, 3, 4, 5
),
held AS (
  SELECT
    month,
    provider,
    principal_id,
    billing_currency,
    first_value(plan ORDER BY price DESC, plan) AS plan,
    sum(price) AS price
  FROM plan_months
  GROUP BY month, provider, principal_id, billing_currency
),
offers AS (
  SELECT
    provider,
    billing_currency,
    min(price) AS price
  FROM plan_months
  GROUP BY provider, billing_currency
),
charges AS (
  SELECT
    CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
    ServiceProviderName AS provider,
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    ChargePeriodStart AS used_at,
    SkuPriceDetails AS details,
    ConsumedUnit = 'Tokens' AS is_token,
    sum(coalesce(ConsumedQuantity, 0)) AS quantity,
    sum(EffectiveCost) AS cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ServiceCategory = 'AI and Machine Learning'
    AND ChargeCategory = 'Usage'
    AND PrincipalId IS NOT NULL
    AND PrincipalId IN (SELECT principal_id FROM roster UNION SELECT principal_id FROM seats)
    AND ServiceProviderName IN (SELECT provider FROM held)
  GROUP BY 1, 2, 3, 4, 5, 6, 7
),
uses AS (
  SELECT
    charges.*,
    held.price IS NOT NULL
      AND sum(cost) OVER (PARTITION BY charges.provider, charges.principal_id, charges.billing_currency, used_at, details ->> 'ModelId') = 0
      AS is_included
  FROM charges
  LEFT JOIN held
    ON held.month = charges.month
   AND held.provider = charges.provider
   AND held.principal_id = charges.principal_id
   AND held.billing_currency = charges.billing_currency
),
use_months AS (
  SELECT
    month,
    provider,
    principal_id,
    billing_currency,
    coalesce(sum(quantity) FILTER (WHERE is_token), 0) AS tokens,
    sum(cost) AS metered_cost,
    sum(
      CASE WHEN is_token AND is_included
        THEN CAST(quantity * token_price('contract', provider, details, used_at, billing_currency) AS DECIMAL(38, 18))
        ELSE 0
      END
    ) AS included_cost
  FROM uses
  GROUP BY month, provider, principal_id, billing_currency
),
person_months AS (
  SELECT
    coalesce(held.provider, use_months.provider) AS provider,
    coalesce(held.principal_id, use_months.principal_id) AS principal_id,
    coalesce(held.billing_currency, use_months.billing_currency) AS billing_currency,
    held.plan,
    held.price AS seat_price,
    coalesce(use_months.tokens, 0) AS tokens,
    coalesce(use_months.metered_cost, 0) AS metered_cost,
    coalesce(use_months.included_cost, 0) AS included_cost
  FROM held
  FULL JOIN use_months
    ON use_months.month = held.month
   AND use_months.provider = held.provider
   AND use_months.principal_id = held.principal_id
   AND use_months.billing_currency = held.billing_currency
),
coverage AS (
  SELECT
    provider,
    billing_currency,
    sum(included_cost) AS included_cost,
    nullif(sum(included_cost) + sum(metered_cost), 0) AS all_cost
  FROM person_months
  WHERE seat_price IS NOT NULL
  GROUP BY provider, billing_currency
),
people AS (
  SELECT
    person_months.provider,
    person_months.principal_id,
    person_months.billing_currency,
    coalesce(max(plan), 'none') AS plan,
    count(*) AS months,
    count(seat_price) AS seat_months,
    coalesce(sum(seat_price), 0) AS seat_cost,
    sum(coalesce(seat_price, offers.price)) AS price_of_seats,
    sum(tokens) AS tokens,
    sum(person_months.metered_cost) AS metered_cost,
    sum(person_months.included_cost) AS included_cost,
    sum(
      CASE
        WHEN $covered_percent IS NOT NULL
          THEN round((person_months.metered_cost + person_months.included_cost) * (100 - $covered_percent) / 100, 4)
        WHEN seat_price IS NOT NULL THEN person_months.metered_cost
        ELSE round(
          person_months.metered_cost
            - coalesce(person_months.metered_cost * coverage.included_cost / coverage.all_cost, person_months.metered_cost), 4
        )
      END
    ) AS uncovered_cost
  FROM person_months
  JOIN offers
    ON offers.provider = person_months.provider
   AND offers.billing_currency = person_months.billing_currency
  LEFT JOIN coverage
    ON coverage.provider = person_months.provider
   AND coverage.billing_currency = person_months.billing_currency
  GROUP BY person_months.provider, person_months.principal_id, person_months.billing_currency
),
choices AS (
  SELECT
    CASE $by WHEN 'plan' THEN plan WHEN 'provider' THEN provider ELSE principal_id END AS name,
    people.*,
    metered_cost + included_cost AS cost_if_metered,
    price_of_seats + uncovered_cost AS cost_if_seats
  FROM people
),
sums AS (
  SELECT
    name,
    provider,
    billing_currency,
    count(*) AS people,
    sum(months) AS months,
    sum(seat_months) AS seat_months,
    sum(seat_cost) AS seat_cost,
    sum(price_of_seats) AS price_of_seats,
    sum(tokens) AS tokens,
    sum(metered_cost) AS metered_cost,
    sum(included_cost) AS included_cost,
    sum(cost_if_metered) AS cost_if_metered,
    sum(cost_if_seats) AS cost_if_seats,
    sum(least(cost_if_metered, cost_if_seats)) AS cost_if_best,
    count(*) FILTER (WHERE cost_if_seats < cost_if_metered) AS better_with_seat,
    count(*) FILTER (WHERE cost_if_metered < cost_if_seats) AS better_metered
  FROM choices
  GROUP BY name, provider, billing_currency
)
SELECT
  name,
  provider,
  billing_currency,
  people,
  seat_months,
  seat_cost,
  tokens,
  included_cost,
  metered_cost,
  seat_cost + metered_cost AS cost_now,
  cost_if_metered,
  cost_if_seats,
  round(price_of_seats * tokens / nullif(months * cost_if_metered, 0), 0) AS break_even_tokens_per_month,
  better_with_seat,
  better_metered,
  seat_cost + metered_cost - cost_if_best AS saved,
  CASE
    WHEN cost_if_seats < cost_if_metered THEN 'seat'
    WHEN cost_if_metered < cost_if_seats THEN 'metered'
    ELSE 'even'
  END AS verdict
FROM sums
ORDER BY billing_currency, saved DESC, provider, name

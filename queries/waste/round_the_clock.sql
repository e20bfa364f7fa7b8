-- description: Who never sleeps? People whose use of AI leaves no hour of the day to rest.
-- owner: platform
-- tags: ai, waste
--
-- People of the roster, and their charges counted in tokens that last an hour or less: a longer charge does not say at
-- which hour it was. Every hour of the day, in UTC, in which a person had any use during the period is an hour of use;
-- the longest rest is the longest run of hours of the day without any, midnight included, so that it does not matter
-- where the person lives. Who sleeps leaves seven or more. Flagged is who had enough days of such use and no rest longer
-- than a few hours. Evidence is that rest, the hours of the day, the days, the share of hours on a weekend, and the
-- effective cost in the billing currency.
--
-- A pattern to look at, not a person to punish. A job that runs under somebody's own account looks like this, and so does
-- a traveller in a long period.
-- False alarms on the sample company, last six months, people flagged that were not planted: 0 of 182; most of them
-- have charges by the day, which cannot be judged.
-- param: period  period = last(6mo)  "time of use, such as 2026-Q2"
-- param: rest    int = 3             "longest run of hours without use that is still suspect"
-- param: days    int = 10            "days of use by the hour that a person needs to be judged"
-- check: unique(principal_id, billing_currency)
-- check: not_null(principal_id, billing_currency, longest_rest, hours_of_day, days_of_use, effective_cost)
-- check: longest_rest BETWEEN 0 AND 23 AND hours_of_day BETWEEN 1 AND 24
-- chart: bar x=principal_id y=hours_of_day title="Hours of the day with use"
WITH used_hours AS (
  SELECT
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    date_trunc('hour', ChargePeriodStart) AS used_hour,
    sum(EffectiveCost) AS effective_cost
  FROM token_use
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ChargePeriodEnd <= ChargePeriodStart + INTERVAL '1 hour'
    AND PrincipalId IN (SELECT principal_id FROM roster)
  GROUP BY PrincipalId, BillingCurrency, date_trunc('hour', ChargePeriodStart)
),
totals AS (
  SELECT
    principal_id,
    billing_currency,
    count(DISTINCT date_trunc('day', used_hour)) AS days_of_use,
    count(*) AS hours_of_use,
    count(*) FILTER (WHERE date_part('dow', used_hour) IN (0, 6)) AS weekend_hours,
    sum(effective_cost) AS effective_cost
  FROM used_hours
  GROUP BY principal_id, billing_currency
),
day_hours AS (
  SELECT DISTINCT
    principal_id,
    billing_currency,
    CAST(date_part('hour', used_hour) AS BIGINT) AS day_hour
  FROM used_hours
),
next_hours AS (
  SELECT
    principal_id,
    billing_currency,
    day_hour,
    lead(day_hour) OVER (PARTITION BY principal_id, billing_currency ORDER BY day_hour) AS next_hour,
    min(day_hour) OVER (PARTITION BY principal_id, billing_currency) AS first_hour
  FROM day_hours
),
rests AS (
  SELECT
    principal_id,
    billing_currency,
    count(*) AS hours_of_day,
    max(coalesce(next_hour, first_hour + 24) - day_hour - 1) AS longest_rest
  FROM next_hours
  GROUP BY principal_id, billing_currency
)
SELECT
  rests.principal_id,
  rests.billing_currency,
  rests.longest_rest,
  rests.hours_of_day,
  totals.days_of_use,
  round(100 * CAST(totals.weekend_hours AS DECIMAL(18, 0)) / nullif(totals.hours_of_use, 0), 1) AS weekend_percent,
  totals.effective_cost
FROM rests
JOIN totals
  ON totals.principal_id = rests.principal_id
 AND totals.billing_currency = rests.billing_currency
WHERE rests.longest_rest <= $rest
  AND totals.days_of_use >= $days
ORDER BY rests.longest_rest, totals.effective_cost DESC, rests.principal_id, rests.billing_currency

-- description: Who burns more just before a review? Cost in the days before a date against the same person's other days.
-- owner: platform
-- tags: ai, waste
--
-- Effective cost of charges counted in tokens, in the billing currency, by principal. Usual is what as many days cost the
-- principal outside of the days before any review, from its first use in the period on. Flagged is a review before which
-- the principal cost many times the usual and at least a least amount; a usual cost of 0 has no multiple. Without dates,
-- reviews are on 1 January and 1 July: give those of the company. The days before a date that lie outside the period are
-- not known and count as without cost.
--
-- A pattern to look at, not a person to punish. Reviews and deadlines fall on the same days.
-- False alarms on the sample company, last twelve months, principals flagged that were not planted: 1 of 216;
-- in five more companies from other seeds 8 of 1054.
-- param: period  period = last(12mo)  "time of use, such as 2025-07..2026-07"
-- param: dates   date[]? = null       "days of reviews, 1 January and 1 July when left out"
-- param: before  int = 14             "days before a review that are looked at"
-- param: times   decimal = 5          "how many times the usual cost is suspect"
-- param: least   decimal = 500        "cost before a review below which nothing is suspect"
-- param: days    int = 28             "other days since its first use that a principal needs to have a usual cost"
-- check: unique(review_date, principal_id, billing_currency)
-- check: not_null(review_date, principal_id, billing_currency, effective_cost, usual_cost)
-- chart: bar x=principal_id y=effective_cost,usual_cost title="Cost before a review"
WITH days AS (
  SELECT CAST(unnest(generate_series(CAST($period_start AS DATE), CAST($period_end AS DATE), INTERVAL '1 day')) AS DATE) AS day
),
reviews AS (
  SELECT day AS review_date
  FROM days
  WHERE day = ANY($dates)
     OR ($dates IS NULL AND date_part('day', day) = 1 AND date_part('month', day) IN (1, 7))
),
calendar AS (
  SELECT
    days.day,
    count(reviews.review_date) = 0 AS is_other
  FROM days
  LEFT JOIN reviews
    ON days.day < reviews.review_date
   AND days.day >= reviews.review_date - $before
  WHERE days.day < $period_end
  GROUP BY days.day
),
other_days AS (
  SELECT
    day,
    is_other,
    count(*) FILTER (WHERE is_other) OVER (ORDER BY day DESC) AS days_since
  FROM calendar
),
daily_costs AS (
  SELECT
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    sum(EffectiveCost) AS effective_cost
  FROM token_use
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND PrincipalId IS NOT NULL
  GROUP BY PrincipalId, BillingCurrency, date_trunc('day', ChargePeriodStart)
),
usual AS (
  SELECT
    daily_costs.principal_id,
    daily_costs.billing_currency,
    coalesce(sum(daily_costs.effective_cost) FILTER (WHERE other_days.is_other), 0) AS other_cost,
    max(other_days.days_since) AS days_since
  FROM daily_costs
  JOIN other_days ON other_days.day = daily_costs.day
  GROUP BY daily_costs.principal_id, daily_costs.billing_currency
),
bursts AS (
  SELECT
    reviews.review_date,
    daily_costs.principal_id,
    daily_costs.billing_currency,
    sum(daily_costs.effective_cost) AS effective_cost
  FROM daily_costs
  JOIN reviews
    ON daily_costs.day < reviews.review_date
   AND daily_costs.day >= reviews.review_date - $before
  GROUP BY reviews.review_date, daily_costs.principal_id, daily_costs.billing_currency
),
compared AS (
  SELECT
    bursts.*,
    usual.days_since,
    CAST(usual.other_cost * $before / nullif(usual.days_since, 0) AS DECIMAL(38, 18)) AS usual_cost
  FROM bursts
  JOIN usual
    ON usual.principal_id = bursts.principal_id
   AND usual.billing_currency = bursts.billing_currency
)
SELECT
  review_date,
  principal_id,
  billing_currency,
  effective_cost,
  round(usual_cost, 2) AS usual_cost,
  round(effective_cost / nullif(usual_cost, 0), 1) AS times_usual
FROM compared
WHERE days_since >= $days
  AND effective_cost >= $least
  AND effective_cost >= usual_cost * $times
ORDER BY effective_cost DESC, review_date, principal_id, billing_currency

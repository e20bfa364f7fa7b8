-- description: Who uses AI for what, and what comes of it? People, cost and successes by function and purpose.
-- owner: platform
-- tags: adoption, ai, function, outcomes
--
-- The purpose is the workflow that a charge and an outcome name, `unassigned` without one. Active is whoever has a charge counted in
-- tokens for the purpose; a person counts for the function that the roster gives on the day of use, so who moves may count in
-- two, and for `none` when it gives none. People are those of the function on a day of the period. Cost is the effective cost of
-- the charges of people that are counted in tokens or name a model, by the time of use, in the billing currency; what has no
-- principal is not in it. Successes are outcomes of these functions for the purpose that succeeded, when they occurred;
-- a purpose with charges in two currencies has a row of each with the same successes, one without charges has no currency.
-- Percentages have two digits, quotients four.
-- param: period  period = last(3mo)  "time of use and of outcomes, such as 2026-Q2"
-- check: unique(function, purpose, billing_currency)
-- check: not_null(function, purpose, active_people, people, effective_cost, succeeded)
-- check: function = 'none' OR active_people BETWEEN 0 AND people
-- chart: bar x=purpose y=active_people series=function title="People by purpose"
WITH uses AS (
  SELECT
    PrincipalId AS principal_id,
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    workflow AS purpose,
    BillingCurrency AS billing_currency,
    bool_or(coalesce(ConsumedUnit = 'Tokens', FALSE)) AS is_active,
    sum(EffectiveCost) AS cost
  FROM work_charges
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND PrincipalId IS NOT NULL
    AND (model IS NOT NULL OR ConsumedUnit = 'Tokens')
  GROUP BY PrincipalId, date_trunc('day', ChargePeriodStart), workflow, BillingCurrency
),
results AS (
  SELECT
    principal_id,
    CAST(date_trunc('day', occurred_at) AS DATE) AS day,
    workflow AS purpose,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded
  FROM outcome_facts
  WHERE occurred_at >= $period_start
    AND occurred_at < $period_end
    AND principal_id IS NOT NULL
  GROUP BY principal_id, date_trunc('day', occurred_at), workflow
),
days AS (
  SELECT principal_id, day FROM uses
  UNION
  SELECT principal_id, day FROM results
),
-- One function a day, even where the roster says two.
places AS (
  SELECT
    days.principal_id,
    days.day,
    coalesce(min(nullif(roster.function, '')), 'none') AS function
  FROM days
  LEFT JOIN roster
    ON roster.principal_id = days.principal_id
   AND roster.start_date <= days.day
   AND (roster.end_date IS NULL OR roster.end_date > days.day)
  GROUP BY days.principal_id, days.day
),
functions AS (
  SELECT
    coalesce(nullif(function, ''), 'none') AS function,
    count(DISTINCT principal_id) AS people
  FROM roster
  WHERE start_date < $period_end
    AND (end_date IS NULL OR end_date > $period_start)
  GROUP BY coalesce(nullif(function, ''), 'none')
),
function_uses AS (
  SELECT
    places.function,
    uses.purpose,
    uses.billing_currency,
    count(DISTINCT uses.principal_id) FILTER (WHERE uses.is_active) AS active_people,
    sum(uses.cost) AS cost
  FROM uses
  JOIN places
    ON places.principal_id = uses.principal_id
   AND places.day = uses.day
  GROUP BY places.function, uses.purpose, uses.billing_currency
),
function_results AS (
  SELECT
    places.function,
    results.purpose,
    sum(results.succeeded) AS succeeded
  FROM results
  JOIN places
    ON places.principal_id = results.principal_id
   AND places.day = results.day
  GROUP BY places.function, results.purpose
),
purposes AS (
  SELECT
    coalesce(function_uses.function, function_results.function) AS function,
    coalesce(function_uses.purpose, function_results.purpose) AS purpose,
    function_uses.billing_currency,
    coalesce(function_uses.active_people, 0) AS active_people,
    coalesce(function_uses.cost, 0) AS effective_cost,
    coalesce(function_results.succeeded, 0) AS succeeded
  FROM function_uses
  FULL JOIN function_results
    ON function_results.function = function_uses.function
   AND function_results.purpose = function_uses.purpose
)
SELECT
  purposes.function,
  purposes.purpose,
  purposes.billing_currency,
  purposes.active_people,
  coalesce(functions.people, 0) AS people,
  round(CAST(100 * purposes.active_people AS DECIMAL(18, 0)) / nullif(functions.people, 0), 2) AS active_percent,
  purposes.effective_cost,
  purposes.succeeded,
  CASE WHEN purposes.billing_currency IS NOT NULL
    THEN round(purposes.effective_cost / nullif(purposes.succeeded, 0), 4)
  END AS cost_per_success
FROM purposes
LEFT JOIN functions ON functions.function = purposes.function
ORDER BY purposes.billing_currency, purposes.function, purposes.active_people DESC, purposes.purpose

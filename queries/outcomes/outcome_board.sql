-- description: Who gets most out of AI? Outcomes, cost of a success and standing among peers for a fiscal quarter.
-- owner: platform
-- tags: ai, outcomes, quarterly, team
--
-- Use is never ranked: a board of tokens teaches people to burn them. Ranked is the cost of a success; tokens stand beside
-- it to explain it. The percentile is the share of the peers with a success that pay more for one than this row: 100 pays
-- least, 0 most, equal costs stand equal, and a single peer has none. Use and outcomes are those of principals: charges
-- with a principal by the time of use, outcomes by when they occurred. A person counts for the team and the function that
-- the roster gives on the day, so who moves is split between both; who is not on it, such as a service account, counts for
-- the team of the charge or outcome and for its function in `team_functions`, else `none`. Peers of a team or a principal
-- are those of the same function, peers of a function the whole company. Effective cost in the billing currency. Quotients
-- have four digits.
-- param: quarter  quarter = last_full_quarter                         "fiscal quarter to report"
-- param: by       text = team in (function, principal, team)          "who is compared"
-- check: unique(subject, peer_group, billing_currency)
-- check: not_null(subject, peer_group, succeeded, failed, reverted, abandoned, tokens, effective_cost, peers)
-- check: percentile IS NULL OR percentile BETWEEN 0 AND 100
-- chart: bar x=subject y=cost_per_success series=peer_group title="Cost of a success"
WITH uses AS (
  SELECT
    PrincipalId AS principal_id,
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    team,
    BillingCurrency AS billing_currency,
    coalesce(sum(ConsumedQuantity) FILTER (WHERE ConsumedUnit = 'Tokens'), 0) AS tokens,
    sum(EffectiveCost) AS effective_cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
    AND PrincipalId IS NOT NULL
  GROUP BY PrincipalId, date_trunc('day', ChargePeriodStart), team, BillingCurrency
),
results AS (
  SELECT
    principal_id,
    CAST(date_trunc('day', occurred_at) AS DATE) AS day,
    team,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'reverted') AS reverted,
    count(*) FILTER (WHERE status = 'abandoned') AS abandoned
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
    AND principal_id IS NOT NULL
  GROUP BY principal_id, date_trunc('day', occurred_at), team
),
days AS (
  SELECT principal_id, day FROM uses
  UNION
  SELECT principal_id, day FROM results
),
-- One place a day, even where the roster says two.
places AS (
  SELECT
    days.principal_id,
    days.day,
    min(roster.team) AS team,
    min(nullif(roster.function, '')) AS function
  FROM days
  JOIN roster
    ON roster.principal_id = days.principal_id
   AND roster.start_date <= days.day
   AND (roster.end_date IS NULL OR roster.end_date > days.day)
  GROUP BY days.principal_id, days.day
),
subject_uses AS (
  SELECT
    CASE $by
      WHEN 'principal' THEN uses.principal_id
      WHEN 'function' THEN coalesce(places.function, team_functions.function, 'none')
      ELSE coalesce(places.team, uses.team)
    END AS subject,
    CASE $by WHEN 'function' THEN 'company' ELSE coalesce(places.function, team_functions.function, 'none') END AS peer_group,
    uses.billing_currency,
    sum(uses.tokens) AS tokens,
    sum(uses.effective_cost) AS effective_cost
  FROM uses
  LEFT JOIN places
    ON places.principal_id = uses.principal_id
   AND places.day = uses.day
  LEFT JOIN team_functions ON team_functions.team = uses.team
  GROUP BY 1, 2, uses.billing_currency
),
subject_results AS (
  SELECT
    CASE $by
      WHEN 'principal' THEN results.principal_id
      WHEN 'function' THEN coalesce(places.function, team_functions.function, 'none')
      ELSE coalesce(places.team, results.team)
    END AS subject,
    CASE $by WHEN 'function' THEN 'company' ELSE coalesce(places.function, team_functions.function, 'none') END AS peer_group,
    sum(results.succeeded) AS succeeded,
    sum(results.failed) AS failed,
    sum(results.reverted) AS reverted,
    sum(results.abandoned) AS abandoned
  FROM results
  LEFT JOIN places
    ON places.principal_id = results.principal_id
   AND places.day = results.day
  LEFT JOIN team_functions ON team_functions.team = results.team
  GROUP BY 1, 2
),
subjects AS (
  SELECT
    coalesce(subject_results.subject, subject_uses.subject) AS subject,
    coalesce(subject_results.peer_group, subject_uses.peer_group) AS peer_group,
    subject_uses.billing_currency,
    coalesce(subject_results.succeeded, 0) AS succeeded,
    coalesce(subject_results.failed, 0) AS failed,
    coalesce(subject_results.reverted, 0) AS reverted,
    coalesce(subject_results.abandoned, 0) AS abandoned,
    coalesce(subject_uses.tokens, 0) AS tokens,
    coalesce(subject_uses.effective_cost, 0) AS effective_cost,
    round(subject_uses.effective_cost / nullif(subject_results.succeeded, 0), 4) AS cost_per_success
  FROM subject_results
  FULL JOIN subject_uses
    ON subject_uses.subject = subject_results.subject
   AND subject_uses.peer_group = subject_results.peer_group
),
ranked AS (
  SELECT
    *,
    rank() OVER (
      PARTITION BY billing_currency, peer_group ORDER BY cost_per_success DESC NULLS LAST
    ) - 1 AS peers_that_pay_more,
    count(cost_per_success) OVER (PARTITION BY billing_currency, peer_group) AS peers
  FROM subjects
)
SELECT
  subject,
  peer_group,
  billing_currency,
  succeeded,
  failed,
  reverted,
  abandoned,
  tokens,
  effective_cost,
  cost_per_success,
  CASE WHEN cost_per_success IS NOT NULL
    THEN round(CAST(100 * peers_that_pay_more AS DECIMAL(18, 0)) / nullif(peers - 1, 0), 2)
  END AS percentile,
  peers
FROM ranked
ORDER BY billing_currency, peer_group, cost_per_success NULLS LAST, subject

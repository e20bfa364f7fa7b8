-- description: What was tried for the first time, what did it cost and what came out? New workflows and models of teams by week.
-- owner: platform
-- tags: adoption, ai, outcomes, team, weekly
--
-- One row for each workflow and each model that a team used for the first time in the week: its first charge counted in
-- tokens, with the tag `workflow` or the model of the SKU. People are principals who used it in its first days; cost is the
-- effective cost of its charges counted in tokens in those days; outcomes are those of the team and workflow that happened in
-- them and succeeded, NULL for a model, to which no outcome belongs. The days run from the first use, which is why
-- the numbers of the last weeks still grow: they are marked as not finished. Team is the tag of the charge.
-- param: period  period = last(8w)  "weeks that begin in it are shown"
-- param: days    int = 28           "days from the first use that count"
-- check: unique(week, team, kind, name, billing_currency)
-- check: not_null(week, team, kind, name, billing_currency, principals, is_finished)
-- check: accepted(kind: workflow, model)
-- chart: bar x=name y=effective_cost title="Cost of what was tried first"
WITH token_charges AS (
  SELECT
    team,
    nullif(Tags ->> 'workflow', '') AS workflow,
    nullif(SkuPriceDetails ->> 'ModelId', '') AS model,
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    ChargePeriodStart AS used_at,
    ChargePeriodEnd AS used_until,
    EffectiveCost AS cost
  FROM team_charges
  WHERE ConsumedUnit = 'Tokens'
),
tries AS (
  SELECT team, 'workflow' AS kind, workflow AS name, principal_id, billing_currency, used_at, cost
  FROM token_charges
  WHERE workflow IS NOT NULL
  UNION ALL
  SELECT team, 'model' AS kind, model AS name, principal_id, billing_currency, used_at, cost
  FROM token_charges
  WHERE model IS NOT NULL
),
firsts AS (
  SELECT
    team,
    kind,
    name,
    min(used_at) AS first_use
  FROM tries
  GROUP BY team, kind, name
),
shown AS (
  SELECT
    CAST(date_trunc('week', first_use) AS DATE) AS week,
    team,
    kind,
    name,
    first_use,
    first_use + CAST(concat($days, ' days') AS INTERVAL) AS counted_until
  FROM firsts
  WHERE CAST(date_trunc('week', first_use) AS DATE) >= $period_start
    AND CAST(date_trunc('week', first_use) AS DATE) < $period_end
),
results AS (
  SELECT
    shown.team,
    shown.name,
    count(*) AS succeeded_outcomes
  FROM shown
  JOIN outcomes
    ON outcomes.team = shown.team
   AND outcomes.workflow = shown.name
   AND outcomes.occurred_at >= shown.first_use
   AND outcomes.occurred_at < shown.counted_until
  WHERE shown.kind = 'workflow'
    AND outcomes.status = 'succeeded'
  GROUP BY shown.team, shown.name
),
costs AS (
  SELECT
    shown.week,
    shown.team,
    shown.kind,
    shown.name,
    shown.counted_until,
    tries.billing_currency,
    count(DISTINCT tries.principal_id) AS principals,
    sum(tries.cost) AS effective_cost
  FROM shown
  JOIN tries
    ON tries.team = shown.team
   AND tries.kind = shown.kind
   AND tries.name = shown.name
   AND tries.used_at < shown.counted_until
  GROUP BY shown.week, shown.team, shown.kind, shown.name, shown.counted_until, tries.billing_currency
)
SELECT
  costs.week,
  costs.team,
  costs.kind,
  costs.name,
  costs.billing_currency,
  costs.principals,
  costs.effective_cost,
  CASE WHEN costs.kind = 'workflow' THEN coalesce(results.succeeded_outcomes, 0) END AS succeeded_outcomes,
  costs.counted_until <= (SELECT max(used_until) FROM token_charges) AS is_finished
FROM costs
LEFT JOIN results
  ON results.team = costs.team
 AND results.name = costs.name
 AND costs.kind = 'workflow'
ORDER BY costs.week, costs.team, costs.kind, costs.name, costs.billing_currency

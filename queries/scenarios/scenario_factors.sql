-- description: By how much does a scenario change the cost of a month? Factors by scenario, month, team and provider.
-- owner: finance
-- tags: building-block, forecast, scenario
--
-- The table `scenarios` holds assumptions, each one a row that changes the cost of a scope from a day on. Of kind `price` or
-- `use` its value is the relative change, -0.20 being a fifth less; of kind `people` it is the number of people who join those
-- that use AI in the scope now; of kind `adoption` it is the share of the roster that uses AI from then on. A scope is the
-- company, a team, a provider, a workflow or a model. A switch of a workflow to another model is a change of price in the
-- scope of the workflow. Assumptions about people change the cost of AI services alone. Assumptions about the same charges
-- multiply; in the month in which one begins or ends it counts for its share of the days.
--
-- The factor of a team at a provider weighs its workflows and models by their effective cost of the last three closed months,
-- for the twenty-four months after them. People are those of the roster with charges counted in tokens in that time; an
-- assumption about people where nobody uses AI now gives no factor, and the check names it.
-- param: recent  period = last(3mo)  "time whose mix and people stand for now"
-- check: unique(scenario, month, team, provider, billing_currency)
-- check: not_null(scenario, month, team, provider, billing_currency, factor)
-- check: factor >= 0
WITH recent_charges AS (
  SELECT
    team,
    ServiceProviderName AS provider,
    BillingCurrency AS billing_currency,
    coalesce(Tags ->> 'workflow', '') AS workflow,
    coalesce(SkuPriceDetails ->> 'ModelId', '') AS model,
    coalesce(ServiceCategory = 'AI and Machine Learning', FALSE) AS is_ai,
    CASE WHEN ConsumedUnit = 'Tokens' THEN PrincipalId END AS principal_id,
    EffectiveCost AS cost
  FROM team_charges
  WHERE ChargePeriodStart >= $recent_start
    AND ChargePeriodStart < $recent_end
),
slices AS (
  SELECT
    team,
    provider,
    billing_currency,
    workflow,
    model,
    is_ai,
    sum(cost) AS cost
  FROM recent_charges
  GROUP BY team, provider, billing_currency, workflow, model, is_ai
),
scopes (scope_type) AS (
  VALUES ('company'), ('team'), ('provider'), ('workflow'), ('model')
),
slice_scopes AS (
  SELECT
    scopes.scope_type,
    CASE scopes.scope_type
      WHEN 'team' THEN team
      WHEN 'provider' THEN provider
      WHEN 'workflow' THEN workflow
      WHEN 'model' THEN model
      ELSE ''
    END AS scope_key,
    slices.*
  FROM slices
  CROSS JOIN scopes
),
people AS (
  SELECT DISTINCT principal_id, team
  FROM roster
  WHERE start_date < $recent_end
    AND coalesce(end_date >= $recent_end, TRUE)
),
users AS (
  SELECT
    scopes.scope_type,
    CASE scopes.scope_type
      WHEN 'team' THEN recent_charges.team
      WHEN 'provider' THEN provider
      WHEN 'workflow' THEN workflow
      WHEN 'model' THEN model
      ELSE ''
    END AS scope_key,
    count(DISTINCT recent_charges.principal_id) AS users
  FROM recent_charges
  JOIN people
    ON people.principal_id = recent_charges.principal_id
  CROSS JOIN scopes
  GROUP BY scopes.scope_type, scope_key
),
staff AS (
  SELECT
    'team' AS scope_type,
    team AS scope_key,
    count(DISTINCT principal_id) AS staff
  FROM people
  GROUP BY team
  UNION ALL
  SELECT 'company', '', count(DISTINCT principal_id)
  FROM people
),
assumptions AS (
  SELECT
    scenario,
    scope_type,
    CASE WHEN scope_type = 'company' THEN '' ELSE scope END AS scope_key,
    kind,
    value,
    valid_from,
    valid_to
  FROM scenarios
),
changes AS (
  SELECT
    assumptions.scenario,
    assumptions.scope_type,
    assumptions.scope_key,
    assumptions.valid_from,
    assumptions.valid_to,
    assumptions.kind IN ('people', 'adoption') AS only_ai,
    CASE assumptions.kind
      WHEN 'people' THEN CAST(assumptions.value / nullif(users.users, 0) AS DOUBLE)
      WHEN 'adoption' THEN CAST(assumptions.value * staff.staff / nullif(users.users, 0) AS DOUBLE) - 1
      ELSE CAST(assumptions.value AS DOUBLE)
    END AS change
  FROM assumptions
  LEFT JOIN users
    ON users.scope_type = assumptions.scope_type
   AND users.scope_key = assumptions.scope_key
  LEFT JOIN staff
    ON staff.scope_type = assumptions.scope_type
   AND staff.scope_key = assumptions.scope_key
),
months AS (
  SELECT
    CAST(start AS DATE) AS month,
    CAST(start + INTERVAL '1 month' AS DATE) AS next_month
  FROM (
    SELECT unnest(generate_series(
      CAST($recent_end AS DATE),
      CAST($recent_end AS DATE) + INTERVAL '23 months',
      INTERVAL '1 month'
    )) AS start
  ) AS starts
),
monthly_changes AS (
  SELECT
    changes.scenario,
    changes.scope_type,
    changes.scope_key,
    changes.only_ai,
    months.month,
    1 + changes.change
      * (least(coalesce(changes.valid_to, months.next_month), months.next_month)
         - greatest(changes.valid_from, months.month))
      / (months.next_month - months.month) AS factor
  FROM changes
  JOIN months
    ON changes.valid_from < months.next_month
   AND coalesce(changes.valid_to > months.month, TRUE)
),
slice_factors AS (
  SELECT
    monthly_changes.scenario,
    monthly_changes.month,
    slice_scopes.team,
    slice_scopes.provider,
    slice_scopes.billing_currency,
    slice_scopes.workflow,
    slice_scopes.model,
    slice_scopes.is_ai,
    CASE
      WHEN bool_or(monthly_changes.factor IS NULL) THEN NULL
      WHEN min(monthly_changes.factor) <= 0 THEN 0
      ELSE exp(CAST(sum(CAST(ln(nullif(monthly_changes.factor, 0)) AS DECIMAL(38, 18))) AS DOUBLE))
    END AS factor
  FROM monthly_changes
  JOIN slice_scopes
    ON slice_scopes.scope_type = monthly_changes.scope_type
   AND slice_scopes.scope_key = monthly_changes.scope_key
   AND (slice_scopes.is_ai OR NOT monthly_changes.only_ai)
  GROUP BY
    monthly_changes.scenario,
    monthly_changes.month,
    slice_scopes.team,
    slice_scopes.provider,
    slice_scopes.billing_currency,
    slice_scopes.workflow,
    slice_scopes.model,
    slice_scopes.is_ai
),
touched AS (
  SELECT DISTINCT scenario, month, team, provider, billing_currency
  FROM slice_factors
)
SELECT
  touched.scenario,
  touched.month,
  touched.team,
  touched.provider,
  touched.billing_currency,
  CASE WHEN NOT bool_or(slice_factors.scenario IS NOT NULL AND slice_factors.factor IS NULL)
    THEN round(
      coalesce(
        sum(slices.cost * CAST(coalesce(slice_factors.factor, 1) AS DECIMAL(38, 18))) / nullif(sum(slices.cost), 0),
        1
      ),
      12
    )
  END AS factor
FROM touched
JOIN slices
  ON slices.team = touched.team
 AND slices.provider = touched.provider
 AND slices.billing_currency = touched.billing_currency
LEFT JOIN slice_factors
  ON slice_factors.scenario = touched.scenario
 AND slice_factors.month = touched.month
 AND slice_factors.team = slices.team
 AND slice_factors.provider = slices.provider
 AND slice_factors.billing_currency = slices.billing_currency
 AND slice_factors.workflow = slices.workflow
 AND slice_factors.model = slices.model
 AND slice_factors.is_ai = slices.is_ai
GROUP BY touched.scenario, touched.month, touched.team, touched.provider, touched.billing_currency
ORDER BY touched.scenario, touched.month, touched.team, touched.provider, touched.billing_currency

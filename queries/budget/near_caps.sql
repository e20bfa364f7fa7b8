-- description: Who is near a cap? Cost so far against every cap, and the day on which it is reached at the run rate.
-- owner: finance
-- tags: budget, finance, team
--
-- Caps of the table `caps` whose period touches the fiscal year and has begun. Used is the effective cost, in the currency of the
-- cap, of the charges used in its period up to today: for a team those with its tag, for a workflow those with the tag
-- `workflow`, for a provider those of its services, for a principal its own, for the company all. Where several caps stand for
-- one scope and period, the lowest holds. A cap is `reached` when as much is used, `near` from so many percent of it on, else
-- `below`; principals are shown as everywhere, by default under pseudonyms. `SELECT * FROM near_caps WHERE status <> 'below'` gives
-- those to act on.
--
-- The run rate is the cost of a day. Usage of a provider is taken over the days from the start of the period until the
-- provider's newest charge, and goes on from there, so that days whose charges have not come yet are no days without use. Recurring
-- purchases, such as seats, go on when what is paid for ends; what is paid once, credits and taxes do not go on. Caps whose
-- period is over have no run rate. `reached_on` is the first day on which the cap was reached, or will be at the run rate;
-- NULL when the period ends before. It may lie before today where the charges are late. A cap that began more
-- than a year before the fiscal year is `unknown`: its charges are not read. Percentages have two digits, the run rate four.
-- param: year          year = this_year                                                 "fiscal year that the caps touch"
-- param: scope         text? = null in (company, principal, provider, team, workflow)  "only caps of this kind of scope"
-- param: near_percent  decimal = 80                                                     "part of the cap, in percent, from which it is near"
-- param: today         date = today                                                     "date of the report"
-- check: unique(scope_type, scope, period_start, period_end, billing_currency)
-- check: not_null(scope_type, scope, period_start, period_end, phase, billing_currency, cap, status)
-- check: accepted(status: reached, near, below, unknown)
-- check: period_start < period_end
-- check: status <> 'reached' warn
-- chart: bar x=scope y=used_percent series=period_start title="What is used of the caps, in percent"
WITH limits AS (
  SELECT
    scope_type,
    scope,
    CASE WHEN scope_type = 'company' THEN '' ELSE scope END AS scope_key,
    period_start,
    period_end,
    currency AS billing_currency,
    row_number() OVER (ORDER BY scope_type, scope, period_start, period_end, currency) AS number,
    CAST(min(amount) AS DECIMAL(38, 18)) AS cap
  FROM caps
  WHERE period_start <= $today
    AND period_start < $year_end
    AND period_end > $year_start
    AND ($scope IS NULL OR scope_type = $scope)
  GROUP BY scope_type, scope, period_start, period_end, currency
),
charges AS (
  SELECT
    CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
    ServiceProviderName AS provider,
    team,
    Tags ->> 'workflow' AS workflow,
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    CASE
      WHEN ChargeCategory = 'Usage' THEN 'usage'
      WHEN ChargeCategory = 'Purchase' AND ChargeFrequency = 'Recurring' THEN 'recurring'
      ELSE 'once'
    END AS kind,
    max(CAST(date_trunc('day', ChargePeriodEnd - INTERVAL '1 microsecond') AS DATE) + 1) AS paid_until,
    sum(EffectiveCost) AS cost
  FROM team_charges
  WHERE ChargePeriodStart >= $year_start - INTERVAL '12 months'
    AND ChargePeriodStart < $today + INTERVAL '1 day'
  GROUP BY
    date_trunc('day', ChargePeriodStart),
    ServiceProviderName,
    team,
    Tags ->> 'workflow',
    PrincipalId,
    BillingCurrency,
    kind
),
seen AS (
  SELECT provider, max(day) + 1 AS seen_until
  FROM charges
  WHERE kind = 'usage'
  GROUP BY provider
),
scopes (scope_type) AS (
  VALUES ('company'), ('principal'), ('provider'), ('team'), ('workflow')
),
scope_charges AS (
  SELECT
    scopes.scope_type,
    CASE scopes.scope_type
      WHEN 'principal' THEN charges.principal_id
      WHEN 'provider' THEN charges.provider
      WHEN 'team' THEN charges.team
      WHEN 'workflow' THEN charges.workflow
      ELSE ''
    END AS scope_key,
    charges.billing_currency,
    charges.day,
    charges.provider,
    charges.kind,
    max(CASE charges.kind WHEN 'usage' THEN seen.seen_until WHEN 'recurring' THEN charges.paid_until END) AS known_until,
    sum(charges.cost) AS cost
  FROM charges
  LEFT JOIN seen ON seen.provider = charges.provider
  CROSS JOIN scopes
  GROUP BY scopes.scope_type, scope_key, charges.billing_currency, charges.day, charges.provider, charges.kind
),
limit_charges AS (
  SELECT
    limits.number,
    limits.period_start,
    limits.period_end,
    scope_charges.billing_currency,
    scope_charges.day,
    scope_charges.provider,
    scope_charges.kind,
    scope_charges.known_until,
    scope_charges.cost
  FROM limits
  JOIN scope_charges
    ON scope_charges.scope_type = limits.scope_type
   AND scope_charges.scope_key = limits.scope_key
   AND scope_charges.billing_currency = limits.billing_currency
   AND scope_charges.day >= limits.period_start
   AND scope_charges.day < limits.period_end
),
-- What goes on at one rate: usage, or recurring purchases, of one provider; what does not go on has no day.
streams AS (
  SELECT
    number,
    period_end,
    billing_currency,
    max(known_until) AS known_until,
    nullif(max(known_until) - period_start, 0) AS known_days,
    sum(cost) AS used
  FROM limit_charges
  GROUP BY number, period_start, period_end, billing_currency, provider, kind
),
totals AS (
  SELECT
    number,
    sum(used) AS used,
    min(known_until) AS unknown_from,
    sum(used / known_days) FILTER (WHERE period_end > $today) AS cost_per_day
  FROM streams
  GROUP BY number, billing_currency
),
costs AS (
  SELECT number, billing_currency, day, cost
  FROM limit_charges
  UNION ALL
  SELECT
    number,
    billing_currency,
    CAST(unnest(generate_series(known_until, period_end - 1, INTERVAL '1 day')) AS DATE) AS day,
    used / known_days AS cost
  FROM streams
  WHERE period_end > $today
),
running AS (
  SELECT
    number,
    day,
    round(sum(cost) OVER (PARTITION BY number, billing_currency ORDER BY day), 4) AS spent
  FROM costs
),
-- A credit may have brought the cost below the cap again: a cap that is not reached now is reached after what is known.
reached AS (
  SELECT
    limits.number,
    min(running.day) AS reached_on
  FROM limits
  JOIN running ON running.number = limits.number
  LEFT JOIN totals ON totals.number = limits.number
  WHERE running.spent >= limits.cap
    AND (coalesce(totals.used, 0) >= limits.cap OR running.day >= totals.unknown_from)
  GROUP BY limits.number
),
figures AS (
  SELECT
    limits.*,
    limits.period_start >= CAST($year_start AS DATE) - INTERVAL '12 months' AS is_known,
    CASE WHEN limits.period_start >= CAST($year_start AS DATE) - INTERVAL '12 months' THEN coalesce(totals.used, 0) END AS used,
    totals.cost_per_day,
    CASE WHEN limits.cap <= 0 THEN limits.period_start ELSE reached.reached_on END AS reached_on
  FROM limits
  LEFT JOIN totals ON totals.number = limits.number
  LEFT JOIN reached ON reached.number = limits.number
)
SELECT
  scope_type,
  scope,
  period_start,
  period_end,
  CASE WHEN period_end <= $today THEN 'past' ELSE 'current' END AS phase,
  billing_currency,
  cap,
  used,
  cap - used AS remaining,
  round(100 * used / nullif(cap, 0), 2) AS used_percent,
  CASE
    WHEN used IS NULL THEN 'unknown'
    WHEN used >= cap THEN 'reached'
    WHEN 100 * used >= cap * $near_percent THEN 'near'
    ELSE 'below'
  END AS status,
  CASE WHEN is_known THEN round(cost_per_day, 4) END AS cost_per_day,
  CASE WHEN is_known THEN reached_on END AS reached_on
FROM figures
ORDER BY phase, used_percent DESC, scope_type, scope, period_start, period_end, billing_currency

-- description: Who asks the same again and again? Prompts that a principal repeats, by their hash.
-- owner: platform
-- tags: ai, waste
--
-- Charges counted in tokens whose source tells a hash of the prompt; the others cannot be judged and are left out. One
-- prompt at one time by one principal is a use, whatever classes of tokens it was charged in; every use after the first
-- one of the period is a repeat. Flagged is a principal whose uses are repeats in large part, and many. The repeated cost
-- is the effective cost of the repeats, in the billing currency. Hashes alone are read: what was asked is in no ledger.
--
-- A pattern to look at, not a person to punish. A test that runs every night repeats itself by design.
-- The sample company tells no hashes, so nobody is flagged there: 0 of 156 for the last three months.
-- param: period  period = last(3mo)  "time of use, such as 2026-Q2"
-- param: share   decimal = 0.5       "repeats among all uses that are suspect"
-- param: least   int = 20            "repeats below which nothing is suspect"
-- check: unique(principal_id, billing_currency)
-- check: not_null(principal_id, billing_currency, uses, prompts, repeats, effective_cost, repeated_cost)
-- check: repeats = uses - prompts AND repeats >= 0
-- chart: bar x=principal_id y=prompts,repeats title="Prompts and their repeats"
WITH prompt_uses AS (
  SELECT
    PrincipalId AS principal_id,
    BillingCurrency AS billing_currency,
    prompt_hash,
    ChargePeriodStart AS used_at,
    sum(EffectiveCost) AS effective_cost
  FROM token_use
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND PrincipalId IS NOT NULL
    AND prompt_hash IS NOT NULL
  GROUP BY PrincipalId, BillingCurrency, prompt_hash, ChargePeriodStart
),
ordered_uses AS (
  SELECT
    principal_id,
    billing_currency,
    effective_cost,
    row_number() OVER (PARTITION BY principal_id, billing_currency, prompt_hash ORDER BY used_at) > 1 AS is_repeat
  FROM prompt_uses
),
principals AS (
  SELECT
    principal_id,
    billing_currency,
    count(*) AS uses,
    count(*) FILTER (WHERE NOT is_repeat) AS prompts,
    count(*) FILTER (WHERE is_repeat) AS repeats,
    sum(effective_cost) AS effective_cost,
    coalesce(sum(effective_cost) FILTER (WHERE is_repeat), 0) AS repeated_cost
  FROM ordered_uses
  GROUP BY principal_id, billing_currency
)
SELECT
  principal_id,
  billing_currency,
  uses,
  prompts,
  repeats,
  round(100 * CAST(repeats AS DECIMAL(18, 0)) / nullif(uses, 0), 1) AS repeat_percent,
  effective_cost,
  repeated_cost
FROM principals
WHERE repeats >= $least
  AND repeats >= uses * $share
ORDER BY repeated_cost DESC, principal_id, billing_currency

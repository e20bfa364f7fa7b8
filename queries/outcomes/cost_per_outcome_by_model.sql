-- description: What does a success cost with each model? Cost of models and the successes they had a part in for a quarter.
-- owner: finops
-- tags: ai, outcomes, quarterly
--
-- No outcome says which model it took. The successes of a team in a workflow are credited to the models by their share of
-- the output tokens that the team used in that workflow in the quarter, whatever the currency: a division, not a proof of
-- cause. Credits have four digits and add up to the successes exactly. Successes without any output token to share stand as
-- the model `none`, without currency and cost. The cost is the effective cost of the charges of the model alone, by the time
-- of use, in the billing currency: what a success costs besides is in `cost_per_outcome`. The interval is that of a
-- Poisson count of the credited successes, without an upper end for a small part of one; the count of failed, reverted and abandoned outcomes is credited alike.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to report"
-- param: level    decimal = 0.95               "how sure the interval is, between 0 and 1"
-- check: unique(model, billing_currency)
-- check: not_null(model, output_tokens, effective_cost, succeeded, not_succeeded)
-- check: output_tokens >= 0 warn
-- check: cost_per_success IS NULL OR cost_per_success < 0 OR cost_per_success >= cost_low
-- chart: bar x=model y=cost_per_success series=billing_currency title="Cost of a success by model"
WITH uses AS (
  SELECT
    team,
    workflow,
    model,
    BillingCurrency AS billing_currency,
    coalesce(
      sum(ConsumedQuantity) FILTER (
        WHERE ConsumedUnit = 'Tokens' AND (SkuPriceDetails ->> 'TokenDirection') = 'Output' AND ConsumedQuantity > 0
      ), 0
    ) AS output_tokens,
    sum(EffectiveCost) AS effective_cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
    AND model IS NOT NULL
  GROUP BY team, workflow, model, BillingCurrency
),
results AS (
  SELECT
    team,
    workflow,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status <> 'succeeded') AS not_succeeded
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
  GROUP BY team, workflow
),
shares AS (
  SELECT
    uses.*,
    sum(output_tokens) OVER (PARTITION BY team, workflow ORDER BY model, billing_currency) AS tokens_so_far,
    nullif(sum(output_tokens) OVER (PARTITION BY team, workflow), 0) AS all_tokens
  FROM uses
),
-- A credit is the rounded part up to here less the rounded part before: credits add up to the successes exactly.
credits AS (
  SELECT
    coalesce(shares.model, 'none') AS model,
    shares.billing_currency,
    coalesce(shares.output_tokens, 0) AS output_tokens,
    coalesce(shares.effective_cost, 0) AS effective_cost,
    CASE WHEN shares.model IS NULL THEN coalesce(results.succeeded, 0)
      ELSE round(coalesce(results.succeeded, 0) * tokens_so_far / all_tokens, 4)
        - round(coalesce(results.succeeded, 0) * (tokens_so_far - output_tokens) / all_tokens, 4)
    END AS succeeded,
    CASE WHEN shares.model IS NULL THEN coalesce(results.not_succeeded, 0)
      ELSE round(coalesce(results.not_succeeded, 0) * tokens_so_far / all_tokens, 4)
        - round(coalesce(results.not_succeeded, 0) * (tokens_so_far - output_tokens) / all_tokens, 4)
    END AS not_succeeded
  FROM shares
  FULL JOIN results
    ON results.team = shares.team
   AND results.workflow = shares.workflow
   AND shares.all_tokens IS NOT NULL
),
models AS (
  SELECT
    model,
    billing_currency,
    sum(output_tokens) AS output_tokens,
    sum(effective_cost) AS effective_cost,
    coalesce(sum(succeeded), 0) AS succeeded,
    coalesce(sum(not_succeeded), 0) AS not_succeeded
  FROM credits
  GROUP BY model, billing_currency
)
SELECT
  model,
  billing_currency,
  output_tokens,
  effective_cost,
  succeeded,
  not_succeeded,
  CASE WHEN billing_currency IS NOT NULL THEN round(effective_cost / nullif(succeeded, 0), 4) END AS cost_per_success,
  CASE WHEN billing_currency IS NOT NULL THEN round(effective_cost / poisson_high(succeeded, $level), 4) END AS cost_low,
  CASE WHEN billing_currency IS NOT NULL
    THEN round(effective_cost / nullif(poisson_low(succeeded, $level), 0), 4)
  END AS cost_high
FROM models
ORDER BY billing_currency, effective_cost DESC, model

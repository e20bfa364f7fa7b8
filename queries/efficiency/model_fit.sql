-- description: Is a dearer model worth it? Success rate and cost of a success by model at the same work, and what switching would save.
-- owner: platform
-- tags: ai, efficiency, outcomes, quarterly
--
-- The work of a person in a workflow is the unit: the outcomes that a principal had there in the quarter are credited to the models by
-- their share of the output tokens that the principal used there, so who succeeds more with a model raises its rate. Models are compared
-- at the same work, in one currency: within a workflow, or within a type of outcome, for which the cost of a unit is divided by
-- its number of outcomes. The cost is the effective cost of all charges that name the model, of those too who had no outcome
-- (by type they stand as `none`); what has no principal is not in it, nor are outcomes of people without output tokens in
-- the workflow. Failed, reverted and abandoned outcomes are tries and no successes.
--
-- The success rate stands with the interval of Wilson (1927) at the given level. The verdict on a model looks for a model
-- with a lower cost per success that it is not shown to beat, its interval not lying above that of the other:
--
--   switch    there is one; the cheapest is `better_model`, `saved` is the cost less its successes at the other's cost of a success
--   better    cheaper models are, but its success rate is shown to be higher than theirs: what more it costs buys successes
--   cheapest  no model is cheaper for a success
--   unsure    it has too few tries to say; such a model is no `better_model` either
--   none      it had no success, and there is none to compare it with
--
-- A comparison of what was, not an experiment: a credit is a division, and hard work may go to dear models. Not shown to be better
-- is not the same as no better, with few tries least of all. Effective cost in the billing currency, by the time of use. Percentages
-- have two digits, credits and quotients four.
-- param: quarter  quarter = last_full_quarter                    "fiscal quarter of the outcomes"
-- param: by       text = workflow in (outcome_type, workflow)    "what is the same work"
-- param: least    decimal = 20                                   "tries that a model needs to be compared"
-- param: level    decimal = 0.95                                 "how sure the interval is, between 0 and 1"
-- check: unique(work, model, billing_currency)
-- check: not_null(work, model, billing_currency, tries, succeeded, effective_cost, verdict)
-- check: accepted(verdict: switch, better, cheapest, unsure, none)
-- check: succeeded <= tries
-- check: saved IS NULL OR saved >= 0
-- chart: bar x=work y=cost_per_success series=model title="Cost of a success by model"
WITH uses AS (
  SELECT
    PrincipalId AS principal_id,
    workflow,
    model,
    BillingCurrency AS billing_currency,
    coalesce(
      sum(ConsumedQuantity) FILTER (
        WHERE ConsumedUnit = 'Tokens' AND (SkuPriceDetails ->> 'TokenDirection') = 'Output' AND ConsumedQuantity > 0
      ), 0
    ) AS output_tokens,
    sum(EffectiveCost) AS cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
    AND model IS NOT NULL
    AND PrincipalId IS NOT NULL
  GROUP BY PrincipalId, workflow, model, BillingCurrency
),
shares AS (
  SELECT
    uses.*,
    nullif(sum(output_tokens) OVER (PARTITION BY principal_id, workflow), 0) AS all_tokens
  FROM uses
),
results AS (
  SELECT
    principal_id,
    workflow,
    CASE $by WHEN 'outcome_type' THEN outcome_type ELSE workflow END AS work,
    count(*) AS tries,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
    AND principal_id IS NOT NULL
  GROUP BY 1, 2, 3
),
parts AS (
  SELECT
    results.*,
    sum(tries) OVER (PARTITION BY principal_id, workflow) AS all_tries
  FROM results
),
credits AS (
  SELECT
    CASE $by WHEN 'outcome_type' THEN coalesce(parts.work, 'none') ELSE shares.workflow END AS work,
    shares.model,
    shares.billing_currency,
    coalesce(parts.tries * shares.output_tokens / shares.all_tokens, 0) AS tries,
    coalesce(parts.succeeded * shares.output_tokens / shares.all_tokens, 0) AS succeeded,
    CASE WHEN parts.work IS NULL THEN shares.cost ELSE shares.cost * parts.tries / parts.all_tries END AS cost
  FROM shares
  LEFT JOIN parts
    ON parts.principal_id = shares.principal_id
   AND parts.workflow = shares.workflow
),
models AS (
  SELECT
    work,
    model,
    billing_currency,
    round(sum(tries), 4) AS tries,
    round(sum(succeeded), 4) AS succeeded,
    round(sum(cost), 4) AS effective_cost
  FROM credits
  GROUP BY work, model, billing_currency
),
rates AS (
  SELECT
    models.*,
    tries >= $least AS is_compared,
    effective_cost / nullif(succeeded, 0) AS success_cost,
    CASE WHEN tries > 0 THEN wilson_low(succeeded, tries, $level) END AS rate_low,
    CASE WHEN tries > 0 THEN wilson_high(succeeded, tries, $level) END AS rate_high
  FROM models
),
-- Every cheaper model of the same work, the cheapest of those that are not beaten first.
pairs AS (
  SELECT
    rates.work,
    rates.model,
    rates.billing_currency,
    others.model AS better_model,
    others.success_cost AS better_success_cost,
    rates.rate_low > others.rate_high AS beats,
    row_number() OVER (
      PARTITION BY rates.work, rates.model, rates.billing_currency
      ORDER BY rates.rate_low > others.rate_high, others.success_cost, others.model
    ) AS place
  FROM rates
  JOIN rates AS others
    ON others.work = rates.work
   AND others.billing_currency = rates.billing_currency
   AND others.model <> rates.model
   AND others.is_compared
   AND (rates.success_cost IS NULL OR others.success_cost < rates.success_cost)
  WHERE rates.is_compared
    AND others.success_cost IS NOT NULL
)
SELECT
  rates.work,
  rates.model,
  rates.billing_currency,
  rates.tries,
  rates.succeeded,
  round(100 * rates.succeeded / nullif(rates.tries, 0), 2) AS success_percent,
  round(100 * rates.rate_low, 2) AS success_percent_low,
  round(100 * rates.rate_high, 2) AS success_percent_high,
  rates.effective_cost,
  round(rates.success_cost, 4) AS cost_per_success,
  CASE
    WHEN NOT rates.is_compared THEN 'unsure'
    WHEN NOT pairs.beats THEN 'switch'
    WHEN pairs.beats THEN 'better'
    WHEN rates.success_cost IS NULL THEN 'none'
    ELSE 'cheapest'
  END AS verdict,
  CASE WHEN NOT pairs.beats THEN pairs.better_model END AS better_model,
  CASE WHEN NOT pairs.beats
    THEN round(rates.effective_cost - rates.succeeded * pairs.better_success_cost, 4)
  END AS saved
FROM rates
LEFT JOIN pairs
  ON pairs.work = rates.work
 AND pairs.model = rates.model
 AND pairs.billing_currency = rates.billing_currency
 AND pairs.place = 1
ORDER BY rates.billing_currency, rates.work, rates.success_cost NULLS LAST, rates.model

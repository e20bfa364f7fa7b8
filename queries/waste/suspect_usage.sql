-- description: Which use of AI needs a look? Every principal with a pattern of waste, with the evidence and the cost.
-- owner: platform
-- tags: ai, waste
--
-- The patterns of `runaway_loops`, `spend_without_outcome`, `round_the_clock`, `token_inflation`, `review_bursts`,
-- `duplicate_prompts` and `cache_churn`, each with its own period and cuts; `outlay show NAME` explains them. One row for a
-- principal and billing currency: how many patterns, which, and what was seen, one piece of evidence for each find. The
-- suspect cost is that of the costliest find: patterns look at the same charges, so their costs are never added.
--
-- Patterns to look at, not people to punish. Principals are pseudonyms unless the configuration grants names. One pattern
-- alone has a harmless reason more often than not; two or more together are worth a talk.
-- False alarms on the sample company, last twelve months, principals flagged that were not planted: 1 of 216;
-- in five more companies from other seeds 8 of 1054, each of them by a burst before a review alone. What was planted there
-- was found in all five.
-- param: patterns  int = 1        "patterns that a principal shows at least"
-- param: least     decimal = 0    "suspect cost below which nothing is listed"
-- check: unique(principal_id, billing_currency)
-- check: not_null(principal_id, billing_currency, patterns, flags, evidence, suspect_cost)
-- check: patterns BETWEEN 1 AND 7
-- chart: bar x=principal_id y=suspect_cost title="Use of AI that needs a look"
WITH finds AS (
  SELECT
    principal_id,
    billing_currency,
    'runaway_loop' AS flag,
    concat(day, ' cost ', round(effective_cost, 2), ', usually ', round(usual_cost, 2)) AS evidence,
    effective_cost AS suspect_cost
  FROM runaway_loops
  UNION ALL
  SELECT
    principal_id,
    billing_currency,
    'spend_without_outcome' AS flag,
    concat('successes ', successes, ', expected for the cost ', expected_successes) AS evidence,
    effective_cost AS suspect_cost
  FROM spend_without_outcome
  UNION ALL
  SELECT
    principal_id,
    billing_currency,
    'round_the_clock' AS flag,
    concat(hours_of_day, ' hours of the day, longest rest ', longest_rest, ' hours') AS evidence,
    effective_cost AS suspect_cost
  FROM round_the_clock
  UNION ALL
  SELECT
    principal_id,
    billing_currency,
    'token_inflation' AS flag,
    concat(workflow, ' with ', times_usual, ' times the usual tokens of a conversation') AS evidence,
    effective_cost AS suspect_cost
  FROM token_inflation
  UNION ALL
  SELECT
    principal_id,
    billing_currency,
    'review_burst' AS flag,
    concat('cost ', round(effective_cost, 2), ' before ', review_date, ', usually ', usual_cost) AS evidence,
    effective_cost AS suspect_cost
  FROM review_bursts
  UNION ALL
  SELECT
    principal_id,
    billing_currency,
    'duplicate_prompts' AS flag,
    concat(repeats, ' of ', uses, ' uses repeat a prompt') AS evidence,
    repeated_cost AS suspect_cost
  FROM duplicate_prompts
  UNION ALL
  SELECT
    principal_id,
    billing_currency,
    'cache_churn' AS flag,
    concat(model, ' read ', reads_per_write, ' cached tokens for each one written') AS evidence,
    write_cost AS suspect_cost
  FROM cache_churn
),
flags AS (
  SELECT
    principal_id,
    billing_currency,
    flag,
    string_agg(evidence, '; ' ORDER BY evidence) AS evidence,
    max(suspect_cost) AS suspect_cost
  FROM finds
  GROUP BY principal_id, billing_currency, flag
),
principals AS (
  SELECT
    principal_id,
    billing_currency,
    count(*) AS patterns,
    string_agg(flag, ', ' ORDER BY flag) AS flags,
    string_agg(evidence, '; ' ORDER BY flag) AS evidence,
    max(suspect_cost) AS suspect_cost
  FROM flags
  GROUP BY principal_id, billing_currency
)
SELECT
  principal_id,
  billing_currency,
  patterns,
  flags,
  evidence,
  suspect_cost
FROM principals
WHERE patterns >= $patterns
  AND suspect_cost >= $least
ORDER BY patterns DESC, suspect_cost DESC, principal_id, billing_currency

-- description: Whose conversations swell? Tokens of a conversation against those of peers in the same workflow.
-- owner: platform
-- tags: ai, waste
--
-- Charges counted in tokens, cached ones too, by principal and workflow. Usual is the median over the principals of the
-- workflow of their tokens per conversation; the spread is the median of the distances from it (MAD). A principal is
-- flagged when its tokens per conversation are so many times the usual, and so many spreads above it: the score is
-- 0.6745 times the distance over the spread, and 3.5 is where Iglewicz and Hoaglin (1993) begin to call a value an
-- outlier. When half of the peers have the very same number there is no spread and no score, and the multiple alone
-- decides. A principal needs some conversations, a workflow some peers; workflows of fewer people than are shown by
-- themselves are not compared. The excess cost is the part of the effective cost, in the billing currency, that tokens
-- above the usual ones have. What a conversation is `outlay show token_use` says.
--
-- A pattern to look at, not a person to punish. Harder problems need longer conversations.
-- False alarms on the sample company, last three months, principals flagged that were not planted: 0 of 156;
-- in five more companies from other seeds 0 of 832, and what was planted was missed in one of them.
-- param: period         period = last(3mo)  "time of use, such as 2026-Q2"
-- param: times          decimal = 3         "how many times the usual is suspect"
-- param: score          decimal = 3.5       "how far above the usual in spreads is suspect"
-- param: conversations  int = 5             "conversations that a principal needs to be compared"
-- param: peers          int = 5             "principals that a workflow needs to compare"
-- check: unique(principal_id, workflow, billing_currency)
-- check: not_null(principal_id, workflow, billing_currency, tokens_per_conversation, usual_tokens, effective_cost)
-- check: excess_cost <= effective_cost warn
-- chart: bar x=principal_id y=tokens_per_conversation series=workflow title="Tokens of a conversation"
WITH conversation_sums AS (
  SELECT
    PrincipalId AS principal_id,
    workflow,
    BillingCurrency AS billing_currency,
    conversation,
    sum(coalesce(ConsumedQuantity, 0)) AS tokens,
    sum(EffectiveCost) AS effective_cost
  FROM token_use
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND PrincipalId IS NOT NULL
  GROUP BY PrincipalId, workflow, BillingCurrency, conversation
),
principals AS (
  SELECT
    principal_id,
    workflow,
    billing_currency,
    count(*) AS conversations,
    CAST(sum(tokens) / nullif(count(*), 0) AS DECIMAL(38, 6)) AS tokens_per_conversation,
    sum(effective_cost) AS effective_cost
  FROM conversation_sums
  GROUP BY principal_id, workflow, billing_currency
  HAVING count(*) >= $conversations
),
usual AS (
  SELECT
    workflow,
    billing_currency,
    count(*) AS peers,
    median(tokens_per_conversation) AS usual_tokens
  FROM principals
  GROUP BY workflow, billing_currency
),
compared AS (
  SELECT
    principals.*,
    usual.peers,
    usual.usual_tokens,
    principals.tokens_per_conversation - usual.usual_tokens AS distance
  FROM principals
  JOIN usual
    ON usual.workflow = principals.workflow
   AND usual.billing_currency = principals.billing_currency
),
spreads AS (
  SELECT
    workflow,
    billing_currency,
    median(abs(distance)) AS spread
  FROM compared
  GROUP BY workflow, billing_currency
)
SELECT
  compared.principal_id,
  compared.workflow,
  compared.billing_currency,
  compared.peers,
  compared.conversations,
  round(compared.tokens_per_conversation, 0) AS tokens_per_conversation,
  round(compared.usual_tokens, 0) AS usual_tokens,
  round(compared.tokens_per_conversation / nullif(compared.usual_tokens, 0), 1) AS times_usual,
  round(0.6745 * compared.distance / nullif(spreads.spread, 0), 1) AS score,
  compared.effective_cost,
  round(compared.effective_cost * compared.distance / nullif(compared.tokens_per_conversation, 0), 2) AS excess_cost
FROM compared
JOIN spreads
  ON spreads.workflow = compared.workflow
 AND spreads.billing_currency = compared.billing_currency
WHERE compared.peers >= $peers
  AND NOT small_group(compared.peers)
  AND compared.distance > 0
  AND compared.tokens_per_conversation >= compared.usual_tokens * $times
  AND 0.6745 * compared.distance >= spreads.spread * $score
ORDER BY compared.effective_cost DESC, compared.principal_id, compared.workflow, compared.billing_currency

-- description: Every charge counted in tokens with its workflow, conversation and prompt: the one place that says where they stand.
-- owner: platform
-- tags: ai, building-block, waste
--
-- The workflow is the tag `workflow`, and `unknown` without one. The conversation is the tag `conversation_id`; without
-- one, what the same model began at the same time for the same principal is taken for one. The prompt is the tag
-- `prompt_hash`, a hash that the gateway made of it, and NULL without one. A company whose source has columns of its own
-- for them, such as x_PromptHash, overrides this one file in its project; the queries of waste select from here.
--
-- A predicate on ChargePeriodStart above this view reaches the files: give one, else the whole ledger is read.
-- check: not_null(workflow, conversation)
SELECT
  spend.*,
  coalesce(nullif(Tags ->> 'workflow', ''), 'unknown') AS workflow,
  coalesce(
    nullif(Tags ->> 'conversation_id', ''),
    concat(CAST(ChargePeriodStart AS TEXT), ' ', SkuPriceDetails ->> 'ModelId')
  ) AS conversation,
  nullif(Tags ->> 'prompt_hash', '') AS prompt_hash
FROM spend
WHERE ConsumedUnit = 'Tokens'

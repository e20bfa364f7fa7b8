-- description: Cursor usage events of a team: tokens by request, with what was included and what was charged.
-- documentation: https://cursor.com/docs/account/teams/admin-api
-- records: usageEvents[]
-- field: happened_at       epoch_ms  = timestamp  required
-- field: email             text      = userEmail | owningUser
-- field: owning_team       text      = owningTeam
-- field: conversation_id   text      = conversationId
-- field: model             text      required
-- field: kind              text      required
-- field: is_chargeable     boolean   = isChargeable
-- field: request_units     decimal   = requestsCosts
-- field: input             decimal   = tokenUsage.inputTokens
-- field: output            decimal   = tokenUsage.outputTokens
-- field: cache_read        decimal   = tokenUsage.cacheReadTokens
-- field: cache_write       decimal   = tokenUsage.cacheWriteTokens
-- field: model_cents       decimal   = tokenUsage.totalCents
-- field: fee_cents         decimal   = cursorTokenFee
-- field: charged_cents     decimal   = chargedCents
--
-- Times are epoch MILLISECONDS as text, amounts CENTS. The list cost is what the model costs (totalCents) and the
-- fee on it. chargedCents is told of included events too, where it only draws down the plan: an event is billed
-- when its kind is none of included, not charged, free, custom subscription and own key. One amount stands for all
-- tokens of an event: the row of the request carries it, the rows of tokens cost 0, since their shares by class
-- are not told. Input excludes the cache; a cache write counts as 5 minutes. Land these files, the vendor keeps a
-- rolling window only.
WITH events AS (
  SELECT
    *,
    coalesce(model_cents + coalesce(fee_cents, 0), charged_cents) / 100 AS listed,
    CASE
      WHEN is_chargeable = false
        OR regexp_like(upper(kind), 'INCLUDED|NOT.CHARGED|FREE|CUSTOM.SUBSCRIPTION|API.KEY')
        THEN 0
      ELSE coalesce(charged_cents, model_cents) / 100
    END AS paid
  FROM records
),
uses AS (
  SELECT
    *,
    unnest(token_rows(input, cache_read, cache_write, NULL, output, NULL, 1)) AS token
  FROM events
)
SELECT
  happened_at AS ChargePeriodStart,
  happened_at + INTERVAL '1 second' AS ChargePeriodEnd,
  'Cursor' AS ServiceProviderName,
  'Cursor' AS ServiceName,
  owning_team AS SubAccountId,
  email AS PrincipalId,
  kind AS ChargeDescription,
  coalesce(token['meter'], 'Requests') AS SkuMeter,
  token_details(NULL, model, token['class'], NULL, NULL) AS SkuPriceDetails,
  token['tokens'] AS ConsumedQuantity,
  CASE WHEN token['class'] IS NULL THEN 'Requests' ELSE 'Tokens' END AS ConsumedUnit,
  CASE WHEN token['class'] IS NULL THEN coalesce(paid, 0) ELSE paid * 0 END AS BilledCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(paid, 0) ELSE paid * 0 END AS EffectiveCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(paid, 0) ELSE paid * 0 END AS ContractedCost,
  CASE WHEN token['class'] IS NULL THEN coalesce(listed, 0) ELSE listed * 0 END AS ListCost,
  CASE WHEN paid IS NOT NULL THEN 'billed' END AS x_CostBasis,
  conversation_id AS x_ConversationId,
  CASE WHEN token['class'] IS NULL THEN request_units END AS x_RequestUnits
FROM uses

-- description: Every charge with its team and its client: the one place that says what the client of a charge is.
-- owner: finops
-- tags: building-block, allocation, client
--
-- The client is the value of the tag `client`; a charge without that tag, or with an empty one, is for no client:
-- `unassigned`. The team is that of `allocated_spend`, shared cost divided. Every query about clients selects from here, so a
-- company that tags otherwise overrides this one file in its project.
--
-- A predicate on ChargePeriodStart above this view reaches the files: give one, else the whole ledger is read.
-- check: not_null(client, team)
SELECT
  allocated_spend.*,
  coalesce(nullif(Tags ->> 'client', ''), 'unassigned') AS client
FROM allocated_spend

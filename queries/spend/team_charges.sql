-- description: Every charge of the ledger with its team: the one place that says what the team of a charge is.
-- owner: finops
-- tags: building-block, team
--
-- The team is the value of the tag `team`; a charge without that tag, or with an empty one, is `unassigned`. Sub
-- accounts are no teams: shared accounts hold the cost of many. Every query about teams selects from here, so a company
-- that tags otherwise overrides this one file in its project.
--
-- A predicate on ChargePeriodStart above this view reaches the files: give one, else the whole ledger is read.
-- check: not_null(team)
SELECT
  spend.*,
  coalesce(nullif(Tags ->> 'team', ''), 'unassigned') AS team
FROM spend

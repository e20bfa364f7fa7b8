-- description: Every charge with the team that carries it and the workflow, product, pilot and model it was for.
-- owner: finops
-- tags: building-block, outcomes
--
-- Workflow, product and pilot are the values of the tags of these names, `unassigned` where a charge has none; the model is
-- that of the SKU, NULL where it has none. A charge is allocated when a rule or the roster brought it to its team rather
-- than its own tag. What a rule split stands here in parts whose costs add up to the charge.
--
-- A predicate on ChargePeriodStart above this view reaches the files: give one, else the whole ledger is read.
-- check: not_null(team, is_allocated, workflow, product, pilot)
SELECT
  allocated_spend.*,
  allocation NOT IN ('tag', 'unassigned') AS is_allocated,
  coalesce(nullif(Tags ->> 'workflow', ''), 'unassigned') AS workflow,
  coalesce(nullif(Tags ->> 'product', ''), 'unassigned') AS product,
  coalesce(nullif(Tags ->> 'pilot', ''), 'unassigned') AS pilot,
  SkuPriceDetails ->> 'ModelId' AS model
FROM allocated_spend

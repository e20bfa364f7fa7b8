-- description: What does a success cost for each product? Direct and allocated cost and outcomes by product for a quarter.
-- owner: finops
-- tags: outcomes, quarterly
--
-- The cost of a product is the effective cost of the charges that carry its tag, of whatever team, by the time of use and
-- in the billing currency; an outcome counts when it occurred, for the product it names. Outcomes that failed, were
-- reverted or abandoned are paid for by those that succeeded. What names no product stands as `unassigned` and is not
-- spread. Coverage is the share of all cost of the currency that lies with a named product, so a low one says that the
-- cost of a success is more than it seems here. The other columns are those of `cost_per_outcome`.
-- param: quarter  quarter = last_full_quarter  "fiscal quarter to report"
-- param: level    decimal = 0.95               "how sure the interval is, between 0 and 1"
-- check: unique(product, billing_currency)
-- check: not_null(product, direct_cost, allocated_cost, succeeded, failed, reverted, abandoned)
-- check: succeeded >= 0 AND failed >= 0 AND reverted >= 0 AND abandoned >= 0
-- chart: bar x=product y=cost_per_success series=billing_currency title="Cost of a success by product"
WITH product_costs AS (
  SELECT
    product,
    BillingCurrency AS billing_currency,
    coalesce(sum(EffectiveCost) FILTER (WHERE NOT is_allocated), 0) AS direct_cost,
    coalesce(sum(EffectiveCost) FILTER (WHERE is_allocated), 0) AS allocated_cost
  FROM work_charges
  WHERE ChargePeriodStart >= $quarter_start
    AND ChargePeriodStart < $quarter_end
  GROUP BY product, BillingCurrency
),
product_outcomes AS (
  SELECT
    product,
    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'reverted') AS reverted,
    count(*) FILTER (WHERE status = 'abandoned') AS abandoned
  FROM outcome_facts
  WHERE occurred_at >= $quarter_start
    AND occurred_at < $quarter_end
  GROUP BY product
),
product_results AS (
  SELECT
    coalesce(product_costs.product, product_outcomes.product) AS product,
    product_outcomes.product IS NOT NULL AS has_outcomes,
    product_costs.billing_currency,
    coalesce(product_costs.direct_cost, 0) AS direct_cost,
    coalesce(product_costs.allocated_cost, 0) AS allocated_cost,
    coalesce(product_costs.direct_cost + product_costs.allocated_cost, 0) AS cost,
    coalesce(product_outcomes.succeeded, 0) AS succeeded,
    coalesce(product_outcomes.failed, 0) AS failed,
    coalesce(product_outcomes.reverted, 0) AS reverted,
    coalesce(product_outcomes.abandoned, 0) AS abandoned
  FROM product_costs
  FULL JOIN product_outcomes ON product_outcomes.product = product_costs.product
),
coverage AS (
  SELECT
    billing_currency,
    round(100 * coalesce(sum(cost) FILTER (WHERE product <> 'unassigned'), 0) / nullif(sum(cost), 0), 2) AS coverage_percent
  FROM product_results
  GROUP BY billing_currency
)
SELECT
  product_results.product,
  product_results.billing_currency,
  product_results.direct_cost,
  product_results.allocated_cost,
  product_results.succeeded,
  product_results.failed,
  product_results.reverted,
  product_results.abandoned,
  CASE WHEN coverage.billing_currency IS NOT NULL AND product <> 'unassigned'
    THEN round(cost / nullif(succeeded, 0), 4)
  END AS cost_per_success,
  CASE WHEN coverage.billing_currency IS NOT NULL AND product <> 'unassigned' AND has_outcomes
    THEN round(cost / poisson_high(succeeded, $level), 4)
  END AS cost_low,
  CASE WHEN coverage.billing_currency IS NOT NULL AND product <> 'unassigned'
    THEN round(cost / nullif(poisson_low(succeeded, $level), 0), 4)
  END AS cost_high,
  coverage.coverage_percent
FROM product_results
LEFT JOIN coverage ON coverage.billing_currency = product_results.billing_currency
ORDER BY product_results.billing_currency, product_results.cost DESC, product_results.product

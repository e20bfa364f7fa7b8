-- description: What did each month cost each team? The days of `daily_spend` added up, as table `monthly_spend`.
-- owner: finance
-- tags: finance, monthly, summary
--
-- `outlay build` stores it month by month of use, after `daily_spend`, from which it is read: the charges themselves are not
-- scanned again. Sums in the billing currency with every digit.
-- param: interval  period = last(12mo)  "time of use"
-- materialize: table=monthly_spend interval=month(month)
-- check: unique(month, team, provider, charge_category, billing_currency)
-- check: not_null(month, team, charge_category, billing_currency, charges, billed_cost, effective_cost)
-- chart: bar x=team y=effective_cost series=billing_currency title="Effective cost by team"
SELECT
  CAST(date_trunc('month', day) AS DATE) AS month,
  team,
  provider,
  charge_category,
  billing_currency,
  CAST(sum(charges) AS BIGINT) AS charges,
  sum(billed_cost) AS billed_cost,
  sum(effective_cost) AS effective_cost
FROM daily_spend
WHERE day >= $interval_start
  AND day < $interval_end
GROUP BY date_trunc('month', day), team, provider, charge_category, billing_currency
ORDER BY month, team, provider, charge_category, billing_currency

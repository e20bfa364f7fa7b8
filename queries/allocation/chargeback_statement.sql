-- description: What is charged to whom? Statement of a period: effective cost by client, team, provider and service.
-- owner: finance
-- tags: allocation, chargeback, client, finance
--
-- One line for each client, team, provider and service, shared cost included: the cost of use in the billing currency, every
-- digit kept, so that lines add up to `spend`; `unassigned` is what no client and no team is known for. The clients are
-- those of `client_charges`, the teams those of `allocated_spend`. A statement once sent is written again, to the last digit,
-- from the deliveries of its day with the same rules: `outlay --as-of 2026-06-05 run chargeback_statement`; without the
-- flag, what the vendors corrected since is in it. `chargeback_charges` shows the charges behind each line.
-- param: period   period = last_full_month  "time of use, such as 2026-05"
-- param: clients  text[]? = null            "only these clients"
-- param: teams    text[]? = null            "only these teams"
-- check: unique(client, team, provider, service, billing_currency)
-- check: not_null(client, team, billing_currency, effective_cost)
-- chart: bar x=client y=effective_cost series=team title="Effective cost by client and team"
SELECT
  client,
  team,
  ServiceProviderName AS provider,
  ServiceName AS service,
  BillingCurrency AS billing_currency,
  sum(EffectiveCost) AS effective_cost
FROM client_charges
WHERE ChargePeriodStart >= $period_start
  AND ChargePeriodStart < $period_end
  AND ($clients IS NULL OR client = ANY($clients))
  AND ($teams IS NULL OR team = ANY($teams))
GROUP BY client, team, ServiceProviderName, ServiceName, BillingCurrency
ORDER BY client, team, billing_currency, provider, service

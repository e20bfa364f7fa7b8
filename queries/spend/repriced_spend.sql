-- description: What would we have paid at the prices of another day? Effective cost of tokens, and the same tokens priced anew.
-- owner: finops
-- tags: ai, finance, price, spend
--
-- Charges counted in tokens only, by the time of use. Every token has the price of the price book on `price_date`: that
-- of the contract, the list price where no contract has one, for the model, class, tier and context that the charge
-- names. The difference is the cost at those prices less the effective cost; below zero it would have cost less. Needs
-- `[price_book]`; a price in another currency than the charge is refused.
-- param: period      period = last(12mo)  "time of use, such as 2026-Q2"
-- param: price_date  date = today         "the day whose prices count"
-- check: unique(provider, model, token_class, billing_currency)
-- check: not_null(provider, model, token_class, billing_currency, tokens, effective_cost, cost_at_prices)
-- check: difference = cost_at_prices - effective_cost
-- chart: bar x=model y=effective_cost,cost_at_prices title="Effective cost and cost at other prices"
WITH token_charges AS (
  SELECT
    ServiceProviderName AS provider,
    SkuPriceDetails AS details,
    BillingCurrency AS billing_currency,
    sum(coalesce(ConsumedQuantity, 0)) AS tokens,
    sum(EffectiveCost) AS effective_cost
  FROM spend
  WHERE ChargePeriodStart >= $period_start
    AND ChargePeriodStart < $period_end
    AND ConsumedUnit = 'Tokens'
  GROUP BY ServiceProviderName, SkuPriceDetails, BillingCurrency
),
repriced_charges AS (
  SELECT
    provider,
    details ->> 'ModelId' AS model,
    token_class(details) AS token_class,
    billing_currency,
    tokens,
    effective_cost,
    CAST(tokens * token_price('contract', provider, details, $price_date, billing_currency) AS DECIMAL(38, 18))
      AS cost_at_prices
  FROM token_charges
)
SELECT
  provider,
  model,
  token_class,
  billing_currency,
  sum(tokens) AS tokens,
  sum(effective_cost) AS effective_cost,
  sum(cost_at_prices) AS cost_at_prices,
  sum(cost_at_prices) - sum(effective_cost) AS difference
FROM repriced_charges
GROUP BY provider, model, token_class, billing_currency
ORDER BY billing_currency, provider, model, token_class

-- Monthly spend by team and provider, over all history.
SELECT month, team, provider, sum(cost) AS cost, count(*) AS charges
FROM charges
GROUP BY month, team, provider

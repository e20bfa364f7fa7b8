-- Spend by team and service, of one month.
SELECT team, service, sum(cost) AS cost
FROM charges
WHERE started_at >= TIMESTAMP '2026-03-01 00:00:00' AND started_at < TIMESTAMP '2026-04-01 00:00:00'
GROUP BY team, service

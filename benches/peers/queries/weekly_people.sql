-- Distinct people by week, over all history.
SELECT week, count(DISTINCT person) AS people
FROM charges
GROUP BY week

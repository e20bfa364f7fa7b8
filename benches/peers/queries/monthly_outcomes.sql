-- Distinct outcomes by month and team, over all history.
SELECT month, team, count(DISTINCT outcome_id) AS outcomes
FROM work
GROUP BY month, team

-- Cost and distinct outcomes by team, of one quarter.
SELECT spent.team, spent.cost, done.outcomes
FROM (
  SELECT team, sum(cost) AS cost
  FROM charges
  WHERE started_at >= TIMESTAMP '2026-04-01 00:00:00' AND started_at < TIMESTAMP '2026-07-01 00:00:00'
  GROUP BY team
) AS spent
JOIN (
  SELECT team, count(DISTINCT outcome_id) AS outcomes
  FROM work
  WHERE occurred_at >= TIMESTAMP '2026-04-01 00:00:00' AND occurred_at < TIMESTAMP '2026-07-01 00:00:00'
  GROUP BY team
) AS done ON spent.team = done.team

-- The ten people of each month with the highest spend, by a window.
SELECT month, place, person, cost
FROM (
  SELECT month, person, cost, rank() OVER (PARTITION BY month ORDER BY cost DESC, person) AS place
  FROM (
    SELECT month, person, sum(cost) AS cost
    FROM charges
    WHERE person IS NOT NULL
    GROUP BY month, person
  ) AS by_person
) AS ranked
WHERE place <= 10

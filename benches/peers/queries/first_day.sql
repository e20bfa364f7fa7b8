-- The first day of each person.
SELECT person, min(day) AS first_day
FROM charges
WHERE person IS NOT NULL
GROUP BY person

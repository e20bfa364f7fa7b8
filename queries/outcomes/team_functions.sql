-- description: Which function is a team of? The function that most entries of the roster give to it.
-- owner: platform
-- tags: building-block, team
--
-- One row for each team of the roster, past or present, with a function: the one of most of its entries, the first by name
-- when several have as many. Queries that compare functions select from here, so that a team never counts twice.
-- check: unique(team)
-- check: not_null(team, function, entries)
-- chart: bar x=function y=entries title="Roster by function"
WITH counted AS (
  SELECT
    team,
    function,
    count(*) AS entries
  FROM roster
  WHERE nullif(function, '') IS NOT NULL
    AND nullif(team, '') IS NOT NULL
  GROUP BY team, function
),
ranked AS (
  SELECT
    team,
    function,
    entries,
    row_number() OVER (PARTITION BY team ORDER BY entries DESC, function) AS place
  FROM counted
)
SELECT
  team,
  function,
  entries
FROM ranked
WHERE place = 1
ORDER BY team

-- description: How many people are power users, regular users, light users or none? Segments by month.
-- owner: platform
-- tags: adoption, ai, monthly
--
-- By active days of the month (`person_months`): power from so many days, regular from so many, light from one, none
-- without any. Days with use count and tokens do not: whoever burns more is no better user. The cuts are parameters because no
-- two companies work alike; a rule of thumb says 20% power, 60% in between, 20% none. All four segments of a month stand
-- here, empty ones too. A month that is not over is marked as not finished, its active days are still to come. Shares are in
-- percent of the people of the roster.
-- param: period        period = last(12mo)  "months that begin in it are shown"
-- param: power_days    int = 10             "active days of a month from which use is power"
-- param: regular_days  int = 4              "active days of a month from which use is regular"
-- check: unique(month, segment)
-- check: not_null(month, segment, people, is_finished)
-- check: accepted(segment: power, regular, light, none)
-- check: people >= 0
-- chart: stacked x=month y=people series=segment title="People by segment of use"
WITH segmented AS (
  SELECT
    month,
    is_finished,
    CASE
      WHEN active_days = 0 THEN 'none'
      WHEN active_days >= $power_days THEN 'power'
      WHEN active_days >= $regular_days THEN 'regular'
      ELSE 'light'
    END AS segment
  FROM person_months
  WHERE month >= $period_start
    AND month < $period_end
),
months AS (
  SELECT
    month,
    is_finished,
    count(*) AS everybody
  FROM segmented
  GROUP BY month, is_finished
),
segments AS (
  SELECT column1 AS place, column2 AS segment
  FROM (VALUES (1, 'power'), (2, 'regular'), (3, 'light'), (4, 'none')) AS names
),
counts AS (
  SELECT
    month,
    segment,
    count(*) AS people
  FROM segmented
  GROUP BY month, segment
)
SELECT
  months.month,
  segments.segment,
  coalesce(counts.people, 0) AS people,
  round(100 * CAST(coalesce(counts.people, 0) AS DECIMAL(18, 0)) / nullif(months.everybody, 0), 2) AS people_percent,
  months.is_finished
FROM months
CROSS JOIN segments
LEFT JOIN counts
  ON counts.month = months.month
 AND counts.segment = segments.segment
ORDER BY months.month, segments.place

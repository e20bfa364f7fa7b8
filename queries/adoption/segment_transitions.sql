-- description: Who moves up, who gives up? People by segment of use in a month and in the month after.
-- owner: platform
-- tags: adoption, ai, monthly
--
-- Segments are those of `adoption_segments`, with the same cuts. Who is on the roster in one of the two months only is
-- `joined` or `left` on the other side. The share is in percent of all people of the segment in the month before; a
-- month that is not over is marked as not finished, and whoever seems to fall in it may still rise.
-- param: period        period = last(6mo)  "months moved into"
-- param: power_days    int = 10            "active days of a month from which use is power"
-- param: regular_days  int = 4             "active days of a month from which use is regular"
-- check: unique(month, from_segment, to_segment)
-- check: not_null(month, from_segment, to_segment, people, is_finished)
-- check: people > 0
-- chart: stacked x=month y=people series=to_segment title="People by segment moved into"
WITH segmented AS (
  SELECT
    month,
    principal_id,
    is_finished,
    CASE
      WHEN active_days = 0 THEN 'none'
      WHEN active_days >= $power_days THEN 'power'
      WHEN active_days >= $regular_days THEN 'regular'
      ELSE 'light'
    END AS segment
  FROM person_months
),
months AS (
  SELECT DISTINCT
    month,
    is_finished
  FROM segmented
  WHERE month > (SELECT min(month) FROM segmented)
    AND month >= $period_start
    AND month < $period_end
),
sides AS (
  SELECT
    months.month,
    months.is_finished,
    segmented.principal_id,
    max(segmented.segment) FILTER (WHERE segmented.month < months.month) AS from_segment,
    max(segmented.segment) FILTER (WHERE segmented.month = months.month) AS to_segment
  FROM months
  JOIN segmented
    ON segmented.month <= months.month
   AND segmented.month >= months.month - INTERVAL '1 month'
  GROUP BY months.month, months.is_finished, segmented.principal_id
),
moves AS (
  SELECT
    month,
    is_finished,
    coalesce(from_segment, 'joined') AS from_segment,
    coalesce(to_segment, 'left') AS to_segment,
    count(*) AS people
  FROM sides
  GROUP BY month, is_finished, coalesce(from_segment, 'joined'), coalesce(to_segment, 'left')
)
SELECT
  month,
  from_segment,
  to_segment,
  people,
  round(
    100 * CAST(people AS DECIMAL(18, 0)) / nullif(sum(people) OVER (PARTITION BY month, from_segment), 0),
    2
  ) AS people_percent,
  is_finished
FROM moves
ORDER BY month, from_segment, to_segment

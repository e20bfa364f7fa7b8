-- description: Where does the use of AI level off, and when? Cumulative adopters, the curve through them and the weeks ahead.
-- owner: platform
-- tags: adoption, ai, forecast, weekly
--
-- The adopters of `adoption_curve`, every finished week of them, with a logistic curve through them (`logistic_fit`): the
-- saturation is how many will ever adopt if things go on as they went, the half time is when half of them had. Intervals hold
-- 95% of such cases and assume that the curve is right. A bound that the weeks do not give is NULL, as is a curve that they
-- do not carry, and the note says why: before growth slows nobody can tell where it ends. The curve is drawn for weeks
-- ahead too, where adopters are NULL. A week is when it begins; people who adopted in it are counted at its end.
-- param: ahead  int = 26  "weeks ahead"
-- check: unique(week)
-- check: not_null(week)
-- check: saturation_low IS NULL OR saturation_low <= saturation
-- check: saturation_high IS NULL OR saturation <= saturation_high
-- chart: line x=week y=cumulative_adopters,fitted_adopters title="Adopters and the curve through them"
WITH token_charges AS (
  SELECT max(ChargePeriodEnd) AS known_until
  FROM spend
  WHERE ConsumedUnit = 'Tokens'
),
adopters AS (
  SELECT
    week,
    cumulative_adopters
  FROM adoption_curve
  WHERE week + INTERVAL '7 days' <= (SELECT known_until FROM token_charges)
),
curves AS (
  SELECT
    logistic_fit(week + INTERVAL '7 days', cumulative_adopters) AS fit,
    max(week) AS last_week
  FROM adopters
),
ahead AS (
  SELECT unnest(generate_series(last_week + INTERVAL '7 days', last_week + CAST(concat(7 * $ahead, ' days') AS INTERVAL), INTERVAL '7 days')) AS week
  FROM curves
),
weeks AS (
  SELECT week, cumulative_adopters
  FROM adopters
  UNION ALL
  SELECT week, NULL AS cumulative_adopters
  FROM ahead
)
SELECT
  weeks.week,
  weeks.cumulative_adopters,
  round(curve_at(curves.fit, weeks.week + INTERVAL '7 days'), 1) AS fitted_adopters,
  round(curves.fit['saturation'], 1) AS saturation,
  round(curves.fit['saturation_low'], 1) AS saturation_low,
  round(curves.fit['saturation_high'], 1) AS saturation_high,
  CAST(curves.fit['half_time'] AS DATE) AS half_time,
  CAST(curves.fit['half_time_low'] AS DATE) AS half_time_low,
  CAST(curves.fit['half_time_high'] AS DATE) AS half_time_high,
  round(7 * curves.fit['rate'], 4) AS weekly_rate,
  round(curves.fit['r2'], 4) AS r2,
  curves.fit['n_obs'] AS weeks_observed,
  curves.fit['note'] AS note
FROM weeks
CROSS JOIN curves
ORDER BY weeks.week

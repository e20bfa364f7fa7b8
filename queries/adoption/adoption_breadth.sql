-- description: How broad is the use of AI? Active functions and how evenly people of all functions take part, by month.
-- owner: platform
-- tags: adoption, ai, function, monthly
--
-- A function is active when one of its people is. Evenness is that of Pielou (1966), Journal of Theoretical Biology 13, 131
-- to 144: the entropy of Shannon of the active shares of the functions, over its largest value, the logarithm of the
-- number of functions. 1 says that every function has the same share of its people active, 0 that one function alone is;
-- NULL when nobody is active or there is one function only. Shares and not heads are compared, so that a large function does
-- not make use look narrow. A month that is not over is marked as not finished.
-- param: period  period = last(12mo)  "months that begin in it are shown"
-- check: unique(month)
-- check: not_null(month, functions, active_functions, is_finished)
-- check: active_functions BETWEEN 0 AND functions
-- check: evenness IS NULL OR evenness BETWEEN 0 AND 1
-- chart: line x=month y=evenness title="Evenness of use over functions"
WITH rates AS (
  SELECT
    month,
    is_finished,
    function,
    CAST(count(*) FILTER (WHERE active_days > 0) AS DOUBLE) / nullif(count(*), 0) AS rate
  FROM person_months
  WHERE month >= $period_start
    AND month < $period_end
  GROUP BY month, is_finished, function
),
shares AS (
  SELECT
    month,
    is_finished,
    rate,
    rate / nullif(sum(rate) OVER (PARTITION BY month), 0) AS share
  FROM rates
)
SELECT
  month,
  count(*) AS functions,
  count(*) FILTER (WHERE rate > 0) AS active_functions,
  round(100 * CAST(count(*) FILTER (WHERE rate > 0) AS DECIMAL(18, 0)) / nullif(count(*), 0), 2) AS active_functions_percent,
  round(
    sum(CASE WHEN share > 0 THEN -share * ln(share) WHEN share = 0 THEN 0 END)
      / nullif(ln(CAST(count(*) AS DOUBLE)), 0),
    4
  ) AS evenness,
  is_finished
FROM shares
GROUP BY month, is_finished
ORDER BY month

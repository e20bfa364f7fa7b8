//! Runs the checks of a saved query over its result.

use std::sync::Arc;

use super::{Engine, Sql};
use crate::error::Result;
use crate::query::{SavedQuery, Severity};

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check as the file writes it.
    pub check: String,
    /// Whether it only warns.
    pub severity: Severity,
    /// Rows that break it; 0 means it holds.
    pub failing_rows: u64,
}

/// What the checks of one query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckOutcome {
    /// The query.
    pub query: String,
    /// Rows of its result.
    pub rows: u64,
    /// One finding a check, in the order of the file.
    pub findings: Vec<Finding>,
}

impl CheckOutcome {
    /// Whether every check that is more than a warning holds.
    pub fn holds(&self) -> bool {
        self.findings.iter().all(|finding| finding.failing_rows == 0 || finding.severity == Severity::Warn)
    }
}

impl Engine {
    /// Runs `query` with `given` parameter values, and every check over the result.
    ///
    /// # Errors
    /// As [`Engine::run`], and for a check whose SQL does not plan.
    pub async fn check(self: &Arc<Self>, query: &SavedQuery, given: &[(String, String)]) -> Result<CheckOutcome> {
        let mut answer = self.run(query, given).await?;
        while answer.next().await?.is_some() {}
        let mut findings = Vec::with_capacity(query.checks.len());
        for check in &query.checks {
            let sql = check.failing_rows_sql(&query.name);
            let sql = Sql { text: &sql, origin: &query.path, first_line: check.place.line };
            let mut failing = self.query_over(sql, query, given).await?;
            while failing.next().await?.is_some() {}
            findings.push(Finding {
                check: check.text.clone(),
                severity: check.severity,
                failing_rows: failing.statistics().rows,
            });
        }
        Ok(CheckOutcome { query: query.name.clone(), rows: answer.statistics().rows, findings })
    }
}

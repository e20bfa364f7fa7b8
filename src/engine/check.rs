//! Runs the checks of a saved query over its result.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::summaries::has_rows;
use super::{Answer, Engine, Sql};
use crate::error::Result;
use crate::query::{SavedQuery, Severity};
use crate::units::Period;

/// Rows that break a check, shown with it.
const EXAMPLES: usize = 3;

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

/// What one check found in rows at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsFinding {
    /// What it found.
    pub finding: Finding,
    /// The first of the rows that break it.
    pub examples: Option<RecordBatch>,
}

/// What the rows of `failing`, which break a check, say of it.
async fn found(mut failing: Answer, check: String, severity: Severity) -> Result<RowsFinding> {
    let mut examples = None;
    while let Some(batch) = failing.next().await? {
        examples = examples.filter(has_rows).or_else(|| Some(batch.slice(0, batch.num_rows().min(EXAMPLES))));
    }
    let examples = examples.filter(has_rows);
    Ok(RowsFinding { finding: Finding { check, severity, failing_rows: failing.statistics().rows }, examples })
}

impl Engine {
    /// Runs every check of `query` over `rows`, which are its result.
    ///
    /// # Errors
    /// As [`Engine::run`], and for a check whose SQL does not plan.
    pub async fn check_rows(
        self: &Arc<Self>,
        query: &SavedQuery,
        schema: &SchemaRef,
        rows: &[RecordBatch],
    ) -> Result<Vec<RowsFinding>> {
        let mut findings = Vec::with_capacity(query.checks.len());
        for check in &query.checks {
            let sql = check.failing_rows_sql(&query.name);
            let sql = Sql { text: &sql, origin: &query.path, first_line: check.place.line };
            let failing = self.query_rows(sql, &query.name, schema, rows).await?;
            findings.push(found(failing, check.text.clone(), check.severity).await?);
        }
        Ok(findings)
    }

    /// Which of `rows`, the result of `query`, have a `column` that is NULL or outside of `period`.
    ///
    /// # Errors
    /// As [`Engine::run`], and for a column that is not there or no time.
    pub async fn rows_outside(
        self: &Arc<Self>,
        query: &SavedQuery,
        column: &str,
        period: &Period,
        schema: &SchemaRef,
        rows: &[RecordBatch],
    ) -> Result<RowsFinding> {
        let Period { start, end, label } = period;
        let inside = format!("{column} >= DATE '{start}' AND {column} < DATE '{end}'");
        let sql = format!("SELECT * FROM {} WHERE NOT coalesce({inside}, FALSE)", query.name);
        let sql = Sql { text: &sql, origin: &query.path, first_line: 1 };
        let failing = self.query_rows(sql, &query.name, schema, rows).await?;
        found(failing, format!("{column} lies in {label}"), Severity::Error).await
    }

    /// Computes `query` with `given` parameter values, and every check over the result.
    ///
    /// # Errors
    /// As [`Engine::run`], and for a check whose SQL does not plan.
    pub async fn check(self: &Arc<Self>, query: &SavedQuery, given: &[(String, String)]) -> Result<CheckOutcome> {
        let mut answer = self.compute(query, given).await?;
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

//! Ad-hoc SQL: `-c`, `-f` and standard input.

use std::path::PathBuf;

use super::context::Context;
use super::sink;
use crate::engine::Sql;
use crate::error::{Error, Result};

/// Runs the SQL of `-c`, then that of `-f`, in order; the first error stops.
pub(super) async fn run(context: &Context, sql: &[String], files: &[PathBuf]) -> Result<()> {
    for text in sql {
        run_text(context, text, "-c").await?;
    }
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|cause| {
            Error::invalid("cannot read the SQL file").with("file", file.display().to_string()).because(cause)
        })?;
        run_text(context, &text, &file.display().to_string()).await?;
    }
    Ok(())
}

/// Runs every statement of `text`.
pub(super) async fn run_text(context: &Context, text: &str, origin: &str) -> Result<()> {
    let sql = Sql::new(text, origin);
    let statements = context.engine.statements(sql).await?;
    if statements.is_empty() {
        return Err(Error::invalid("there is no SQL here").with("in", origin));
    }
    for (text, first_line) in &statements {
        let mut answer = context.engine.query(Sql { text, origin, first_line: *first_line }).await?;
        sink::print(&context.global, &context.engine, &mut answer, None).await?;
    }
    Ok(())
}

//! Ad-hoc SQL: `-c`, `-f` and standard input.

use std::path::PathBuf;

use super::context::Context;
use super::{dry_run, sink};
use crate::engine::Sql;
use crate::error::{Error, Result};

/// Characters of a statement that stand for it.
const NAME_CHARS: usize = 60;

/// A text of SQL, and where it stands.
pub(super) struct Text {
    pub(super) sql: String,
    pub(super) origin: String,
}

/// The SQL of `-c`, then that of `-f`, in order.
pub(super) fn texts(sql: &[String], files: &[PathBuf]) -> Result<Vec<Text>> {
    let given = sql.iter().map(|sql| Ok(Text { sql: sql.clone(), origin: "-c".to_owned() }));
    let read = files.iter().map(|file| {
        let origin = file.display().to_string();
        let sql = std::fs::read_to_string(file)
            .map_err(|cause| Error::invalid("cannot read the SQL file").with("file", origin.clone()).because(cause))?;
        Ok(Text { sql, origin })
    });
    given.chain(read).collect()
}

/// Runs every statement of `texts`; the first error stops.
pub(super) async fn run(context: &Context, texts: &[Text]) -> Result<()> {
    for text in texts {
        run_text(context, &text.sql, &text.origin).await?;
    }
    Ok(())
}

/// Runs every statement of `text`.
pub(super) async fn run_text(context: &Context, text: &str, origin: &str) -> Result<()> {
    for (text, first_line) in &statements(context, text, origin).await? {
        let mut answer = context.engine.query(Sql { text, origin, first_line: *first_line }).await?;
        sink::print(&context.global, &context.engine, &mut answer, None).await?;
    }
    Ok(())
}

/// Says what every statement of `texts` would read.
pub(super) async fn estimate(context: &Context, texts: &[Text]) -> Result<()> {
    let (mut names, mut estimates) = (Vec::new(), Vec::new());
    for Text { sql, origin } in texts {
        for (text, first_line) in &statements(context, sql, origin).await? {
            estimates.push(context.engine.estimate(Sql { text, origin, first_line: *first_line }).await?);
            names.push(name(text));
        }
    }
    dry_run::print(context, &names, &estimates).await
}

async fn statements(context: &Context, text: &str, origin: &str) -> Result<Vec<(String, usize)>> {
    let statements = context.engine.statements(Sql::new(text, origin)).await?;
    if statements.is_empty() {
        return Err(Error::invalid("there is no SQL here").with("in", origin));
    }
    Ok(statements)
}

/// The beginning of a statement, in one line.
fn name(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

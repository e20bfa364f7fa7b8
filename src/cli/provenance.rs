//! Where the answer of a saved query comes from, for workbooks and reports.

use crate::engine::{Answer, Engine};
use crate::output::About;
use crate::query::SavedQuery;

/// What `query` answers and what it was run on.
pub(super) fn about(engine: &Engine, query: &SavedQuery) -> About {
    About {
        name: query.name.clone(),
        description: query.description.clone(),
        owner: query.owner.clone(),
        parameters: Vec::new(),
        as_of: Some(engine.calendar().as_of.to_string()),
        sources: engine.config().sources.keys().cloned().collect(),
        run_at: engine.clock().now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sql_sha256: query.sql_sha256.clone(),
        sql: query.body.clone(),
        notes: Vec::new(),
    }
}

/// The same with what became of its parameters, and what the reader should know.
pub(super) fn about_answer(engine: &Engine, query: &SavedQuery, answer: &Answer) -> About {
    About { parameters: answer.parameters().to_vec(), notes: answer.notes().to_vec(), ..about(engine, query) }
}

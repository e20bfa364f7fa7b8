//! Which summary tables a selector means, in the order in which they can be built.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::Engine;
use crate::error::{Error, Result, did_you_mean};
use crate::query::SavedQuery;
use crate::summaries::intervals::PARAMETER;

/// The queries whose result has changed in meaning since their table was built.
const CHANGED: &str = "state:changed";

/// The saved queries with a summary table that `selectors` pick, each after those whose tables it reads; all of them when there
/// are no selectors.
///
/// A selector is the name of a query or of a table, a pattern, `tag:word`, `owner:word` or `state:changed`; with a `+` before it,
/// also everything that it reads, with a `+` after it, also everything that reads it.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for a selector that picks no summary table, for two queries of one table, and for tables that
/// read each other in a circle.
pub async fn select<'e>(engine: &'e Arc<Engine>, selectors: &[String]) -> Result<Vec<&'e SavedQuery>> {
    let graph = Graph::of(engine)?;
    let mut picked = BTreeSet::new();
    for selector in selectors {
        let (upstream, rest) = selector.strip_prefix('+').map_or((false, selector.as_str()), |rest| (true, rest));
        let (downstream, base) = rest.strip_suffix('+').map_or((false, rest), |base| (true, base));
        let tables = if base == CHANGED { graph.changed(engine).await? } else { graph.tables(engine, base)? };
        if upstream {
            picked.extend(tables.iter().flat_map(|table| graph.reach(table, |node| &node.reads)));
        }
        if downstream {
            picked.extend(tables.iter().flat_map(|table| graph.reach(table, |node| &node.read_by)));
        }
        picked.extend(tables);
    }
    let order = graph.order()?;
    let is_picked = |table: &&str| selectors.is_empty() || picked.contains(*table);
    Ok(order.into_iter().filter(is_picked).map(|table| graph.nodes[table].query).collect())
}

/// The summary tables and which of them read which.
struct Graph<'e> {
    nodes: BTreeMap<&'e str, Node<'e>>,
}

struct Node<'e> {
    query: &'e SavedQuery,
    reads: BTreeSet<&'e str>,
    read_by: BTreeSet<&'e str>,
}

impl<'e> Graph<'e> {
    fn of(engine: &'e Engine) -> Result<Self> {
        let mut nodes: BTreeMap<&str, Node<'_>> = BTreeMap::new();
        for (table, query) in engine.catalog().summaries() {
            if let Some(other) = nodes.get(table) {
                return Err(Error::invalid(format!("two saved queries are stored as `{table}`"))
                    .with("first", other.query.path.clone())
                    .with("second", query.path.clone())
                    .hint("give one of them another `table=`"));
            }
            nodes.insert(table, Node { query, reads: BTreeSet::new(), read_by: BTreeSet::new() });
        }
        let tables: Vec<&str> = nodes.keys().copied().collect();
        for table in tables {
            for read in engine.summaries_read(nodes[table].query)? {
                let Some((read, _)) = nodes.get_key_value(read.as_str()).map(|(name, node)| (*name, node)) else {
                    continue;
                };
                if let Some(node) = nodes.get_mut(table) {
                    node.reads.insert(read);
                }
                if let Some(node) = nodes.get_mut(read) {
                    node.read_by.insert(table);
                }
            }
        }
        Ok(Self { nodes })
    }

    /// The tables that `base` means: the name of one, or the queries that it selects.
    fn tables(&self, engine: &'e Engine, base: &str) -> Result<BTreeSet<&'e str>> {
        if let Some((table, _)) = self.nodes.get_key_value(base) {
            return Ok(BTreeSet::from([*table]));
        }
        let names_one = engine.catalog().contains(base);
        let selected = engine
            .catalog()
            .select(&[base.to_owned()])
            .map_err(|error| did_you_mean(base, self.nodes.keys().copied()).into_iter().fold(error, Error::hint))?;
        let stored: BTreeSet<&str> = selected.iter().filter_map(|query| query.summary_table()).collect();
        match stored.is_empty() {
            false => Ok(stored),
            true if names_one => Err(Error::invalid(format!("`{base}` is stored in no summary table"))
                .hint("say how in its header, such as `-- materialize: table=spend_by_month interval=month(month)`")),
            true => Err(Error::invalid(format!("`{base}` picks no summary table"))
                .hint(format!("summary tables: {}", self.nodes.keys().copied().collect::<Vec<_>>().join(", ")))),
        }
    }

    /// The tables that were built by another definition than theirs is now, or not at all.
    async fn changed(&self, engine: &Arc<Engine>) -> Result<BTreeSet<&'e str>> {
        let summaries = engine.summaries()?;
        let mut changed = BTreeSet::new();
        for (table, node) in &self.nodes {
            if !engine.missing(node.query)?.is_empty() {
                continue;
            }
            let now = super::plan::definition(engine, node.query, PARAMETER)?;
            let stored = summaries.table(table, None).await?.map(|stored| stored.files).unwrap_or_default();
            let is_same = |definition: &str| definition == now;
            let same = stored.iter().all(|file| file.state.as_ref().is_some_and(|state| is_same(&state.definition)));
            if stored.is_empty() || !same {
                changed.insert(*table);
            }
        }
        Ok(changed)
    }

    /// Every table that is reached from `table`, itself left out.
    fn reach(&self, table: &str, next: for<'n> fn(&'n Node<'e>) -> &'n BTreeSet<&'e str>) -> BTreeSet<&'e str> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&str> = next(&self.nodes[table]).iter().copied().collect();
        while let Some(table) = waiting.pop() {
            if reached.insert(table) {
                waiting.extend(next(&self.nodes[table]).iter().copied());
            }
        }
        reached
    }

    /// The tables, each after those that it reads, else by name.
    fn order(&self) -> Result<Vec<&'e str>> {
        let mut order: Vec<&str> = Vec::new();
        while order.len() < self.nodes.len() {
            let ready = |(table, node): &(&&'e str, &Node<'e>)| {
                !order.contains(*table) && node.reads.iter().all(|read| order.contains(read))
            };
            let Some((table, _)) = self.nodes.iter().find(ready) else {
                let left: Vec<&str> = self.nodes.keys().copied().filter(|table| !order.contains(table)).collect();
                return Err(Error::invalid("these summary tables read each other in a circle")
                    .with("tables", left.join(", "))
                    .hint("let one of them read charges instead"));
            };
            order.push(table);
        }
        Ok(order)
    }
}

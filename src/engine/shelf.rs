//! What the functions of a statement look into: read before planning, and only when a statement calls one of them.

use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr, Visit, Visitor};

/// The place of one thing of a session: empty until it is read. Two functions are the same when they look into one place.
#[derive(Debug)]
pub(crate) struct Shelf<T>(Arc<OnceLock<T>>);

impl<T> Shelf<T> {
    /// What lies there, once it does.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// Puts `thing` there unless something is, and gives what is there.
    pub(crate) fn put(&self, thing: T) -> &T {
        self.0.get_or_init(|| thing)
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PartialEq for Shelf<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Eq for Shelf<T> {}

impl<T> Hash for Shelf<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// Whether `statement` itself calls a function of one of these names.
pub(super) fn calls(statement: &Statement, names: &[&str]) -> bool {
    match statement {
        Statement::Statement(inner) => inner.visit(&mut Calls(names)).is_break(),
        Statement::Explain(explain) => calls(&explain.statement, names),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => false,
    }
}

struct Calls<'n>(&'n [&'n str]);

impl Visitor for Calls<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let Expr::Function(call) = expr else { return ControlFlow::Continue(()) };
        let called = call.name.to_string();
        if self.0.iter().any(|name| called.eq_ignore_ascii_case(name)) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

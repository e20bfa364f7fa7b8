//! The SQL prompt: history, completion, statements over several lines, and the commands that start with `\`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use reedline::{
    ColumnarMenu, Completer, CompletionResult, DefaultHinter, Emacs, FileBackedHistory, KeyCode, KeyModifiers,
    MenuBuilder, Prompt, PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, Signal, Span,
    Suggestion, ValidationResult, Validator, default_emacs_keybindings,
};

use super::args::{Describe, List, Run, StatsForm};
use super::context::{Context, history_file, variable};
use super::{describe, list, query, report, run, tables};
use crate::error::{Error, Result};

const HELP: &str = "\
  SELECT …;            a statement ends with `;` and may take several lines
  \\d [TABLE]           list the tables, or describe one
  \\q                   leave (also Ctrl-D)
  \\l                   list the saved queries
  \\run NAME [k=v …]    run a saved query
  \\x                   one value a line instead of a table
  \\timing              say after each answer what it cost
  \\o [FILE]            write answers to a file; to the terminal again without FILE
  \\?                   this help";

const HISTORY_LINES: usize = 10_000;

/// Reads and runs statements until the end of input.
pub(super) async fn run(mut context: Context) -> Result<()> {
    let mut editor = editor(&context)?;
    let sources = context.engine.config().sources.len();
    report::note(
        context.global.color,
        context.global.quiet,
        &format!("outlay {} · {sources} sources · \\? for help", env!("CARGO_PKG_VERSION")),
    );
    loop {
        let line = match editor.read_line(&SqlPrompt) {
            Ok(Signal::Success(line)) => line,
            Ok(Signal::CtrlD) => return Ok(()),
            Ok(_) => continue,
            Err(cause) => return Err(Error::internal("the terminal failed").because(cause)),
        };
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if matches!(line, "\\q" | "exit" | "quit" | ".quit" | ".exit") {
            return Ok(());
        }
        let work = async {
            match line.strip_prefix('\\').or_else(|| line.strip_prefix('.')) {
                Some(command) => obey(&mut context, command).await,
                None => query::run_text(&context, line, "prompt").await,
            }
        };
        // Ctrl-C gives up the statement, not the prompt.
        let result = tokio::select! {
            result = work => result,
            _ = tokio::signal::ctrl_c() => Err(Error::new(crate::ErrorKind::Interrupted, "interrupted")),
        };
        if let Err(error) = result {
            let _code = report::failed(&error, context.global.color);
        }
    }
}

async fn obey(context: &mut Context, command: &str) -> Result<()> {
    let mut words = command.split_whitespace();
    let name = words.next().unwrap_or_default();
    let rest: Vec<String> = words.map(str::to_owned).collect();
    match (name, rest.first()) {
        ("d" | "tables" | "schema", None) => tables::run(context).await,
        ("d" | "describe" | "schema", Some(table)) => {
            describe::run(context, &Describe { name: table.clone(), part: None }).await
        }
        ("l" | "list", _) => list::run(context, &List { selectors: rest }),
        ("run", Some(name)) => {
            run::run(context, &Run { name: name.clone(), params: rest[1..].to_vec(), dry_run: false }).await
        }
        ("x", _) => {
            let vertical = context.global.format.as_deref() == Some("vertical");
            context.global.format = (!vertical).then(|| "vertical".to_owned());
            said(context, if vertical { "tables" } else { "one value a line" })
        }
        ("timing" | "timer", _) => {
            context.global.stats = if context.global.stats.is_some() { None } else { Some(StatsForm::Text) };
            said(context, if context.global.stats.is_some() { "timing is on" } else { "timing is off" })
        }
        ("o" | "output", file) => {
            context.global.output = file.cloned();
            said(
                context,
                &file.map_or_else(|| "answers go to the terminal".to_owned(), |file| format!("answers go to {file}")),
            )
        }
        ("?" | "h" | "help", _) => said(context, HELP),
        _ => Err(Error::invalid(format!("there is no command `\\{name}`")).hint("`\\?` lists the commands")),
    }
}

fn said(context: &Context, text: &str) -> Result<()> {
    report::note(context.global.color, false, text);
    Ok(())
}

fn editor(context: &Context) -> Result<Reedline> {
    const MENU: &str = "completion";
    let mut bindings = default_emacs_keybindings();
    let complete = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]);
    bindings.add_binding(KeyModifiers::NONE, KeyCode::Tab, complete);
    let mut editor = Reedline::create()
        .with_validator(Box::new(Statement))
        .with_hinter(Box::new(DefaultHinter::default()))
        .with_completer(Box::new(Words::of(context)))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(ColumnarMenu::default().with_name(MENU))))
        .with_edit_mode(Box::new(Emacs::new(bindings)))
        .with_quick_completions(true);
    if let Some(file) = history_file()
        && let Ok(history) = FileBackedHistory::with_file(HISTORY_LINES, file)
    {
        editor = editor.with_history(Box::new(history));
    }
    if variable("NO_COLOR").is_some() {
        editor = editor.with_ansi_colors(false);
    }
    Ok(editor)
}

/// Completes tables, columns of the ledger, saved queries, functions and the words of SQL, in any letter case.
struct Words(Vec<String>);

impl Words {
    fn of(context: &Context) -> Self {
        const SQL: [&str; 24] = [
            "SELECT",
            "FROM",
            "WHERE",
            "GROUP BY",
            "ORDER BY",
            "HAVING",
            "LIMIT",
            "JOIN",
            "LEFT JOIN",
            "USING",
            "WITH",
            "UNION ALL",
            "DISTINCT",
            "CASE",
            "WHEN",
            "THEN",
            "ELSE",
            "END",
            "BETWEEN",
            "INTERVAL",
            "EXPLAIN",
            "IS NULL",
            "IS NOT NULL",
            "DESC",
        ];
        let columns = crate::focus::columns().iter().map(|column| column.name.to_owned());
        let queries = context.engine.catalog().iter().map(|query| query.name.clone());
        let names = context.engine.table_names().into_iter().chain(columns).chain(queries);
        let words = names.chain(SQL.iter().map(|word| (*word).to_owned())).chain(context.engine.function_names());
        Self(words.collect::<BTreeSet<_>>().into_iter().collect())
    }
}

impl Completer for Words {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let typed = &line[..position];
        let start = typed.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let begun = typed[start..].to_lowercase();
        let fitting = self.0.iter().filter(|word| !begun.is_empty() && word.to_lowercase().starts_with(&begun));
        let suggestions: Vec<Suggestion> = fitting
            .map(|word| Suggestion {
                value: word.clone(),
                span: Span::new(start, position),
                append_whitespace: true,
                ..Suggestion::default()
            })
            .collect();
        CompletionResult::fresh(suggestions)
    }
}

/// A line is whole when it is a command or ends with `;`.
struct Statement;

impl Validator for Statement {
    fn validate(&self, line: &str) -> ValidationResult {
        let text = line.trim();
        let command = text.starts_with('\\') || text.starts_with('.') || matches!(text, "" | "exit" | "quit");
        if command || text.ends_with(';') { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

struct SqlPrompt;

impl Prompt for SqlPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("outlay")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _mode: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed("    … ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("({}) ", search.term))
    }
}

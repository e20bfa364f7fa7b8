//! A saved query: its directives read into types, and its SQL.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Place, Result};
use crate::fingerprint;
use crate::units::{ByteSize, parse_duration};

use super::body::Body;
use super::chart::Chart;
use super::check::Check;
use super::directive::{DIRECTIVES, Directive, Parts};
use super::freshness::Freshness;
use super::materialize::Materialize;
use super::param::Param;
use super::passage::{Passage, SourceText};
use super::syntax::location_in;

/// One `.sql` file: what its directives say and the query itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedQuery {
    /// Name: the stem of the file.
    pub name: String,
    /// The file as shown to people.
    pub path: String,
    /// The folder below the root of its catalog, such as `finance`; empty at the root.
    pub folder: String,
    /// What it answers: the `description` directive, then the prose of the header, as paragraphs.
    pub description: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// Parameters in the order of declaration.
    pub params: Vec<Param>,
    /// Checks of the result.
    pub checks: Vec<Check>,
    /// Charts of the result.
    pub charts: Vec<Chart>,
    /// The summary table it is stored in.
    pub materialize: Option<Materialize>,
    /// Name of the output format it prefers; the output layer knows which there are.
    pub format: Option<String>,
    /// How old its data may be.
    pub freshness: Option<Freshness>,
    /// How long it may run.
    pub timeout: Option<Duration>,
    /// How much it may scan.
    pub max_scan: Option<ByteSize>,
    /// Saved queries and tables it needs besides those its SQL names.
    pub depends: Vec<String>,
    /// When a scheduler should run it: kept for export, never acted upon.
    pub schedule: Option<String>,
    /// The whole file.
    pub text: String,
    /// The query alone: no directives, no semicolon and no comment at its end.
    pub body: String,
    /// The line of the file on which `body` begins, from 1.
    pub body_line: usize,
    /// SHA-256 of `body` in hexadecimal.
    pub sql_sha256: String,
}

impl SavedQuery {
    /// Reads the `text` of the file shown as `path`, which need not exist. Its name is the stem of `path`, or the
    /// `name` directive when `path` is no `.sql` file (`-c`, standard input).
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the place of what is wrong.
    pub fn from_text(path: &str, text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = SourceText { file: path, text };
        let parts = Parts::of(source, &DIRECTIVES)?;
        let mut query = Self::empty(path, text, parts.body_line);
        let mut seen = BTreeSet::new();
        for directive in &parts.directives {
            query.apply(directive, &mut seen)?;
        }
        for paragraph in &parts.prose {
            if !query.description.is_empty() {
                query.description.push_str("\n\n");
            }
            query.description.push_str(paragraph);
        }
        let body = Body { source, text: parts.body, first_line: parts.body_line };
        query.body = body.check(&query.params)?.to_owned();
        query.sql_sha256 = fingerprint::sha256(&query.body);
        Ok(query)
    }

    /// The first paragraph of the description.
    pub fn summary(&self) -> &str {
        self.description.split("\n\n").next().unwrap_or_default()
    }

    /// Whether it can run without any value given, and so can be a view of its name.
    pub fn runs_without_values(&self) -> bool {
        self.params.iter().all(|param| param.default.is_some())
    }

    /// The name of the summary table that `outlay build` stores it in.
    pub fn summary_table(&self) -> Option<&str> {
        self.materialize.as_ref().map(|materialize| materialize.table.as_deref().unwrap_or(&self.name))
    }

    /// The place in the file of `width` characters at `line` and `column` (from 1) of [`Self::body`].
    pub fn place_in_body(&self, line: usize, column: usize, width: usize) -> Place {
        let source = SourceText { file: &self.path, text: &self.text };
        source.place(self.body_line.saturating_add(line).saturating_sub(1), column, width)
    }

    /// The place in the file that a message about [`Self::body`] names with ` at Line: X, Column: Y`, as the SQL parser
    /// and planner write it.
    pub fn place_of(&self, message: &str) -> Option<Place> {
        location_in(message).map(|(line, column)| self.place_in_body(line, column, 1))
    }

    fn empty(path: &str, text: &str, body_line: usize) -> Self {
        Self {
            name: path.strip_suffix(".sql").map_or(path, stem).to_owned(),
            path: path.to_owned(),
            folder: String::new(),
            description: String::new(),
            owner: None,
            tags: Vec::new(),
            params: Vec::new(),
            checks: Vec::new(),
            charts: Vec::new(),
            materialize: None,
            format: None,
            freshness: None,
            timeout: None,
            max_scan: None,
            depends: Vec::new(),
            schedule: None,
            text: text.to_owned(),
            body: String::new(),
            body_line,
            sql_sha256: String::new(),
        }
    }

    fn apply<'d>(&mut self, directive: &'d Directive<'_>, seen: &mut BTreeSet<&'d str>) -> Result<()> {
        let Directive { word, heading, value } = directive;
        let repeats = matches!(*word, "param" | "check" | "chart");
        if !seen.insert(word) && !repeats {
            return Err(Error::invalid(format!("`{word}` is given twice"))
                .at(heading.whole())
                .hint("keep one of them"));
        }
        if value.text().is_empty() && *word != "materialize" {
            return Err(Error::invalid(format!("`{word}` has no value"))
                .at(heading.whole())
                .hint(format!("write it after the colon: `-- {word}: ...`")));
        }
        match *word {
            "name" => self.set_name(value)?,
            "description" => self.description = value.text().to_owned(),
            "owner" => self.owner = Some(value.text().to_owned()),
            "tags" => self.tags = words(value, "-- tags: finance, quarterly")?,
            "param" => self.add_param(value)?,
            "check" => self.checks.push(Check::parse(value)?),
            "chart" => self.charts.push(Chart::parse(value)?),
            "format" => self.format = Some(one_word(value, "-- format: csv")?),
            "materialize" => self.materialize = Some(Materialize::parse(value)?),
            "freshness" => self.freshness = Some(Freshness::parse(value)?),
            "timeout" => self.timeout = Some(parse_duration(value.text()).map_err(|error| error.at(value.whole()))?),
            "max_scan" => {
                let size: Result<ByteSize> = value.text().parse();
                self.max_scan = Some(size.map_err(|error| error.at(value.whole()))?);
            }
            "depends" => self.depends = words(value, "-- depends: spend_by_team, outcomes")?,
            "schedule" => self.schedule = Some(value.text().to_owned()),
            _ => return Err(Error::internal(format!("the directive `{word}` is not handled")).at(heading.whole())),
        }
        Ok(())
    }

    fn set_name(&mut self, value: &Passage<'_>) -> Result<()> {
        let name = one_word(value, "-- name: spend_by_team")?;
        if self.path.ends_with(".sql") && name != self.name {
            return Err(Error::invalid(format!("the name `{name}` is not that of the file, `{}`", self.name))
                .at(value.whole())
                .hint("delete the line or rename the file"));
        }
        self.name = name;
        Ok(())
    }

    fn add_param(&mut self, value: &Passage<'_>) -> Result<()> {
        let param = Param::parse(value)?;
        let taken = |name: &String| self.params.iter().find(|other| other.placeholders().contains(name));
        if let Some((name, other)) = param.placeholders().iter().find_map(|name| Some((name, taken(name)?))) {
            return Err(Error::invalid(format!("`${name}` is declared twice"))
                .at(param.place.clone())
                .hint(format!("`{}` on line {} binds it already", other.name, other.place.line)));
        }
        self.params.push(param);
        Ok(())
    }
}

/// The file name without folders, `path` being without its `.sql`.
fn stem(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path)
}

fn one_word(value: &Passage<'_>, example: &str) -> Result<String> {
    if value.text().contains(char::is_whitespace) {
        return Err(Error::invalid(format!("expected one word, found `{}`", value.text()))
            .at(value.whole())
            .hint(format!("write it as `{example}`")));
    }
    Ok(value.text().to_owned())
}

fn words(value: &Passage<'_>, example: &str) -> Result<Vec<String>> {
    let words: Vec<String> = value.text().split(',').map(|word| word.trim().to_owned()).collect();
    if words.iter().any(|word| word.is_empty() || word.contains(char::is_whitespace)) {
        return Err(Error::invalid("expected words separated by commas")
            .at(value.whole())
            .hint(format!("write it as `{example}`")));
    }
    Ok(words)
}

//! The saved queries there are: the library inside of the binary and the folder of a project.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use glob::Pattern;
use include_dir::{Dir, DirEntry, include_dir};

use crate::error::{Error, Result, did_you_mean};

use super::header::SavedQuery;
use super::scanner::is_name;

static LIBRARY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/queries");

/// Saved queries by name. A file is read as one when it is asked for; one that cannot be keeps its place and gives its error.
#[derive(Debug, Default)]
pub struct Catalog {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    folder: String,
    path: String,
    /// What the file holds, or why that is not known.
    contents: Result<Cow<'static, [u8]>, String>,
    query: OnceLock<Result<SavedQuery>>,
}

impl Entry {
    fn known(path: &str, query: Result<SavedQuery>) -> Self {
        let folder = query.as_ref().map_or_else(|_| String::new(), |query| query.folder.clone());
        Self { folder, path: path.to_owned(), contents: Ok(Cow::default()), query: query.into() }
    }

    fn query(&self) -> Result<&SavedQuery, &Error> {
        let read =
            || parse(&name_of(&self.path), &self.folder, &self.path, self.contents.as_deref().map_err(String::clone));
        self.query.get_or_init(read).as_ref()
    }

    /// Whether it may be stored in a summary table; tells without reading the SQL.
    fn may_be_stored(&self) -> bool {
        const DIRECTIVE: &[u8] = b"materialize:";
        let holds = |contents: &[u8]| contents.windows(DIRECTIVE.len()).any(|window| window == DIRECTIVE);
        self.query.get().is_some() || self.contents.as_deref().is_ok_and(holds)
    }
}

impl Catalog {
    /// The library that comes with Outlay.
    pub fn embedded() -> Self {
        let mut catalog = Self::default();
        catalog.add_embedded(&LIBRARY);
        catalog
    }

    /// The `.sql` files of the folder `root` and the folders in it, hidden ones and links to folders left out.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when `root` is no folder, [`crate::ErrorKind::Storage`] when a folder cannot be
    /// listed. A file that is wrong is no error here: see [`Self::broken`].
    pub fn from_folder(root: &Path) -> Result<Self> {
        if !root.is_dir() {
            return Err(Error::invalid(format!("`{}` is not a folder of saved queries", root.display()))
                .hint("create it, or name the right folder in the configuration"));
        }
        let mut catalog = Self::default();
        catalog.add_folder(root, "")?;
        Ok(catalog)
    }

    /// Adds the queries of `other`, which win over those of the same name.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// Adds a query that no file holds, in the place of one of its name.
    pub fn add_compiled(&mut self, query: SavedQuery) {
        self.entries.insert(query.name.clone(), Entry::known(&query.path.clone(), Ok(query)));
    }

    /// The query `name`, or `folder/name`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when there is none, or the error of its file.
    pub fn get(&self, name: &str) -> Result<&SavedQuery> {
        let (folder, stem) = name.rsplit_once('/').map_or((None, name), |(folder, stem)| (Some(folder), stem));
        match self.entries.get(stem).map(Entry::query) {
            Some(Ok(query)) if folder.is_none_or(|folder| folder == query.folder) => Ok(query),
            Some(Err(error)) => Err(copy_of(error)),
            _ => Err(self.unknown(stem)),
        }
    }

    /// The summary tables with the queries that they store, by the names of the queries.
    pub fn summaries(&self) -> impl Iterator<Item = (&str, &SavedQuery)> {
        let stored = self.entries.values().filter(|entry| entry.may_be_stored()).filter_map(|entry| entry.query().ok());
        stored.filter_map(|query| Some((query.summary_table()?, query)))
    }

    /// The query that the summary table `table` stores. A name that SQL knows as a view keeps that meaning.
    pub fn summary(&self, table: &str) -> Option<&SavedQuery> {
        let is_view =
            matches!(self.entries.get(table).map(Entry::query), Some(Ok(query)) if query.runs_without_values());
        self.summaries().find(|(name, _)| !is_view && *name == table).map(|(_, query)| query)
    }

    /// Whether a file holds the query `name`, even one that cannot be read.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Every query that could be read, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &SavedQuery> {
        self.entries.values().filter_map(|entry| entry.query().ok())
    }

    /// The errors of the files that could not be read, sorted by the names of their queries.
    pub fn broken(&self) -> impl Iterator<Item = &Error> {
        self.entries.values().filter_map(|entry| entry.query().err())
    }

    /// The queries that any of `selectors` names, sorted by name; every query when there are no selectors.
    ///
    /// A selector is a name, a pattern such as `spend_*` or `finance/*`, `tag:word` or `owner:word`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when a selector names nothing, or the error of the file that it names. Patterns,
    /// tags and owners pass over files that could not be read: [`Self::broken`] lists them.
    pub fn select(&self, selectors: &[String]) -> Result<Vec<&SavedQuery>> {
        let mut selected: BTreeMap<&str, &SavedQuery> = BTreeMap::new();
        for selector in selectors {
            let found = self.select_one(selector)?;
            selected.extend(found.into_iter().map(|query| (query.name.as_str(), query)));
        }
        Ok(if selectors.is_empty() { self.iter().collect() } else { selected.into_values().collect() })
    }

    fn select_one(&self, selector: &str) -> Result<Vec<&SavedQuery>> {
        if let Some(tag) = selector.strip_prefix("tag:") {
            let tags = |query: &SavedQuery| query.tags.clone();
            return self.select_by("tag", tag, tags);
        }
        if let Some(owner) = selector.strip_prefix("owner:") {
            let owners = |query: &SavedQuery| query.owner.iter().cloned().collect();
            return self.select_by("owner", owner, owners);
        }
        if !selector.contains(['*', '?', '[']) {
            return Ok(vec![self.get(selector)?]);
        }
        let pattern = Pattern::new(selector).map_err(|cause| {
            Error::invalid(format!("`{selector}` is not a pattern")).because(cause).hint("write it as `spend_*`")
        })?;
        let matches = |query: &&SavedQuery| {
            pattern.matches(&query.name) || pattern.matches(&format!("{}/{}", query.folder, query.name))
        };
        let found: Vec<&SavedQuery> = self.iter().filter(matches).collect();
        if found.is_empty() {
            return Err(Error::invalid(format!("no saved query matches `{selector}`")).hint("`outlay list` shows all"));
        }
        Ok(found)
    }

    fn select_by(
        &self,
        what: &str,
        wanted: &str,
        words: impl Fn(&SavedQuery) -> Vec<String>,
    ) -> Result<Vec<&SavedQuery>> {
        let found: Vec<&SavedQuery> =
            self.iter().filter(|query| words(query).iter().any(|word| word == wanted)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let mut known: Vec<String> = self.iter().flat_map(words).collect();
        known.sort_unstable();
        known.dedup();
        let error = Error::invalid(format!("no saved query has the {what} `{wanted}`"));
        Err(error.hint(
            did_you_mean(wanted, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("known: {}", known.join(", "))),
        ))
    }

    fn unknown(&self, name: &str) -> Error {
        let hint = did_you_mean(name, self.entries.keys().map(String::as_str));
        Error::invalid(format!("there is no saved query `{name}`"))
            .hint(hint.unwrap_or_else(|| "`outlay list` shows all".to_owned()))
    }

    fn add_embedded(&mut self, folder: &'static Dir<'static>) {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(folder) => self.add_embedded(folder),
                DirEntry::File(file) if is_sql(file.path()) => {
                    let parent = file.path().parent().map_or_else(String::new, shown);
                    self.add(&parent, &format!("queries/{}", shown(file.path())), Ok(file.contents().into()));
                }
                DirEntry::File(_) => {}
            }
        }
    }

    fn add_folder(&mut self, root: &Path, folder: &str) -> Result<()> {
        let path = root.join(folder);
        let failed = |cause| Error::storage(format!("cannot list `{}`", path.display())).because(cause);
        let mut files =
            std::fs::read_dir(&path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>).map_err(failed)?;
        files.sort_by_key(std::fs::DirEntry::file_name);
        for file in files {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if file.file_type().map_err(failed)?.is_dir() {
                let inner = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                self.add_folder(root, &inner)?;
            } else if is_sql(&file.path()) {
                let contents = std::fs::read(file.path()).map(Cow::from).map_err(|cause| cause.to_string());
                self.add(folder, &file.path().to_string_lossy(), contents);
            }
        }
        Ok(())
    }

    /// Adds the file shown as `path`. A second file of one name breaks the query: nobody can tell which is meant.
    fn add(&mut self, folder: &str, path: &str, contents: Result<Cow<'static, [u8]>, String>) {
        let name = name_of(path);
        let entry = match self.entries.get(&name) {
            Some(other) => {
                let error = Error::invalid(format!("two files hold the saved query `{name}`"))
                    .with("first", other.path.as_str())
                    .with("second", path)
                    .hint("rename one of them");
                Entry::known(path, Err(error))
            }
            None => Entry { folder: folder.to_owned(), path: path.to_owned(), contents, query: OnceLock::new() },
        };
        self.entries.insert(name, entry);
    }
}

fn parse(name: &str, folder: &str, path: &str, contents: Result<&[u8], String>) -> Result<SavedQuery> {
    let contents = contents.map_err(|cause| Error::storage(format!("cannot read `{path}`")).with("cause", cause))?;
    if !is_name(name) {
        return Err(Error::invalid(format!("`{name}` cannot name a saved query"))
            .with("file", path)
            .hint("name the file in lower-case letters, digits and `_`, a letter first"));
    }
    let text = std::str::from_utf8(contents)
        .map_err(|_| Error::invalid(format!("`{path}` is not UTF-8 text")).hint("save it as UTF-8"))?;
    let query = SavedQuery::from_text(path, text)?;
    Ok(SavedQuery { folder: folder.to_owned(), ..query })
}

/// An error of a file is given every time the file is asked for; its cause, if any, stays with the original.
fn copy_of(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message());
    let copy = error.facts().iter().fold(copy, |copy, (name, value)| copy.with(name, value.as_str()));
    let copy = error.hints().iter().fold(copy, Error::hint);
    error.place().cloned().into_iter().fold(copy, Error::at)
}

/// The name of the saved query in the file `path`.
fn name_of(path: &str) -> String {
    Path::new(path).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}

fn is_sql(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sql")
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

//! Where data lies: a store and an object, a folder or a glob in it.

use std::fmt;
use std::path::{Component, PathBuf};

use object_store::path::Path;
use url::Url;

use crate::error::{Error, Result, did_you_mean};

const SCHEMES: [&str; 7] = ["s3", "gs", "az", "abfs", "abfss", "azure", "file"];

/// A store and an object, a folder or a glob in it: `s3://bucket/focus/`, `exports/*/part-*.parquet`, `file:///data/x.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    store: Url,
    prefix: Path,
    glob: Option<glob::Pattern>,
}

impl Location {
    /// Reads a URL, or a path of the local disk relative to `base`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for an unknown scheme, a URL without bucket or a malformed glob.
    pub fn parse(text: &str, base: &std::path::Path) -> Result<Self> {
        let wrong = |why: &str| Error::invalid(format!("`{text}` is no location: {why}"));
        if text.trim().is_empty() {
            return Err(wrong("it is empty").hint("give a folder, a file or a URL such as `s3://bucket/prefix/`"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Self::local(&base.join(text), text);
        };
        if scheme == "file" {
            return Self::local(std::path::Path::new(rest), text);
        }
        if !SCHEMES.contains(&scheme) {
            let error = wrong("unknown scheme").hint("use s3://, gs://, az://, file:// or a path");
            return Err(did_you_mean(scheme, SCHEMES).into_iter().fold(error, Error::hint));
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong("the bucket is missing").hint(format!("write it as `{scheme}://bucket/prefix/`")));
        }
        let store = Url::parse(&format!("{scheme}://{bucket}/")).map_err(|cause| wrong("not a URL").because(cause))?;
        Self::within(store, key, text)
    }

    fn local(path: &std::path::Path, text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::invalid(format!("`{text}` is no location: {why}"));
        let absolute = std::path::absolute(path).map_err(|cause| wrong("not a path").because(cause))?;
        let mut clean = PathBuf::new();
        for component in absolute.components() {
            match component {
                Component::ParentDir => drop(clean.pop()),
                Component::CurDir => {}
                other => clean.push(other),
            }
        }
        let clean = clean.to_str().ok_or_else(|| wrong("not valid UTF-8"))?;
        let store = Url::parse("file:///").map_err(|cause| wrong("not a URL").because(cause))?;
        Self::within(store, clean.trim_start_matches('/'), text)
    }

    fn within(store: Url, key: &str, text: &str) -> Result<Self> {
        let wrong = |cause: String| Error::invalid(format!("`{text}` is no location: {cause}"));
        let fixed: Vec<&str> = key.split('/').take_while(|part| !part.contains(['*', '?', '['])).collect();
        let is_glob = fixed.len() < key.split('/').count();
        let prefix = if is_glob { fixed.join("/") } else { key.to_owned() };
        let prefix = Path::parse(prefix.trim_matches('/')).map_err(|cause| wrong(cause.to_string()))?;
        let glob = is_glob
            .then(|| glob::Pattern::new(key.trim_start_matches('/')))
            .transpose()
            .map_err(|cause| wrong(cause.to_string()))?;
        Ok(Self { store, prefix, glob })
    }

    /// The root of the store: `s3://bucket/` or `file:///`.
    pub fn store(&self) -> &Url {
        &self.store
    }

    /// The object or folder, or the folder above the first wildcard.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Whether `object` belongs to the location, given that it lies under [`Self::prefix`].
    pub fn matches(&self, object: &Path) -> bool {
        let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
        self.glob.as_ref().is_none_or(|glob| glob.matches_with(object.as_ref(), options))
    }

    /// The URL of `object` in this store, as messages name it.
    pub fn object_url(&self, object: &Path) -> String {
        format!("{}{object}", self.store)
    }

    /// The path of the local disk, when the location is on it.
    pub fn local_path(&self) -> Option<PathBuf> {
        (self.store.scheme() == "file").then(|| PathBuf::from(format!("/{}", self.prefix)))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.glob {
            Some(glob) => write!(f, "{}{glob}", self.store),
            None => write!(f, "{}{}", self.store, self.prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location> {
        Location::parse(text, std::path::Path::new("/project"))
    }

    #[test]
    fn urls_and_paths_parse() {
        for (text, shown) in [
            ("s3://acme/focus/", "s3://acme/focus"),
            ("s3://acme", "s3://acme/"),
            ("exports/aws", "file:///project/exports/aws"),
            ("../up/./x.csv", "file:///up/x.csv"),
            ("file:///data/x.csv", "file:///data/x.csv"),
            ("gs://b/a/*/x-?.parquet", "gs://b/a/*/x-?.parquet"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "ftp://x/y", "s3:///key", "http://169.254.169.254/latest"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_glob_lists_from_its_fixed_part() {
        let location = parse("s3://b/focus/*/part-*.parquet").unwrap();
        assert_eq!(location.prefix().as_ref(), "focus");
        assert!(location.matches(&Path::from("focus/2026-01/part-1.parquet")));
        assert!(!location.matches(&Path::from("focus/2026-01/deeper/part-1.parquet")));
        assert!(!location.matches(&Path::from("focus/2026-01/part-1.csv")));
    }
}

//! Files that a process which was killed had begun to write on a local disk.

use std::path::PathBuf;

use super::Location;
use crate::error::{Error, Result};

/// The unfinished files below `location`: the store writes `NAME#1` and renames it, and no listing shows what was not renamed.
/// Empty for other stores, which have none.
///
/// # Errors
/// [`crate::ErrorKind::Storage`] for a folder that cannot be listed.
pub fn unfinished(location: &Location) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = location.local_path().into_iter().filter(|path| path.is_dir()).collect();
    while let Some(folder) = waiting.pop() {
        let failed = |cause| Error::storage(format!("cannot list `{}`", folder.display())).because(cause);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let number = name.rsplit_once('#').map_or("", |(_, number)| number);
            if path.is_dir() {
                waiting.push(path);
            } else if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

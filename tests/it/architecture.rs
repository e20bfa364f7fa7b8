//! The house: layers, one version of what matters, nothing printed or read where it should not be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Module → layer. A module uses layers below its own, itself, and nothing else. The README shows the same table.
const LAYERS: [(&str, usize); 23] = [
    ("error", 0),
    ("adoption", 2),
    ("units", 0),
    ("clock", 0),
    ("fingerprint", 0),
    ("allocation", 2),
    ("config", 3),
    ("facts", 2),
    ("focus", 1),
    ("forecast", 1),
    ("query", 1),
    ("storage", 1),
    ("dialects", 2),
    ("engine", 4),
    ("output", 2),
    ("summaries", 2),
    ("jobs", 5),
    ("prices", 1),
    ("privacy", 1),
    ("demo", 2),
    ("land", 5),
    ("cli", 6),
    ("lib", 7),
];

/// Modules of one layer that may use each other: (user, used).
const SIDEWAYS: [(&str, &str); 3] = [("units", "error"), ("clock", "error"), ("prices", "focus")];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The module of `src/` that a file belongs to.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    below.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn modules_use_only_layers_below_them() {
    let layers: BTreeMap<&str, usize> = LAYERS.into_iter().collect();
    for (path, text) in sources(&root().join("src")) {
        let user = module(&path);
        if user == "main" {
            continue;
        }
        let own = *layers.get(user.as_str()).unwrap_or_else(|| panic!("module `{user}` has no layer"));
        for line in code(&text) {
            for used in line
                .split("crate::")
                .skip(1)
                .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
            {
                let Some(layer) = layers.get(used) else { continue };
                let allowed = used == user || *layer < own || SIDEWAYS.contains(&(user.as_str(), used));
                assert!(allowed, "{}: `{user}` (layer {own}) uses `{used}` (layer {layer})", path.display());
            }
        }
    }
}

#[test]
fn only_the_command_line_prints_and_reads_the_environment() {
    for (path, text) in sources(&root().join("src")) {
        if ["cli", "main"].contains(&module(&path).as_str()) {
            continue;
        }
        for word in ["println!", "print!", "eprintln!", "std::env::", "io::stdout", "io::stderr"] {
            let found = code(&text).find(|line| line.contains(word) && !line.contains("writeln!"));
            assert!(found.is_none(), "{}: {word}", path.display());
        }
    }
}

#[test]
fn no_module_is_a_drawer_for_everything() {
    for (path, text) in sources(&root().join("src")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(!["util", "utils", "helpers", "common", "misc", "types"].contains(&name), "{}", path.display());
        assert!(
            !code(&text).any(|line| line.trim_start().starts_with("pub use") && line.contains("::*")),
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_engine_is_there_once() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for crate_name in ["arrow", "parquet", "object_store", "datafusion"] {
        let count = lock.matches(&format!("\nname = \"{crate_name}\"\n")).count();
        assert_eq!(count, 1, "{crate_name}");
    }
}

use std::fs;
use std::path::Path;

use super::super::{Catalog, bind};
use super::calendar;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn project() -> (tempfile::TempDir, Catalog) {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "spend_by_team.sql", "-- owner: me\n-- tags: mine, daily\nSELECT 1");
    write(root.path(), "finance/cost.sql", "-- owner: finops\n-- tags: daily\nSELECT 2");
    write(root.path(), "broken.sql", "-- ownr: me\nSELECT 3");
    write(root.path(), "Upper.sql", "SELECT 4");
    write(root.path(), "latin.sql", "");
    fs::write(root.path().join("latin.sql"), b"SELECT '\xe9'").unwrap();
    write(root.path(), "a/twice.sql", "SELECT 5");
    write(root.path(), "b/twice.sql", "SELECT 6");
    write(root.path(), ".hidden/x.sql", "SELECT 7");
    write(root.path(), "notes.md", "no query");
    let catalog = Catalog::from_folder(root.path()).unwrap();
    (root, catalog)
}

fn names(catalog: &Catalog, selectors: &[&str]) -> String {
    let selectors: Vec<String> = selectors.iter().map(|selector| (*selector).to_owned()).collect();
    let found = catalog.select(&selectors).unwrap();
    found.iter().map(|query| query.name.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_library_is_sound_and_runs_without_values() {
    let library = Catalog::embedded();
    assert_eq!(library.broken().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    for query in library.iter() {
        assert!(query.runs_without_values(), "{}", query.name);
        assert!(!query.description.is_empty() && !query.checks.is_empty(), "{}", query.name);
        assert!(bind(query, &[], &calendar()).is_ok(), "{}", query.name);
    }
    assert_eq!(library.get("spend_by_team").unwrap().path, "queries/spend/spend_by_team.sql");
}

#[test]
fn a_broken_file_hides_no_other() {
    let (_root, catalog) = project();
    assert_eq!(names(&catalog, &[]), "cost spend_by_team");
    assert_eq!(catalog.broken().count(), 4);
    for (name, message) in [
        ("broken", "`ownr` is not a directive"),
        ("Upper", "`Upper` cannot name a saved query"),
        ("latin", "is not UTF-8 text"),
        ("twice", "two files hold the saved query `twice`"),
        ("nothing", "there is no saved query `nothing`"),
    ] {
        let error = catalog.get(name).unwrap_err();
        assert!(error.message().contains(message), "{name}: {error}");
    }
    let twice = catalog.get("twice").unwrap_err().to_string();
    assert!(twice.contains("a/twice.sql") && twice.contains("b/twice.sql"), "{twice}");
    let broken = catalog.get("broken").unwrap_err();
    assert!(broken.place().unwrap().to_string().ends_with("broken.sql:1:4"));
    assert_eq!(broken.hints(), catalog.broken().find(|error| error.message() == broken.message()).unwrap().hints());
}

#[test]
fn names_may_carry_their_folder() {
    let (_root, catalog) = project();
    let cost = catalog.get("cost").unwrap();
    assert_eq!((cost.folder.as_str(), cost.body.as_str()), ("finance", "SELECT 2"));
    assert_eq!(catalog.get("finance/cost").unwrap(), cost);
    let error = catalog.get("other/cost").unwrap_err();
    assert!(error.hints()[0].contains("`cost`"));
    assert_eq!(catalog.get("spend_by_taem").unwrap_err().hints(), ["did you mean `spend_by_team`?"]);
}

#[test]
fn the_project_wins_over_the_library() {
    let (_root, catalog) = project();
    let merged = Catalog::embedded().merge(catalog);
    assert_eq!(merged.get("spend_by_team").unwrap().body, "SELECT 1");
    assert!(merged.get("spend_by_provider").is_ok());
}

#[test]
fn selectors_name_queries() {
    let (_root, catalog) = project();
    for (selectors, found) in [
        (&["cost"][..], "cost"),
        (&["spend_*"], "spend_by_team"),
        (&["*"], "cost spend_by_team"),
        (&["finance/*"], "cost"),
        (&["tag:daily"], "cost spend_by_team"),
        (&["tag:mine", "owner:finops", "cost"], "cost spend_by_team"),
    ] {
        assert_eq!(names(&catalog, selectors), found);
    }
    for (selector, hint) in [
        ("tag:dayly", "did you mean `daily`?"),
        ("owner:zzz", "known: finops, me"),
        ("zzz_*", "`outlay list`"),
        ("spend_[", "`spend_*`"),
        ("broken", "did you mean `owner`?"),
    ] {
        let error = catalog.select(&[selector.to_owned()]).unwrap_err();
        assert!(error.hints()[0].contains(hint), "{selector}: {:?}", error.hints());
    }
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let error = Catalog::from_folder(Path::new("/nowhere/queries")).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Invalid);
}

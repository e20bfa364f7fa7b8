//! The price book: read from one file or several, CSV or Parquet, only when a statement needs it.

use super::project::{Project, decimals, integers, texts};

const CONFIG: &str = "[price_book]\npath = \"prices\"\n";
const HEADER: &str = "provider,model,token_class,kind,valid_from,valid_to,currency,price,per\n";

const PRICE: &str = "select unit_price('list', 'A', 'opus', 'input', '', date '2026-06-01') as price";

fn project(config: &str, files: &[(&str, &str)]) -> Project {
    let project = Project::new(config);
    for (name, rows) in files {
        let _path = project.write(&format!("prices/{name}"), format!("{HEADER}{rows}"));
    }
    project
}

#[test]
fn csv_and_parquet_say_the_same() {
    let rows =
        "A,opus,input,list,2026-01-01,,USD,0.000000000005,1000000\nA,opus,output,list,2026-01-01,,USD,25,1000000\n";
    let csv = project(CONFIG, &[("list.csv", rows)]);
    assert_eq!(csv.run(&["-c", PRICE]).ok(), "price\n0.000000000000000005\n");
    let parquet = project(CONFIG, &[]);
    let _path = parquet.parquet(
        "prices/list.parquet",
        &[
            ("provider", texts(&["A"])),
            ("model", texts(&["opus"])),
            ("token_class", texts(&["input"])),
            ("kind", texts(&["list"])),
            ("valid_from", texts(&["2026-01-01"])),
            ("currency", texts(&["USD"])),
            ("price", decimals(&[5], 12)),
            ("per", integers(&[1_000_000])),
        ],
    );
    assert_eq!(parquet.run(&["-c", PRICE]).ok(), "price\n0.000000000000000005\n");
}

#[test]
fn two_files_that_say_two_things_are_both_named() {
    let line = "A,opus,input,list,2026-01-01,,USD,5,1000000\n";
    let later = "A,opus,output,list,2026-01-01,,USD,5,1000000\nA,opus,input,list,2026-05-01,,USD,4,1000000\n";
    let project = project(CONFIG, &[("a.csv", line), ("b.csv", later)]);
    let refused = project.run(&["-c", PRICE]).refused(1);
    for part in ["two lines have a price of the same thing", "a.csv:2", "b.csv:3", "valid_to"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    // Nobody asked for a price.
    assert_eq!(project.run(&["-c", "select 1 as one"]).ok(), "one\n1\n");
}

#[test]
fn a_wrong_cell_is_shown_with_its_mark() {
    let project = project(CONFIG, &[("a.csv", "A,opus,input,list,2026-01-01,,usd,5,1000000\n")]);
    let refused = project.run(&["-c", PRICE]).refused(1);
    assert!(refused.contains("a.csv:2:31") && refused.contains("`usd` is no currency of a price"), "{refused}");
}

#[test]
fn what_has_no_price_is_an_error_or_null() {
    let files = [("a.csv", "A,opus-4,input,list,2026-01-01,,USD,5,1000000\n")];
    let refused = project(CONFIG, &files).run(&["-c", PRICE]).refused(2);
    assert!(
        refused.contains("no price of `input` of `opus`") && refused.contains("did you mean `opus-4`?"),
        "{refused}"
    );
    let null = project(&format!("{CONFIG}unpriced = \"null\"\n"), &files);
    assert_eq!(null.run(&["-c", PRICE]).ok(), "price\n\n");
    let wrong = project(&format!("{CONFIG}unpriced = \"zero\"\n"), &files).run(&["-c", PRICE]).refused(2);
    assert!(wrong.contains("outlay.toml:3") && wrong.contains("zero"), "{wrong}");
    let nothing = Project::new(CONFIG).run(&["-c", PRICE]).refused(2);
    assert!(nothing.contains("nothing lies at this location"), "{nothing}");
}

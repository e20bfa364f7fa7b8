//! `outlay land`: a dump becomes Parquet, once, whole or not at all.

use std::path::{Path, PathBuf};

use super::project::Project;
use super::server::S3Server;

const SOURCE: &str = "[sources.usage]\npath = \"bucket\"\ndialect = \"aws-focus\"\n";
const TOKENS: &str = "select sum(ConsumedQuantity) as tokens from spend";

/// A page of the usage report: one bucket a day with this many uncached input tokens.
fn page(days: &[(&str, u64)]) -> String {
    let bucket = |(day, tokens): &(&str, u64)| {
        format!(
            r#"{{"starting_at":"{day}T00:00:00Z","ending_at":"{day}T23:59:59Z","results":[{{"uncached_input_tokens":{tokens},"model":"m"}}]}}"#
        )
    };
    format!(r#"{{"data":[{}],"has_more":false}}"#, days.iter().map(bucket).collect::<Vec<_>>().join(","))
}

fn land(project: &Project, file: &str, more: &[&str]) -> super::project::Given {
    let command = ["land", file, "--dialect", "anthropic-usage", "--to", "bucket"];
    project.run(&[&command, more].concat())
}

/// Every file below `folder` with its bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn landing_twice_changes_nothing() {
    let project = Project::new(SOURCE);
    project.write("may.json", page(&[("2026-05-30", 100), ("2026-06-01", 10)]));
    let first = land(&project, "may.json", &[]).ok();
    assert!(first.contains("may.json,2026-05,1,0,1,landed\nmay.json,2026-06,1,0,1,landed\n"), "{first}");
    let before = files(&project.path().join("bucket"));
    assert_eq!(before.len(), 4, "a file and a manifest for each month");
    let again = land(&project, "may.json", &[]).ok();
    assert!(again.contains("2026-05,1,0,1,unchanged") && again.contains("2026-06,1,0,1,unchanged"), "{again}");
    assert_eq!(files(&project.path().join("bucket")), before);
    assert_eq!(project.sql(TOKENS), "tokens\n110.00\n");
}

#[test]
fn a_later_dump_replaces_its_days_and_leaves_the_others() {
    let project = Project::new(SOURCE);
    project.write("one.json", page(&[("2026-06-01", 10), ("2026-06-02", 20)]));
    project.write("two.json", page(&[("2026-06-02", 25), ("2026-06-03", 30)]));
    land(&project, "one.json", &[]).ok();
    let landed = land(&project, "two.json", &[]).ok();
    assert!(landed.contains("two.json,2026-06,2,1,3,landed"), "{landed}");
    assert_eq!(project.sql(TOKENS), "tokens\n65.00\n");
    // The older dump was replaced in part: it must not come back.
    assert!(land(&project, "one.json", &[]).ok().contains("unchanged"));
    assert_eq!(project.sql(TOKENS), "tokens\n65.00\n");
    let aside = project.sql("select sum(ConsumedQuantity) as tokens from set_aside");
    assert_eq!(aside, "tokens\n30.00\n", "the month as it was after the first dump");
}

#[test]
fn a_dump_with_fewer_charges_needs_a_word() {
    let project = Project::new(SOURCE);
    project.write("whole.json", page(&[("2026-06-01", 10), ("2026-06-02", 20), ("2026-06-03", 30)]));
    project.write("cut.json", page(&[("2026-06-01", 10), ("2026-06-03", 30)]));
    land(&project, "whole.json", &[]).ok();
    let refused = land(&project, "cut.json", &[]).refused(2);
    assert!(refused.contains("2 charges of 2026-06") && refused.contains("--append"), "{refused}");
    assert_eq!(project.sql(TOKENS), "tokens\n60.00\n");
    land(&project, "cut.json", &["--replace"]).ok();
    assert_eq!(project.sql(TOKENS), "tokens\n40.00\n");
    project.write("more.json", page(&[("2026-06-03", 5)]));
    land(&project, "more.json", &["--append"]).ok();
    assert_eq!(project.sql(TOKENS), "tokens\n45.00\n");
}

#[test]
fn a_crash_before_the_manifest_leaves_the_month_as_it_was() {
    let project = Project::new(SOURCE);
    project.write("one.json", page(&[("2026-06-01", 10)]));
    project.write("two.json", page(&[("2026-06-01", 11), ("2026-06-02", 20)]));
    land(&project, "one.json", &[]).ok();
    land(&project, "two.json", &[]).ok();
    // As if the second landing had died between its file and its manifest.
    let manifests = files(&project.path().join("bucket/metadata"));
    std::fs::remove_file(&manifests.last().unwrap().0).unwrap();
    assert_eq!(project.sql(TOKENS), "tokens\n10.00\n");
    assert!(project.run(&["describe", "usage", "--part", "set-aside"]).ok().contains("unfinished"));
    land(&project, "two.json", &[]).ok();
    assert_eq!(project.sql(TOKENS), "tokens\n31.00\n");
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    let project = Project::new(SOURCE);
    project.write("one.json", page(&[("2026-06-01", 10)]));
    project.write("other.json", r#"{"data":[{"date":"2026-06-01","cost":1}]}"#);
    project.write("cut.json", &page(&[("2026-06-01", 10)])[..60]);
    let wrong = land(&project, "other.json", &[]).refused(1);
    assert!(wrong.contains("other.json") && wrong.contains("requires") && wrong.contains("date"), "{wrong}");
    let cut = land(&project, "cut.json", &[]).refused(1);
    assert!(cut.contains("cut.json") && cut.contains("ends within the record of line 1"), "{cut}");
    assert!(files(&project.path().join("bucket")).is_empty());
    let command = ["land", "one.json", "--dialect", "anthropic-usag", "--to", "bucket"];
    assert!(project.run(&command).refused(2).contains("anthropic-usage"));
    land(&project, "one.json", &[]).ok();
    project.write("focus.csv", "BilledCost\n1\n");
    let command = ["land", "focus.csv", "--dialect", "focus", "--to", "bucket"];
    assert!(project.run(&command).refused(2).contains("`anthropic-usage`"));
}

#[test]
fn a_bucket_is_landed_in_like_a_folder() {
    let root = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(root.path().join("acme")).unwrap();
    let server = S3Server::start(root.path());
    let mut project = Project::new("[sources.usage]\npath = \"s3://acme/usage/\"\n");
    server.known_to(&mut project);
    project.write("one.json", page(&[("2026-06-01", 10), ("2026-07-01", 7)]));
    let command = ["land", "one.json", "--dialect", "anthropic-usage", "--to", "s3://acme/usage/"];
    project.run(&command).ok();
    assert!(project.run(&command).ok().contains("unchanged"));
    assert_eq!(project.sql(TOKENS), "tokens\n17.00\n");
}

#[test]
fn landed_usage_has_the_price_of_the_day_on_which_it_is_read() {
    let project = Project::new(&format!("{SOURCE}[price_book]\npath = \"prices.csv\"\n"));
    let prices = |price: &str| {
        let header = "provider,model,token_class,kind,valid_from,currency,price,per";
        format!("{header}\nAnthropic,m,input,list,2026-01-01,USD,{price},1000000\n")
    };
    project.write("prices.csv", prices("5"));
    project.write("one.json", page(&[("2026-06-01", 2_000_000)]));
    land(&project, "one.json", &[]).ok();
    let cost = "select sum(EffectiveCost) as cost from spend";
    assert_eq!(project.sql(cost), "cost\n10.00\n");
    project.write("prices.csv", prices("4"));
    assert_eq!(project.sql(cost), "cost\n8.00\n");
}

//! Tables of facts: files with other columns and other words are mapped, and what cannot be is an error with the way out.

use super::project::{Project, decimals, parquet, texts, times};

/// An export of a code host, as an analyst finds it.
const MAPPED: &str = r#"
[privacy]
principals = "names"
[tables.outcomes]
path = "changes"
columns = { outcome_id = "number", occurred_at = "merged_at", principal_id = "author", status = "state", quantity = "points" }
constants = { outcome_type = "merged_change" }
[tables.outcomes.values.status]
merged = "succeeded"
closed = "abandoned"
"#;

const CHANGES: &str = "number,author,state,merged_at,points,repo\n\
    007,u-1,merged,2026-05-03 10:00:00,0.100000000000000001,web\n\
    008,,Closed,2026-05-04T12:00:00+02:00,,web\n";

#[test]
fn other_columns_and_other_words_become_those_of_the_contract() {
    let project = Project::new(MAPPED);
    project.write("changes/a.csv", CHANGES);
    let rows = project.sql(
        "select outcome_id, outcome_type, occurred_at, status, principal_id, team, quantity, value, repo from outcomes order by 1",
    );
    assert_eq!(
        rows,
        "outcome_id,outcome_type,occurred_at,status,principal_id,team,quantity,value,repo\n\
         007,merged_change,2026-05-03T10:00:00,succeeded,u-1,,0.100000000000000001,,web\n\
         008,merged_change,2026-05-04T10:00:00,abandoned,,,,,web\n"
    );
    let page = project.run(&["describe", "outcomes"]).ok();
    for line in ["outcome_id,TEXT,required,`number`,", "outcome_type,TEXT,required,always `merged_change`,"] {
        assert!(page.contains(line), "{page}");
    }
    assert!(page.contains("repo,TEXT,\"\",its own name,beside the contract"), "{page}");
}

#[test]
fn files_of_several_layouts_are_one_table() {
    let project = Project::new(MAPPED);
    project.write("changes/a.csv", CHANGES);
    project.write("changes/b.csv", "merged_at,number,state,author,size\n2026-06-01,9,failed,u-2,12\n");
    let rows = project.sql("select outcome_id, occurred_at, status, quantity, repo, size from outcomes order by 2");
    assert!(rows.ends_with("\n9,2026-06-01T00:00:00,failed,,,12\n"), "{rows}");
    let page = project.run(&["describe", "outcomes"]).ok();
    assert!(page.contains("quantity,\"DECIMAL(38,18)\",\"\",NULL or `points`,"), "{page}");
    project.write("outlay.toml", MAPPED.replace("\"points\"", "\"pionts\""));
    let error = project.run(&["-c", "select count(*) from outcomes"]).refused(1);
    assert!(error.contains("no column `pionts`") && error.contains("did you mean `points`?"), "{error}");
}

#[test]
fn a_word_that_nobody_mapped_names_the_object_and_the_way_out() {
    let project = Project::new(MAPPED);
    project.write("changes/a.csv", CHANGES);
    project.write("changes/b.csv", "number,author,state,merged_at,points,repo\n9,u-1,open,2026-05-03,1,web\n");
    let error = project.run(&["-c", "select count(status) from outcomes"]).refused(1);
    for part in ["`open` is no status", "changes/b.csv", "[tables.outcomes.values.status]"] {
        assert!(error.contains(part), "{error}");
    }
    // Whoever does not ask for the column is not held up by it.
    assert_eq!(project.sql("select count(outcome_id) as n from outcomes"), "n\n3\n");
}

#[test]
fn a_missing_column_names_the_object_the_nearest_name_and_the_way_out() {
    let project = Project::new("[tables.roster]\npath = \"roster.csv\"\n");
    project.write("roster.csv", "principalid,team,start_date\nu-1,search,2020-01-01\n");
    let error = project.run(&["-c", "select team from roster"]).refused(1);
    for part in ["no column `principal_id`", "roster.csv", "did you mean `principalid`?", "[tables.roster.columns]"] {
        assert!(error.contains(part), "{error}");
    }
    let page = project.run(&["describe", "roster"]).ok();
    assert!(page.contains("principal_id,TEXT,required,missing,"), "{page}");
    project.write("roster.csv", "PRINCIPAL_ID,team,start_date\nu-1,,2020-01-01\n");
    let empty = project.run(&["-c", "select team from roster"]).refused(1);
    assert!(empty.contains("column `team` of table `roster` is empty") && empty.contains("roster.csv"), "{empty}");
}

#[test]
fn a_saved_query_takes_the_place_of_a_table() {
    let project = Project::new("[privacy]\nprincipals = \"names\"\n[tables.people]\npath = \"people.csv\"\n");
    project.write("people.csv", "who,squad,since\nu-1,search,2020-01-01\nu-2,,2020-01-01\n");
    let body = "SELECT who AS principal_id, squad AS team, CAST(since AS VARCHAR) AS start_date\nFROM people\nWHERE squad IS NOT NULL";
    project.write("queries/roster.sql", format!("-- description: People.\n{body}\n"));
    assert_eq!(
        project.sql("select * from roster"),
        "principal_id,team,start_date,end_date,function,name,email,manager,cost_center\n\
         u-1,search,2020-01-01,,,,,,\n"
    );
    project.write("queries/roster.sql", "-- description: People.\nSELECT who AS principal_id FROM people\n");
    let error = project.run(&["-c", "select * from roster"]).refused(1);
    assert!(error.contains("no column `team`") && error.contains("roster.sql"), "{error}");
}

#[test]
fn numbers_of_parquet_and_json_are_exact() {
    let project = Project::new("[tables.budgets]\npath = \"budgets\"\n[tables.drivers]\npath = \"drivers.ndjson\"\n");
    project.write(
        "budgets/a.parquet",
        parquet(&[
            ("scope_type", texts(&["company"])),
            ("scope", texts(&["Acme"])),
            ("period_start", times(&["2026-05-01"])),
            ("period_end", times(&["2026-06-01"])),
            ("amount", decimals(&[12_345], 2)),
            ("currency", texts(&["USD"])),
        ]),
    );
    assert_eq!(project.sql("select period_start, amount from budgets"), "period_start,amount\n2026-05-01,123.45\n");
    project.write(
        "drivers.ndjson",
        "{\"driver\":\"desks\",\"team\":\"a\",\"period_start\":\"2026-05-01\",\"period_end\":\"2026-06-01\",\"quantity\":0.0000004}\n",
    );
    assert_eq!(project.sql("select period_end, quantity from drivers"), "period_end,quantity\n2026-06-01,0.0000004\n");
}

#[test]
fn the_configuration_is_held_against_the_contract() {
    for (settings, wanted) in [
        ("constants = { team_name = \"a\" }", "no column `team_name`"),
        ("values = { status = { merged = \"suceeded\" } }", "did you mean `succeeded`?"),
        ("columns = { team = \"a\" }\nconstants = { team = \"a\" }", "both a constant and a column"),
    ] {
        let project = Project::new(&format!("[tables.outcomes]\npath = \"x.csv\"\n{settings}\n"));
        let error = project.run(&["tables"]).refused(2);
        assert!(error.contains(wanted) && error.contains("outlay.toml:3:"), "{error}");
    }
    let project = Project::new("[tables.people]\npath = \"x.csv\"\nconstants = { team = \"a\" }\n");
    assert!(project.run(&["tables"]).refused(2).contains("no contract"));
    let error = Project::new("").run(&["-c", "select * from outcomes"]).refused(1);
    assert!(error.contains("[tables.outcomes]") && error.contains("outlay describe outcomes"), "{error}");
}

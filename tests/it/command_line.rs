//! The contract of the command line: streams, formats, exit codes.

use std::io::Read;
use std::process::Stdio;

use super::project::{Project, charges, texts, with};

fn project() -> Project {
    let project = Project::with_charges();
    let named = with(charges("2026-05", &[12.5, 0.25]), "ServiceName", texts(&["Größe, \"XL\"", "=1+1"]));
    project.parquet("charges/a.parquet", &named);
    project.write(
        "queries/by_service.sql",
        "-- description: Cost by service.\n-- param: least decimal = 0 \"hide services below\"\n-- param: period period = 2026-05 \"period of use\"\n\
         -- param: names text[]? = null \"only these\"\n-- check: unique(service)\n-- check: cost > 1\n\
         SELECT ServiceName AS service, sum(EffectiveCost) AS cost FROM spend\n\
         WHERE ChargePeriodStart >= $period_start AND ChargePeriodStart < $period_end\n\
         AND ($names IS NULL OR ServiceName = ANY($names))\nGROUP BY 1 HAVING sum(EffectiveCost) >= $least ORDER BY 1\n",
    );
    project
}

#[test]
fn piped_results_are_csv_and_alone_on_standard_output() {
    let given = project().run(&["run", "by_service"]);
    assert!(given.stderr.contains("period=2026-05 [2026-05-01,2026-06-01)"), "{}", given.stderr);
    assert_eq!(given.ok(), "service,cost\n=1+1,0.25\n\"Größe, \"\"XL\"\"\",12.50\n");
}

#[test]
fn parameters_are_checked_and_never_pasted() {
    let project = project();
    assert_eq!(project.run(&["run", "by_service", "-p", "least=1"]).ok().lines().count(), 2);
    assert_eq!(project.run(&["run", "by_service", "-p", "names==1+1"]).ok(), "service,cost\n=1+1,0.25\n");
    assert_eq!(project.run(&["run", "by_service", "-p", "names=x'; drop table spend; --"]).ok(), "service,cost\n");
    for (param, part) in [
        ("period=2026-13", "2026-13"),
        ("period=5", "`5`"),
        ("least=lots", "lots"),
        ("leest=1", "did you mean `least`"),
        ("least", "name=value"),
    ] {
        let error = project.run(&["run", "by_service", "-p", param]).refused(2);
        assert!(error.contains(part), "{param}: {error}");
    }
}

#[test]
fn every_format_is_printed() {
    let project = project();
    for (format, start) in [
        ("csv", "service,cost\n"),
        ("tsv", "service\tcost\n"),
        ("json", "["),
        ("ndjson", "{\"service\":"),
        ("markdown", "| service"),
        ("vertical", ""),
        ("html", "<!"),
        ("table", ""),
    ] {
        let text = project.run(&["run", "by_service", "--format", format]).ok();
        assert!(text.to_lowercase().starts_with(start) && text.contains("12.5"), "{format}: {text}");
    }
    let error = project.run(&["run", "by_service", "--format", "markdwon"]).refused(2);
    assert!(error.contains("did you mean `markdown`"), "{error}");
}

#[test]
fn files_appear_whole_or_not_at_all() {
    let project = project();
    for name in ["out.csv", "out.json", "out.parquet", "out.arrow", "out.md", "out.html"] {
        assert_eq!(project.run(&["run", "by_service", "-o", name]).ok(), "");
        assert!(std::fs::metadata(project.path().join(name)).unwrap().len() > 20, "{name}");
    }
    let _error = project.run(&["-o", "failed.csv", "-c", "select 1/0 from spend"]).refused(1);
    let left: Vec<_> = std::fs::read_dir(project.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("failed") || name.starts_with(".outlay"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let error = project.run(&["-o", "out.xyz", "-c", "select 1"]).refused(2);
    assert!(error.contains("--format"), "{error}");
}

#[test]
fn an_empty_result_keeps_its_header_and_null_is_empty() {
    let project = project();
    assert_eq!(project.sql("select ServiceName, 1 as one from spend where 1 = 0"), "ServiceName,one\n");
    assert_eq!(
        project.sql("select null as nothing, '' as empty, ResourceId from spend limit 1"),
        "nothing,empty,ResourceId\n,\"\",\n"
    );
    let json = project.run(&["--format", "json", "-c", "select 1 as a where 1 = 0"]).ok();
    assert_eq!(json.trim(), "[]");
}

#[test]
fn spreadsheets_can_be_kept_safe() {
    let text = project().run(&["--csv-safe", "--bom", "run", "by_service"]).ok();
    assert!(text.starts_with('\u{feff}') && text.contains("'=1+1"), "{text}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let project = project();
    let mut command = project.command(&["-c", "select * from generate_series(1, 5000000)"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 6];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn sql_comes_from_files_and_standard_input_too() {
    let project = project();
    project.write("two.sql", "-- a comment with ; in it\nselect 1 as one;\nselect ';' as semicolon;\n");
    assert_eq!(project.run(&["-f", "two.sql"]).ok(), "one\n1\nsemicolon\n;\n");
    assert_eq!(project.piped(&[], "select 2 as two").ok(), "two\n2\n");
    let error = project.piped(&[], "select\n  1 +\n").refused(1);
    assert!(error.contains("standard input:"), "{error}");
}

#[test]
fn no_colour_reaches_a_pipe() {
    let given = project().run(&["-c", "select nosuch from spend"]);
    assert!(!given.stderr.contains('\u{1b}'), "{}", given.stderr);
    let given = project().run(&["--color", "always", "-c", "select nosuch from spend"]);
    assert!(given.stderr.contains('\u{1b}'), "{}", given.stderr);
}

#[test]
fn saved_queries_are_views_of_one_another() {
    let project = project();
    project.write(
        "queries/top.sql",
        "-- description: Most costly service.\nSELECT service FROM by_service ORDER BY cost DESC, service LIMIT 1\n",
    );
    assert_eq!(project.run(&["run", "top"]).ok(), "service\n\"Größe, \"\"XL\"\"\"\n");
    project.write("queries/round.sql", "-- description: Round and round.\nSELECT * FROM round\n");
    let error = project.run(&["run", "round"]).refused(2);
    assert!(error.contains("built on itself"), "{error}");
}

#[test]
fn a_failed_check_exits_3_and_says_which() {
    let project = project();
    let given = project.run(&["check", "by_service"]);
    assert_eq!(given.code, 3, "{}", given.stderr);
    assert!(given.stdout.contains("by_service,cost > 1,failed,2,1\n"), "{}", given.stdout);
    assert!(given.stdout.contains("by_service,unique(service),ok,2,0\n"), "{}", given.stdout);
}

#[test]
fn queries_are_listed_and_shown() {
    let project = project();
    let list = project.run(&["list", "by_*"]).ok();
    assert!(list.starts_with("name,answers,parameters,tags,owner\nby_service,Cost by service."), "{list}");
    let page = project.run(&["show", "by_service"]).ok();
    for part in [
        "Cost by service.",
        "period period = 2026-05",
        "unique(service)",
        "cost   DECIMAL(38,18)",
        "SELECT ServiceName",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let plan = project.run(&["show", "by_service", "--plan"]).ok();
    assert!(plan.contains("pruning_predicate"), "{plan}");
    let error = project.run(&["run", "by_servce"]).refused(2);
    assert!(error.contains("did you mean `by_service`"), "{error}");
}

#[test]
fn usage_errors_exit_2() {
    let project = project();
    for args in
        [&["--nosuch"][..], &["nosuch"], &["run"], &["-C", "nowhere", "list"], &["--timeout", "soon", "-c", "select 1"]]
    {
        let error = project.run(args).refused(2);
        assert!(error.contains("error:"), "{args:?}: {error}");
    }
    assert!(project.run(&["--help"]).ok().contains("Exit codes"));
}

#[test]
fn a_query_that_fails_on_the_way_prints_no_part_of_its_result() {
    let project = Project::with_charges();
    let mut costs = vec![1.0; 50_000];
    costs[49_999] = 0.0;
    project.parquet("charges/a.parquet", &charges("2026-05", &costs));
    for format in ["csv", "json", "ndjson", "tsv", "table"] {
        let error = project.run(&["--format", format, "-c", "select 1 / EffectiveCost as x from spend"]).refused(1);
        assert!(error.contains("division by zero"), "{format}: {error}");
    }
}

#[test]
fn binary_formats_reach_a_pipe_whole() {
    let project = project();
    for (format, magic) in [("parquet", b"PAR1".as_slice()), ("arrow", b"ARROW1")] {
        let output = project.command(&["run", "by_service", "--format", format]).output().unwrap();
        assert!(
            output.stdout.starts_with(magic) && output.stdout.ends_with(magic),
            "{format}: {} bytes",
            output.stdout.len()
        );
    }
}

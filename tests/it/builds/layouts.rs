//! Tables of plain Parquet, and tables whose files are apart by columns.

use super::super::project::{charges, texts, with};
use super::{BY_MONTH, SUM, files, intervals, project, sum, with_config};

const PLAIN: &str = "[project]\nas_of = \"2026-04-05\"\n\n[sources.charges]\npath = \"charges\"\n\n\
                     [summaries]\nformat = \"parquet\"\n\n\
                     [tables.files]\npath = \"summaries/by_month\"\n";

#[test]
fn plain_files_are_one_an_interval_and_replaced_in_place() {
    let project = with_config(PLAIN);
    assert_eq!(intervals(project.run(&["build", "by_month", "by_year"])), ["2026-01", "2026-02", "2026-03", "all"]);
    let names = || {
        let folder = std::fs::read_dir(project.path().join("summaries/by_month")).unwrap();
        let mut names: Vec<String> =
            folder.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let months = ["2026-01.parquet", "2026-02.parquet", "2026-03.parquet"];
    assert_eq!(names(), months);
    assert_eq!(sum(&project), "6.00");
    assert_eq!(project.sql("select count(*) as n, sum(cost) as cost from files"), "n,cost\n3,6.00\n");

    let again = project.run(&["build", "by_month"]);
    assert!(again.stderr.contains("by_month: nothing is due"), "{}", again.stderr);
    let read = "select bytes_read, outcome from runs where table_name = 'by_month' order by started desc limit 1";
    assert_eq!(project.sql(read), "bytes_read,outcome\n0,nothing_due\n");

    project.parquet("charges/2026-02.parquet", &charges("2026-02", &[20.0]));
    std::fs::remove_file(project.path().join("charges/2026-01.parquet")).unwrap();
    project.parquet("charges/2025-12.parquet", &charges("2025-12", &[12.0]));
    assert_eq!(intervals(project.run(&["build", "by_month", "--jobs", "2"])), ["2025-12", "2026-01", "2026-02"]);
    assert_eq!(project.sql("select count(*) as n, sum(cost) as cost from by_month"), "n,cost\n3,35.00\n");
    // The footers tell what the note told.
    std::fs::remove_file(project.path().join("summaries/_plain/by_month.json")).unwrap();
    assert_eq!(intervals(project.run(&["build", "by_month"])), Vec::<String>::new());

    let past = project.run(&["--as-of", "2026-03-31", "-c", SUM]).refused(2);
    assert!(past.contains("plain files have no history"), "{past}");
    project.write("queries/months.sql", BY_MONTH.replace("table=by_month", "table=by_month format=delta"));
    let refused = project.run(&["build", "by_month"]).refused(2);
    assert!(refused.contains("is stored as plain Parquet, and should be Delta Lake"), "{refused}");
}

#[test]
fn files_can_be_apart_by_columns_of_the_rows() {
    let project = project();
    let by_service = BY_MONTH
        .replace("table=by_month", "table=by_month partition_by=service")
        .replace("unique(month)", "unique(month, service)")
        .replace("count(*)", "ServiceName AS service, count(*)")
        .replace("ChargePeriodStart)\nORDER", "ChargePeriodStart), ServiceName\nORDER");
    project.write("queries/months.sql", by_service.as_str());
    let march = with(charges("2026-03", &[3.0, 30.0]), "ServiceName", texts(&["Engine", "Lake house"]));
    project.parquet("charges/2026-03.parquet", &march);
    let _built = project.run(&["build", "by_month"]).ok();
    assert_eq!(files(&project, "by_month").iter().filter(|file| file.starts_with("2026-03/")).count(), 2);
    assert_eq!(
        project.sql("select service, cost from by_month where month = '2026-03-01' order by 1"),
        "service,cost\nEngine,3.00\nLake house,30.00\n"
    );
    assert_eq!(sum(&project), "36.00");
    assert_eq!(intervals(project.run(&["build", "by_month"])), Vec::<String>::new());
    project.write("queries/months.sql", by_service.replace("partition_by=service", "partition_by=servic"));
    let refused = project.run(&["build", "by_month"]).refused(2);
    assert!(refused.contains("`servic`") && refused.contains("did you mean `service`"), "{refused}");
    // Another partition makes every interval due, and is refused for some of them.
    project.write("queries/months.sql", by_service.replace(" partition_by=service", ""));
    let refused = project.run(&["build", "by_month", "--from", "2026-03"]).refused(2);
    assert!(refused.contains("the columns that partition the table changed"), "{refused}");
    assert_eq!(intervals(project.run(&["build", "by_month"])).len(), 3);
    assert_eq!(sum(&project), "36.00");
}

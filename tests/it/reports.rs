//! Charts, workbooks and reports at the command line.

use calamine::{Reader, open_workbook};

use super::project::{Project, charges, texts, with};

fn project() -> Project {
    let project = Project::with_charges();
    let named = with(charges("2026-05", &[12.5, 0.25]), "ServiceName", texts(&["Größe & <b>", "=1+1"]));
    project.parquet("charges/a.parquet", &named);
    project.write(
        "queries/by_service.sql",
        "-- description: What does each service cost?\n-- owner: finops\n-- tags: finance\n-- Effective cost & credits.\n\
         -- param: least decimal = 0 \"hide services below\"\n-- check: unique(service)\n\
         -- chart: bar x=service y=cost unit=USD title=\"Cost by service\"\n\
         SELECT ServiceName AS service, sum(EffectiveCost) AS cost FROM spend\n\
         GROUP BY 1 HAVING sum(EffectiveCost) >= $least ORDER BY 1 DESC\n",
    );
    project.write(
        "queries/broken_here.sql",
        "-- description: Who is missing?\n-- tags: finance\nSELECT name FROM nobody ORDER BY name\n",
    );
    project
}

fn read(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.path().join(name)).unwrap()
}

#[test]
fn a_chart_is_drawn_as_the_saved_query_says() {
    let project = project();
    for args in [&["run", "by_service", "--chart"][..], &["run", "by_service", "--format", "chart"]] {
        let picture = project.run(args).ok();
        assert!(picture.starts_with("Cost by service\ncost, USD\n"), "{picture}");
        assert!(
            picture.contains("Größe & <b> │") && picture.contains("12.5") && !picture.contains('\u{1b}'),
            "{picture}"
        );
    }
    assert!(project.run(&["run", "by_service", "--chart", "--color", "always"]).ok().contains('\u{1b}'));
    let ascii = project.run(&["run", "by_service", "--chart", "--ascii"]).ok();
    assert!(ascii.contains("=1+1 |") && ascii.contains("####"), "{ascii}");
}

#[test]
fn a_chart_keeps_to_the_width_and_the_skill_of_the_terminal() {
    let mut project = project();
    project.environment("COLUMNS", "50");
    let picture = project.run(&["run", "by_service", "--chart"]).ok();
    assert!(picture.lines().all(|line| line.chars().count() <= 50) && picture.contains('█'), "{picture}");
    project.environment("TERM", "dumb");
    let plain = project.run(&["-c", "select 'a' as team, 2 as cost", "--chart"]).ok();
    assert!(plain.is_ascii() && plain.contains("###"), "{plain}");
}

#[test]
fn any_result_can_be_drawn() {
    let project = project();
    let sql =
        "select * from (values ('a', 'x', 1, 1), ('a', 'y', 2, 1), ('b', 'x', 3, 1)) as t(team, kind, cost, price)";
    let stacked = project.run(&["-c", sql, "--chart=stacked x=team y=cost series=kind"]).ok();
    assert!(stacked.starts_with("cost by team") && stacked.contains("a │") && stacked.contains(" 3\n"), "{stacked}");
    let error = project.run(&["-c", sql, "--chart=pie x=team y=cost"]).refused(2);
    assert!(error.contains("--> --chart:1:1") && error.contains("charts: line, bar"), "{error}");
    let error = project.run(&["-c", sql, "--chart=bar x=team y=price"]).refused(2);
    assert!(error.contains("two values") && error.contains("series="), "{error}");
    let error = project.run(&["-c", "select 1 as one", "--chart"]).refused(2);
    assert!(error.contains("nothing to draw"), "{error}");
}

#[test]
fn pictures_and_workbooks_are_files() {
    let project = project();
    for name in ["out.svg", "out.png", "out.xlsx"] {
        assert_eq!(project.run(&["run", "by_service", "-o", name]).ok(), "");
    }
    assert!(read(&project, "out.svg").starts_with("<svg viewBox="));
    assert!(read(&project, "out.svg").contains("Größe &amp; &lt;b&gt;"));
    assert!(std::fs::read(project.path().join("out.png")).unwrap().starts_with(b"\x89PNG\r\n"));
    let _error = project.run(&["-c", "select 1 as one", "-o", "none.svg"]).refused(2);
    assert!(!project.path().join("none.svg").exists());
    let mut workbook: calamine::Xlsx<_> = open_workbook(project.path().join("out.xlsx")).unwrap();
    assert_eq!(workbook.sheet_names(), ["Summary", "Data", "Assumptions"]);
    let notes = workbook.worksheet_range("Assumptions").unwrap();
    let notes: Vec<String> =
        notes.rows().map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("=")).collect();
    for note in ["parameter least=0", "sources=charges", "owner=finops", "exact sum of cost=12.75"] {
        assert!(notes.iter().any(|line| line == note), "{note}: {notes:#?}");
    }
    let mut adhoc: calamine::Xlsx<_> = {
        assert_eq!(project.run(&["-c", "select 1 as one", "-o", "adhoc.xlsx"]).ok(), "");
        open_workbook(project.path().join("adhoc.xlsx")).unwrap()
    };
    assert_eq!(adhoc.sheet_names(), ["Data", "Assumptions"]);
    assert_eq!(adhoc.worksheet_range("Data").unwrap().get_size(), (2, 1));
}

#[test]
fn a_report_is_one_page_that_needs_nothing_else() {
    let project = project();
    project.write("outlay.toml", "[project]\nas_of = \"2026-06-30\"\n[sources.charges]\npath = \"charges\"\n");
    let given = project.run(&["report", "by_service", "-o", "page.html", "-p", "least=0.2"]);
    assert_eq!(given.ok(), "");
    let page = read(&project, "page.html");
    for part in [
        "<h1>Spend, budget and outcomes</h1>",
        "<dt>as of</dt><dd>2026-06-30</dd>",
        "<li><a href=\"#by_service\">by_service</a> What does each service cost?</li>",
        "<section id=\"by_service\">",
        "aria-label=\"Cost by service\"",
        "<td>Größe &amp; &lt;b&gt;</td><td class=\"number\">12.50</td>",
        "<p class=\"count\">2 rows</p>",
        "<dt>parameter least</dt><dd>0.2</dd>",
        "<dt>sources</dt><dd>charges</dd>",
        "<p>Effective cost &amp; credits.</p>",
        "GROUP BY 1 HAVING sum(EffectiveCost) &gt;= $least",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let foreign = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!foreign.contains("http:") && !foreign.contains("https:") && !foreign.contains("src="), "{page}");
}

#[test]
fn what_a_report_cannot_ask_is_said_in_its_place() {
    let project = project();
    let given = project.run(&["report", "tag:finance", "by_service", "-o", "page.html", "--max-rows", "1"]);
    assert!(given.stderr.contains("no table `nobody`"), "{}", given.stderr);
    assert_eq!(given.code, 0, "what the project does not have is no failure of the report");
    let page = read(&project, "page.html");
    assert!(page.contains("<pre class=\"failed\">") && page.contains("no table `nobody`"), "{page}");
    assert!(page.contains("1 of 2 rows"), "{page}");
    assert_eq!(
        page.matches("<section ").count() - page.matches("<section id=\"broken_here\"").count(),
        page.matches("<h2>").count() - 1
    );
    assert_eq!(page.matches("id=\"by_service\"").count(), 1, "a query is on the page once");
}

#[test]
fn the_configuration_says_what_a_report_shows() {
    let project = project();
    project.write(
        "outlay.toml",
        "[sources.charges]\npath = \"charges\"\n[report]\ntitle = \"Our month\"\nqueries = [\"by_service\"]\nmax_rows = 1\n",
    );
    let page = project.run(&["report", "-q"]).ok();
    assert!(page.starts_with("<!doctype html>") && page.contains("<h1>Our month</h1>") && page.contains("1 of 2 rows"));
    assert_eq!(page.matches("<section ").count(), 1);
    let error = project.run(&["report", "-p", "leest=1"]).refused(2);
    assert!(error.contains("no query of the report has the parameter `leest`"), "{error}");
    let error = project.run(&["report", "-o", "page.xlsx"]).refused(2);
    assert!(error.contains("a report is HTML"), "{error}");
    let error = project.run(&["report", "broken_here", "-o", "page.html"]).refused(2);
    assert!(error.contains("no table `nobody`") && !project.path().join("page.html").exists(), "{error}");
    let error = project.run(&["report", "nosuch"]).refused(2);
    assert!(error.contains("nosuch"), "{error}");
}

#[test]
fn every_chart_of_the_library_is_drawn_for_the_sample_company() {
    let project = Project::on_the_sample();
    let _built = project.run(&["build", "summarise_spend"]).ok();
    let config = outlay::config::Config::load(&project.path().join("outlay.toml")).unwrap();
    let engine = outlay::engine::Engine::builder(config).catalog(outlay::query::Catalog::embedded()).build().unwrap();
    let answered =
        |query: &&outlay::query::SavedQuery| !query.charts.is_empty() && engine.missing(query).unwrap().is_empty();
    let names: Vec<&str> = engine.catalog().iter().filter(answered).map(|query| query.name.as_str()).collect();
    let given = project.run(&[&["report"], names.as_slice(), &["-o", "all.html", "-q"]].concat());
    assert_eq!(given.code, 0, "{}", given.stderr);
    let page = read(&project, "all.html");
    let undrawn: Vec<&str> = page
        .split("<section id=\"")
        .skip(1)
        .filter(|section| section.contains("<p>No chart: ") || section.contains("class=\"failed\""))
        .collect();
    let names: Vec<String> = undrawn
        .iter()
        .map(|section| {
            let reason =
                section.split("<p>No chart: ").nth(1).or_else(|| section.split("class=\"failed\">").nth(1)).unwrap();
            format!("{}: {}", section.split('"').next().unwrap(), reason.split("</").next().unwrap())
        })
        .collect();
    assert!(names.is_empty(), "{}", names.join("\n"));
}

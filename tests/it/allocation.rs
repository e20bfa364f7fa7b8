//! Money is conserved: whatever the company and its rules, what is allocated and what is left are what was spent.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use outlay::config::Config;
use outlay::engine::{Engine, Sql};
use outlay::output::{Format, Style, renderer};
use outlay::query::Catalog;
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use proptest::sample::select;

use super::project::{Project, charges, decimals, texts, times, with};

const TEAMS: [&str; 5] = ["a", "b", "c", "d'd", "platform"];
const DAYS: [&str; 6] = ["2026-04-30", "2026-05-01", "2026-05-17", "2026-05-31", "2026-06-01", "2026-06-30"];
const AMOUNTS: [&str; 7] = [
    "EffectiveCost",
    "BilledCost",
    "ListCost",
    "ContractedCost",
    "ConsumedQuantity",
    "PricingQuantity",
    "x_RoundedCost",
];

/// A charge: its day, its team (5 is none), its principal, its currency, whether it counts tokens, and its amounts.
#[derive(Debug, Clone)]
struct Charge {
    day: usize,
    team: usize,
    principal: usize,
    euro: bool,
    tokens: bool,
    amounts: Vec<i128>,
}

fn charge() -> impl Strategy<Value = Charge> {
    // Unscaled at 18 digits: from one unit of the last digit to a billion, both signs.
    let amount = (0..28u32, -999i128..1000).prop_map(|(zeros, digits)| digits * 10i128.pow(zeros.min(24)));
    (0..DAYS.len(), 0..=TEAMS.len(), 0..4usize, any::<bool>(), any::<bool>(), vec(amount, AMOUNTS.len())).prop_map(
        |(day, team, principal, euro, tokens, amounts)| Charge { day, team, principal, euro, tokens, amounts },
    )
}

fn rule() -> impl Strategy<Value = String> {
    let which = select(vec![
        "from = \"platform\"",
        "from = \"a\"",
        "from = \"unassigned\"",
        "where = \"ConsumedUnit = 'Tokens' and team <> 'b'\"",
        "where = \"allocation_reason is not null\"",
    ]);
    let how = select(vec![
        "by = \"tokens\"",
        "by = \"headcount\"",
        "by = \"cost\"",
        "by = \"desks\"",
        "by = \"cost\"\nto = [\"b\", \"d'd\"]",
        "by = \"even\"\nto = [\"a\", \"b\", \"c\"]",
        "by = \"fixed\"\nshares = { b = \"0.333333333333333333\", c = \"0.666666666666666667\" }",
        "by = \"fixed\"\nshares = { \"d'd\" = 99.9, unassigned = \"0.1\" }",
    ]);
    let when = select(vec![
        "",
        "valid_from = \"2026-05-17\"",
        "valid_to = \"2026-06-01\"",
        "valid_from = \"2026-05-01\"\nvalid_to = \"2026-05-31\"",
    ]);
    (which, how, when).prop_map(|(which, how, when)| format!("{which}\n{how}\n{when}\n"))
}

fn text_of(charge: &Charge, named: impl Fn(&Charge) -> usize, names: &[&'static str]) -> &'static str {
    names.get(named(charge)).copied().unwrap_or("")
}

fn write_charges(project: &Project, all: &[Charge]) {
    let columns = charges("2026-05", &vec![0.0; all.len()]);
    let column = |columns, name, texts_of: Vec<&str>| with(columns, name, texts(&texts_of));
    let columns =
        with(columns, "ChargePeriodStart", times(&all.iter().map(|charge| DAYS[charge.day]).collect::<Vec<_>>()));
    let tags: Vec<String> = all
        .iter()
        .map(|charge| format!("{{\"team\":\"{}\"}}", text_of(charge, |charge| charge.team, &TEAMS)))
        .collect();
    let columns = column(columns, "Tags", tags.iter().map(String::as_str).collect());
    let principals = ["p0", "p1", "p2", "p3"];
    let columns = column(
        columns,
        "PrincipalId",
        all.iter().map(|charge| text_of(charge, |charge| charge.principal, &principals)).collect(),
    );
    let columns =
        column(columns, "BillingCurrency", all.iter().map(|charge| if charge.euro { "EUR" } else { "USD" }).collect());
    let mut columns = column(
        columns,
        "ConsumedUnit",
        all.iter().map(|charge| if charge.tokens { "Tokens" } else { "Hours" }).collect(),
    );
    for (index, name) in AMOUNTS.into_iter().enumerate() {
        columns =
            with(columns, name, decimals(&all.iter().map(|charge| charge.amounts[index]).collect::<Vec<_>>(), 18));
    }
    project.parquet("charges/a.parquet", &columns);
}

/// Rows of the answer, cell by cell.
fn rows(engine: &Arc<Engine>, sql: &str) -> Vec<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let text = runtime.block_on(async {
        let mut answer = engine.query(Sql::new(sql, "test")).await.unwrap();
        let schema = answer.schema();
        let batches = answer.collect().await.unwrap();
        let mut bytes = Vec::new();
        let style = Style { header: false, ..Style::default() };
        let mut rows = renderer(Format::Tsv, &style, schema, Box::new(&mut bytes)).unwrap();
        batches.iter().for_each(|batch| rows.batch(batch).unwrap());
        rows.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    });
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The sums of every amount, by currency and day: no rule moves a charge from either.
fn sums(engine: &Arc<Engine>, table: &str) -> Vec<Vec<String>> {
    let amounts: Vec<String> = AMOUNTS.iter().map(|amount| format!("sum({amount})")).collect();
    rows(
        engine,
        &format!(
            "select BillingCurrency, ChargePeriodStart, {} from {table} group by 1, 2 order by 1, 2",
            amounts.join(", ")
        ),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_allocated_and_what_is_left_are_what_was_spent(
        all in vec(charge(), 1..24),
        rules in vec(rule(), 0..4),
        stays in vec((0..3usize, 0..4usize, 1..29u32, 0..40u32), 0..6),
        desks in vec((0..4usize, 0..3i64), 0..4),
    ) {
        let mut config = "[sources.charges]\npath = \"charges\"\n[tables.roster]\npath = \"roster.csv\"\n\
                          [tables.drivers]\npath = \"drivers.csv\"\n".to_owned();
        for (index, rule) in rules.iter().enumerate() {
            write!(config, "[[allocation.rules]]\nname = \"rule_{index}\"\n{rule}").unwrap();
        }
        let project = Project::new(&config);
        write_charges(&project, &all);
        // Stays may overlap, be empty or never end; nobody may count twice for that.
        let mut roster = "principal_id,team,start_date,end_date\n".to_owned();
        for (who, team, day, days) in stays {
            let start: chrono::NaiveDate = format!("2026-05-{day:02}").parse().unwrap();
            let end = (days > 0).then(|| (start + chrono::TimeDelta::days(i64::from(days) - 1)).to_string());
            writeln!(roster, "p{who},{},{start},{}", TEAMS[team], end.unwrap_or_default()).unwrap();
        }
        project.write("roster.csv", roster);
        let mut drivers = "driver,team,period_start,period_end,quantity\n".to_owned();
        for (team, quantity) in desks {
            writeln!(drivers, "desks,{},2026-05-01,2026-06-01,{quantity}.5", TEAMS[team]).unwrap();
        }
        project.write("drivers.csv", drivers);
        let config = Config::load(&project.path().join("outlay.toml")).unwrap();
        let engine = Engine::builder(config).catalog(Catalog::embedded()).threads(1).build().unwrap();
        let engine = Arc::new(engine);
        prop_assert_eq!(sums(&engine, "allocated_spend"), sums(&engine, "spend"));
        // Nobody is left without a team, and no part is without a way in which it came there.
        let unnamed = rows(&engine, "select count(*) from allocated_spend where team is null or allocation is null \
                                     or (allocation = 'unassigned') <> (team = 'unassigned') and allocation not like 'rule%'");
        prop_assert_eq!(&unnamed[0][0], "0");
    }
}

#[test]
fn a_period_given_to_the_allocated_charges_reaches_the_files() {
    let project = Project::new(
        "[sources.charges]\npath = \"charges\"\n[[allocation.rules]]\nname = \"shared\"\nfrom = \"platform\"\nby = \"fixed\"\n\
         shares = { a = 1 }\n",
    );
    for month in ["2026-04", "2026-05", "2026-06"] {
        project.parquet(&format!("charges/{month}.parquet"), &charges(month, &[1.0, 2.0]));
    }
    let sql = "select sum(EffectiveCost) as cost from allocated_spend where ChargePeriodStart >= '2026-06-01'";
    let given = project.run(&["--stats=json", "-c", sql]);
    assert!(given.stderr.contains(r#""files":{"pruned":2,"#), "{}", given.stderr);
    assert_eq!(given.ok(), "cost\n3.00\n");
}

#[test]
fn analysts_read_the_rules_as_sql() {
    let project = Project::new(
        "[sources.charges]\npath = \"charges\"\n[[allocation.rules]]\nname = \"platform_by_tokens\"\nfrom = \"platform\"\n\
         by = \"tokens\"\nvalid_to = \"2026-07-01\"\n",
    );
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let page = project.run(&["show", "allocated_spend"]).ok();
    for part in ["platform_by_tokens_shares", "ChargePeriodStart < TIMESTAMP '2026-07-01'", "from_team   TEXT"] {
        assert!(page.contains(part), "{page}");
    }
    // A project that has its own file of the name is left alone.
    project.write("queries/allocated_spend.sql", "-- description: Mine.\nSELECT 'x' AS team\n");
    assert_eq!(project.sql("select * from allocated_spend"), "team\nx\n");
}

#[test]
fn a_wrong_rule_points_at_its_line() {
    let rules: BTreeMap<&str, &str> = BTreeMap::from([
        ("by = \"even\"", "among nobody"),
        ("by = \"fixed\"\nshares = { a = 0.5 }", "do not add up"),
        ("by = \"cost\"\nwhere = \"team = \"", "no condition"),
        ("by = \"cost\"\nvalid_form = \"2026-07-01\"", "valid_form"),
    ]);
    for (rule, wanted) in rules {
        let project = Project::new(&format!("[[allocation.rules]]\nname = \"shared\"\nfrom = \"platform\"\n{rule}\n"));
        let error = project.run(&["tables"]).refused(2);
        assert!(error.contains(wanted) && error.contains("outlay.toml:"), "{error}");
    }
}

#[test]
fn headcount_without_a_roster_says_what_is_missing() {
    let project = Project::new(
        "[sources.charges]\npath = \"charges\"\n[[allocation.rules]]\nname = \"shared\"\nfrom = \"platform\"\nby = \"headcount\"\n",
    );
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let error = project.run(&["-c", "select * from allocated_spend"]).refused(1);
    assert!(error.contains("no table `roster`") && error.contains("[tables.roster]"), "{error}");
}

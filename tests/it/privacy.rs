//! Principals are pseudonyms: the same rows as with names, and nobody's name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::project::{Project, charges, texts, with};

const KEY: &str = "a key of thirty-two characters..";

/// The sample company with `privacy` for its section of that name, and the key in the environment.
fn sample(privacy: &str) -> Project {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    let config = std::fs::read_to_string(folder.join("outlay.toml")).unwrap();
    let config = config.replace("path = \"", &format!("path = \"{}/", folder.display()));
    let (before, after) = config.split_once("[privacy]\nprincipals = \"names\"\n").unwrap();
    let mut project = Project::new(&format!("{before}[privacy]\nkey_env = \"PSEUDONYM_KEY\"\n{privacy}\n{after}"));
    project.environment("PSEUDONYM_KEY", KEY);
    project
}

fn cells(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn asked(project: &Project, sql: &str) -> Vec<Vec<String>> {
    cells(&project.run(&["--format", "tsv", "-c", sql]).ok()).split_off(1)
}

/// Everybody in the sample by everything that names them, each with the pseudonym.
fn everybody(named: &Project) -> BTreeMap<String, String> {
    let of_roster = "select distinct unnest(make_array(principal_id, name, email)) as person from roster";
    let of_spend = "select distinct unnest(make_array(PrincipalId, CredentialId)) from spend";
    let sql = format!("select person, pseudonym(person) from ({of_roster} union {of_spend}) where person is not null");
    asked(named, &sql).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect()
}

/// What everything that names somebody in the sample has a piece of.
const MARKS: [&str; 25] = [
    "u-0",
    "u-1",
    "u-2",
    "svc-",
    "@acme.example",
    " Adler",
    " Bauer",
    " Costa",
    " Diaz",
    " Eriksen",
    " Fischer",
    " Garcia",
    " Haddad",
    " Ito",
    " Jansen",
    " Kaya",
    " Lund",
    " Mensah",
    " Novak",
    " Okafor",
    " Patel",
    " Rossi",
    " Silva",
    " Tanaka",
    " Weber",
];

#[track_caller]
fn names_nobody(text: &str, what: &str) {
    let found = MARKS.iter().find(|mark| text.contains(**mark));
    assert!(found.is_none(), "{what} names somebody with `{found:?}`");
}

#[test]
fn every_saved_query_gives_the_same_rows_and_names_nobody() {
    let (named, veiled) = (sample("principals = \"names\"\nmin_group = 5"), sample(""));
    let everybody = everybody(&named);
    assert!(everybody.len() > 800, "{}", everybody.len());
    assert!(everybody.keys().all(|person| MARKS.iter().any(|mark| person.contains(mark))), "{everybody:?}");
    let queries = cells(&named.run(&["list", "--format", "tsv"]).ok());
    let at = |name: &str| queries[0].iter().position(|column| column == name).unwrap();
    let (name, tags) = (at("name"), at("tags"));
    let mut with_people = BTreeSet::new();
    // Views of whole charges hold tags, with a person in the middle of a cell; what is built on them is run.
    for query in queries.iter().skip(1).filter(|row| !row[tags].contains("building-block")).map(|row| &row[name]) {
        let args = ["--format", "tsv", "run", query];
        let (names, pseudonyms) = (named.run(&args), veiled.run(&args));
        assert_eq!(names.code, pseudonyms.code, "{query}: {}", pseudonyms.stderr);
        names_nobody(&pseudonyms.stdout, query);
        names_nobody(&pseudonyms.stderr, query);
        let mut expected = cells(&names.stdout);
        for cell in expected.iter_mut().flatten() {
            if let Some(pseudonym) = everybody.get(cell) {
                cell.clone_from(pseudonym);
                with_people.insert(query.clone());
            }
        }
        let mut found = cells(&pseudonyms.stdout);
        expected.sort();
        found.sort();
        let differing = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert!(found.len() == expected.len() && differing.is_none(), "{query}: {differing:?}");
    }
    assert!(with_people.contains("suspect_usage") && with_people.contains("runaway_loops"), "{with_people:?}");
}

#[test]
fn no_table_names_anybody() {
    let veiled = sample("");
    for sql in [
        "select * from spend where ChargePeriodStart >= '2026-06-29'",
        "select * from set_aside where ChargePeriodStart >= '2026-06-29'",
        "select * from spend_as_of('2026-06-20') where ChargePeriodStart >= '2026-06-29'",
        "select * from roster",
        "select * from outcomes",
        "select distinct Tags ->> 'user_id', Tags['user_id'] from spend",
        "select min(PrincipalId), max(PrincipalId), string_agg(PrincipalId, ' ') from team_charges",
        "explain analyze select PrincipalId, Tags ->> 'workflow' from spend where PrincipalId is not null",
    ] {
        for format in ["csv", "json"] {
            let given = veiled.run(&["--format", format, "-c", sql]);
            names_nobody(&given.stderr, sql);
            names_nobody(&given.ok(), sql);
        }
    }
    names_nobody(&veiled.run(&["describe", "spend"]).ok(), "describe");
    let failed = veiled.run(&["-c", "select cast(name as int) from roster"]).refused(1);
    assert!(failed.contains("p-"), "{failed}");
    names_nobody(&failed, "an error");
}

#[test]
fn who_has_no_grant_cannot_ask_for_a_name() {
    let veiled = sample("");
    for sql in [
        "select count(*) from spend where PrincipalId = 'u-0037'",
        "select count(*) from spend where PrincipalId like 'u-%' or PrincipalId = ANY(make_array('u-0037'))",
        "select count(*) from spend where (Tags ->> 'user_id') = 'u-0037'",
        "select count(*) from roster where principal_id = 'u-0037' or email like '%@%' or lower(name) like 'ada %'",
        "select count(*) from spend join (values ('u-0037')) as asked(id) on PrincipalId = asked.id",
    ] {
        assert_eq!(asked(&veiled, sql), [["0"]], "{sql}");
    }
    let refused = veiled.run(&["-c", "select pseudonym('u-0037')"]).refused(1);
    assert!(refused.contains("pseudonym"), "{refused}");
}

/// A project with two charges, of a person and of a service account, and `privacy` for its section of that name.
fn small(privacy: &str) -> Project {
    let project = Project::new(&format!("[sources.charges]\npath = \"charges\"\n[privacy]\n{privacy}\n"));
    let columns = with(charges("2026-06", &[1.0, 2.0]), "PrincipalId", texts(&["ada@acme.example", "svc-ci"]));
    let columns = with(columns, "x_Requester", texts(&["ada@acme.example", ""]));
    let tags = [r#"{"team":"a","owner":"ada@acme.example","aws:createdBy":"ada@acme.example"}"#, "ada@acme.example"];
    project.parquet("charges/june.parquet", &with(columns, "Tags", texts(&tags)));
    project
}

const PRINCIPALS: &str = "select PrincipalId from spend order by BilledCost";

#[test]
fn the_key_makes_the_pseudonym() {
    let keyed = |key: &str| {
        let mut project = small("key_env = \"PSEUDONYM_KEY\"");
        project.environment("PSEUDONYM_KEY", key);
        project.run(&["-c", PRINCIPALS])
    };
    let (given, again, other) = (keyed(KEY), keyed(KEY), keyed("another key of this company"));
    assert!(!given.stderr.contains("key_env"), "{}", given.stderr);
    let pseudonyms = given.ok();
    // HMAC-SHA256 of the address under the key, as any other tool gives it, cut to 64 bits.
    assert_eq!(pseudonyms.lines().nth(1), Some("p-7e9c03e4ce1dc86e"));
    assert_eq!(again.ok(), pseudonyms);
    let other = other.ok();
    assert!(pseudonyms.lines().skip(1).all(|pseudonym| !other.contains(pseudonym)), "{other}");

    let of_file = small("key_file = \"secret/key\"");
    of_file.write("secret/key", format!("{KEY}\n"));
    assert_eq!(of_file.sql(PRINCIPALS), pseudonyms);
}

#[test]
fn without_a_key_pseudonyms_pass_and_say_so() {
    let project = small("");
    let (one, other) = (project.run(&["-c", PRINCIPALS]), project.run(&["-c", PRINCIPALS]));
    assert!(one.stderr.contains("`key_env` or `key_file`"), "{}", one.stderr);
    let (one, other) = (one.ok(), other.ok());
    assert!(one != other && !one.contains("ada") && !one.contains("svc"), "{one}");
    let total = project.run(&["-c", "select sum(BilledCost) from spend"]);
    assert_eq!(total.stderr, "", "a sum of money shows nobody");
}

#[test]
fn a_key_that_is_missing_or_short_is_refused_and_never_shown() {
    let missing = small("key_env = \"PSEUDONYM_KEY\"").run(&["-c", PRINCIPALS]).refused(2);
    assert!(missing.contains("PSEUDONYM_KEY"), "{missing}");
    let nowhere = small("key_file = \"nowhere\"").run(&["-c", PRINCIPALS]).refused(2);
    assert!(nowhere.contains("nowhere"), "{nowhere}");
    let mut short = small("key_env = \"PSEUDONYM_KEY\"");
    short.environment("PSEUDONYM_KEY", "hunter2");
    let short = short.run(&["-c", PRINCIPALS]).refused(2);
    assert!(short.contains("16") && !short.contains("hunter2"), "{short}");
    let mut shown = small("key_env = \"PSEUDONYM_KEY\"");
    shown.environment("PSEUDONYM_KEY", KEY);
    let shown = shown.run(&["config"]).ok();
    assert!(shown.contains("principals,pseudonyms") && !shown.contains(KEY), "{shown}");
    let mut named = small("key_env = \"PSEUDONYM_KEY\"\nprincipals = \"names\"");
    assert!(named.sql(PRINCIPALS).contains("ada@acme.example"));
    named.environment("PSEUDONYM_KEY", KEY);
    assert!(named.sql("select pseudonym(PrincipalId) as p from spend").contains("p-7e9c03e4ce1dc86e"));
}

#[test]
fn persons_and_service_accounts_are_as_declared() {
    let privacy = "exempt = [\"svc-*\"]\npersons = [\"x_Requester\", \"Tags.owner\"]";
    let project = small(privacy);
    let rows = asked(&project, "select PrincipalId, x_Requester, Tags from spend order by BilledCost");
    let person = &rows[0][0];
    assert!(person.starts_with("p-") && person.len() == 18, "{person}");
    assert_eq!(rows[0][1], *person);
    assert_eq!(rows[0][2], format!(r#"{{"team":"a","owner":"{person}","aws:createdBy":"{person}"}}"#));
    assert_eq!(rows[1], ["svc-ci", "", ""]);
    // Not declared: the tag stays, and the column.
    let rows =
        asked(&small(""), "select x_Requester, Tags ->> 'owner', Tags ->> 'team' from spend order by BilledCost");
    assert_eq!(rows[0][1..], ["ada@acme.example", "a"]);
}

#[test]
fn the_scope_of_a_principal_is_a_person() {
    let caps = "scope_type,scope,period_start,period_end,amount,currency\n\
                team,ops,2026-06-01,2026-07-01,1,USD\nprincipal,ada@acme.example,2026-06-01,2026-07-01,2,USD\n";
    let project = small("[tables.caps]\npath = \"caps.csv\"");
    project.write("caps.csv", caps);
    let rows = asked(&project, "select scope from caps order by amount");
    assert_eq!(rows[0], ["ops"]);
    assert!(rows[1][0].starts_with("p-"), "{rows:?}");
    let joined = "select count(*) from caps join spend on PrincipalId = scope";
    assert_eq!(asked(&project, joined), [["1"]]);
}

#[test]
fn caps_meet_the_charges_of_their_people_under_pseudonyms() {
    let mapped = "path = \"limits.csv\"\ncolumns = { scope_type = \"kind\", scope = \"who\" }\n\
                  constants = { period_start = \"2026-06-01\", period_end = \"2026-07-01\", currency = \"USD\" }\n\
                  [tables.caps.values.scope_type]\nemployee = \"principal\"\n";
    let project = small(&format!("exempt = [\"svc-*\"]\n[tables.caps]\n{mapped}"));
    project.write("limits.csv", "kind,who,amount\nemployee,ada@acme.example,1\nemployee,svc-ci,4\n");
    let asked = ["--format", "tsv", "run", "near_caps", "-p", "year=2026", "-p", "today=2026-07-08"];
    let rows = cells(&project.run(&asked).ok()).split_off(1);
    assert!(rows[0][1].starts_with("p-") && rows[1][1] == "svc-ci", "{rows:?}");
    let used: Vec<_> = rows.iter().map(|row| (row[7].as_str(), row[10].as_str())).collect();
    assert_eq!(used, [("1.00", "reached"), ("2.00", "below")]);
}

#[test]
fn a_roster_made_of_another_table_hides_its_people_too() {
    let project = small("[tables.hr]\npath = \"hr.csv\"");
    project.write("hr.csv", "Badge,Dept,Since\nada@acme.example,ops,2026-01-01\n");
    let roster = "-- description: Who is in which team?\nSELECT Badge AS principal_id, Dept AS team, Since AS start_date FROM hr";
    project.write("queries/roster.sql", roster);
    let sql = "select roster.principal_id from roster join spend on PrincipalId = roster.principal_id";
    let rows = asked(&project, sql);
    assert!(rows.len() == 1 && rows[0][0].starts_with("p-"), "{rows:?}");
}

#[test]
fn a_broken_row_does_not_tell_whose_it_is() {
    let project = Project::new("[tables.people]\npath = \"people.csv\"\ncolumns = { start_date = \"date\" }\n");
    project.write("people.csv", "principal_id,name,start_date\nu-2,Bea Bauer,someday\n");
    let failed = project.run(&["-c", "select * from people"]).refused(1);
    assert!(failed.contains("someday") && failed.contains("line 1") && !failed.contains("Bea"), "{failed}");
}

#[test]
fn what_is_landed_is_what_the_vendor_wrote() {
    let project = Project::new("[sources.usage]\npath = \"bucket\"\n[privacy]\nprincipals = \"names\"\n");
    let line = r#"{"request_id":"r","startTime":"2026-06-01T10:00:00Z","endTime":"2026-06-01T10:00:01Z","user":"ada@acme.example","model":"m","spend":0.5,"total_tokens":3,"prompt_tokens":1,"completion_tokens":2}"#;
    project.write("spend.ndjson", line);
    project.run(&["land", "spend.ndjson", "--dialect", "litellm-spend", "--to", "bucket"]).ok();
    assert!(project.sql("select distinct PrincipalId from spend").contains("ada@acme.example"));
}

//! The patterns of waste on the sample company: what was planted is flagged, and how often somebody else is.

use std::collections::BTreeSet;
use std::path::Path;

use outlay::demo::Truth;

use super::project::Project;

/// A pattern, the months that it looks at, and whether it looks at people only.
const PATTERNS: [(&str, u32, bool); 8] = [
    ("runaway_loops", 3, false),
    ("spend_without_outcome", 3, true),
    ("round_the_clock", 6, true),
    ("token_inflation", 3, false),
    ("review_bursts", 12, false),
    ("duplicate_prompts", 3, false),
    ("cache_churn", 3, false),
    ("suspect_usage", 12, false),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rows(args: &[&str]) -> Vec<Vec<String>> {
    let sample = root().join("sample_data");
    let place = ["-C", sample.to_str().unwrap(), "--format", "tsv"];
    let text = Project::new("").run(&[&place, args].concat()).ok();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The principals that `query` flags.
fn flagged(query: &str) -> BTreeSet<String> {
    rows(&["-c", &format!("select distinct principal_id from {query}")]).into_iter().flatten().collect()
}

fn truth() -> Truth {
    serde_json::from_slice(&std::fs::read(root().join("sample_data/truth.json")).unwrap()).unwrap()
}

#[test]
fn what_was_planted_is_flagged() {
    let truth = truth();
    let (gamer, looping) = (truth.gamer.principal_id, truth.runaway_loop.principal_id);
    for (query, _, _) in PATTERNS {
        let found = flagged(query);
        let games = ["spend_without_outcome", "round_the_clock", "token_inflation", "suspect_usage"].contains(&query);
        assert_eq!(found.contains(&gamer), games, "{query}: {found:?}");
        let loops = ["runaway_loops", "suspect_usage"].contains(&query);
        assert_eq!(found.contains(&looping), loops, "{query}: {found:?}");
    }
    let worst = &rows(&["run", "suspect_usage"])[0];
    assert_eq!(
        (worst[0].as_str(), worst[2].as_str(), worst[3].as_str()),
        (gamer.as_str(), "3", "round_the_clock, spend_without_outcome, token_inflation")
    );
}

#[test]
fn false_alarms_are_as_often_as_each_query_says() {
    let truth = truth();
    let planted = BTreeSet::from([truth.gamer.principal_id, truth.runaway_loop.principal_id]);
    for (query, months, people) in PATTERNS {
        let alarms = flagged(query).difference(&planted).count();
        let only = if people { " and PrincipalId in (select principal_id from roster)" } else { "" };
        let all = rows(&[
            "-c",
            &format!(
                "select count(*) from (select distinct PrincipalId from spend where ConsumedUnit = 'Tokens' \
                 and ChargePeriodStart >= timestamp '2026-07-01' - interval '{months} months' \
                 and ChargePeriodStart < '2026-07-01' and PrincipalId is not null{only})"
            ),
        ]);
        let text = std::fs::read_to_string(root().join(format!("queries/waste/{query}.sql"))).unwrap();
        let stated = format!("{alarms} of {}", all[0][0]);
        assert!(text.contains(&stated), "{query} has to say {stated}");
    }
}

#[test]
fn the_money_of_the_teams_is_all_there_whatever_is_suppressed() {
    let sum = |args: &[&str], column: usize| -> Vec<String> {
        rows(args).into_iter().map(|row| row[column].clone()).collect()
    };
    let total = sum(
        &[
            "-c",
            "select sum(EffectiveCost) from spend where ConsumedUnit = 'Tokens' and ChargePeriodStart >= '2026-04-01' and ChargePeriodStart < '2026-07-01'",
        ],
        0,
    );
    assert_eq!(sum(&["-c", "select sum(effective_cost) from suspect_use_by_team"], 0), total);
}

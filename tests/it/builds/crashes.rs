//! Builds that are killed, stopped, and started together.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use outlay::clock::{Clock, SystemClock};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::super::project::{Project, charges};
use super::{files, intervals, project, sum};

/// How often a build is killed, unless `OUTLAY_KILLS` says otherwise.
const KILLS: u32 = 12;

#[expect(clippy::disallowed_methods, reason = "how long a test may take is no business of the library")]
fn kills() -> u32 {
    std::env::var("OUTLAY_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS).max(1)
}

fn started(project: &Project, args: &[&str]) -> Child {
    project.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What a build may leave: the old table or the new one. Then the next build heals and `vacuum` leaves nothing.
#[test]
fn a_killed_build_leaves_the_old_table_or_the_new_one() {
    let project = project();
    let _built = project.run(&["build", "by_month"]).ok();
    let mut dice = StdRng::seed_from_u64(6);
    let mut old = "6.00".to_owned();
    let clock = SystemClock::default();
    let _whole = project.run(&["build", "by_month", "--force"]).ok();
    let longest = clock.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
    let kills = kills();
    for round in 0..kills {
        let costs = [f64::from(round), 10.0, 100.0];
        for (month, cost) in ["2026-01", "2026-02", "2026-03"].iter().zip(costs) {
            project.parquet(&format!("charges/{month}.parquet"), &charges(month, &[cost]));
        }
        let new = format!("{:.2}", costs.iter().sum::<f64>());
        let mut build = started(&project, &["build", "by_month", "--jobs", "2"]);
        std::thread::park_timeout(Duration::from_micros(dice.random_range(0..longest)));
        build.kill().unwrap();
        let _ended = build.wait().unwrap();
        let found = sum(&project);
        assert!(found == old || found == new, "round {round}: {found} is neither {old} nor {new}");
        old = found;
    }
    let healed = format!("{:.2}", f64::from(kills - 1) + 110.0);
    let _built = project.run(&["build", "by_month"]).ok();
    assert_eq!(sum(&project), healed);
    let _swept = project.run(&["vacuum", "--retention", "0s"]).ok();
    assert_eq!(files(&project, "by_month").len(), 3);
    for left in ["_locks/by_month", "_probe"] {
        let left = std::fs::read_dir(project.path().join("summaries").join(left)).unwrap();
        assert_eq!(left.map(|file| file.unwrap().path()).collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
    }
    assert_eq!(sum(&project), healed);
}

#[test]
fn a_stopped_build_says_so_and_gives_its_locks_back() {
    let project = project();
    // Long enough that nobody sees its end.
    project.write(
        "queries/slowly.sql",
        "-- materialize: table=slow\nSELECT count(*) AS n FROM generate_series(1, 3000000) AS a (i) \
         JOIN generate_series(1, 3000000) AS b (j) ON a.i <> b.j",
    );
    let mut build = started(&project, &["build", "slow"]);
    let stderr = build.stderr.take().unwrap();
    let mut lines = BufReader::new(stderr).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "slow: 1 due");
    let lock = project.path().join("summaries/_locks/slow/all.json");
    while !lock.exists() {
        std::thread::yield_now();
    }
    let clock = SystemClock::default();
    let kill = std::process::Command::new("sh").args(["-c", &format!("kill -TERM {}", build.id())]).status().unwrap();
    assert!(kill.success());
    assert_eq!(build.wait().unwrap().code(), Some(143));
    assert!(clock.elapsed() < Duration::from_secs(60), "an end that never comes");
    assert!(!lock.exists());
    assert_eq!(project.sql("select outcome from runs"), "outcome\ncancelled\n");
}

#[test]
fn of_two_builds_of_one_table_one_wins_and_the_other_says_so() {
    let project = project();
    let two = [started(&project, &["build", "by_month"]), started(&project, &["build", "by_month"])];
    let codes = two.map(|build| build.wait_with_output().unwrap().status.code().unwrap());
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 5].contains(code)), "{codes:?}");
    assert_eq!(sum(&project), "6.00");
    assert_eq!(project.sql("select count(*) as n from by_month"), "n\n3\n");
}

#[test]
fn eight_builds_of_other_months_all_succeed() {
    let project = project();
    let months: Vec<String> = (5..13).map(|month| format!("2025-{month:02}")).collect();
    for month in &months {
        project.parquet(&format!("charges/{month}.parquet"), &charges(month, &[10.0]));
    }
    let builds: Vec<Child> =
        months.iter().map(|month| started(&project, &["build", "by_month", "--from", month, "--to", month])).collect();
    for build in builds {
        let output = build.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(sum(&project), "80.00");
    assert_eq!(intervals(project.run(&["build", "by_month"])), ["2026-01", "2026-02", "2026-03"]);
    assert_eq!(sum(&project), "86.00");
}

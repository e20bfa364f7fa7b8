//! Pilots of AI: each in a workflow of a team, stage by stage, and what became of them.

use rand::Rng;
use rand::seq::SliceRandom;

use super::calendar::{Calendar, Day, date_of};
use super::company::Assignment;
use super::ledger::Ledger;
use super::money::Amount;
use super::random::generator;
use super::teams::TEAMS;
use super::truth::{PilotGroup, Pilots as PilotsTruth};

/// Pilots whose outcomes were set first, and how many of them were deployed: 48 %.
const GUIDED: (usize, usize) = (25, 12);
/// The other pilots, and how many of them were deployed: 15 %.
const UNGUIDED: (usize, usize) = (40, 6);
/// The stages before a pilot is deployed.
const STAGES: [&str; 3] = ["idea", "prototype", "pilot"];

/// One pilot; its charges are those of its workflow in its team in the months of its life.
#[derive(Debug)]
struct Pilot {
    team: usize,
    workflow: &'static str,
    guided: bool,
    deployed: bool,
    /// Stages with the day on which each was entered, the last is `deployed` or `stopped`.
    stages: Vec<(&'static str, Day)>,
    first_month: usize,
    last_month: usize,
}

/// All pilots; a pilot is known by its index.
#[derive(Debug)]
pub(super) struct Pilots(Vec<Pilot>);

/// The id of a pilot.
pub(super) fn pilot_id(pilot: usize) -> String {
    format!("pilot-{:02}", pilot + 1)
}

impl Pilots {
    /// The pilots of a seed over a history: one in each workflow of each team, then again in some.
    pub(super) fn new(seed: u64, calendar: &Calendar) -> Self {
        let mut rng = generator(seed, 60, 0);
        let mut places: Vec<(usize, &'static str)> = TEAMS
            .iter()
            .enumerate()
            .flat_map(|(team, one)| one.workflows.iter().map(move |work| (team, *work)))
            .collect();
        places.shuffle(&mut rng);
        let mut fates = [fates(true, GUIDED), fates(false, UNGUIDED)].concat();
        fates.shuffle(&mut rng);
        let span = calendar.end_day() - calendar.first_day();
        let pilot = |(number, (guided, deployed)): (usize, (bool, bool))| {
            let (team, workflow) = places[number % places.len()];
            let again = number >= places.len();
            let mut day = calendar.first_day() + if again { span / 2 } else { 0 } + rng.random_range(0..=span / 10);
            let passed = if deployed { STAGES.len() } else { rng.random_range(1..=STAGES.len()) };
            let mut stages = Vec::with_capacity(passed + 1);
            for stage in &STAGES[..passed] {
                stages.push((*stage, day));
                day += rng.random_range(span / 20..=span / 9);
            }
            stages.push((if deployed { "deployed" } else { "stopped" }, day));
            let first_month = calendar.month_of(stages[0].1);
            Pilot { team, workflow, guided, deployed, stages, first_month, last_month: calendar.month_of(day) }
        };
        Self(fates.into_iter().enumerate().map(pilot).collect())
    }

    /// The pilot that the charges of an assignment in a month are for: the earlier one where two meet.
    pub(super) fn of(&self, assignment: &Assignment, month: usize) -> Option<usize> {
        self.0.iter().position(|pilot| {
            pilot.team == assignment.team
                && pilot.workflow == assignment.workflow
                && (pilot.first_month..=pilot.last_month).contains(&month)
        })
    }

    /// A row for each stage that a pilot entered.
    pub(super) fn csv(&self) -> String {
        let mut csv = String::from("pilot_id,name,team,workflow,stage,entered_at,guided\n");
        for (number, pilot) in self.0.iter().enumerate() {
            let (id, team, workflow) = (pilot_id(number), TEAMS[pilot.team].name, pilot.workflow);
            for (stage, day) in &pilot.stages {
                let (day, guided) = (date_of(*day), pilot.guided);
                csv.push_str(&format!("{id},AI for {workflow} in {team},{team},{workflow},{stage},{day},{guided}\n"));
            }
        }
        csv
    }

    /// What became of them, and what the charges with their tags cost.
    pub(super) fn truth(&self, ledger: &Ledger) -> PilotsTruth {
        let group = |guided: bool| {
            let group = || self.0.iter().enumerate().filter(move |(_, pilot)| pilot.guided == guided);
            let cost = |(number, _): (usize, &Pilot)| ledger.pilot_effective.get(&number).copied().unwrap_or_default();
            PilotGroup {
                pilots: u64::try_from(group().count()).unwrap_or_default(),
                deployed: u64::try_from(group().filter(|(_, pilot)| pilot.deployed).count()).unwrap_or_default(),
                effective_cost: group().map(cost).sum::<Amount>(),
            }
        };
        PilotsTruth { guided: group(true), unguided: group(false) }
    }
}

/// Guided or not and deployed or not, for each pilot of a group.
fn fates(guided: bool, (pilots, deployed): (usize, usize)) -> Vec<(bool, bool)> {
    (0..pilots).map(|number| (guided, number < deployed)).collect()
}

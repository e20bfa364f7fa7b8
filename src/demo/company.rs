//! The people and service accounts of Acme Analytics: teams over time, and when each person starts to use AI.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::calendar::{Calendar, Day, Milestones, is_weekend};
use super::random::{Draw, generator};
use super::teams::{PRODUCTS, TEAMS};

const PEOPLE: usize = 284;
/// The person who burns tokens around the clock.
const GAMER: usize = 36;
/// The team of the gamer.
const GAMER_TEAM: usize = 2;
/// Charges of a first use: input and output tokens.
pub(super) const FIRST_USE_ROWS: u64 = 2;
/// Charges of the runaway loop: input and output tokens of each hour of a day.
pub(super) const RUNAWAY_ROWS: u64 = 48;
/// The service account that runs away, as an index into [`SERVICES`].
const RUNAWAY_SERVICE: usize = 1;

/// Service accounts: name, team, workflow, and their use of AI against that of a person.
const SERVICES: [(&str, usize, &str, u32); 8] = [
    ("svc-code-review", 0, "code-review", 40),
    ("svc-ticket-triage", 6, "ticket-triage", 30),
    ("svc-ci-tests", 1, "test-writing", 24),
    ("svc-knowledge-index", 7, "knowledge-search", 20),
    ("svc-incident-bot", 0, "incident-triage", 8),
    ("svc-lead-scoring", 8, "lead-research", 8),
    ("svc-invoice-match", 11, "invoice-matching", 6),
    ("svc-eval-runner", 5, "code-generation", 16),
];

const FIRST_NAMES: [&str; 20] = [
    "Ada", "Amir", "Bea", "Carlos", "Chen", "Dana", "Elif", "Farid", "Grace", "Hana", "Ivan", "Jonas", "Kofi", "Lena",
    "Mira", "Noor", "Olu", "Priya", "Sofia", "Tomas",
];
const LAST_NAMES: [&str; 20] = [
    "Adler", "Bauer", "Costa", "Diaz", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Kaya", "Lund",
    "Mensah", "Novak", "Okafor", "Patel", "Rossi", "Silva", "Tanaka", "Weber",
];

/// The logistic curve: the logit, in hundredths, at 0 %, 5 %, ... 100 %, cut off at both ends.
const LOGIT: [i64; 21] =
    [-450, -294, -220, -173, -139, -110, -85, -62, -41, -20, 0, 20, 41, 62, 85, 110, 139, 173, 220, 294, 450];

/// Time in a team: from `start` to before `end`.
#[derive(Debug, Clone)]
pub(super) struct Stint {
    pub(super) team: usize,
    pub(super) start: Day,
    /// First day not in the team; none while it lasts.
    pub(super) end: Option<Day>,
}

/// A person or a service account.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) stints: Vec<Stint>,
    /// Day of the first AI use; none for those who never start.
    pub(super) first_use: Option<Day>,
    /// First day without AI use after someone gave up; none for those who stay.
    gave_up: Option<Day>,
    /// How much it uses AI against others.
    weight: u32,
    pub(super) is_person: bool,
}

impl Principal {
    /// The team on a day; none before the first and after the last day.
    pub(super) fn team_on(&self, day: Day) -> Option<usize> {
        self.stints
            .iter()
            .find(|stint| stint.start <= day && stint.end.is_none_or(|end| day < end))
            .map(|stint| stint.team)
    }

    fn last_day(&self) -> Option<Day> {
        self.stints.last().and_then(|stint| stint.end)
    }

    /// Whether it may use AI on a day after its first day of use.
    fn uses_on(&self, day: Day) -> bool {
        self.first_use.is_some_and(|first| first < day) && self.gave_up.is_none_or(|end| day < end)
    }
}

/// A principal at work: who, in which team, on what. The owner of an AI charge.
#[derive(Debug)]
pub(super) struct Assignment {
    pub(super) principal: usize,
    pub(super) team: usize,
    pub(super) workflow: &'static str,
    pub(super) product: &'static str,
}

/// Everybody, and everything they work on.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) principals: Vec<Principal>,
    pub(super) assignments: Vec<Assignment>,
    /// The principal with enormous use and almost no outcomes.
    pub(super) gamer: usize,
    gamer_since: Day,
    /// The day of the runaway loop.
    pub(super) runaway_day: Day,
    /// The assignment of the runaway loop.
    pub(super) runaway: usize,
}

impl Company {
    /// The company of a seed over a history.
    pub(super) fn new(seed: u64, calendar: &Calendar, milestones: &Milestones) -> Self {
        let mut rng = generator(seed, 0, 0);
        let draw = Draw::new(TEAMS.iter().map(|team| team.size));
        let mut principals: Vec<Principal> =
            (0..PEOPLE).map(|number| person(number, &draw, calendar, &mut rng)).collect();
        principals.extend(SERVICES.iter().map(|service| service_account(service, calendar)));
        let mut assignments: Vec<Assignment> =
            (0..PEOPLE).flat_map(|number| work_of(number, &principals[number])).collect();
        let runaway = assignments.len() + RUNAWAY_SERVICE;
        assignments.extend(SERVICES.iter().enumerate().map(|(number, (_, team, workflow, _))| Assignment {
            principal: PEOPLE + number,
            team: *team,
            workflow,
            product: PRODUCTS[number % PRODUCTS.len()],
        }));
        let gamer_since = calendar.start(milestones.gamer);
        let runaway_day = calendar.start(milestones.runaway) + 16;
        Self { principals, assignments, gamer: GAMER, gamer_since, runaway_day, runaway }
    }

    /// People whose first AI use lies before `day`.
    pub(super) fn adopters_before(&self, day: Day) -> u64 {
        let adopted =
            |principal: &&Principal| principal.is_person && principal.first_use.is_some_and(|use_| use_ < day);
        u64::try_from(self.principals.iter().filter(adopted).count()).unwrap_or_default()
    }

    /// The assignments of those whose first AI use falls on `day`, one each.
    pub(super) fn first_uses(&self, day: Day) -> impl Iterator<Item = usize> {
        let starts = move |assignment: &Assignment| {
            let principal = &self.principals[assignment.principal];
            principal.is_person && principal.first_use == Some(day) && principal.team_on(day) == Some(assignment.team)
        };
        let mut last = None;
        self.assignments.iter().enumerate().filter_map(move |(index, assignment)| {
            let first = starts(assignment) && last != Some(assignment.principal);
            first.then(|| {
                last = Some(assignment.principal);
                index
            })
        })
    }

    /// Token charges that `day` must have: first uses and the runaway loop.
    pub(super) fn planned_rows(&self, day: Day) -> u64 {
        let starters = u64::try_from(self.first_uses(day).count()).unwrap_or_default();
        starters * FIRST_USE_ROWS + if day == self.runaway_day { RUNAWAY_ROWS } else { 0 }
    }

    /// Who may use AI on `day`, with the weight of each assignment; never empty, since one service account has always
    /// used it.
    pub(super) fn crowd(&self, day: Day) -> Crowd {
        let mut crowd = Crowd { assignments: Vec::new(), cumulative: Vec::new() };
        for (index, assignment) in self.assignments.iter().enumerate() {
            let principal = &self.principals[assignment.principal];
            let runs_away = index == self.runaway && day == self.runaway_day;
            if runs_away || !principal.uses_on(day) || principal.team_on(day) != Some(assignment.team) {
                continue;
            }
            let games = self.games(assignment.principal, day);
            let weight = if games { 20 } else { principal.weight };
            crowd.assignments.push(index);
            crowd.cumulative.push(crowd.cumulative.last().copied().unwrap_or_default() + weight);
        }
        crowd
    }

    /// Whether `principal` burns tokens on `day` for the sake of it.
    pub(super) fn games(&self, principal: usize, day: Day) -> bool {
        principal == self.gamer && day >= self.gamer_since
    }
}

/// Those who may use AI on a day.
#[derive(Debug)]
pub(super) struct Crowd {
    assignments: Vec<usize>,
    cumulative: Vec<u32>,
}

impl Crowd {
    /// An assignment, as often as its weight says.
    pub(super) fn pick(&self, rng: &mut ChaCha8Rng) -> usize {
        let all = self.cumulative.last().copied().unwrap_or(1);
        let at = rng.random_range(0..all);
        self.assignments[self.cumulative.partition_point(|sum| *sum <= at)]
    }
}

fn person(number: usize, teams: &Draw, calendar: &Calendar, rng: &mut ChaCha8Rng) -> Principal {
    let first = FIRST_NAMES[number % FIRST_NAMES.len()];
    let last = LAST_NAMES[(number / FIRST_NAMES.len() + number * 7) % LAST_NAMES.len()];
    let id = format!("u-{:04}", number + 1);
    let email = format!("{}.{}.{}@acme.example", first.to_lowercase(), last.to_lowercase(), number + 1);
    let stints = career(number, teams, calendar, rng);
    let mut principal = Principal {
        id,
        name: format!("{first} {last}"),
        email,
        stints,
        first_use: None,
        gave_up: None,
        weight: [1, 1, 2, 2, 3, 4, 6, 9, 14][rng.random_range(0..9)],
        is_person: true,
    };
    adopt(number, &mut principal, calendar, rng);
    principal
}

/// The teams of a person: two thirds are there from the start, some leave, some change team in the middle of a month.
fn career(number: usize, teams: &Draw, calendar: &Calendar, rng: &mut ChaCha8Rng) -> Vec<Stint> {
    let (from, to) = (calendar.first_day(), calendar.end_day());
    let hired_before = rng.random_range(0..100) < 66;
    let start = if hired_before { from - rng.random_range(30..1500) } else { rng.random_range(from..to - 60) };
    let leaves = rng.random_range(0..100) < 12;
    let leaving = rng.random_range(start.max(from) + 45..=to - 10);
    let team = teams.pick(rng);
    let moving_month = calendar.month_of(rng.random_range(from + 40..to - 20));
    let moving = calendar.start(moving_month) + rng.random_range(9..20);
    if number == GAMER {
        return vec![Stint { team: GAMER_TEAM, start: from - 400, end: None }];
    }
    if number % 17 == 5 && start < moving {
        let next = (team + 1 + number % 5) % TEAMS.len();
        return vec![Stint { team, start, end: Some(moving) }, Stint { team: next, start: moving, end: None }];
    }
    vec![Stint { team, start, end: leaves.then_some(leaving) }]
}

/// Fixes the first day of AI use on a logistic curve over the history, if the person is still there then.
fn adopt(number: usize, person: &mut Principal, calendar: &Calendar, rng: &mut ChaCha8Rng) {
    let span = calendar.end_day() - calendar.first_day();
    let (step, part) = (rng.random_range(0..20usize), rng.random_range(0..1000i64));
    let logit = LOGIT[step] + (LOGIT[step + 1] - LOGIT[step]) * part / 1000;
    let willing = rng.random_range(0..100) < TEAMS[person.stints[0].team].ceiling;
    let tries = rng.random_range(0..100) < 12;
    let trial = rng.random_range(10..90);
    if number == GAMER {
        person.first_use = Some(next_working_day(calendar.first_day() + span / 4));
        return;
    }
    let on_curve = calendar.first_day() + span * 46 / 100 + span * 9 * logit / 10_000;
    let settled = person.stints[0].start + 7;
    let day = next_working_day(on_curve.max(settled).max(calendar.first_day()));
    if willing && day < calendar.end_day() && person.team_on(day).is_some() {
        person.first_use = Some(day);
        person.gave_up = tries.then_some(day + trial).or(person.last_day());
    }
}

/// `day`, or the Monday after it when it is a weekend day.
pub(super) fn next_working_day(day: Day) -> Day {
    (day..).find(|day| !is_weekend(*day)).unwrap_or(day)
}

fn service_account(service: &(&'static str, usize, &'static str, u32), calendar: &Calendar) -> Principal {
    let (id, team, _, weight) = *service;
    let fifth = (calendar.end_day() - calendar.first_day()) / 5;
    let since = if id == SERVICES[0].0 { calendar.first_day() - 1 } else { calendar.first_day() + fifth };
    Principal {
        id: id.to_owned(),
        name: id.to_owned(),
        email: String::new(),
        stints: vec![Stint { team, start: calendar.first_day() - 1, end: None }],
        first_use: Some(since),
        gave_up: None,
        weight,
        is_person: false,
    }
}

/// What a person works on: every workflow of each of its teams, always for the same product.
fn work_of(number: usize, principal: &Principal) -> Vec<Assignment> {
    let product = PRODUCTS[number % PRODUCTS.len()];
    let in_team = |stint: &Stint| {
        let team = stint.team;
        TEAMS[team].workflows.iter().map(move |workflow| Assignment { principal: number, team, workflow, product })
    };
    principal.stints.iter().flat_map(in_team).collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn everyone_uses_ai_only_while_in_a_team() {
        let calendar = Calendar::new(24, NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()).unwrap();
        let company = Company::new(7, &calendar, &Milestones::of(24));
        let adopters = company.adopters_before(calendar.end_day());
        assert!((150..250).contains(&adopters), "{adopters}");
        for principal in company.principals.iter().filter(|principal| principal.is_person) {
            assert!(principal.first_use.is_none_or(|day| principal.team_on(day).is_some()), "{}", principal.id);
        }
        let starters: usize =
            (calendar.first_day()..calendar.end_day()).map(|day| company.first_uses(day).count()).sum();
        assert_eq!(u64::try_from(starters).unwrap(), adopters);
        assert!(company.principals.iter().any(|principal| principal.stints.len() == 2));
    }
}

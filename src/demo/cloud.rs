//! What the two clouds have in common: the teams' applications that own resources, and metered lines.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::layout::Pairs;
use super::ledger::{NO_TEAM, Owner};
use super::random::Draw;
use super::teams::TEAMS;

/// From so many charges on, quantities are drawn in fine steps.
const FINE_ROWS: u64 = 1_000_000;
const RESOURCES_OF_OWNER: usize = 3;
const ENVIRONMENTS: [(&str, usize); 3] = [("production", 6), ("staging", 2), ("development", 2)];

/// Who owns cloud resources: an application of a team in an environment, or nobody known.
#[derive(Debug)]
pub(super) struct CloudOwner {
    /// Index of the team; none when untagged.
    pub(super) team: Option<usize>,
    /// Index of the sub account.
    pub(super) account: usize,
    application: String,
    environment: &'static str,
    weight: usize,
}

/// All owners: tagged ones first, then an untagged one per sub account.
pub(super) fn owners() -> Vec<CloudOwner> {
    let mut owners = Vec::new();
    for (team, described) in TEAMS.iter().enumerate() {
        for (account, (environment, weight)) in ENVIRONMENTS.into_iter().enumerate() {
            for kind in ["api", "jobs"] {
                let application = format!("{}-{kind}", described.name);
                owners.push(CloudOwner {
                    team: Some(team),
                    account,
                    application,
                    environment,
                    weight: weight * described.size,
                });
            }
        }
    }
    for account in 0..=ENVIRONMENTS.len() {
        owners.push(CloudOwner { team: None, account, application: String::new(), environment: "", weight: 30 });
    }
    owners
}

/// Draws owners by the size of their teams.
pub(super) fn owner_draw(owners: &[CloudOwner]) -> Draw {
    Draw::new(owners.iter().map(|owner| owner.weight))
}

/// The owner of what belongs to the whole company: untagged, in the management account.
pub(super) fn management(owners: &[CloudOwner]) -> usize {
    owners.len() - 1
}

/// What the ledger needs to know.
pub(super) fn ledger_owners(owners: &[CloudOwner]) -> Vec<Owner> {
    owners.iter().map(|owner| Owner { team: owner.team.unwrap_or(NO_TEAM), watched: false, pilot: None }).collect()
}

/// The tags of each owner; an untagged one has no tags or an empty set of them, both occur.
pub(super) fn tags(owners: &[CloudOwner]) -> Vec<Pairs> {
    let tags = |owner: &CloudOwner| match owner.team {
        Some(team) => Some(vec![
            ("team", TEAMS[team].name.to_owned()),
            ("application", owner.application.clone()),
            ("environment", owner.environment.to_owned()),
        ]),
        None if owner.account.is_multiple_of(2) => Some(Vec::new()),
        None => None,
    };
    owners.iter().map(tags).collect()
}

/// How far a quantity is from its average, in thousandths: whole instances come in few sizes, and a small sample has
/// few quantities so that its files stay small.
pub(super) fn jitter(rows: u64, whole: bool, rng: &mut ChaCha8Rng) -> i64 {
    match whole {
        true => rng.random_range(1..=8) * 222,
        false if rows < FINE_ROWS => rng.random_range(1..=12) * 154,
        false => rng.random_range(30..=170) * 10,
    }
}

/// The number of the resource that a line uses of an owner: an owner has a few of each kind.
pub(super) fn resource(line: usize, owner: usize) -> String {
    resource_number(line % RESOURCES_OF_OWNER, owner)
}

/// A short stable number of a resource, as eight hexadecimal digits.
fn resource_number(line: usize, owner: usize) -> String {
    let number = u64::try_from(line * 1_000 + owner).unwrap_or_default();
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:08x}", mixed >> 32)
}

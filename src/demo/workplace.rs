//! Principals at work as owners of AI charges.

use super::delivery::Setting;
use super::ledger::Owner;
use super::pilots::pilot_id;
use super::teams::TEAMS;

/// What the ledger needs to know about each assignment in a month; the gamer is watched.
pub(super) fn ledger_owners(setting: &Setting, month: usize) -> Vec<Owner> {
    let company = &setting.company;
    let owner = |assignment: &super::company::Assignment| Owner {
        team: assignment.team,
        watched: assignment.principal == company.gamer,
        pilot: setting.pilots.of(assignment, month),
    };
    company.assignments.iter().map(owner).collect()
}

/// The tags of each assignment in a month, with the id of the user when `with_user`.
pub(super) fn tags(setting: &Setting, month: usize, with_user: bool) -> Vec<Vec<(&'static str, String)>> {
    let company = &setting.company;
    let tags = |assignment: &super::company::Assignment| {
        let mut tags = vec![
            ("team", TEAMS[assignment.team].name.to_owned()),
            ("workflow", assignment.workflow.to_owned()),
            ("product", assignment.product.to_owned()),
        ];
        tags.extend(setting.pilots.of(assignment, month).map(|pilot| ("pilot", pilot_id(pilot))));
        if with_user {
            tags.push(("user_id", company.principals[assignment.principal].id.clone()));
        }
        tags
    };
    company.assignments.iter().map(tags).collect()
}

//! Principals at work as owners of AI charges.

use super::company::Company;
use super::ledger::Owner;
use super::teams::TEAMS;

/// What the ledger needs to know about each assignment; the gamer is watched.
pub(super) fn ledger_owners(company: &Company) -> Vec<Owner> {
    let owner = |assignment: &super::company::Assignment| Owner {
        team: assignment.team,
        watched: assignment.principal == company.gamer,
    };
    company.assignments.iter().map(owner).collect()
}

/// The tags of each assignment, with the id of the user when `with_user`.
pub(super) fn tags(company: &Company, with_user: bool) -> Vec<Vec<(&'static str, String)>> {
    let tags = |assignment: &super::company::Assignment| {
        let mut tags = vec![
            ("team", TEAMS[assignment.team].name.to_owned()),
            ("workflow", assignment.workflow.to_owned()),
            ("product", assignment.product.to_owned()),
        ];
        if with_user {
            tags.push(("user_id", company.principals[assignment.principal].id.clone()));
        }
        tags
    };
    company.assignments.iter().map(tags).collect()
}

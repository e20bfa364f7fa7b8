//! The teams of Acme Analytics, what they work on and what they sell.

/// A team, its function and the workflows in which it uses AI.
#[derive(Debug)]
pub(super) struct Team {
    pub(super) name: &'static str,
    pub(super) function: &'static str,
    /// Weight of its size against the other teams.
    pub(super) size: usize,
    /// How many of a hundred people ever start to use AI.
    pub(super) ceiling: u32,
    pub(super) workflows: &'static [&'static str],
}

const ENGINEERING: &[&str] = &["code-review", "code-generation", "test-writing", "incident-triage"];
const SUPPORT: &[&str] = &["ticket-reply", "ticket-triage", "knowledge-search"];
const SALES: &[&str] = &["lead-research", "proposal-draft"];

/// All teams; a team is known by its index.
pub(super) const TEAMS: [Team; 12] = [
    team("platform", "Engineering", 14, 94, ENGINEERING),
    team("payments", "Engineering", 10, 88, ENGINEERING),
    team("search", "Engineering", 9, 92, ENGINEERING),
    team("mobile", "Engineering", 8, 86, ENGINEERING),
    team("data", "Engineering", 9, 95, ENGINEERING),
    team("ml-research", "Engineering", 6, 98, ENGINEERING),
    team("support-emea", "Support", 11, 84, SUPPORT),
    team("support-amer", "Support", 11, 78, SUPPORT),
    team("sales-emea", "Sales", 7, 58, SALES),
    team("sales-amer", "Sales", 7, 50, SALES),
    team("marketing", "Marketing", 5, 72, &["campaign-copy", "seo-brief"]),
    team("finance", "Finance", 3, 40, &["invoice-matching", "close-checklist"]),
];

/// What the company sells.
pub(super) const PRODUCTS: [&str; 4] = ["analytics-cloud", "pipelines", "insights", "mobile-app"];

const fn team(
    name: &'static str,
    function: &'static str,
    size: usize,
    ceiling: u32,
    workflows: &'static [&'static str],
) -> Team {
    Team { name, function, size, ceiling, workflows }
}

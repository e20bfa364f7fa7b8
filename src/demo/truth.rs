//! What the sample holds, to the last digit: the answers that an engine must find in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::money::Amount;

/// What the sample holds. Amounts are exact US dollars; only deliveries that count are in them, and every charge once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Seed of the sample.
    pub seed: u64,
    /// Charges asked for.
    pub rows: u64,
    /// Months of history.
    pub months: u32,
    /// First month, `2024-07`.
    pub first_month: String,
    /// Last month, `2026-06`.
    pub last_month: String,
    /// The date on which somebody looks at the sample, `2026-07-08`.
    pub as_of: String,
    /// Number of charges.
    pub charges: u64,
    /// Sum of BilledCost.
    pub billed_cost: Amount,
    /// Sum of EffectiveCost.
    pub effective_cost: Amount,
    /// Sum of ListCost.
    pub list_cost: Amount,
    /// Sums by source.
    pub by_source: BTreeMap<String, SourceTotals>,
    /// Sums by month of ChargePeriodStart.
    pub by_month: Vec<MonthTotals>,
    /// Sums by month of BillingPeriodStart.
    pub by_billing_month: Vec<MonthTotals>,
    /// EffectiveCost by the team in the tags.
    pub by_team: BTreeMap<String, Amount>,
    /// EffectiveCost of charges without a team, over all sources.
    pub no_team_effective_cost: Amount,
    /// EffectiveCost of AWS charges without a team tag.
    pub aws_untagged_effective_cost: Amount,
    /// Files that must not count, by key.
    pub set_aside: Vec<SetAside>,
    /// Outcomes.
    pub outcomes: Outcomes,
    /// People with a first Anthropic token charge, by week.
    pub adopters_by_week: Vec<AdopterWeek>,
    /// People with an Anthropic token charge, by week.
    pub active_by_week: Vec<ActiveWeek>,
    /// The person with enormous token use and almost no outcomes.
    pub gamer: Gamer,
    /// The service account that ran in a loop.
    pub runaway_loop: RunawayLoop,
    /// The price change of a model.
    pub price_change: PriceChange,
    /// The AWS month that was delivered twice, whole.
    pub redelivered_month: String,
    /// BilledCost of its second delivery less that of its first.
    pub restated_delta: Amount,
    /// The correction of an earlier month.
    pub correction: Correction,
    /// The huge purchase.
    pub one_off_purchase: OneOffPurchase,
    /// The invoice that does not match the charges.
    pub invoice_residual: InvoiceResidual,
    /// Anthropic tokens by direction and cache action.
    pub tokens: Vec<TokenCount>,
    /// Cost and successful outcomes of the last three months by team.
    pub last_three_months: Vec<TeamOutcomes>,
    /// Goals of whole quarters of the history.
    pub goals: Vec<Goal>,
    /// Seats of people.
    pub seats: Seats,
    /// Caps of the last three months, as they stand at the end.
    pub caps: Vec<Cap>,
    /// Pilots by whether their outcomes were set first.
    pub pilots: Pilots,
    /// Own accelerators by cluster and model.
    pub gpu_use: Vec<GpuUse>,
    /// Sum of the quantities of each driver.
    pub driver_quantities: BTreeMap<String, u64>,
}

/// Sums over the charges of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceTotals {
    /// Number of charges.
    pub charges: u64,
    /// Sum of BilledCost.
    pub billed_cost: Amount,
    /// Sum of EffectiveCost.
    pub effective_cost: Amount,
    /// Sum of ListCost.
    pub list_cost: Amount,
}

/// Sums over the charges of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthTotals {
    /// The month, `2026-06`.
    pub month: String,
    /// Number of charges.
    pub charges: u64,
    /// Sum of BilledCost.
    pub billed_cost: Amount,
    /// Sum of EffectiveCost.
    pub effective_cost: Amount,
}

/// A file that must not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Key relative to the folder of the sample.
    pub object: String,
    /// `superseded` by a newer complete delivery, or `unfinished`: without a manifest.
    pub reason: String,
    /// Rows of the file.
    pub rows: u64,
    /// Sum of BilledCost in the file.
    pub billed_cost: Amount,
}

/// Counts of outcomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// All outcomes.
    pub total: u64,
    /// Those with status `succeeded`.
    pub succeeded: u64,
    /// Those with status `failed`.
    pub failed: u64,
    /// Those with status `reverted`.
    pub reverted: u64,
    /// All outcomes by type.
    pub by_type: BTreeMap<String, u64>,
    /// Succeeded outcomes by team.
    pub by_team_succeeded: BTreeMap<String, u64>,
    /// Those that say a value.
    pub valued: u64,
    /// Sum of the values, in US dollars.
    pub value: u64,
    /// Succeeded outcomes by their size: the quantity, 1 where there is none.
    pub succeeded_size: u64,
    /// Those that the company learned of on a later day.
    pub recorded_late: u64,
}

/// People who used AI for the first time in a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdopterWeek {
    /// Monday of the week.
    pub week_start: String,
    /// People whose first token charge lies in the week.
    pub new_adopters: u64,
    /// People whose first token charge lies in the week or before.
    pub cumulative: u64,
}

/// People who used AI in a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveWeek {
    /// Monday of the week.
    pub week_start: String,
    /// People with a token charge in the week.
    pub active_principals: u64,
}

/// A person with enormous token use and almost no outcomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gamer {
    /// Who.
    pub principal_id: String,
    /// First month of it.
    pub since: String,
    /// EffectiveCost over the whole history, of all sources and seats.
    pub effective_cost: Amount,
    /// Outcomes over the whole history.
    pub outcomes: u64,
}

/// A service account that called a model in a loop for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunawayLoop {
    /// Who.
    pub principal_id: String,
    /// The day.
    pub date: String,
    /// The workflow.
    pub workflow: String,
    /// Charges of the loop.
    pub charges: u64,
    /// EffectiveCost of the loop.
    pub effective_cost: Amount,
}

/// A price change of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChange {
    /// The model.
    pub model: String,
    /// Direction of the tokens whose price changed.
    pub token_direction: String,
    /// First day of the new price.
    pub date: String,
    /// Old price of a million tokens.
    pub from: Amount,
    /// New price of a million tokens.
    pub to: Amount,
}

/// A correction of an earlier month on a later bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Month of ChargePeriodStart.
    pub charge_month: String,
    /// Month of BillingPeriodStart.
    pub billing_month: String,
    /// BilledCost, negative.
    pub billed_cost: Amount,
}

/// A huge purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOffPurchase {
    /// Its month.
    pub month: String,
    /// BilledCost.
    pub billed_cost: Amount,
}

/// An invoice that does not match the charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceResidual {
    /// The invoice.
    pub invoice_id: String,
    /// Amount of the invoice less BilledCost of its charges.
    pub residual: Amount,
}

/// Tokens of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCount {
    /// `Input` or `Output`.
    pub token_direction: String,
    /// `Uncached`, `Read` or `Write`.
    pub token_cache_action: String,
    /// Tokens.
    pub tokens: u64,
}

/// Cost and successful outcomes of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamOutcomes {
    /// The team.
    pub team: String,
    /// EffectiveCost of the charges of the team, of all sources.
    pub effective_cost: Amount,
    /// Outcomes with status `succeeded`.
    pub succeeded: u64,
}

/// A goal and what was attained of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The goal.
    pub goal_id: String,
    /// Succeeded outcomes wanted, by size.
    pub target: u64,
    /// Succeeded outcomes of its scope, type and period, by size.
    pub attained: u64,
}

/// Seats of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// People who ever had one.
    pub people: u64,
    /// Months with a seat, over all people: charges of seats.
    pub months: u64,
    /// EffectiveCost of the charges of seats.
    pub cost: Amount,
}

/// How a cap stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapStatus {
    /// As much or more was used.
    Reached,
    /// At least four fifths were used.
    Near,
    /// Less was used.
    Below,
}

/// A cap of the last three months.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// Kind of its scope.
    pub scope_type: String,
    /// Its scope.
    pub scope: String,
    /// The cap.
    pub amount: Amount,
    /// EffectiveCost of the scope in the three months.
    pub used: Amount,
    /// How it stands at the end.
    pub status: CapStatus,
}

/// Pilots by whether their outcomes were set first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pilots {
    /// Their outcomes were set first.
    pub guided: PilotGroup,
    /// They were not.
    pub unguided: PilotGroup,
}

/// What became of some pilots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PilotGroup {
    /// Pilots begun.
    pub pilots: u64,
    /// Those of them that were deployed; the others were stopped.
    pub deployed: u64,
    /// EffectiveCost of the charges with their tags.
    pub effective_cost: Amount,
}

/// What the accelerators of a cluster served with a model over the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuUse {
    /// The cluster.
    pub cluster: String,
    /// The model.
    pub model: String,
    /// Hours, times accelerators.
    pub gpu_hours: u64,
    /// What they cost, in US dollars.
    pub cost: Amount,
    /// Tokens that came out.
    pub tokens_served: u64,
    /// Cost of a million tokens if none of their seconds were idle, rounded to six digits.
    pub full_use_cost_per_million: Amount,
}

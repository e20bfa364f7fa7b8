//! The tables beside the bills, as CSV, and those of them that follow from people and bills alone.

use super::anthropic;
use super::calendar::{Calendar, Day, date_of};
use super::company::Company;
use super::delivery::Setting;
use super::gpus;
use super::ledger::Ledger;
use super::money::Amount;
use super::outcomes::Counts;
use super::plans;
use super::quota::Source;
use super::teams::TEAMS;
use super::truth::InvoiceResidual;
use crate::error::Result;

/// The price book.
pub(super) const PRICES: &str = "facts/prices.csv";

/// By how much the wrong invoice is off, in cents.
const RESIDUAL_CENTS: i128 = 128_417;

/// The ledger of each source, in the order of [`Source::ALL`], and that of all together.
#[derive(Debug)]
pub(super) struct Ledgers {
    pub(super) sources: [Ledger; 4],
    pub(super) all: Ledger,
}

/// Writes every table of facts but outcomes, and the price book.
pub(super) async fn write(setting: &Setting, ledgers: &Ledgers, counts: &Counts) -> Result<()> {
    setting.target.put("facts/roster.csv", roster(&setting.company)).await?;
    setting.target.put("facts/budgets.csv", budgets(&setting.calendar, ledgers)).await?;
    setting.target.put("facts/invoices.csv", invoices(setting, ledgers)).await?;
    setting.target.put("facts/goals.csv", plans::goals_csv(setting, counts)).await?;
    setting.target.put("facts/seats.csv", anthropic::seats::csv(setting)).await?;
    setting.target.put("facts/caps.csv", plans::caps_csv(setting, ledgers)).await?;
    setting.target.put("facts/pilots.csv", setting.pilots.csv()).await?;
    setting.target.put("facts/gpu_hours.csv", gpus::csv(setting)).await?;
    setting.target.put("facts/drivers.csv", plans::drivers_csv(setting)).await?;
    setting.target.put(PRICES, anthropic::price_book(setting)).await
}

/// The invoice that does not match.
pub(super) fn residual(setting: &Setting) -> InvoiceResidual {
    let month = setting.calendar.label(setting.milestones.wrong_invoice);
    InvoiceResidual { invoice_id: Source::Azure.invoice_id(&month), residual: Amount::new(RESIDUAL_CENTS, 2) }
}

/// People only: a row per team they were in.
fn roster(company: &Company) -> String {
    let mut csv = String::from("principal_id,name,email,team,function,start_date,end_date\n");
    for person in company.principals.iter().filter(|principal| principal.is_person) {
        for stint in &person.stints {
            let team = &TEAMS[stint.team];
            let end = stint.end.map(|day| date_of(day).to_string()).unwrap_or_default();
            let fields = [
                &person.id,
                &person.name,
                &person.email,
                team.name,
                team.function,
                &date_of(stint.start).to_string(),
                &end,
            ];
            csv.push_str(&fields.join(","));
            csv.push('\n');
        }
    }
    csv
}

/// Budgets of effective cost by month, some months ahead: for the company, each provider and each team.
fn budgets(calendar: &Calendar, ledgers: &Ledgers) -> String {
    let mut csv = String::from("scope_type,scope,period_start,period_end,amount,currency\n");
    let effective = |ledger: &Ledger| -> Vec<Amount> { ledger.by_month.iter().map(|month| month.effective).collect() };
    let mut write = |kind: &str, scope: &str, spent: &[Amount]| {
        for month in 0..calendar.months + calendar.months_ahead() {
            let (start, end) = (date_of(calendar.start(month)), date_of(calendar.end(month)));
            csv.push_str(&format!("{kind},{scope},{start},{end},{},USD\n", planned(spent, month)));
        }
    };
    write("company", plans::COMPANY, &effective(&ledgers.all));
    for (source, ledger) in Source::ALL.iter().zip(&ledgers.sources) {
        write("provider", source.provider(), &effective(ledger));
    }
    for (team, described) in TEAMS.iter().enumerate() {
        let spent: Vec<Amount> = ledgers.all.team_effective.iter().map(|month| month[team]).collect();
        write("team", described.name, &spent);
    }
    csv
}

/// Four per cent above the mean of the three months before, two more for each month ahead, in steps of 100 dollars.
fn planned(spent: &[Amount], month: usize) -> Amount {
    let last = month.clamp(1, spent.len());
    let first = last.saturating_sub(3);
    let known = &spent[first..last];
    let sum: Amount = known.iter().copied().sum();
    let count = i128::try_from(known.len()).unwrap_or(1);
    let ahead = i128::try_from(month.saturating_sub(spent.len())).unwrap_or_default();
    let step = Amount::dollars(100).units();
    let target = sum.units() / count / 100 * (104 + 2 * ahead);
    Amount::new((target / step + 1) * step, Amount::SCALE)
}

/// One invoice per issuer and billing month, equal to its charges but for one.
fn invoices(setting: &Setting, ledgers: &Ledgers) -> String {
    let calendar = &setting.calendar;
    let wrong = residual(setting);
    let mut csv = String::from("invoice_id,issuer,billing_period_start,billing_period_end,currency,amount\n");
    let date = |day: Day| date_of(day).to_string();
    for (source, ledger) in Source::ALL.iter().zip(&ledgers.sources) {
        for (month, totals) in ledger.by_billing_month.iter().enumerate() {
            let id = source.invoice_id(&calendar.label(month));
            let amount = if id == wrong.invoice_id { totals.billed + wrong.residual } else { totals.billed };
            let (start, end) = (date(calendar.start(month)), date(calendar.end(month)));
            let issuer = quoted(source.issuer());
            csv.push_str(&format!("{id},{issuer},{start},{end},USD,{amount}\n"));
        }
    }
    csv
}

/// A CSV field that may hold a comma.
fn quoted(field: &str) -> String {
    if field.contains(',') { format!("\"{field}\"") } else { field.to_owned() }
}

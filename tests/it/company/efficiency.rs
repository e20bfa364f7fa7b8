//! Caps, accelerators, seats and tokens of the sample company: what the queries about efficiency find is what was planted.

use std::collections::BTreeMap;

use outlay::demo::{Amount, CapStatus};

use super::{Company, amount, company};

/// The only row of an answer.
#[track_caller]
fn asked(company: &Company, sql: &str) -> Vec<Amount> {
    let rows = company.rows(&["-c", sql]);
    rows[0].iter().map(|cell| amount(cell)).collect()
}

#[test]
fn caps_stand_as_planted() {
    let company = company();
    let columns = ["scope_type", "scope", "phase", "cap", "used", "status", "reached_on"];
    let found = company.columns(&["run", "near_caps", "-p", "year=2026"], &columns);
    let past = found.iter().filter(|row| row[2] == "past");
    let past: BTreeMap<_, _> = past.map(|row| ((row[0].as_str(), row[1].as_str()), row)).collect();
    assert_eq!(past.len(), company.truth.caps.len());
    for cap in &company.truth.caps {
        let row = past[&(cap.scope_type.as_str(), cap.scope.as_str())];
        assert_eq!((amount(&row[3]), amount(&row[4])), (cap.amount, cap.used), "{row:?}");
        let status = match cap.status {
            CapStatus::Reached => "reached",
            CapStatus::Near => "near",
            CapStatus::Below => "below",
        };
        assert_eq!(row[5], status, "{row:?}");
        assert_eq!(row[6].is_empty(), cap.status != CapStatus::Reached, "{row:?}");
    }
    // Nothing of the months to come is known yet.
    assert!(found.iter().filter(|row| row[2] == "current").all(|row| row[5] == "below" && row[6].is_empty()));
}

#[test]
fn own_accelerators_are_held_against_what_the_tokens_cost() {
    let company = company();
    let columns = ["cluster", "model", "own_cost_per_month", "api_cost_per_million", "break_even_tokens_per_month"];
    let found = company.history("make_or_buy", &columns);
    let tokens = company.truth.tokens.iter().filter(|class| class.token_direction == "Output");
    let output: u64 = tokens.map(|class| class.tokens).sum();
    let cost = asked(&company, "select sum(EffectiveCost) from spend where ConsumedUnit = 'Tokens'")[0];
    for truth in &company.truth.gpu_use {
        let row = found.iter().find(|row| (&row[0], &row[1]) == (&truth.cluster, &truth.model)).unwrap();
        let [month, price, break_even] = [2, 3, 4].map(|at| amount(&row[at]).units());
        let digit = amount("0.0001").units();
        assert!(is_rounded(month, truth.cost.units(), company.truth.months.into(), digit), "{row:?}");
        assert!(is_rounded(price, cost.units() * 1_000_000, output.into(), digit), "{row:?}");
        // What the month costs, over the price of a token, in whole tokens: cost × output ÷ price of all output.
        let (micro, one) = (amount("0.000001").units(), amount("1").units());
        let (month, cost) = (month / micro, cost.units() / micro);
        assert!(is_rounded(break_even / one, month * i128::from(output), cost, 2), "{row:?}");
    }
}

/// Whether `found` is the quotient, rounded to `digit`.
fn is_rounded(found: i128, dividend: i128, divisor: i128, digit: i128) -> bool {
    2 * (found * divisor - dividend).abs() <= digit * divisor
}

#[test]
fn seats_and_metered_use_add_up_to_the_ledger() {
    let company = company();
    let sql = "select sum(EffectiveCost) from spend where ServiceProviderName = 'Anthropic' \
               and ServiceCategory = 'AI and Machine Learning' and PrincipalId in (select principal_id from roster)";
    let ledger = asked(&company, sql)[0];
    let columns = ["seat_cost", "cost_now", "included_cost", "verdict"];
    for by in ["principal", "plan", "provider"] {
        let period = format!("period={}-01..2026-07-01", company.truth.first_month);
        let found = company.columns(&["run", "seat_or_metered", "-p", &period, "-p", &format!("by={by}")], &columns);
        let sum = |at: usize| found.iter().map(|row| amount(&row[at])).sum::<Amount>();
        assert_eq!((sum(0), sum(1), sum(2)), (company.truth.seats.cost, ledger, Amount::default()), "{by}");
        // Every token is paid besides the seat, so no seat pays.
        assert!(found.iter().all(|row| row[3] == "metered" || row[3] == "even"), "{by}");
    }
}

#[test]
fn tokens_and_their_cost_are_all_there() {
    let company = company();
    let sql = "select sum(EffectiveCost) from spend where ConsumedUnit = 'Tokens'";
    let cost = asked(&company, sql)[0];
    let tokens: u64 = company.truth.tokens.iter().map(|class| class.tokens).sum();
    let period = format!("period={}-01..2026-07-01", company.truth.first_month);
    for by in ["model", "product", "team", "workflow"] {
        let asked = ["run", "token_efficiency", "-p", &period, "-p", &format!("by={by}")];
        let found = company.columns(&asked, &["input_tokens", "output_tokens", "effective_cost"]);
        let sum = |at: usize| found.iter().map(|row| amount(&row[at])).sum::<Amount>();
        assert_eq!(sum(0) + sum(1), amount(&tokens.to_string()), "{by}");
        assert_eq!(sum(2), cost, "{by}");
    }
    // Cost that comes with people lies in a purpose; the rest names nobody.
    let columns = ["effective_cost"];
    let purposes = company.history("adoption_by_purpose", &columns);
    let people = "select sum(EffectiveCost) from spend where ConsumedUnit = 'Tokens' and PrincipalId is not null";
    let found = purposes.iter().map(|row| amount(&row[0])).sum::<Amount>();
    assert_eq!(found, asked(&company, people)[0]);
}

//! The sample company: the engine finds in it exactly what was put there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use outlay::demo::{Amount, MonthTotals, Truth};

use super::project::Project;

mod efficiency;
mod facts;

/// A sample company and what is in it.
struct Company {
    project: Project,
    truth: Truth,
}

/// The company that the running tests share; it goes when the last of them does.
fn company() -> Arc<Company> {
    static SHARED: Mutex<Weak<Company>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let company = Arc::new(Company::new());
        *shared = Arc::downgrade(&company);
        company
    })
}

impl Company {
    fn new() -> Self {
        let project = Project::new("");
        let _ = project.run(&["demo", "acme", "--rows", "20000", "--months", "18"]).ok();
        let truth = std::fs::read(project.path().join("acme/truth.json")).unwrap();
        Self { project, truth: serde_json::from_slice(&truth).unwrap() }
    }

    fn given(&self, args: &[&str]) -> super::project::Given {
        let args: Vec<&str> = ["-C", "acme", "--format", "tsv"].iter().chain(args).copied().collect();
        self.project.run(&args)
    }

    /// The rows of an answer, cell by cell, without the names of the columns.
    #[track_caller]
    fn rows(&self, args: &[&str]) -> Vec<Vec<String>> {
        let text = self.given(args).ok();
        text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    /// The columns `columns` of the answer to the saved query `name` for the whole history.
    #[track_caller]
    fn history(&self, name: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let period = format!("period={}-01..2026-07-01", self.truth.first_month);
        self.columns(&["run", name, "-p", &period], columns)
    }

    /// The columns `columns` of an answer.
    #[track_caller]
    fn columns(&self, args: &[&str], columns: &[&str]) -> Vec<Vec<String>> {
        let text = self.given(args).ok();
        let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
        let names = lines.next().unwrap();
        let at: Vec<usize> =
            columns.iter().map(|column| names.iter().position(|name| name == column).unwrap()).collect();
        lines.map(|line| at.iter().map(|index| line[*index].clone()).collect()).collect()
    }
}

fn amount(cell: &str) -> Amount {
    cell.parse().unwrap()
}

fn count(cell: &str) -> u64 {
    cell.parse().unwrap()
}

#[test]
fn totals_are_exact_by_source() {
    let company = company();
    let sql = "select x_SourceName, count(*), sum(BilledCost), sum(EffectiveCost), sum(ListCost) from spend group by 1 order by 1";
    let found = company.rows(&["-c", sql]);
    assert_eq!(found.len(), company.truth.by_source.len());
    for (row, (name, truth)) in found.iter().zip(&company.truth.by_source) {
        assert_eq!((&row[0], count(&row[1])), (name, truth.charges));
        let costs = [amount(&row[2]), amount(&row[3]), amount(&row[4])];
        assert_eq!(costs, [truth.billed_cost, truth.effective_cost, truth.list_cost], "{name}");
    }
}

#[test]
fn totals_are_exact_by_month_of_use_and_by_month_of_the_bill() {
    let company = company();
    for (column, truth) in
        [("ChargePeriodStart", &company.truth.by_month), ("BillingPeriodStart", &company.truth.by_billing_month)]
    {
        let sql = format!(
            "select to_char({column}, '%Y-%m'), count(*), sum(BilledCost), sum(EffectiveCost) from spend group by 1 order by 1"
        );
        let found: Vec<MonthTotals> = company
            .rows(&["-c", &sql])
            .iter()
            .map(|row| MonthTotals {
                month: row[0].clone(),
                charges: count(&row[1]),
                billed_cost: amount(&row[2]),
                effective_cost: amount(&row[3]),
            })
            .collect();
        assert_eq!(&found, truth, "{column}");
    }
    let months: Vec<_> = company
        .history("spend_by_month", &["month", "charges", "effective_cost"])
        .iter()
        .map(|row| (row[0].clone(), count(&row[1]), amount(&row[2])))
        .collect();
    let truth = company.truth.by_month.iter();
    assert_eq!(
        months,
        truth.map(|month| (format!("{}-01", month.month), month.charges, month.effective_cost)).collect::<Vec<_>>()
    );
}

#[test]
fn every_team_has_its_cost_and_the_rest_is_unassigned() {
    let company = company();
    let found: BTreeMap<String, Amount> = company
        .history("spend_by_team", &["team", "effective_cost"])
        .into_iter()
        .map(|row| (row[0].clone(), amount(&row[1])))
        .collect();
    let mut truth = company.truth.by_team.clone();
    truth.insert("unassigned".to_owned(), company.truth.no_team_effective_cost);
    assert_eq!(found, truth);
    let untagged = company.history("untagged_spend", &["provider", "untagged_cost"]);
    let aws = untagged.iter().find(|row| row[0] == "AWS").unwrap();
    assert_eq!(amount(&aws[1]), company.truth.aws_untagged_effective_cost);
}

#[test]
fn providers_and_services_add_up_to_the_total() {
    let company = company();
    for query in ["spend_by_provider", "spend_by_service"] {
        let total: Amount = company.history(query, &["effective_cost"]).iter().map(|row| amount(&row[0])).sum();
        assert_eq!(total, company.truth.effective_cost, "{query}");
    }
}

#[test]
fn files_set_aside_are_those_that_do_not_count() {
    let company = company();
    let mut found = Vec::new();
    for source in company.truth.by_source.keys() {
        for row in company.rows(&["describe", source, "--part", "set-aside"]) {
            let object = row[1].split_once("/acme/").unwrap().1.to_owned();
            let reason = row[3].split([' ', ':', ',']).next().unwrap().to_owned();
            found.push((object, reason));
        }
    }
    found.sort();
    let mut truth: Vec<_> =
        company.truth.set_aside.iter().map(|file| (file.object.clone(), file.reason.clone())).collect();
    truth.sort();
    assert_eq!(found, truth);
}

#[test]
fn outcomes_and_their_cost_are_exact() {
    let company = company();
    let truth = &company.truth.outcomes;
    let rows = company.rows(&[
        "-c",
        "select count(*), count(*) filter (where status = 'succeeded'), count(*) filter (where status = 'failed'), \
         count(*) filter (where status = 'reverted') from outcomes",
    ]);
    let counts: Vec<u64> = rows[0].iter().map(|cell| count(cell)).collect();
    assert_eq!(counts, [truth.total, truth.succeeded, truth.failed, truth.reverted]);

    let rows = company.rows(&["run", "cost_per_outcome"]);
    let named = rows.iter().filter(|row| row[0] != "unassigned");
    let found: BTreeMap<String, (Amount, u64)> =
        named.map(|row| (row[0].clone(), (amount(&row[2]), count(&row[4])))).collect();
    let quarter = company.truth.last_three_months.iter();
    let truth: BTreeMap<_, _> =
        quarter.map(|team| (team.team.clone(), (team.effective_cost, team.succeeded))).collect();
    assert_eq!(found, truth);
}

#[test]
fn cost_and_successes_are_the_same_however_they_are_grouped() {
    let company = company();
    let months = company.truth.by_month.iter().rev().take(3);
    let quarter: Amount = months.map(|month| month.effective_cost).sum();
    let succeeded: u64 = company.truth.last_three_months.iter().map(|team| team.succeeded).sum();
    let successes = format!("{succeeded}");
    for (name, cost) in [
        ("cost_per_outcome", "direct_cost + allocated_cost"),
        ("cost_per_outcome_by_workflow", "direct_cost + allocated_cost"),
        ("cost_per_outcome_by_product", "direct_cost + allocated_cost"),
        ("cost_per_outcome_by_type", "effective_cost"),
        ("outcome_value", "effective_cost"),
    ] {
        let rows = company.rows(&["-c", &format!("select sum({cost}), sum(succeeded) from {name}")]);
        assert_eq!((amount(&rows[0][0]), rows[0][1].as_str()), (quarter, successes.as_str()), "{name}");
    }
    let models = company.rows(&[
        "-c",
        "select (select sum(effective_cost) from cost_per_outcome_by_model), \
         (select sum(EffectiveCost) from work_charges where model is not null \
          and ChargePeriodStart >= '2026-04-01' and ChargePeriodStart < '2026-07-01'), \
         (select sum(succeeded) from cost_per_outcome_by_model)",
    ]);
    assert_eq!(amount(&models[0][0]), amount(&models[0][1]));
    assert_eq!(amount(&models[0][2]), amount(&successes));
}

#[test]
fn adopters_and_active_people_are_exact_by_week() {
    let company = company();
    let found: Vec<_> = company
        .rows(&["run", "adoption_curve"])
        .iter()
        .map(|row| (row[0].clone(), count(&row[1]), count(&row[2])))
        .collect();
    let truth = company.truth.adopters_by_week.iter();
    assert_eq!(
        found,
        truth.map(|week| (week.week_start.clone(), week.new_adopters, week.cumulative)).collect::<Vec<_>>()
    );

    // The answer begins with the first week of use; nobody used anything before.
    let weeks = &company.truth.active_by_week;
    let period = format!("period={}..2026-07-06", weeks[0].week_start);
    let found: Vec<_> = company
        .rows(&["run", "weekly_active_principals", "-p", &period])
        .iter()
        .map(|row| (row[0].clone(), count(&row[1])))
        .collect();
    let (before, since) = weeks.split_at(weeks.len() - found.len());
    assert!(before.iter().all(|week| week.active_principals == 0), "{before:?}");
    let truth = since.iter().map(|week| (week.week_start.clone(), week.active_principals));
    assert_eq!(found, truth.collect::<Vec<_>>());
}

#[test]
fn one_invoice_does_not_match() {
    let company = company();
    let rows = company.history("invoice_reconciliation", &["issuer", "billing_period_start", "residual", "status"]);
    let different: Vec<_> = rows.iter().filter(|row| row[3] != "matches").collect();
    let [found] = different.as_slice() else { panic!("{different:?}") };
    let truth = &company.truth.invoice_residual;
    assert_eq!((amount(&found[2]), found[3].as_str()), (truth.residual, "differs"));
    let id = format!("select issuer, billing_period_start from invoices where invoice_id = '{}'", truth.invoice_id);
    assert_eq!(company.rows(&["-c", &id])[0], found[..2]);
    assert_eq!(rows.len(), company.truth.by_source.len() * company.truth.by_month.len());
    // Below the materiality that the query has by default it is a warning; whoever allows nothing gets a failure.
    let strict =
        company.given(&["check", "invoice_reconciliation", "-p", "material_percent=0", "-p", "period=last(18mo)"]);
    assert_eq!(strict.code, 3, "{}{}", strict.stdout, strict.stderr);
    let lenient = format!("tolerance={}", truth.residual);
    let period = "period=last(18mo)";
    company.given(&["check", "invoice_reconciliation", "-p", &lenient, "-p", period]).ok();
    let unnamed = company.given(&["check", "-p", &lenient]).refused(2);
    assert!(unnamed.contains("belong to one query"), "{unnamed}");
}

#[test]
fn the_correction_and_the_large_purchase_are_found() {
    let company = company();
    let rows = company.history("credits_and_corrections", &["billing_month", "charge_month", "kind", "billed_cost"]);
    let corrections: Vec<_> = rows.iter().filter(|row| row[2] == "correction").collect();
    let [found] = corrections.as_slice() else { panic!("{corrections:?}") };
    let truth = &company.truth.correction;
    assert_eq!(
        (found[0].as_str(), found[1].as_str(), amount(&found[3])),
        (&*format!("{}-01", truth.billing_month), &*format!("{}-01", truth.charge_month), truth.billed_cost)
    );
    let largest = company.rows(&[
        "-c",
        "select to_char(ChargePeriodStart, '%Y-%m'), BilledCost from spend where ChargeCategory = 'Purchase' \
         order by BilledCost desc limit 1",
    ]);
    let truth = &company.truth.one_off_purchase;
    assert_eq!((largest[0][0].as_str(), amount(&largest[0][1])), (truth.month.as_str(), truth.billed_cost));
}

#[test]
fn tokens_are_exact_by_class_and_the_price_change_shows() {
    let company = company();
    let mut found: BTreeMap<(String, String), i128> = BTreeMap::new();
    for row in company.history("spend_by_model", &["token_direction", "token_cache_action", "tokens"]) {
        *found.entry((row[0].clone(), row[1].clone())).or_default() += amount(&row[2]).units();
    }
    let one = amount("1").units();
    let truth: BTreeMap<_, _> = company
        .truth
        .tokens
        .iter()
        .map(|class| {
            ((class.token_direction.clone(), class.token_cache_action.clone()), i128::from(class.tokens) * one)
        })
        .collect();
    assert_eq!(found, truth);

    let change = &company.truth.price_change;
    let price = |period: String| {
        let rows = company.rows(&["run", "spend_by_model", "-p", &format!("period={period}")]);
        let row = rows.iter().find(|row| row[1] == change.model && row[2] == change.token_direction);
        amount(&row.unwrap()[7])
    };
    assert_eq!(price(format!("{}-01..{}", company.truth.first_month, change.date)), change.from);
    assert_eq!(price(format!("{}..2026-07-01", change.date)), change.to);
}

#[test]
fn the_loop_that_ran_away_is_suspect() {
    let company = company();
    let truth = &company.truth.runaway_loop;
    let rows = company.history("runaway_loops", &["day", "principal_id", "effective_cost"]);
    let found = rows.iter().find(|row| row[0] == truth.date && row[1] == truth.principal_id).unwrap();
    assert!(amount(&found[2]) >= truth.effective_cost, "{rows:?}");
    let gamer = &company.truth.gamer;
    let sql = format!("select sum(EffectiveCost) from spend where PrincipalId = '{}'", gamer.principal_id);
    assert_eq!(amount(&company.rows(&["-c", &sql])[0][0]), gamer.effective_cost);
}

#[test]
fn a_period_given_to_the_view_of_charges_with_teams_prunes_files() {
    let company = company();
    let sql = "select team, sum(EffectiveCost) from team_charges where ChargePeriodStart >= '2026-06-01' group by team";
    let plan = company.given(&["-c", &format!("explain {sql}")]).ok();
    assert!(plan.contains("pruning_predicate=") && plan.contains("ChargePeriodStart_max"), "{plan}");
    let month = company.rows(&["run", "spend_by_team", "-p", "period=2026-06"]);
    assert_eq!(company.rows(&["-c", sql]).len(), month.len());
    let given = company.given(&["--stats=json", "run", "spend_by_team", "-p", "period=2026-06"]);
    assert!(!given.stderr.contains(r#""files":{"pruned":0,"#), "{}", given.stderr);
}

#[test]
fn every_saved_query_passes_its_checks() {
    let company = company();
    let verdicts = company.rows(&["check"]);
    assert!(verdicts.iter().all(|row| row[2] != "failed"), "{verdicts:?}");
    let warned: Vec<_> = verdicts.iter().filter(|row| row[2] == "warning").map(|row| row[0].as_str()).collect();
    assert_eq!(
        warned,
        ["budget_status", "invoice_reconciliation", "near_caps"],
        "overspent, short and reached as planted"
    );
}

#[test]
fn a_past_day_knows_what_had_been_delivered_by_then() {
    let company = company();
    let month: chrono::NaiveDate = format!("{}-01", company.truth.redelivered_month).parse().unwrap();
    let next = month.checked_add_months(chrono::Months::new(1)).unwrap();
    let [before, after] = [5, 20].map(|days| (next + chrono::TimeDelta::days(days)).to_string());
    let billed = |as_of: Option<&String>| {
        let sql =
            format!("select sum(BilledCost) from spend where x_SourceName = 'aws' and BillingPeriodStart = '{month}'");
        let as_of: Vec<&str> = as_of.into_iter().flat_map(|day| ["--as-of", day.as_str()]).collect();
        amount(&company.rows(&[&as_of[..], &["-c", &sql]].concat())[0][0])
    };
    let (then, now) = (billed(Some(&before)), billed(Some(&after)));
    assert_eq!(now - then, company.truth.restated_delta);
    assert_eq!(now, billed(None));
    let superseded =
        format!("select sum(BilledCost) from set_aside where x_SourceName = 'aws' and BillingPeriodStart = '{month}'");
    assert_eq!(amount(&company.rows(&["-c", &superseded])[0][0]), then);
    let earlier = format!("earlier={before}");
    let later = format!("later={after}");
    let rows = company.rows(&["run", "restatements", "-p", &earlier, "-p", &later]);
    let of_aws = rows.iter().filter(|row| row[0] == month.to_string() && row[1] == "AWS");
    let difference = of_aws.fold(Amount::default(), |sum, row| sum + amount(&row[8]));
    assert_eq!(difference, company.truth.restated_delta);
}

#[test]
fn the_price_change_is_the_price_effect_of_its_month() {
    let company = company();
    let change = &company.truth.price_change;
    let month = &change.date[..7];
    let tokens = company.rows(&[
        "-c",
        &format!(
            "select sum(ConsumedQuantity) from spend where ConsumedUnit = 'Tokens' \
             and (SkuPriceDetails ->> 'ModelId') = '{}' and (SkuPriceDetails ->> 'TokenDirection') = '{}' \
             and ChargePeriodStart >= '{}' and ChargePeriodStart < timestamp '{month}-01' + interval '1 month'",
            change.model, change.token_direction, change.date
        ),
    ]);
    let tokens: i128 = amount(&tokens[0][0]).units() / amount("1").units();
    let wanted = tokens * (change.to - change.from).units() / 1_000_000;
    let period = format!("period={month}");
    let effects = company.given(&["run", "estimated_and_billed", "-p", &period]).ok();
    let mut lines = effects.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let at = |column: &str| names.iter().position(|name| *name == column).unwrap();
    for line in lines {
        let wanted = if line[at("model")] == change.model { wanted } else { 0 };
        assert_eq!(amount(line[at("price_effect")]).units(), wanted, "{line:?}");
        assert_eq!(amount(line[at("difference")]), Amount::default(), "{line:?}");
    }
    assert!(wanted < 0);
}

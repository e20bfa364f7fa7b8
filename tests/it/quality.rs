//! The scorecard of a source: what breaks the rules of FOCUS is counted and named, what is missing too; and invoices.

use std::collections::BTreeMap;

use arrow::array::ArrayRef;

use super::project::{Given, Project, charges, integers, texts, times, with};

/// Two charges of May that break no rule that must hold; 2026-05-30 is the newest day.
fn sound() -> Vec<(&'static str, ArrayRef)> {
    let nothing = || -> ArrayRef { std::sync::Arc::new(arrow::array::StringArray::from(vec![None::<&str>; 2])) };
    let columns = charges("2026-05", &[12.5, 0.25]);
    let columns = with(columns, "ChargePeriodStart", times(&["2026-05-29", "2026-05-30"]));
    let columns = with(columns, "ChargePeriodEnd", times(&["2026-05-30", "2026-05-31"]));
    let columns = with(columns, "PricingQuantity", integers(&[1, 1]));
    [
        ("PricingUnit", texts(&["Hours", "GB-Hours"])),
        ("PublisherName", texts(&["Acme", "Acme"])),
        ("BillingAccountName", texts(&["Acme", "Acme"])),
        ("ChargeDescription", texts(&["use", "use"])),
        ("ChargeClass", nothing()),
    ]
    .into_iter()
    .fold(columns, |columns, (name, array)| with(columns, name, array))
}

fn checked(settings: &str, columns: &[(&'static str, ArrayRef)]) -> Given {
    let project = Project::new(&format!(
        "[project]\nas_of = \"2026-06-02\"\n[sources.charges]\npath = \"charges\"\n{settings}\n"
    ));
    project.parquet("charges/a.parquet", columns);
    project.run(&["check", "charges"])
}

/// Rule → verdict, failing, share.
fn verdicts(given: &Given) -> BTreeMap<String, (String, u64, String)> {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let rows = given.stdout.lines().skip(1).map(cells);
    rows.map(|row| (row[1].clone(), (row[3].clone(), row[4].parse().unwrap(), row[5].clone()))).collect()
}

#[track_caller]
fn verdict(given: &Given, rule: &str) -> (String, u64, String) {
    let verdicts = verdicts(given);
    assert!(verdicts.contains_key(rule), "{rule}: {}{}", given.stdout, given.stderr);
    verdicts[rule].clone()
}

fn found(verdict: &str, failing: u64, share: &str) -> (String, u64, String) {
    (verdict.to_owned(), failing, share.to_owned())
}

#[test]
fn sound_charges_pass_every_rule_that_must_hold() {
    let given = checked("", &sound());
    assert_eq!(given.code, 0, "{}{}", given.stdout, given.stderr);
    assert!(given.stderr.contains("charges: FOCUS 1.0, 2 charges"), "{}", given.stderr);
    assert_eq!(verdict(&given, "FOCUS-BilledCost-not-null"), found("ok", 0, "0.00"));
    assert_eq!(verdict(&given, "freshness"), found("not applicable", 0, ""));
}

#[test]
fn a_broken_rule_is_counted_with_its_object_and_exits_3() {
    let columns = with(sound(), "ChargeCategory", texts(&["Usage", "Usge"]));
    let columns = with(columns, "ChargePeriodEnd", times(&["2026-05-29", "2026-05-31"]));
    let columns = with(columns, "BillingCurrency", texts(&["USD", "dollars"]));
    let columns = with(columns, "Tags", texts(&["{\"team\": \"a\"}", "[1]"]));
    let given = checked("", &columns);
    assert_eq!(given.code, 3, "{}", given.stderr);
    for rule in [
        "FOCUS-ChargeCategory-allowed",
        "FOCUS-ChargePeriodEnd-after-start",
        "FOCUS-BillingCurrency-iso",
        "FOCUS-Tags-json",
    ] {
        assert_eq!(verdict(&given, rule), found("failed", 1, "0.50"), "{rule}");
        assert!(given.stderr.contains(rule), "{rule}: {}", given.stderr);
    }
    let first = given.stdout.lines().nth(1).unwrap();
    assert!(first.contains(",failed,") && first.ends_with("charges/a.parquet"), "{first}");
}

#[test]
fn rules_across_columns_speak_of_the_charges_they_mean() {
    let columns = with(sound(), "ChargeCategory", texts(&["Usage", "Tax"]));
    let columns = with(columns, "ListUnitPrice", integers(&[12, 3]));
    let given = checked("", &columns);
    // 12.5 is not 12 × 1; the tax has a price, and no charge but the usage needs one.
    assert_eq!(verdict(&given, "FOCUS-ListUnitPrice-times-quantity"), found("failed", 1, "1.00"));
    assert_eq!(verdict(&given, "FOCUS-ListUnitPrice-of-tax"), found("failed", 1, "1.00"));
    assert_eq!(verdict(&given, "FOCUS-ListUnitPrice-of-price"), found("ok", 0, "0.00"));
    assert_eq!(verdict(&given, "FOCUS-SkuId-of-price"), found("not applicable", 0, ""));
}

#[test]
fn a_known_exception_is_accepted() {
    let columns = with(sound(), "ChargeCategory", texts(&["Usage", "Usge"]));
    let given = checked("accept = [\"FOCUS-ChargeCategory-allowed\"]", &columns);
    assert_eq!(given.code, 0, "{}", given.stderr);
    assert_eq!(verdict(&given, "FOCUS-ChargeCategory-allowed"), found("accepted", 1, "0.50"));
    let error = checked("accept = [\"FOCUS-ChargeCategory-alowed\"]", &columns).refused(2);
    assert!(error.contains("did you mean `FOCUS-ChargeCategory-allowed`"), "{error}");
}

#[test]
fn stale_charges_exit_4_and_wrong_ones_come_first() {
    assert_eq!(checked("freshness = \"3d\"", &sound()).code, 0);
    let given = checked("freshness = \"2d\"", &sound());
    assert_eq!(given.code, 4, "{}", given.stderr);
    assert!(given.stdout.contains("2026-05-30, 3 days before 2026-06-02"), "{}", given.stdout);
    let wrong = with(sound(), "ChargeCategory", texts(&["Usage", "Usge"]));
    assert_eq!(checked("freshness = \"2d\"", &wrong).code, 3);
}

#[test]
fn rules_hold_for_the_files_of_their_version() {
    let project = Project::with_charges();
    let accounts = || with(sound(), "SubAccountId", texts(&["a", "b"]));
    project.parquet("charges/old.parquet", &accounts());
    let new = with(accounts(), "InvoiceId", texts(&["I-1", "I-1"]));
    let new = with(new, "SubAccountName", texts(&["A", "B"]));
    let new = with(new, "BilledCost", super::project::doubles(&[1.0, 2.0]));
    project.parquet("charges/new.parquet", &new);
    let given = project.run(&["check", "charges"]);
    assert!(given.stderr.contains("FOCUS 1.0 and 1.2, 4 charges"), "{}", given.stderr);
    assert_eq!(verdict(&given, "FOCUS-SubAccountName-with-SubAccountId"), found("ok", 0, "0.00"));
    assert_eq!(verdict(&given, "changing-columns").0, "warning");
    assert!(!given.stdout.contains("FOCUS-ServiceProviderName-present"), "{}", given.stdout);
}

#[test]
fn a_column_that_cannot_be_read_does_not_hide_the_others() {
    let columns = with(sound(), "ChargePeriodStart", integers(&[20_260_529, 20_260_530]));
    let columns = with(columns, "ChargeCategory", texts(&["Usage", "Usge"]));
    let columns = with(columns, "Note", texts(&["a", "b"]));
    let given = checked("", &columns);
    assert_eq!(given.code, 3, "{}", given.stderr);
    assert_eq!(verdict(&given, "refused-columns").1, 1);
    assert_eq!(verdict(&given, "custom-columns").1, 1);
    assert_eq!(verdict(&given, "FOCUS-ChargeCategory-allowed"), found("failed", 1, "0.50"));
    assert_eq!(verdict(&given, "FOCUS-ChargePeriodEnd-after-start").0, "not applicable");
    assert_eq!(verdict(&given, "missing-days").0, "not applicable");
}

#[test]
fn the_ledger_is_checked_source_by_source() {
    let project = Project::new("[sources.a]\npath = \"a\"\n[sources.b]\npath = \"b\"\n");
    project.parquet("a/a.parquet", &sound());
    project.parquet("b/b.parquet", &with(sound(), "ChargeCategory", texts(&["Usage", "Usge"])));
    let given = project.run(&["check", "spend"]);
    assert_eq!(given.code, 3, "{}", given.stderr);
    assert!(given.stderr.contains("FOCUS-ChargeCategory-allowed (b)"), "{}", given.stderr);
    assert!(!given.stderr.contains("(a)"), "{}", given.stderr);
    assert_eq!(project.run(&["check", "a"]).code, 0);
    let error = project.run(&["check", "a", "b"]).refused(2);
    assert!(error.contains("outlay check spend"), "{error}");
}

/// A project with one invoice of Acme for May, of which the ledger holds 12.75, in the form of Invoice Detail.
fn invoiced(cost: &str) -> Project {
    let project = Project::new(
        "[project]\nas_of = \"2026-06-02\"\n[sources.charges]\npath = \"charges\"\n[tables.invoices]\npath = \"invoice_detail.csv\"\n",
    );
    project.parquet("charges/a.parquet", &with(sound(), "InvoiceId", texts(&["I-1", "I-1"])));
    project.write(
        "invoice_detail.csv",
        format!(
            "InvoiceId,InvoiceDetailId,InvoiceIssuerName,BillingPeriodStart,BillingPeriodEnd,BillingCurrency,BilledCost,InvoiceIssueStatus\n\
             I-1,1,Acme,2026-05-01,2026-06-01,USD,{cost},Issued\nI-1,2,Acme,2026-05-01,2026-06-01,USD,0.75,Issued\n\
             I-0,1,Acme,2026-05-01,2026-06-01,USD,99.00,Voided\n"
        ),
    );
    project.write(
        "queries/invoice_lines.sql",
        "-- description: What was invoiced?\nSELECT InvoiceIssuerName AS issuer, InvoiceId AS invoice_id,\n\
         CAST(min(BillingPeriodStart) AS DATE) AS billing_period_start, CAST(max(BillingPeriodEnd) AS DATE) AS billing_period_end,\n\
         BillingCurrency AS billing_currency, CAST(sum(BilledCost) AS DECIMAL(38, 18)) AS invoiced_cost FROM invoices\n\
         WHERE InvoiceIssueStatus <> 'Voided' GROUP BY InvoiceIssuerName, InvoiceId, BillingCurrency\n",
    );
    project
}

#[test]
fn invoices_may_come_as_invoice_detail() {
    let check = |cost| invoiced(cost).run(&["check", "invoice_reconciliation"]);
    let given = check("12.00");
    assert_eq!((given.code, given.stdout.contains("warning")), (0, false), "{}{}", given.stdout, given.stderr);
    // 0.25 of 13.00 is 1.92 %, 2.25 of 15.00 is 15 %.
    let given = check("12.25");
    assert_eq!((given.code, given.stdout.contains("status = 'matches',warning,1,1")), (0, true), "{}", given.stdout);
    let given = check("14.25");
    assert_eq!(given.code, 3, "{}{}", given.stdout, given.stderr);
}

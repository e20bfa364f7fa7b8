//! The ledger: drifting files become one exact table.

use std::sync::Arc;

use arrow::array::{ArrayRef, MapBuilder, StringBuilder};

use super::project::{Project, charges, decimals, texts, with};

#[test]
fn money_is_exact_whatever_the_files_hold() {
    let project = Project::with_charges();
    project.parquet("charges/double.parquet", &charges("2026-03", &[0.1, 0.2, 8e-7]));
    project.parquet(
        "charges/decimal.parquet",
        &with(charges("2026-04", &[0.0, 0.0]), "BilledCost", decimals(&[1, 300_000_000_000_000_000], 18)),
    );
    project.parquet(
        "charges/text.parquet",
        &with(charges("2026-05", &[0.0, 0.0]), "BilledCost", texts(&["0.00000080000", "-0.1"])),
    );
    assert_eq!(project.sql("select sum(billedcost) as total from spend"), "total\n0.500001600000000001\n");
}

#[test]
fn ordinary_arithmetic_neither_overflows_nor_turns_into_floats() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1_000_000.0, 2_000_000.0]));
    let sql = "select sum(EffectiveCost) * 1.1 as raised, sum(EffectiveCost) / count(*) as mean, sum(EffectiveCost) / 7 as week, \
               sum(EffectiveCost * ListCost) as square, avg(EffectiveCost) as average from spend";
    assert_eq!(
        project.sql(sql),
        "raised,mean,week,square,average\n3300000.00,1500000.00,428571.428571428571428571,5000000000000.00,1500000.00\n"
    );
}

#[test]
fn names_resolve_in_any_letter_case_and_show_the_spelling_of_focus() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0, 2.0]));
    for name in ["ServiceName", "servicename", "SERVICENAME"] {
        let sql = format!(
            "select {name}, sum(effectivecost) as EFFECTIVECOST from spend s group by s.{name} order by {name}"
        );
        assert_eq!(project.sql(&sql), "ServiceName,EffectiveCost\nEngine,3.00\n");
    }
    assert_eq!(project.sql("select count(*) as n from FOCUS_DATA_TABLE"), "n\n2\n");
}

#[test]
fn a_wrong_name_says_what_it_may_have_meant() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let error = project.run(&["-c", "select servicenam from spend"]).refused(1);
    assert!(error.contains("did you mean `ServiceName`") && error.contains("-c:1:8"), "{error}");
    let error = project.run(&["-c", "select nosuch from spend"]).refused(1);
    assert!(error.contains("nearest names"), "{error}");
    let error = project.run(&["-c", "select 1 from spnd"]).refused(1);
    assert!(error.contains("did you mean `spend`"), "{error}");
}

#[test]
fn tags_are_json_whether_a_map_or_text_held_them() {
    let project = Project::with_charges();
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    map.keys().append_value("team");
    map.values().append_value("search");
    map.append(true).unwrap();
    map.append(false).unwrap();
    let map: ArrayRef = Arc::new(map.finish());
    project.parquet("charges/map.parquet", &with(charges("2026-04", &[1.0, 2.0]), "Tags", map));
    project
        .parquet("charges/text.parquet", &with(charges("2026-05", &[4.0]), "Tags", texts(&[r#"{"team":"search"}"#])));
    project.parquet("charges/none.parquet", &charges("2026-06", &[8.0]));
    let sql = "select Tags['team'] as team, tags ->> 'team' as same, sum(EffectiveCost) as cost from spend group by 1, 2 order by 3";
    assert_eq!(project.sql(sql), "team,same,cost\nsearch,search,5.00\n,,10.00\n");
}

#[test]
fn versions_answer_for_each_others_providers() {
    let project = Project::with_charges();
    project.parquet("charges/old.parquet", &charges("2026-04", &[1.0]));
    let mut new = charges("2026-05", &[2.0]);
    new.iter_mut().filter(|(name, _)| *name == "ProviderName").for_each(|(name, _)| *name = "ServiceProviderName");
    project.parquet("charges/new.parquet", &new);
    let sql = "select ProviderName, ServiceProviderName, sum(BilledCost) as cost from spend group by 1, 2";
    assert_eq!(project.sql(sql), "ProviderName,ServiceProviderName,cost\nAcme,Acme,3.00\n");
}

#[test]
fn a_declared_column_answers_for_the_one_of_that_name() {
    let project = Project::with_charges();
    let columns = with(charges("2026-05", &[1.0, 2.0]), "amortised", texts(&["0.50", "0.25"]));
    project.parquet("charges/a.parquet", &columns);
    project.write(
        "outlay.toml",
        "[sources.vendor]\npath = \"charges\"\n[sources.vendor.columns]\nEffectiveCost = \"amortised\"\n",
    );
    let sql = "select sum(EffectiveCost) as cost, sum(BilledCost) as billed from spend";
    assert_eq!(project.sql(sql), "cost,billed\n0.75,3.00\n");
    let drift = project.run(&["describe", "spend", "--part", "drift"]).ok();
    assert!(drift.contains("vendor,EffectiveCost,`EffectiveCost` of these files is not read"), "{drift}");
}

#[test]
fn columns_that_come_and_go_are_null_and_described() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-04", &[1.0]));
    project.parquet("charges/b.parquet", &with(charges("2026-06", &[2.0]), "x_Ticket", texts(&["T-1"])));
    let recased = with(charges("2026-07", &[4.0]), "billing_account_name", texts(&["Main"]));
    project.parquet("charges/c.parquet", &recased);
    let sql = "select x_ticket, BillingAccountName, BilledCost from spend order by BilledCost";
    assert_eq!(project.sql(sql), "x_Ticket,BillingAccountName,BilledCost\n,,1.00\nT-1,,2.00\n,Main,4.00\n");
    let drift = project.run(&["describe", "spend", "--part", "drift"]).ok();
    assert!(drift.contains("charges,BillingAccountName,called `billing_account_name` in these files,1,"), "{drift}");
    let gaps = project.run(&["describe", "charges", "--part", "gaps"]).ok();
    assert_eq!(gaps, "source,missing_month\ncharges,2026-05\n");
}

#[test]
fn predicates_and_projection_reach_the_parquet_scan() {
    let project = Project::with_charges();
    for month in ["2026-03", "2026-04", "2026-05"] {
        project.parquet(&format!("charges/{month}.parquet"), &charges(month, &[1.0; 10]));
    }
    let sql = "select sum(EffectiveCost) as cost from spend where ChargePeriodStart >= '2026-05-01' and ChargePeriodStart < '2026-06-01'";
    let plan = project.sql(&format!("explain {sql}"));
    assert!(plan.contains("projection=[ChargePeriodStart, EffectiveCost], file_type=parquet"), "{plan}");
    assert!(plan.contains("pruning_predicate=") && plan.contains("ChargePeriodStart_max"), "{plan}");
    let given = project.run(&["--stats=json", "-c", sql]);
    assert!(given.stderr.contains(r#""files":{"pruned":2,"total":3}"#), "{}", given.stderr);
    assert_eq!(given.ok(), "cost\n10.00\n");
}

#[test]
fn row_groups_are_pruned_through_the_conversion_of_types() {
    use arrow::array::{RecordBatch, TimestampMillisecondArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    let project = Project::with_charges();
    let day = 86_400_000;
    let days: Vec<i64> = (0..100).map(|index| 1_777_593_600_000 + index * day).collect();
    let starts: ArrayRef = Arc::new(TimestampMillisecondArray::from(days));
    let columns = with(charges("2026-05", &[1.0; 100]), "ChargePeriodStart", starts);
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(10)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    project.write("charges/a.parquet", bytes);
    let given = project.run(&[
        "--stats=json",
        "-c",
        "select sum(EffectiveCost) as cost from spend where ChargePeriodStart < '2026-05-06'",
    ]);
    assert!(given.stderr.contains(r#""row_groups":{"pruned":9,"total":10}"#), "{}", given.stderr);
    assert_eq!(given.ok(), "cost\n5.00\n");
}

#[test]
fn times_as_text_are_read_whatever_their_offset() {
    let project = Project::with_charges();
    let late = with(charges("2026-05", &[1.0]), "ChargePeriodStart", texts(&["2026-05-31T23:00:00-05:00"]));
    project.parquet("charges/may.parquet", &late);
    let early = with(charges("2026-01", &[2.0]), "ChargePeriodStart", texts(&["2026-01-01T00:00:00Z"]));
    project.parquet("charges/january.parquet", &early);
    let sql = "select sum(EffectiveCost) as cost from spend where ChargePeriodStart >= '2026-06-01'";
    assert_eq!(project.sql(sql), "cost\n1.00\n");
}

#[test]
fn where_a_charge_came_from_can_be_asked() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let rows = project.sql("select x_SourceName, x_ObjectName from spend");
    assert!(
        rows.starts_with("x_SourceName,x_ObjectName\ncharges,file://") && rows.ends_with("/charges/a.parquet\n"),
        "{rows}"
    );
}

#[test]
fn tables_of_text_files_keep_their_digits() {
    let project = Project::new("[tables.plans]\npath = \"plans.csv\"\n[tables.prices]\npath = \"prices.ndjson\"\n");
    project.write("plans.csv", "team,amount\nsearch,0.1\nads,0.2\n");
    project.write("prices.ndjson", "{\"model\":\"m\",\"price\":0.0000004}\n");
    assert_eq!(project.sql("select sum(amount) as total from plans"), "total\n0.30\n");
    assert_eq!(project.sql("select model, price from prices"), "model,price\nm,0.0000004\n");
}

#[test]
fn the_engine_reads_what_was_delivered_a_moment_ago() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    project.write("queries/total.sql", "-- description: Total.\nSELECT sum(BilledCost) AS total FROM spend\n");
    let config = outlay::config::Config::load(&project.path().join("outlay.toml")).unwrap();
    let engine = Arc::new(outlay::engine::Engine::builder(config).build().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let count = || {
        runtime.block_on(async {
            let mut answer =
                engine.query(outlay::engine::Sql::new("select BilledCost from spend", "test")).await.unwrap();
            answer.collect().await.unwrap().iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>()
        })
    };
    assert_eq!(count(), 1);
    project.parquet("charges/b.parquet", &charges("2026-06", &[2.0, 3.0]));
    assert_eq!(count(), 3);
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0, 1.0, 1.0, 1.0]));
    assert_eq!(count(), 6);
    std::fs::remove_file(project.path().join("charges/b.parquet")).unwrap();
    assert_eq!(count(), 4);
}

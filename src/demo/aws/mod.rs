//! AWS Data Exports in FOCUS: a folder per run, "create new", with a manifest that is written last.

mod catalog;
mod rows;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::calendar::{DAY_SECONDS, Day, date_of};
use super::cloud::{CloudOwner, ledger_owners, owners, resource, tags};
use super::delivery::{Delivered, DeliveryWriter, Setting};
use super::layout::{Dialect, Key, Layout, Numbers, Pairs, Times};
use super::ledger::Owner;
use super::line::{
    charge_columns, cloud_columns_1_2, commitment_columns, measure_columns, price_columns, price_detail_maps,
    provider_columns, region_columns, sku_columns,
};
use super::part::Part;
use super::quota::Source;
use super::random::{generator, uuid};
use super::target::{Codec, Naming};
use super::teams::TEAMS;
use crate::error::Result;
use catalog::Catalog;
use rows::{COST_SCALE, Extent, Rows};

const EXPORT: &str = "acme-focus";
/// Folder of the export inside the sample.
pub(super) const FOLDER: &str = "exports/aws/acme-focus";
const ACCOUNT: (&str, &str) = ("111122223333", "Acme Analytics");
const SUB_ACCOUNTS: [(&str, &str); 4] = [
    ("222233334444", "acme-production"),
    ("333344445555", "acme-staging"),
    ("444455556666", "acme-development"),
    ("111122223333", "acme-management"),
];
const DIALECT: Dialect = Dialect {
    costs: Numbers::Double,
    cost_scale: COST_SCALE,
    prices: Numbers::Double,
    quantities: Numbers::Double,
    times: Times::Millis,
};

/// Why a run does not count, or that it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Counts,
    Superseded,
    Unfinished,
}

/// One run of the export.
#[derive(Debug)]
struct Run {
    /// The day on which it ran.
    day: Day,
    extent: Extent,
    standing: Standing,
    restated: bool,
}

/// Writes all runs of a month.
pub(super) async fn write_month(setting: &Setting, month: usize) -> Result<Part> {
    let mut rng = generator(setting.seed, 11, month);
    let mut part = Part::new(setting.calendar.months);
    let mut superseded_billed = None;
    for run in runs(setting, month) {
        let delivered = write_run(setting, month, &run, &mut rng).await?;
        match run.standing {
            Standing::Counts => part.ledger.merge(&delivered.ledger),
            Standing::Superseded => part.set_aside.extend(delivered.set_aside("superseded")),
            Standing::Unfinished => part.set_aside.extend(delivered.set_aside("unfinished")),
        }
        let billed = delivered.ledger.totals().billed;
        match (run.standing, superseded_billed) {
            (Standing::Superseded, _) => superseded_billed = Some(billed),
            (Standing::Counts, Some(before)) if run.restated => part.restated_delta = billed - before,
            _ => {}
        }
    }
    if month == setting.milestones.correction_billed {
        part.correction = rows::correction();
    }
    if month == setting.milestones.one_off {
        part.one_off = rows::one_off();
    }
    Ok(part)
}

/// The runs of a month, oldest first: mostly one, more where something was planted.
fn runs(setting: &Setting, month: usize) -> Vec<Run> {
    let calendar = &setting.calendar;
    let next_month = calendar.end(month);
    let run = |day, extent, standing| Run { day, extent, standing, restated: false };
    let last = run(next_month + 1, Extent::Whole, Standing::Counts);
    if month == setting.milestones.redelivered {
        let first = run(next_month + 1, Extent::Whole, Standing::Superseded);
        return vec![first, Run { day: next_month + 11, restated: true, ..last }];
    }
    let newest = month + 1 == calendar.months;
    if newest || month + 2 == calendar.months {
        let early = run(calendar.start(month) + 20, Extent::Days(20), Standing::Superseded);
        let broken = newest.then(|| run(next_month + 4, Extent::Days(3), Standing::Unfinished));
        return [early, last].into_iter().chain(broken).collect();
    }
    vec![last]
}

async fn write_run(setting: &Setting, month: usize, run: &Run, rng: &mut ChaCha8Rng) -> Result<Delivered> {
    let label = setting.calendar.label(month);
    let (minute, second, milli) = (rng.random_range(0..60), rng.random_range(0..60), rng.random_range(0..1000));
    let id = uuid(rng);
    let folder = format!("BILLING_PERIOD={label}/{}T04-{minute:02}-{second:02}.{milli:03}Z-{id}", date_of(run.day));
    let catalog = Catalog::new(run.restated);
    let owners = owners();
    let ledger_owners: Vec<Owner> = ledger_owners(&owners);
    let layout = layout(setting, month, &catalog, &owners)?;
    let naming = Naming::Numbered(format!("{FOLDER}/data/{folder}/{EXPORT}-"), 5, ".snappy.parquet");
    let mut writer = DeliveryWriter::new(setting, month, &layout, &ledger_owners, naming, Codec::Snappy)?
        .that_counts(run.standing == Standing::Counts);
    Rows::new(setting, month, &catalog, &owners).write(run.extent, &mut writer).await?;
    let delivered = writer.close().await?;
    if run.standing != Standing::Unfinished {
        let key = format!("{FOLDER}/metadata/{folder}/{EXPORT}-Manifest.json");
        setting.target.put(&key, manifest(setting, month, &layout, &delivered, &id)).await?;
    }
    Ok(delivered)
}

fn manifest(setting: &Setting, month: usize, layout: &Layout, delivered: &Delivered, id: &str) -> String {
    let relative = |key: &str| key.strip_prefix(FOLDER).unwrap_or(key).trim_start_matches('/').to_owned();
    let midnight = |day: Day| format!("{}T00:00:00.000Z", date_of(day));
    let manifest = json!({
        "executionId": id,
        "exportName": EXPORT,
        "billingPeriod": {
            "start": midnight(setting.calendar.start(month)),
            "end": midnight(setting.calendar.end(month)),
        },
        "columns": layout.names(),
        "dataFiles": delivered.files.iter().map(|file| relative(&file.key)).collect::<Vec<_>>(),
    });
    format!("{manifest:#}\n")
}

/// The columns of a month: FOCUS 1.0 first, FOCUS 1.2 later.
fn layout(setting: &Setting, month: usize, catalog: &Catalog, owners: &[CloudOwner]) -> Result<Layout> {
    let calendar = &setting.calendar;
    let lines = catalog.lines();
    let period = (calendar.start(month) * DAY_SECONDS, calendar.end(month) * DAY_SECONDS);
    let layout = Layout::new(DIALECT, owners.len(), Some(period));
    let layout = price_columns(measure_columns(charge_columns(layout, &lines), &lines), &lines);
    let layout = region_columns(sku_columns(layout, &lines), &lines);
    let layout = commitment_columns(provider_columns(layout, Source::Aws, ACCOUNT), &lines);
    let layout = layout
        .text("AvailabilityZone", Key::Line, lines.iter().map(|line| line.zone))
        .text("ResourceId", Key::Resource, resource_ids(catalog, owners.len()))
        .absent("ResourceName")
        .text("SubAccountId", Key::Owner, owners.iter().map(|owner| Some(SUB_ACCOUNTS[owner.account].0)))
        .text("SubAccountName", Key::Owner, owners.iter().map(|owner| Some(SUB_ACCOUNTS[owner.account].1)))
        .text("x_UsageType", Key::Line, lines.iter().map(|line| line.usage_type.as_deref()))
        .pairs("Tags", Key::Owner, &tags(owners))?;
    let layout = if month < setting.milestones.aws_focus_1_2 {
        layout.pairs("x_CostCategories", Key::Owner, &cost_categories(owners))?
    } else {
        let invoice = Source::Aws.invoice_id(&calendar.label(month));
        price_detail_maps(cloud_columns_1_2(layout, &lines, &invoice), &lines)?
    };
    Ok(layout.sorted())
}

fn cost_categories(owners: &[CloudOwner]) -> Vec<Pairs> {
    let function = |owner: &CloudOwner| owner.team.map(|team| vec![("Function", TEAMS[team].function.to_owned())]);
    owners.iter().map(function).collect()
}

fn resource_ids(catalog: &Catalog, owners: usize) -> impl Iterator<Item = Option<String>> {
    catalog.lines.iter().enumerate().flat_map(move |(line, priced)| {
        (0..owners).map(move |owner| {
            let prefix = if priced.whole { "i" } else { "vol" };
            priced.has_resource.then(|| format!("{prefix}-{}", resource(line, owner)))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::*;

    #[test]
    fn every_line_has_what_its_category_needs() {
        let lines: Vec<Line> = Catalog::new(false).lines();
        for line in &lines {
            assert_eq!(line.consumed_unit.is_some(), line.list_price.is_some(), "{}", line.description);
        }
        assert!(lines.iter().filter(|line| line.category == "Tax").count() == 1);
        assert!(u16::try_from(lines.len() * owners().len()).is_ok());
    }
}

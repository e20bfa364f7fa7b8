//! Azure Cost Management FOCUS exports: a folder per month, in it a folder per run, each with a manifest.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::block::{Charge, Costs};
use super::calendar::{DAY_SECONDS, Day, date_of};
use super::cloud::{CloudOwner, jitter, ledger_owners, owner_draw, owners, resource, tags};
use super::delivery::{Delivered, DeliveryWriter, Setting};
use super::layout::{Dialect, Key, Layout, Numbers, Times};
use super::line::{
    Line, charge_columns, cloud_columns_1_2, commitment_columns, json_text, measure_columns, price_columns,
    price_detail_texts, provider_columns, region_columns, sku_columns,
};
use super::money::Amount;
use super::part::Part;
use super::quota::{Source, by_day};
use super::random::{Draw, generator, uuid};
use super::target::{Codec, Naming};
use crate::error::Result;

/// Folder of the export inside the sample.
pub(super) const FOLDER: &str = "exports/azure/focus-cost";
const ACCOUNT: (&str, &str) = ("/providers/Microsoft.Billing/billingAccounts/8611537", "Acme Analytics");
const SUB_ACCOUNTS: [(&str, &str); 4] = [
    ("/subscriptions/5a1c0f6e-0001", "acme-production"),
    ("/subscriptions/5a1c0f6e-0002", "acme-staging"),
    ("/subscriptions/5a1c0f6e-0003", "acme-development"),
    ("/subscriptions/5a1c0f6e-0004", "acme-shared"),
];
const DIALECT: Dialect = Dialect {
    costs: Numbers::Decimal(38, 18),
    cost_scale: 18,
    prices: Numbers::Decimal(38, 18),
    quantities: Numbers::Decimal(38, 18),
    times: Times::Micros,
};
/// Days that the run in the middle of a month covers.
const EARLY_DAYS: i64 = 10;
/// A weekend day's rows against a hundred on a working day.
const WEEKEND: u64 = 85;
const REGION: (&str, &str) = ("westeurope", "West Europe");

/// Service, category, subcategory, meter, unit, list price in 10⁻¹² dollars per unit, weight.
type Meter = (&'static str, &'static str, &'static str, &'static str, &'static str, i64, usize);

const METERS: [Meter; 11] = [
    ("Virtual Machines", "Compute", "Virtual Machines", "D4s v5", "Hours", 230_136_986_301, 10),
    ("Virtual Machines", "Compute", "Virtual Machines", "E8s v5", "Hours", 604_109_589_041, 6),
    ("Virtual Machines", "Compute", "Virtual Machines", "F16s v2", "Hours", 776_712_328_767, 4),
    ("Azure SQL Database", "Databases", "Relational Databases", "vCore", "Hours", 252_054_794_521, 6),
    ("Azure Cosmos DB", "Databases", "NoSQL Databases", "100 RU/s", "Hours", 8_000_000_000, 5),
    ("Storage Accounts", "Storage", "Object Storage", "Hot LRS Data Stored", "GB-Months", 19_600_000_000, 8),
    ("Storage Accounts", "Storage", "Object Storage", "Hot Read Operations", "Operations", 440_000, 5),
    ("Managed Disks", "Storage", "Block Storage", "P30 LRS Disk", "Count", 162_150_000_000_000, 4),
    ("Bandwidth", "Networking", "Network Routing", "Standard Data Transfer Out", "GB", 87_000_000_000, 5),
    ("Azure Kubernetes Service", "Compute", "Containers", "Standard Uptime SLA", "Hours", 100_000_000_000, 3),
    (
        "Azure Monitor",
        "Management and Governance",
        "Observability",
        "Analytics Logs Ingestion",
        "GB",
        2_760_000_000_000,
        4,
    ),
];

/// Writes both runs of a month: one in its middle, and the final one that counts.
pub(super) async fn write_month(setting: &Setting, month: usize) -> Result<Part> {
    let mut rng = generator(setting.seed, 21, month);
    let mut part = Part::new(setting.calendar.months);
    let start = setting.calendar.start(month);
    let early = write_run(setting, month, (start + EARLY_DAYS, Some(EARLY_DAYS)), &mut rng).await?;
    part.set_aside.extend(early.set_aside("superseded"));
    let last = write_run(setting, month, (setting.calendar.end(month) + 1, None), &mut rng).await?;
    part.ledger.merge(&last.ledger);
    Ok(part)
}

/// A run on a day over the first days of the month, or all of it.
async fn write_run(
    setting: &Setting,
    month: usize,
    (ran_on, days): (Day, Option<i64>),
    rng: &mut ChaCha8Rng,
) -> Result<Delivered> {
    let calendar = &setting.calendar;
    let compact = |day: Day| date_of(day).format("%Y%m%d");
    let months = format!("{}-{}", compact(calendar.start(month)), compact(calendar.end(month) - 1));
    let minute = rng.random_range(0..60);
    let id = uuid(rng);
    let folder = format!("{FOLDER}/{months}/{}11{minute:02}/{id}", compact(ran_on));
    let (owners, lines) = (owners(), lines());
    let ledger_owners = ledger_owners(&owners);
    let layout = layout(setting, month, &lines, &owners);
    let naming = Naming::Numbered(format!("{folder}/part_0_"), 4, ".parquet");
    let mut writer =
        DeliveryWriter::new(setting, month, &layout, &ledger_owners, naming, Codec::Zstd)?.that_counts(days.is_none());
    write_rows(setting, month, days, &owners, &mut writer).await?;
    let delivered = writer.close().await?;
    let submitted = format!("{}T11:{minute:02}:07.0000000Z", date_of(ran_on));
    let manifest = manifest(setting, month, &delivered, &id, &submitted);
    setting.target.put(&format!("{folder}/manifest.json"), manifest).await?;
    Ok(delivered)
}

async fn write_rows(
    setting: &Setting,
    month: usize,
    days: Option<i64>,
    owners: &[CloudOwner],
    writer: &mut DeliveryWriter<'_>,
) -> Result<()> {
    let mut rng = generator(setting.seed, 20, month);
    let (draw_line, draw_owner) = (Draw::new(METERS.iter().map(|meter| meter.6)), owner_draw(owners));
    let mean_cost = setting.workload.mean_cost(Source::Azure);
    // Billionths of a dollar over 10^-12 dollars per unit, in millionths of a unit.
    let mean =
        |price: i64| i64::try_from(i128::from(mean_cost) * 1_000_000_000 / i128::from(price)).unwrap_or(i64::MAX);
    let quantities: Vec<i64> = METERS.iter().map(|meter| mean(meter.5).max(1_000)).collect();
    let calendar = &setting.calendar;
    let until = days.map_or(calendar.end(month), |days| calendar.start(month) + days);
    let total = setting.workload.rows(Source::Azure, month);
    for (day, rows) in by_day(total, calendar, month, WEEKEND) {
        if day >= until {
            return Ok(());
        }
        for _ in 0..rows {
            let line = draw_line.pick(&mut rng);
            let owner = draw_owner.pick(&mut rng);
            let jitter = jitter(setting.rows, METERS[line].4 == "Hours", &mut rng);
            let micros = (quantities[line] / 1_000 * jitter).max(1);
            writer.push(&charge(day, line, owner, micros));
            writer.settle().await?;
        }
    }
    Ok(())
}

/// A day of usage; millionths of units times 10⁻¹² dollars make 10⁻¹⁸ dollars.
fn charge(day: Day, line: usize, owner: usize, micros: i64) -> Charge {
    let list = i128::from(micros) * i128::from(METERS[line].5);
    let contracted = i128::from(micros) * i128::from(contracted_price(METERS[line].5));
    Charge {
        line,
        owner,
        start: day * DAY_SECONDS,
        seconds: DAY_SECONDS,
        consumed: micros,
        priced: micros,
        costs: Costs { billed: contracted, effective: contracted, list, contracted },
    }
}

/// The price under the agreement, a discount of 6.83 %.
fn contracted_price(list: i64) -> i64 {
    list / 10_000 * 9_317
}

fn lines() -> Vec<Line> {
    let line = |(service, category, subcategory, meter, unit, price, _): Meter| Line {
        description: format!("{service} - {meter}"),
        sku: Some(format!("DZH318Z0-{}", resource(0, 1_000 + meter.len() * 40 + service.len()))),
        meter: Some(meter),
        consumed_unit: Some(unit),
        pricing_unit: Some(unit),
        region: Some(REGION),
        resource_type: Some(service),
        list_price: Some(Amount::new(price.into(), 12)),
        contracted_price: Some(Amount::new(contracted_price(price).into(), 12)),
        price_details: Some(vec![("x_PricingModel", "OnDemand".to_owned()), ("x_Meter", meter.to_owned())]),
        ..Line::usage(service, category, subcategory)
    };
    METERS.into_iter().map(line).collect()
}

/// The columns of a month: data version 1.0 first, 1.2 later.
fn layout(setting: &Setting, month: usize, lines: &[Line], owners: &[CloudOwner]) -> Layout {
    let calendar = &setting.calendar;
    let period = (calendar.start(month) * DAY_SECONDS, calendar.end(month) * DAY_SECONDS);
    let layout = Layout::new(DIALECT, owners.len(), Some(period));
    let layout = price_columns(measure_columns(charge_columns(layout, lines), lines), lines);
    let layout = region_columns(sku_columns(layout, lines), lines);
    let layout = commitment_columns(provider_columns(layout, Source::Azure, ACCOUNT), lines);
    let name = |line: usize, owner: usize| format!("acme-{}", resource(line, owner + 500));
    let each = || (0..lines.len()).flat_map(|line| (0..owners.len()).map(move |owner| (line, owner)));
    let layout = layout
        .text("ResourceId", Key::Resource, each().map(|(line, owner)| Some(format!("/acme/{}", name(line, owner)))))
        .text("ResourceName", Key::Resource, each().map(|(line, owner)| Some(name(line, owner))))
        .text("SubAccountId", Key::Owner, owners.iter().map(|owner| Some(SUB_ACCOUNTS[owner.account].0)))
        .text("SubAccountName", Key::Owner, owners.iter().map(|owner| Some(SUB_ACCOUNTS[owner.account].1)))
        .text("Tags", Key::Owner, tags(owners).iter().map(|tags| tags.as_deref().map(json_text)))
        .same("x_InvoiceSectionName", "Acme Analytics");
    let layout = if month < setting.milestones.azure_focus_1_2 {
        layout.text("x_SkuMeterName", Key::Line, lines.iter().map(|line| line.meter))
    } else {
        let invoice = Source::Azure.invoice_id(&calendar.label(month));
        price_detail_texts(cloud_columns_1_2(layout, lines, &invoice), lines)
    };
    layout.sorted()
}

fn manifest(setting: &Setting, month: usize, delivered: &Delivered, id: &str, submitted: &str) -> String {
    let calendar = &setting.calendar;
    let version = if month < setting.milestones.azure_focus_1_2 { "1.0" } else { "1.2" };
    let midnight = |day: Day| format!("{}T00:00:00", date_of(day));
    let blobs: Vec<_> = delivered
        .files
        .iter()
        .map(|file| json!({"blobName": file.key, "byteCount": file.bytes, "dataRowCount": file.rows}))
        .collect();
    let manifest = json!({
        "blobCount": blobs.len(),
        "dataRowCount": delivered.files.iter().map(|file| file.rows).sum::<u64>(),
        "exportConfig": {"exportName": "focus-cost", "type": "FocusCost", "dataVersion": version},
        "runInfo": {
            "runId": id,
            "startDate": midnight(calendar.start(month)),
            "endDate": midnight(calendar.end(month) - 1),
            "submittedTime": submitted,
        },
        "blobs": blobs,
    });
    format!("{manifest:#}\n")
}

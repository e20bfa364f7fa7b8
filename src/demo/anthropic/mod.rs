//! Anthropic's usage as token rows of the FOCUS convention for AI billing, as `outlay land` lays it: a run a month.

mod models;
mod rows;
pub(super) mod seats;

use serde_json::json;

use super::calendar::{DAY_SECONDS, Day, date_of};
use super::delivery::{DeliveryWriter, Setting};
use super::layout::{Dialect, Key, Layout, Numbers, Times};
use super::line::{
    Line, charge_columns, json_text, measure_columns, price_columns, price_detail_texts, provider_columns,
    service_provider_columns, sku_columns,
};
use super::part::Part;
use super::quota::Source;
use super::target::{Codec, Naming};
use super::teams::TEAMS;
use super::truth::{PriceChange, TokenCount};
use super::workplace::{ledger_owners, tags};
use crate::error::Result;
use rows::{COST_SCALE, Rows};

/// Folder of the export inside the sample.
pub(super) const FOLDER: &str = "exports/anthropic";
const ACCOUNT: (&str, &str) = ("org-acme-7f21", "Acme Analytics");
const DIALECT: Dialect = Dialect {
    costs: Numbers::Decimal(30, 12),
    cost_scale: COST_SCALE,
    prices: Numbers::Decimal(18, 6),
    quantities: Numbers::Decimal(18, 6),
    times: Times::Micros,
};

/// Writes a month.
pub(super) async fn write_month(setting: &Setting, month: usize) -> Result<Part> {
    let mut part = Part::new(setting.calendar.months);
    let owners = ledger_owners(setting, month);
    let layout = layout(setting, month);
    let landed = date_of(setting.calendar.end(month) + 1);
    let run = format!("BILLING_PERIOD={}/{landed}T02-00-00.000Z-usage", setting.calendar.label(month));
    let naming = Naming::Numbered(format!("{FOLDER}/data/{run}/charges-"), 5, ".parquet");
    let mut writer = DeliveryWriter::new(setting, month, &layout, &owners, naming, Codec::Zstd)?;
    Rows::new(setting, month).write(&mut part, &mut writer).await?;
    let delivered = writer.close().await?;
    let files: Vec<&str> = delivered.files.iter().map(|file| file.key.as_str()).collect();
    let manifest = format!("{:#}\n", json!({ "dataFiles": files }));
    setting.target.put(&format!("{FOLDER}/metadata/{run}/outlay-Manifest.json"), manifest).await?;
    part.ledger.merge(&delivered.ledger);
    Ok(part)
}

/// The columns of a month: FOCUS 1.2 first, 1.4 later, principals always.
fn layout(setting: &Setting, month: usize) -> Layout {
    let calendar = &setting.calendar;
    let lines: Vec<Line> = models::lines();
    let company = &setting.company;
    let assignments = &company.assignments;
    let id = |assignment: usize| &company.principals[assignments[assignment].principal].id;
    let all = || 0..assignments.len();
    let period = (calendar.start(month) * DAY_SECONDS, calendar.end(month) * DAY_SECONDS);
    let layout = Layout::new(DIALECT, assignments.len(), Some(period));
    let layout = price_columns(measure_columns(charge_columns(layout, &lines), &lines), &lines)
        .same("InvoiceId", &Source::Anthropic.invoice_id(&calendar.label(month)))
        .text("ServiceSubcategory", Key::Line, lines.iter().map(|line| Some(line.service_subcategory)))
        .text("SkuMeter", Key::Line, lines.iter().map(|line| line.meter))
        .text("PrincipalId", Key::Owner, all().map(|index| Some(id(index))))
        .text("CredentialId", Key::Owner, all().map(|index| Some(format!("key-{}", id(index)))))
        .text("SubAccountId", Key::Owner, assignments.iter().map(|one| Some(format!("wrkspc-{:02}", one.team + 1))))
        .text("SubAccountName", Key::Owner, assignments.iter().map(|one| Some(TEAMS[one.team].name)))
        .text("Tags", Key::Owner, tags(setting, month, false).iter().map(|tags| Some(json_text(tags))));
    let layout = price_detail_texts(sku_columns(layout, &lines), &lines);
    let layout = if month < setting.milestones.anthropic_focus_1_4 {
        provider_columns(layout, Source::Anthropic, ACCOUNT)
    } else {
        service_provider_columns(layout, Source::Anthropic, ACCOUNT)
    };
    layout.sorted()
}

/// The price change as a part of the truth.
pub(super) fn price_change(setting: &Setting) -> PriceChange {
    let (model, direction, from, to) = models::price_change();
    let day: Day = rows::price_change_day(setting);
    PriceChange {
        model: model.to_owned(),
        token_direction: direction.to_owned(),
        date: date_of(day).to_string(),
        from,
        to,
    }
}

/// The prices of the history as a price book in CSV.
pub(super) fn price_book(setting: &Setting) -> String {
    let mut csv = String::from("provider,model,token_class,kind,valid_from,valid_to,currency,price,per,source\n");
    let (provider, date) = (Source::Anthropic.provider(), |day: Day| date_of(day).to_string());
    let lines = models::price_lines(setting.calendar.first_day(), rows::price_change_day(setting));
    for (model, class, price, from, to) in lines {
        let (from, to) = (date(from), to.map(date).unwrap_or_default());
        csv.push_str(&format!("{provider},{model},{class},list,{from},{to},USD,{price},1000000,price list\n"));
    }
    csv
}

/// Tokens by class as a part of the truth.
pub(super) fn token_counts(tokens: [u64; 4]) -> Vec<TokenCount> {
    let count = |(class, tokens): (&models::TokenClass, u64)| TokenCount {
        token_direction: class.direction.to_owned(),
        token_cache_action: class.cache_action.to_owned(),
        tokens,
    };
    models::CLASSES.iter().zip(tokens).map(count).collect()
}

//! The FOCUS export of the LiteLLM gateway: other models than those of the vendor, one day per billing period.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::block::{Charge, Costs};
use super::calendar::{DAY_SECONDS, Day, date_of, monday_of};
use super::delivery::{DeliveryWriter, Setting};
use super::layout::{Cost, Dialect, Key, Layout, Numbers, Times};
use super::ledger::Owner;
use super::line::{Line, billing_columns, charge_columns, json_text, measure_columns};
use super::part::Part;
use super::quota::{Source, by_day};
use super::random::{Draw, generator};
use super::target::{Codec, Naming};
use super::teams::TEAMS;
use super::workplace::{ledger_owners, tags};
use crate::error::Result;

/// Folder of the export inside the sample.
pub(super) const FOLDER: &str = "exports/gateway";
const ACCOUNT: (&str, &str) = ("88dc28d0f030c55ed4ab77ed8faf098196cb1c05", "acme-gateway");
const DIALECT: Dialect = Dialect {
    costs: Numbers::Decimal(18, 6),
    cost_scale: 6,
    prices: Numbers::Text,
    quantities: Numbers::Decimal(18, 6),
    times: Times::Text,
};
/// From so many charges on, or in so short a history, there is a file a day.
const DAILY_ROWS: u64 = 5_000_000;
const DAILY_DAYS: usize = 100;
/// A weekend day's rows against a hundred on a working day.
const WEEKEND: u64 = 40;

/// Model group, model, who runs it, weight.
const MODELS: [(&str, &str, &str, usize); 5] = [
    ("llama-70b", "meta-llama/Llama-3.3-70B-Instruct", "Self-hosted vLLM", 8),
    ("qwen-coder", "qwen/qwen3-coder", "OpenRouter", 6),
    ("deepseek-chat", "deepseek/deepseek-chat-v3.1", "OpenRouter", 5),
    ("mistral-small", "mistralai/Mistral-Small-3.2", "Self-hosted vLLM", 4),
    ("embeddings", "BAAI/bge-m3", "Self-hosted vLLM", 3),
];

/// Writes the files of a month.
pub(super) async fn write_month(setting: &Setting, month: usize) -> Result<Part> {
    let mut part = Part::new(setting.calendar.months);
    let mut rng = generator(setting.seed, 40, month);
    let (layout, owners) = (layout(setting, month), ledger_owners(setting, month));
    let daily = setting.rows >= DAILY_ROWS || setting.calendar.months * 30 <= DAILY_DAYS;
    let days = by_day(setting.workload.rows(Source::Gateway, month), &setting.calendar, month, WEEKEND);
    for days in days.chunk_by(|one, next| !daily && monday_of(one.0) == monday_of(next.0)) {
        write_file(setting, month, days, (&layout, &owners), &mut rng, &mut part).await?;
    }
    Ok(part)
}

/// One file over some days of a month; none when there is nothing to say.
async fn write_file(
    setting: &Setting,
    month: usize,
    days: &[(Day, u64)],
    (layout, owners): (&Layout, &[Owner]),
    rng: &mut ChaCha8Rng,
    part: &mut Part,
) -> Result<()> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Ok(()) };
    if days.iter().all(|(_, rows)| *rows == 0) {
        return Ok(());
    }
    let compact = |day: Day| date_of(day).format("%Y%m%dT000000Z");
    let span = format!("usage_{}_{}", compact(first.0), compact(last.0 + 1));
    let naming = Naming::Single(format!("{FOLDER}/date={}/{span}.parquet", date_of(first.0)));
    let mut writer = DeliveryWriter::new(setting, month, layout, owners, naming, Codec::Zstd)?;
    let models = Draw::new(MODELS.iter().map(|model| model.3));
    // The mean of the factor below is 1,000 thousandths; costs are millionths of a dollar.
    let mean = (setting.workload.mean_cost(Source::Gateway) / 1_000).max(2);
    for (day, rows) in days.iter().copied() {
        let crowd = setting.company.crowd(day);
        for _ in 0..rows {
            let owner = crowd.pick(rng);
            let line = models.pick(rng);
            let micros = (mean * rng.random_range(10..=190) / 100).max(1);
            writer.push(&charge(day, line, owner, micros));
            writer.settle().await?;
        }
    }
    part.ledger.merge(&writer.close().await?.ledger);
    Ok(())
}

/// The spend of a day as the one request that the export makes of it.
fn charge(day: Day, line: usize, owner: usize, micros: i64) -> Charge {
    let cost = i128::from(micros);
    Charge {
        line,
        owner,
        start: day * DAY_SECONDS,
        seconds: DAY_SECONDS,
        consumed: 1_000_000,
        priced: 1_000_000,
        costs: Costs { billed: cost, effective: cost, list: cost, contracted: cost },
    }
}

fn layout(setting: &Setting, month: usize) -> Layout {
    let company = &setting.company;
    let assignments = &company.assignments;
    let lines: Vec<Line> = MODELS.iter().map(|model| line(model.0, model.1)).collect();
    let id = |assignment: &super::company::Assignment| &company.principals[assignment.principal].id;
    let layout = Layout::new(DIALECT, assignments.len(), None);
    let layout = measure_columns(charge_columns(layout, &lines), &lines);
    billing_columns(layout, Source::Gateway, ACCOUNT)
        .absent("ListUnitPrice")
        .cost_text("ContractedUnitPrice", Cost::Contracted)
        .same("ProviderName", Source::Gateway.provider())
        .text("PublisherName", Key::Line, MODELS.iter().map(|model| Some(model.2)))
        .text("ResourceId", Key::Line, MODELS.iter().map(|model| Some(model.1)))
        .same("SubAccountType", "team")
        .text("SubAccountId", Key::Owner, assignments.iter().map(|one| Some(TEAMS[one.team].name)))
        .text("SubAccountName", Key::Owner, assignments.iter().map(|one| Some(TEAMS[one.team].name)))
        .text("PrincipalId", Key::Owner, assignments.iter().map(|one| Some(id(one))))
        .same("ServiceSubcategory", "Generative AI")
        .text("Tags", Key::Owner, tags(setting, month, true).iter().map(|tags| Some(json_text(tags))))
        .sorted()
}

fn line(group: &'static str, model: &str) -> Line {
    Line {
        description: format!("{model} requests"),
        consumed_unit: Some("Requests"),
        pricing_unit: Some("Requests"),
        resource_type: Some("LLM"),
        ..Line::usage(group, "AI and Machine Learning", "Generative AI")
    }
}

//! Writes one month: its file first, its manifest last.

use std::io::BufWriter;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use super::history::{Dump, History, MonthManifest};
use super::{Landing, Stretch};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::output::{Format, Style, renderer};
use crate::query::SavedQuery;
use crate::storage::{Location, Publication, store_error};

/// The charges of a month: those of the dump, and those landed before outside of its stretch of time. In no order: a month
/// of any size passes through in little memory.
const CHARGES: &str = "\
-- param: period timestamp
-- param: first timestamp
-- param: last timestamp
SELECT * EXCLUDE (x_SourceName, x_ObjectName)
FROM spend
WHERE BillingPeriodStart = $period
  AND (x_SourceName = 'dump' OR ChargePeriodStart < $first OR ChargePeriodStart >= $last)";

/// Writes the month of `stretch` anew and gives the charges that it has.
pub(super) async fn month(
    engine: &Arc<Engine>,
    landing: &Landing,
    to: &Location,
    stretch: &Stretch,
    dump: Dump,
    history: &History,
    now: DateTime<Utc>,
) -> Result<usize> {
    let period = stretch.period.format("%Y-%m").to_string();
    let run = format!("{}-{}", now.format("%Y-%m-%dT%H-%M-%S%.3fZ"), &dump.sha256[..16]);
    let at = |kind: &str, file: &str| {
        Path::from_iter(to.prefix().parts().map(|part| part.as_ref().to_owned()).chain([
            kind.to_owned(),
            format!("BILLING_PERIOD={period}"),
            run.clone(),
            file.to_owned(),
        ]))
    };
    let file = at("data", "charges-00001.parquet");
    let publication = Publication::stage_object(engine.stores(), to, file.clone())?;
    let query = SavedQuery::from_text("landing.sql", CHARGES)?;
    let mut answer = engine.run(&query, &stretch.values(landing.mode)).await?;
    let out = Box::new(BufWriter::new(publication.writer()?));
    let mut rows = renderer(Format::Parquet, &Style::default(), answer.schema(), out)?;
    while let Some(batch) = answer.next().await? {
        rows.batch(&batch)?;
    }
    let charges = usize::try_from(rows.finish()?.rows).unwrap_or(usize::MAX);
    publication.publish().await?;
    let mut dumps = history.dumps(&period);
    dumps.push(dump);
    let manifest = MonthManifest { files: vec![to.object_url(&file)], charges, dumps };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|cause| Error::internal("cannot write the manifest").because(cause))?;
    let manifest = at("metadata", "outlay-Manifest.json");
    let put = engine.stores().open(to)?.put(&manifest, PutPayload::from(text)).await;
    put.map(|_| charges).map_err(|cause| store_error(&to.object_url(&manifest), cause))
}

//! `outlay score`: how good the forecasts are, on series whose end is known.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};

use super::args::Score;
use super::context::Context;
use super::records::{counts, table, texts};
use super::{report, sink};
use crate::error::{Error, Result};
use crate::forecast::score::{self, Case, Kind, Scores, against_references, reference_of};

/// Sample paths of each series: enough for the tenths of totals.
const PATHS: usize = 1_000;

/// The beginning and the end of one series.
#[derive(Debug, Default)]
struct Known {
    train: Vec<f64>,
    test: Vec<f64>,
}

pub(super) async fn run(context: &Context, args: &Score) -> Result<()> {
    let lags = lags(&args.folder)?;
    let mut scores: Vec<(String, Scores)> = Vec::new();
    for (set, series) in sets(&args.folder)? {
        let kind = Kind::of(&set, lags.get(&set).copied().unwrap_or(1));
        let cases = cases(&series, &kind)?;
        scores.push((set, score::score(&cases, &kind)));
    }
    let column = |value: &dyn Fn(&(String, Scores)) -> f64| -> ArrayRef {
        Arc::new(
            scores
                .iter()
                .map(|row| Some(rounded(value(row))).filter(|value| value.is_finite()))
                .collect::<Float64Array>(),
        )
    };
    let ratio = |ours: f64, theirs: Option<f64>| theirs.map_or(f64::NAN, |theirs| ours / theirs);
    let batch = table([
        ("set", texts(scores.iter().map(|(set, _)| set.as_str()))),
        ("series", counts(scores.iter().map(|(_, score)| score.series))),
        ("mase", column(&|(_, score)| score.mase)),
        ("mase_ratio", column(&|(set, score)| ratio(score.mase, reference_of(set).map(|known| known.mase)))),
        ("inside_80", column(&|(_, score)| score.inside_80)),
        ("inside_95", column(&|(_, score)| score.inside_95)),
        ("pinball_ratio", column(&|(set, score)| ratio(score.pinball, reference_of(set).map(|known| known.pinball)))),
        ("total_inside_80", column(&|(_, score)| score.total_inside_80)),
        ("total_score", column(&|(_, score)| score.total_score)),
        ("sum_of_ends", column(&|(_, score)| score.total_score_of_sums)),
        ("root_of_squares", column(&|(_, score)| score.total_score_of_roots)),
        ("within_5", column(&|(_, score)| score.total_within[0])),
        ("within_10", column(&|(_, score)| score.total_within[1])),
        ("within_20", column(&|(_, score)| score.total_within[2])),
        ("fallbacks", counts(scores.iter().map(|(_, score)| score.fallbacks))),
        ("broken", counts(scores.iter().map(|(_, score)| score.broken))),
    ])?;
    sink::print_batch(&context.global, &context.engine, &batch).await?;
    let named: Vec<(&str, Scores)> = scores.iter().map(|(set, score)| (set.as_str(), score.clone())).collect();
    let means = against_references(&named);
    let shown = |value: f64| if value.is_finite() { format!("{value:.3}") } else { "-".to_owned() };
    let line = format!(
        "geometric means of ratios to AutoETS: MASE {} (long histories), {} (two years or less); pinball loss {}",
        shown(means.mase_long),
        shown(means.mase_short),
        shown(means.pinball)
    );
    report::note(context.global.color, context.global.quiet, &line);
    Ok(())
}

/// Forecasts every series, several at a time.
fn cases(series: &BTreeMap<String, Known>, kind: &Kind) -> Result<Vec<Case>> {
    let all: Vec<(u64, &Known)> = (0u64..).zip(series.values()).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = all.len().div_ceil(threads).max(1);
    let made = std::thread::scope(|scope| {
        let parts: Vec<_> = all
            .chunks(share)
            .map(|part| {
                scope.spawn(move || {
                    part.iter().map(|(key, known)| score::case(&known.train, &known.test, kind, PATHS, *key)).collect()
                })
            })
            .collect();
        parts.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<std::thread::Result<Vec<_>>>>()
    });
    let mut cases = Vec::with_capacity(all.len());
    for part in made {
        let part = part.map_err(|_| Error::internal("a forecast stopped"))?;
        for case in part {
            cases.push(case.map_err(|refusal| Error::data(refusal.to_string()))?);
        }
    }
    Ok(cases)
}

/// The sets of a folder: each `SET.csv` has the columns unique_id, t, y and split (`train` or `test`), by time.
fn sets(folder: &Path) -> Result<BTreeMap<String, BTreeMap<String, Known>>> {
    let failed = |cause: std::io::Error| {
        Error::invalid("cannot read the folder of series").with("folder", folder.display().to_string()).because(cause)
    };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let is_set = file.extension().is_some_and(|extension| extension == "csv") && name != META;
        if let (true, Some(series)) = (is_set, set(&file)?) {
            found.insert(name, series);
        }
    }
    if found.is_empty() {
        return Err(Error::invalid("the folder holds no set of series")
            .with("folder", folder.display().to_string())
            .hint("a set is a CSV file with the columns unique_id, t, y and split"));
    }
    Ok(found)
}

/// The series of one file; `None` when it has other columns.
fn set(file: &Path) -> Result<Option<BTreeMap<String, Known>>> {
    let mut reader = opened(file)?;
    let header = reader.headers().map_err(|cause| broken(file, cause))?.clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let (Some(id), Some(value), Some(split)) = (column("unique_id"), column("y"), column("split")) else {
        return Ok(None);
    };
    let mut series: BTreeMap<String, Known> = BTreeMap::new();
    for (line, record) in (2..).zip(reader.records()) {
        let record = record.map_err(|cause| broken(file, cause))?;
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let number: f64 = cell(value).trim().parse().map_err(|_| {
            Error::data(format!("`{}` is no number", cell(value)))
                .with("file", file.display().to_string())
                .with("line", format!("{line}"))
        })?;
        let known = series.entry(cell(id).to_owned()).or_default();
        if cell(split) == "test" { known.test.push(number) } else { known.train.push(number) }
    }
    series.retain(|_, known| !known.test.is_empty());
    Ok(Some(series))
}

/// The file that says by which lag the errors of a set are scaled.
const META: &str = "meta";

/// Set → lag, from the columns group and m of `meta.csv`, when it is there.
fn lags(folder: &Path) -> Result<BTreeMap<String, usize>> {
    let file = folder.join(format!("{META}.csv"));
    if !file.is_file() {
        return Ok(BTreeMap::new());
    }
    let mut reader = opened(&file)?;
    let header = reader.headers().map_err(|cause| broken(&file, cause))?.clone();
    let column = |name: &str| header.iter().position(|column| column == name);
    let (Some(group), Some(lag)) = (column("group"), column("m")) else { return Ok(BTreeMap::new()) };
    let mut lags = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|cause| broken(&file, cause))?;
        if let (Some(group), Some(Ok(lag))) = (record.get(group), record.get(lag).map(str::parse)) {
            lags.insert(group.to_owned(), lag);
        }
    }
    Ok(lags)
}

fn opened(file: &Path) -> Result<csv::Reader<std::fs::File>> {
    csv::Reader::from_path(file).map_err(|cause| broken(file, cause))
}

fn broken(file: &Path, cause: csv::Error) -> Error {
    Error::data("cannot read the series").with("file", file.display().to_string()).because(cause)
}

/// Four digits after the point are more than the noise of any of these measures.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

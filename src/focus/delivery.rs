//! Which of the delivered files count, so that no charge counts twice.
//!
//! A vendor that delivers a period again leaves several runs of it. Where the vendor writes manifests, a run is complete
//! when its manifest is there, and the manifest says which files belong to it; the newest complete run of a period counts
//! and everything else is set aside with the reason. A plain folder counts whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use object_store::ObjectMeta;
use object_store::path::Path;
use serde::Deserialize;

use super::Layout;
use super::dialect::is_date_range;
use crate::error::{Error, Result};

/// Why a delivered file does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A newer complete run of the same period counts: its folder.
    Superseded(String),
    /// The run has no manifest yet: the vendor writes it last.
    Unfinished,
    /// The manifest of the run does not name the file.
    NotInManifest,
    /// The same bytes as another file, which counts.
    SameBytes(String),
    /// Delivered after the as-of date: when.
    Later(DateTime<Utc>),
    /// No Parquet, in a source of Parquet files.
    OtherFormat,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Superseded(by) => write!(f, "superseded by the newer run `{by}`"),
            Self::Unfinished => f.write_str("unfinished: the run has no manifest yet"),
            Self::NotInManifest => f.write_str("the manifest of the run does not name it"),
            Self::SameBytes(other) => write!(f, "the same bytes as `{other}`"),
            Self::Later(when) => write!(f, "delivered after the as-of date, {}", when.format("%Y-%m-%d %H:%M UTC")),
            Self::OtherFormat => f.write_str("no Parquet, in a source of Parquet files"),
        }
    }
}

/// A file that was delivered and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The file.
    pub object: ObjectMeta,
    /// Why it does not count.
    pub reason: Reason,
}

/// What counts of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Files that count, by key.
    pub counted: Vec<ObjectMeta>,
    /// Files that do not, by key.
    pub set_aside: Vec<SetAside>,
}

/// The newest complete run of a period, whose manifest is still to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The period as the vendor names its folder.
    pub period: String,
    /// The folder of the run; empty where the vendor overwrites in place.
    pub run: String,
    /// The manifest; `None` where the whole source has none, so that nothing can say what is complete.
    pub manifest: Option<Path>,
}

/// What a manifest says: the files that belong to its run, by file name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    files: BTreeSet<String>,
}

#[derive(Deserialize)]
struct AwsManifest {
    #[serde(rename = "dataFiles", alias = "reportKeys", alias = "data_files")]
    files: Vec<String>,
}

#[derive(Deserialize)]
struct AzureManifest {
    blobs: Vec<AzureBlob>,
}

#[derive(Deserialize)]
struct AzureBlob {
    #[serde(rename = "blobName")]
    name: String,
}

impl Manifest {
    /// Reads the manifest of `layout`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] when it is not the JSON that the vendor writes.
    pub fn parse(layout: Layout, object: &Path, bytes: &[u8]) -> Result<Self> {
        let files: serde_json::Result<Vec<String>> = match layout {
            Layout::AwsExport => serde_json::from_slice::<AwsManifest>(bytes).map(|manifest| manifest.files),
            Layout::AzureExport => serde_json::from_slice::<AzureManifest>(bytes)
                .map(|manifest| manifest.blobs.into_iter().map(|blob| blob.name).collect()),
            Layout::LiteLlm | Layout::Plain => Ok(Vec::new()),
        };
        let files = files.map_err(|cause| {
            Error::data("cannot read the manifest")
                .with("object", object.to_string())
                .because(cause)
                .hint("was the delivery cut short? ask the vendor for the period again")
        })?;
        Ok(Self { files: files.iter().map(|file| file.rsplit('/').next().unwrap_or(file).to_owned()).collect() })
    }
}

#[derive(Default)]
struct Run {
    manifest: Option<Path>,
    files: Vec<ObjectMeta>,
}

/// Period → run → what lies there.
type Runs = BTreeMap<String, BTreeMap<String, Run>>;

/// When an object was delivered: the time that the vendor writes into its key, else that of its last modification.
///
/// AWS names a run `2026-06-02T04-17-18.880Z-UUID` (or with colons), Azure `202606021127`; a window of LiteLLM cannot have
/// been delivered before its end.
pub fn delivered_at(layout: Layout, object: &ObjectMeta) -> DateTime<Utc> {
    let parts: Vec<String> = object.location.parts().map(|part| part.as_ref().to_owned()).collect();
    let told = match layout {
        Layout::AwsExport => parts.iter().find_map(|part| {
            let (day, time) = part.get(..19)?.split_once('T')?;
            NaiveDateTime::parse_from_str(&format!("{day}T{}", time.replace(':', "-")), "%Y-%m-%dT%H-%M-%S").ok()
        }),
        Layout::AzureExport => parts
            .iter()
            .filter(|part| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .find_map(|part| NaiveDateTime::parse_from_str(part, "%Y%m%d%H%M").ok()),
        Layout::LiteLlm => parts.last().and_then(|file| {
            let end = file.split('.').next()?.rsplit('_').next()?;
            NaiveDateTime::parse_from_str(end, "%Y%m%dT%H%M%SZ").ok()
        }),
        Layout::Plain => None,
    };
    told.map_or(object.last_modified, |time| time.and_utc())
}

/// Parts `objects` into those that were there by the end of the day `as_of` (UTC) and those delivered later.
pub fn known_by(layout: Layout, objects: Vec<ObjectMeta>, as_of: NaiveDate) -> (Vec<ObjectMeta>, Vec<SetAside>) {
    let mut known = Vec::new();
    let mut later = Vec::new();
    for object in objects {
        let when = delivered_at(layout, &object);
        let is_manifest = place(layout, &object.location).is_some_and(|(_, _, is_manifest)| is_manifest);
        if when.date_naive() <= as_of {
            known.push(object);
        } else if is_charges(&object.location) && !is_manifest {
            later.push(SetAside { object, reason: Reason::Later(when) });
        }
    }
    (known, later)
}

/// The runs whose manifests decide; empty for a plain folder.
pub fn candidates(layout: Layout, objects: &[ObjectMeta]) -> Vec<Candidate> {
    let runs = runs(layout, objects);
    let manifests = runs.values().flat_map(BTreeMap::values).any(|run| run.manifest.is_some());
    runs.iter()
        .filter_map(|(period, runs)| {
            let (name, run) = runs.iter().rev().find(|(_, run)| run.manifest.is_some() || !manifests)?;
            Some(Candidate { period: period.clone(), run: name.clone(), manifest: run.manifest.clone() })
        })
        .collect()
}

/// Which of `objects` count, given the manifests of the candidates in their order.
///
/// # Errors
/// [`crate::ErrorKind::Data`] when a manifest names a file that is not there.
pub fn select(layout: Layout, objects: &[ObjectMeta], decided: &[(Candidate, Manifest)]) -> Result<Selection> {
    let mut selection = Selection::default();
    if matches!(layout, Layout::Plain | Layout::LiteLlm) {
        selection.counted = objects.iter().filter(|object| is_charges(&object.location)).cloned().collect();
        return Ok(selection.one_format());
    }
    for (period, runs) in runs(layout, objects) {
        let winner = decided.iter().find(|(candidate, _)| candidate.period == period);
        for (name, run) in runs {
            match winner {
                Some((candidate, manifest)) if candidate.run == name => selection.take(run, candidate, manifest)?,
                Some((candidate, _)) if name < candidate.run => {
                    selection.leave(run.files, &Reason::Superseded(candidate.run.clone()));
                }
                _ => selection.leave(run.files, &Reason::Unfinished),
            }
        }
    }
    selection.counted.sort_by(|a, b| a.location.cmp(&b.location));
    let mut selection = selection.one_format();
    selection.set_aside.sort_by(|a, b| a.object.location.cmp(&b.object.location));
    Ok(selection)
}

impl Selection {
    /// Where there is Parquet, other files beside it (schemas, notes, the same data as CSV) do not count.
    fn one_format(mut self) -> Self {
        if self.counted.iter().any(|object| is_parquet(&object.location)) {
            let (parquet, others) = self.counted.into_iter().partition(|object| is_parquet(&object.location));
            self.counted = parquet;
            self.leave(others, &Reason::OtherFormat);
        }
        self
    }

    fn take(&mut self, run: Run, candidate: &Candidate, manifest: &Manifest) -> Result<()> {
        let Some(path) = &candidate.manifest else {
            self.counted.extend(run.files);
            return Ok(());
        };
        let (named, others): (Vec<_>, Vec<_>) = run
            .files
            .into_iter()
            .partition(|file| manifest.files.contains(file.location.filename().unwrap_or_default()));
        let present: BTreeSet<&str> = named.iter().filter_map(|file| file.location.filename()).collect();
        if let Some(missing) = manifest.files.iter().find(|file| !present.contains(file.as_str())) {
            return Err(Error::data(format!("the manifest names `{missing}`, which is not there"))
                .with("manifest", path.to_string())
                .hint("the delivery is not whole: wait for it, or ask the vendor for the period again"));
        }
        self.counted.extend(named);
        self.leave(others, &Reason::NotInManifest);
        Ok(())
    }

    fn leave(&mut self, files: Vec<ObjectMeta>, reason: &Reason) {
        self.set_aside.extend(files.into_iter().map(|object| SetAside { object, reason: reason.clone() }));
    }
}

fn runs(layout: Layout, objects: &[ObjectMeta]) -> Runs {
    let mut runs = Runs::new();
    for object in objects {
        let Some((period, run, is_manifest)) = place(layout, &object.location) else { continue };
        let run = runs.entry(period).or_default().entry(run).or_default();
        if is_manifest {
            run.manifest = Some(object.location.clone());
        } else if is_charges(&object.location) {
            run.files.push(object.clone());
        }
    }
    runs
}

/// Period and run of a key, and whether it is the manifest of the run.
fn place(layout: Layout, key: &Path) -> Option<(String, String, bool)> {
    let parts: Vec<String> = key.parts().map(|part| part.as_ref().to_owned()).collect();
    let (file, folders) = parts.split_last()?;
    let is_period = |part: &String| match layout {
        Layout::AwsExport => part.starts_with("BILLING_PERIOD="),
        Layout::AzureExport => is_date_range(part),
        Layout::LiteLlm | Layout::Plain => false,
    };
    let at = folders.iter().rposition(is_period)?;
    let is_manifest = match layout {
        Layout::AwsExport => file.to_ascii_lowercase().ends_with("manifest.json"),
        _ => file == "manifest.json",
    };
    // One folder may hold several exports: what stands above the period (less data or metadata) tells them apart.
    let mut above = folders[..at].to_vec();
    if layout == Layout::AwsExport && matches!(above.last().map(String::as_str), Some("data" | "metadata")) {
        above.pop();
    }
    let export = if layout == Layout::AwsExport { above.join("/") } else { String::new() };
    Some((format!("{export}/{}", folders[at]), folders[at + 1..].join("/"), is_manifest))
}

fn is_charges(key: &Path) -> bool {
    let name = key.filename().unwrap_or_default().to_ascii_lowercase();
    let stem = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    is_parquet(key) || [".csv", ".json", ".jsonl", ".ndjson"].iter().any(|suffix| stem.ends_with(suffix))
}

fn is_parquet(key: &Path) -> bool {
    key.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn objects(keys: &[&str]) -> Vec<ObjectMeta> {
        keys.iter()
            .map(|key| ObjectMeta {
                location: Path::from(*key),
                last_modified: DateTime::UNIX_EPOCH,
                size: 1,
                e_tag: None,
                version: None,
            })
            .collect()
    }

    fn chosen(layout: Layout, objects: &[ObjectMeta], manifests: &[&[u8]]) -> Result<Selection> {
        let candidates = candidates(layout, objects);
        assert_eq!(candidates.len(), manifests.len());
        let decided: Vec<_> = candidates
            .into_iter()
            .zip(manifests)
            .map(|(candidate, bytes)| {
                let manifest = Manifest::parse(layout, &Path::from("m"), bytes)?;
                Ok((candidate, manifest))
            })
            .collect::<Result<_>>()?;
        select(layout, objects, &decided)
    }

    fn keys(selection: &Selection) -> (Vec<&str>, Vec<(&str, &Reason)>) {
        (
            selection.counted.iter().map(|object| object.location.as_ref()).collect(),
            selection.set_aside.iter().map(|aside| (aside.object.location.as_ref(), &aside.reason)).collect(),
        )
    }

    #[test]
    fn the_newest_run_with_a_manifest_counts() {
        let delivered = objects(&[
            "e/data/BILLING_PERIOD=2026-05/1-a/x.parquet",
            "e/data/BILLING_PERIOD=2026-05/2-b/x.parquet",
            "e/data/BILLING_PERIOD=2026-05/2-b/stray.parquet",
            "e/data/BILLING_PERIOD=2026-05/3-c/x.parquet",
            "e/metadata/BILLING_PERIOD=2026-05/1-a/e-Manifest.json",
            "e/metadata/BILLING_PERIOD=2026-05/2-b/e-Manifest.json",
        ]);
        let manifest = br#"{"dataFiles": ["s3://bucket/e/data/BILLING_PERIOD=2026-05/2-b/x.parquet"]}"#;
        let selection = chosen(Layout::AwsExport, &delivered, &[manifest]).unwrap();
        let (counted, aside) = keys(&selection);
        assert_eq!(counted, ["e/data/BILLING_PERIOD=2026-05/2-b/x.parquet"]);
        assert_eq!(
            aside,
            [
                ("e/data/BILLING_PERIOD=2026-05/1-a/x.parquet", &Reason::Superseded("2-b".into())),
                ("e/data/BILLING_PERIOD=2026-05/2-b/stray.parquet", &Reason::NotInManifest),
                ("e/data/BILLING_PERIOD=2026-05/3-c/x.parquet", &Reason::Unfinished),
            ]
        );
    }

    #[test]
    fn a_manifest_that_names_a_missing_file_is_an_error() {
        let delivered = objects(&[
            "r/20260501-20260531/202606011200/g/part.parquet",
            "r/20260501-20260531/202606011200/g/manifest.json",
        ]);
        let manifest = br#"{"blobs": [{"blobName": "r/g/part.parquet"}, {"blobName": "r/g/gone.parquet"}]}"#;
        let error = chosen(Layout::AzureExport, &delivered, &[manifest]).unwrap_err();
        assert!(error.to_string().contains("gone.parquet") && error.to_string().contains("manifest.json"), "{error}");
    }

    #[test]
    fn without_any_manifest_the_newest_run_counts() {
        let delivered =
            objects(&["e/data/BILLING_PERIOD=2026-05/1-a/x.parquet", "e/data/BILLING_PERIOD=2026-05/2-b/x.parquet"]);
        let selection = chosen(Layout::AwsExport, &delivered, &[b"{\"dataFiles\": []}"]).unwrap();
        assert_eq!(keys(&selection).0, ["e/data/BILLING_PERIOD=2026-05/2-b/x.parquet"]);
    }

    #[test]
    fn overwritten_in_place_is_one_run() {
        let delivered = objects(&[
            "e/data/BILLING_PERIOD=2026-04/x-00001.parquet",
            "e/data/BILLING_PERIOD=2026-04/x-00002.parquet",
            "e/metadata/BILLING_PERIOD=2026-04/x-Manifest.json",
        ]);
        let manifest = br#"{"dataFiles": ["x-00001.parquet", "x-00002.parquet"]}"#;
        assert_eq!(chosen(Layout::AwsExport, &delivered, &[manifest]).unwrap().counted.len(), 2);
    }

    #[test]
    fn keys_tell_when_a_delivery_came() {
        for (layout, key, told) in [
            (
                Layout::AwsExport,
                "e/data/BILLING_PERIOD=2026-05/2026-06-02T04-17-18.880Z-1f/x.parquet",
                "2026-06-02T04:17:18Z",
            ),
            (
                Layout::AwsExport,
                "e/data/BILLING_PERIOD=2026-05/2026-06-02T04:17:18.880Z-1f/x.parquet",
                "2026-06-02T04:17:18Z",
            ),
            (Layout::AwsExport, "e/data/BILLING_PERIOD=2026-05/x.parquet", "1970-01-01T00:00:00Z"),
            (Layout::AzureExport, "r/20260501-20260531/202606011201/g/part.parquet", "2026-06-01T12:01:00Z"),
            (
                Layout::LiteLlm,
                "date=2026-06-01/usage_20260601T000000Z_20260608T000000Z.parquet",
                "2026-06-08T00:00:00Z",
            ),
        ] {
            let object = &objects(&[key])[0];
            assert_eq!(delivered_at(layout, object), told.parse::<DateTime<Utc>>().unwrap(), "{key}");
        }
    }

    #[test]
    fn what_came_after_the_as_of_date_is_set_aside() {
        let delivered = objects(&[
            "e/data/BILLING_PERIOD=2026-05/2026-06-02T04-17-18.880Z-1f/x.parquet",
            "e/data/BILLING_PERIOD=2026-05/2026-06-12T04-17-18.880Z-2f/x.parquet",
            "e/metadata/BILLING_PERIOD=2026-05/2026-06-12T04-17-18.880Z-2f/e-Manifest.json",
        ]);
        let (known, later) = known_by(Layout::AwsExport, delivered, NaiveDate::from_ymd_opt(2026, 6, 11).unwrap());
        assert_eq!((known.len(), later.len()), (1, 1));
        assert!(later[0].reason.to_string().contains("2026-06-12 04:17"));
    }

    #[test]
    fn a_broken_manifest_names_itself() {
        let error = Manifest::parse(Layout::AwsExport, &Path::from("a/m.json"), b"{").unwrap_err();
        assert!(error.to_string().contains("a/m.json"));
    }
}

//! How vendors lay out and name what FOCUS leaves open. A dialect is data: one entry of the table below.

use object_store::path::Path;

/// How the files of a source are arranged, and so which of them count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// AWS Data Exports: `data/BILLING_PERIOD=YYYY-MM/[run/]file` with `metadata/BILLING_PERIOD=YYYY-MM/[run/]*-Manifest.json`.
    AwsExport,
    /// Azure Cost Management: `YYYYMMDD-YYYYMMDD/run/file` with a `manifest.json` beside the files of a run.
    AzureExport,
    /// LiteLLM: `date=YYYY-MM-DD/usage_START_END.parquet`, each file a window of time.
    LiteLlm,
    /// Any folder: every file counts, the same bytes once.
    Plain,
}

/// The habits of one kind of export.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it is, for `describe` and messages.
    pub description: &'static str,
    /// How its files are arranged.
    pub layout: Layout,
    /// Columns under another name: (name in the file, FOCUS column it holds).
    pub renames: &'static [(&'static str, &'static str)],
    /// The export calls a day a billing period: the ledger widens it to the month of the day.
    pub daily_billing_period: bool,
}

static DIALECTS: [Dialect; 4] = [
    Dialect {
        name: "aws-focus",
        description: "AWS Data Exports, FOCUS",
        layout: Layout::AwsExport,
        renames: &[],
        daily_billing_period: false,
    },
    Dialect {
        name: "azure-focus",
        description: "Azure Cost Management exports, FOCUS",
        layout: Layout::AzureExport,
        // The 1.0 previews of Azure carried the meter under its own name (finops-toolkit #2105).
        renames: &[("x_SkuMeterName", "SkuMeter")],
        daily_billing_period: false,
    },
    Dialect {
        name: "litellm-focus",
        description: "LiteLLM gateway, FOCUS export",
        layout: Layout::LiteLlm,
        renames: &[],
        daily_billing_period: true,
    },
    Dialect {
        name: "focus",
        description: "any folder of FOCUS files: Parquet, CSV or JSON",
        layout: Layout::Plain,
        renames: &[],
        daily_billing_period: false,
    },
];

/// Every dialect.
pub fn dialects() -> &'static [Dialect] {
    &DIALECTS
}

/// The dialect of this name.
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().find(|dialect| dialect.name == name)
}

/// The dialect that the keys of a source speak.
pub fn detect<'a>(keys: impl IntoIterator<Item = &'a Path>) -> &'static Dialect {
    let [aws, azure, litellm, plain] = &DIALECTS;
    for key in keys {
        let parts: Vec<_> = key.parts().collect();
        let has = |test: &dyn Fn(&str) -> bool| parts.iter().any(|part| test(part.as_ref()));
        if has(&|part| part == "data") && has(&|part| part.starts_with("BILLING_PERIOD=")) {
            return aws;
        }
        if has(&|part| part == "manifest.json") && has(&is_date_range) {
            return azure;
        }
        if has(&|part| part.starts_with("date=")) && has(&|part| part.starts_with("usage_")) {
            return litellm;
        }
    }
    plain
}

/// `20260601-20260630`, the folder of a month in Azure exports.
pub(super) fn is_date_range(part: &str) -> bool {
    part.len() == 17
        && part.split_once('-').is_some_and(|(from, to)| {
            [from, to].iter().all(|day| day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_the_dialect() {
        for (key, name) in [
            ("x/data/BILLING_PERIOD=2026-06/run/a.parquet", "aws-focus"),
            ("x/20260601-20260630/202607011200/guid/manifest.json", "azure-focus"),
            ("x/date=2026-06-01/usage_1_2.parquet", "litellm-focus"),
            ("x/2026-06/part.parquet", "focus"),
        ] {
            assert_eq!(detect([&Path::from(key)]).name, name);
        }
    }
}

//! Reads TOML into settings, with errors that point at the line.

use std::path::Path;

use super::{Config, facts};
use crate::error::{Error, Place, Result, did_you_mean};
use crate::units::{ByteSize, parse_duration};
use crate::{dialects, focus};

pub(super) fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|cause| {
        Error::invalid("cannot read the configuration").with("file", file.display().to_string()).because(cause)
    })
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Config> {
    let mut config: Config = toml::from_str(text).map_err(|cause| explain(&cause, text, file))?;
    config.base = file.parent().map(Path::to_owned).unwrap_or_default();
    config.file = Some(file.to_owned());
    verify(&config).map_err(|(error, word)| match word.and_then(|word| text.find(&word).map(|at| (at, word))) {
        Some((at, word)) => error.at(place(text, at, word.chars().count(), file)),
        None => error.with("file", file.display().to_string()),
    })?;
    Ok(config)
}

/// What serde cannot check: sizes, times, names. The word is what the error points at.
fn verify(config: &Config) -> Result<(), (Error, Option<String>)> {
    let at = |word: &str| Some(word.to_owned());
    config.fiscal_calendar().map_err(|error| (error, at("fiscal_year_start")))?;
    let limits = &config.limits;
    for size in [&limits.memory, &limits.temp, &limits.max_scan].into_iter().flatten() {
        size.parse::<ByteSize>().map_err(|error| (error, at(size)))?;
    }
    if let Some(timeout) = &limits.timeout {
        parse_duration(timeout).map_err(|error| (error, at(timeout)))?;
    }
    config.privacy.verify()?;
    for (name, source) in &config.sources {
        if let Some(dialect) = &source.dialect
            && focus::dialect(dialect).is_none()
            && dialects::vendor_dialect(dialect).is_none()
        {
            let of_vendors = || dialects::vendor_dialects().map(|dialect| dialect.name.as_str());
            let known = || focus::dialects().iter().map(|dialect| dialect.name).chain(of_vendors());
            let error = Error::invalid(format!("source `{name}` names an unknown dialect `{dialect}`"))
                .hint(format!("known dialects: {}", known().collect::<Vec<_>>().join(", ")));
            return Err((did_you_mean(dialect, known()).into_iter().fold(error, Error::hint), at(dialect)));
        }
        for column in source.columns.keys() {
            focus::declared_column(column).map_err(|error| (error, at(column)))?;
        }
        if let Some(freshness) = &source.freshness {
            parse_duration(freshness).map_err(|error| (error, at(freshness)))?;
        }
        for rule in &source.accept {
            focus::known_rule(rule).map_err(|error| (error, at(rule)))?;
        }
    }
    verify_overlaps(config)?;
    config.allocation.verify().map_err(|(error, word)| (error, Some(word)))?;
    verify_names(config)
}

/// Names of sources and tables, what tables say of their contracts, and that no secret stands in the file.
fn verify_names(config: &Config) -> Result<(), (Error, Option<String>)> {
    let at = |word: &str| Some(word.to_owned());
    for name in config.sources.keys().chain(config.tables.keys()) {
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            let error = Error::invalid(format!("`{name}` is no name for a source or table"))
                .hint("use lower-case letters, digits and `_`, so that SQL needs no quotes");
            return Err((error, at(name)));
        }
    }
    let of_ledger = ["spend", "focus_data_table", "set_aside"];
    if let Some(name) = config.tables.keys().find(|name| of_ledger.contains(&name.as_str())) {
        return Err((
            Error::invalid(format!("`{name}` belongs to the ledger; a table cannot take its name")),
            at(name),
        ));
    }
    for (name, table) in &config.tables {
        facts::verify(name, table)?;
    }
    for name in config.storage.keys() {
        let lower = name.to_ascii_lowercase();
        if ["secret", "token", "password", "access_key", "account_key"].iter().any(|word| lower.contains(word)) {
            let error = Error::invalid(format!("`{name}` is a secret, which does not belong in a file"))
                .hint("set it in the environment, or use a profile or an instance role");
            return Err((error, at(name)));
        }
    }
    Ok(())
}

fn verify_overlaps(config: &Config) -> Result<(), (Error, Option<String>)> {
    let at = |word: &str| Some(word.to_owned());
    for overlap in &config.overlaps {
        let known = || config.sources.keys().map(String::as_str);
        if let Some(name) = overlap.sources.iter().find(|name| !config.sources.contains_key(*name)) {
            let error = Error::invalid(format!("an overlap names the source `{name}`, which is not configured"))
                .hint(format!("sources: {}", known().collect::<Vec<_>>().join(", ")));
            return Err((did_you_mean(name, known()).into_iter().fold(error, Error::hint), at(name)));
        }
        let twice =
            (1..overlap.sources.len()).find(|index| overlap.sources[..*index].contains(&overlap.sources[*index]));
        if overlap.sources.len() < 2 || twice.is_some() || overlap.keys.is_empty() {
            let error = Error::invalid("an overlap needs two sources or more, each once, and columns to match")
                .hint("`sources = [\"api\", \"gateway\"]`, the first keeps the charge; `match = [\"PrincipalId\"]`");
            return Err((error, at("[[overlaps]]")));
        }
    }
    Ok(())
}

fn explain(cause: &toml::de::Error, text: &str, file: &Path) -> Error {
    let message = cause.message().lines().next().unwrap_or("not TOML").to_owned();
    let mut error = Error::invalid(message.clone());
    if let Some(span) = cause.span() {
        error =
            error.at(place(text, span.start, text[span.clone()].lines().next().unwrap_or("").chars().count(), file));
    } else {
        error = error.with("file", file.display().to_string());
    }
    // serde words an unknown key as: unknown field `x`, expected one of `a`, `b`
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown field"), quoted.next()) {
        (true, Some(typed)) => did_you_mean(typed, quoted).into_iter().fold(error, Error::hint),
        _ => error,
    }
}

fn place(text: &str, at: usize, width: usize, file: &Path) -> Place {
    let before = &text[..at.min(text.len())];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place {
        file: file.display().to_string(),
        line: before.matches('\n').count() + 1,
        column: text[start..at.min(text.len())].chars().count() + 1,
        width,
        text: text[start..].lines().next().unwrap_or("").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Error {
        Config::parse(text, Path::new("/p/outlay.toml")).unwrap_err()
    }

    #[test]
    fn five_lines_are_enough() {
        let text = "[sources.aws]\npath = \"s3://acme/focus/\"\n[tables.outcomes]\npath = \"facts\"\n";
        let config = Config::parse(text, Path::new("/p/outlay.toml")).unwrap();
        assert_eq!(config.sources["aws"].path, "s3://acme/focus/");
        assert_eq!(config.base, Path::new("/p"));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = refused("[sources.aws]\npath = \"x\"\ndialekt = \"focus\"\n");
        assert_eq!(error.place().map(|place| (place.line, place.column)), Some((3, 1)));
        assert!(error.hints().iter().any(|hint| hint.contains("dialect")), "{error:?}");
    }

    #[test]
    fn wrong_values_are_refused() {
        for text in [
            "[limits]\nmemory = \"lots\"",
            "[limits]\ntimeout = \"soon\"",
            "[project]\nfiscal_year_start = 13",
            "[sources.a]\npath = \"x\"\ndialect = \"aws\"",
            "[sources.a]\npath = \"x\"\n[sources.a.columns]\nEfectiveCost = \"y\"",
            "[sources.a]\npath = \"x\"\nfreshness = \"soon\"",
            "[sources.a]\npath = \"x\"\naccept = [\"freshnes\"]",
            "[sources.\"A b\"]\npath = \"x\"",
            "[sources.a]\npath = \"x\"\n[[overlaps]]\nsources = [\"a\", \"bb\"]\nmatch = [\"PrincipalId\"]",
            "[sources.a]\npath = \"x\"\n[[overlaps]]\nsources = [\"a\"]\nmatch = [\"PrincipalId\"]",
            "[sources.a]\npath = \"x\"\n[[overlaps]]\nsources = [\"a\"]\nmatch = []\ngrain = \"week\"",
            "[tables.spend]\npath = \"x\"",
            "[storage]\naws_secret_access_key = \"x\"",
            "[privacy]\nprincipals = \"name\"",
            "[privacy]\nkey = \"0123456789abcdef\"",
            "[privacy]\nkey_env = \"KEY\"\nkey_file = \"key\"",
            "[privacy]\nexempt = [\"svc-[\"]",
            "[privacy]\nmin_group = 0",
        ] {
            let error = refused(text);
            assert!(
                error.place().is_some() && !error.hints().is_empty() || text.contains("spend") || text.contains("week"),
                "{text}: {error:?}"
            );
        }
    }
}

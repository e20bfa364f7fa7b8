//! What is meant: configuration found, environment read, limits settled, engine built.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Global;
use crate::clock::SystemClock;
use crate::config::{Config, Principals};
use crate::engine::{Engine, Limits, Optimisations};
use crate::error::{Error, Result};
use crate::privacy::Pseudonyms;
use crate::query::Catalog;
use crate::storage::{DiskCache, StoreOptions};
use crate::units::{ByteSize, parse_duration};

/// What the commands work with.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) engine: Arc<Engine>,
}

impl Context {
    /// Finds the configuration and builds the engine.
    pub(super) fn new(global: Global) -> Result<Self> {
        let config = configuration(&global)?;
        let catalog = catalog(&config)?;
        let limits = limits(&global, &config)?;
        let mut builder = Engine::builder(config.clone())
            .catalog(catalog)
            .limits(limits)
            .as_of(global.as_of)
            .pseudonyms(pseudonyms(&config)?)
            .cache(cache(&config)?)
            .optimisations(Optimisations::without_named(global.without.iter().map(String::as_str))?)
            .store_options(store_options(&config));
        if let Some(threads) = global.threads {
            builder = builder.threads(threads);
        }
        Ok(Self { global, engine: Arc::new(builder.build()?) })
    }

    /// The same with another as-of date.
    pub(super) fn at(&self, as_of: Option<chrono::NaiveDate>) -> Result<Self> {
        Self::new(Global { as_of, ..self.global.clone() })
    }
}

pub(super) fn configuration(global: &Global) -> Result<Config> {
    found(&global.project, global.config.as_deref())
}

/// The configuration of `file`, or that of the project whose folder `folder` is or lies in; the empty one when there is none.
pub(super) fn found(folder: &Path, file: Option<&Path>) -> Result<Config> {
    let absolute = std::path::absolute(folder).ok().filter(|folder| folder.is_dir()).ok_or_else(|| {
        Error::invalid(format!("there is no folder `{}`", folder.display())).hint("`-C` takes the folder of a project")
    })?;
    if let Some(file) = file {
        return Config::load(&std::path::absolute(file).unwrap_or_else(|_| file.to_owned()));
    }
    Ok(Config::find(&absolute)?.unwrap_or_else(|| Config::empty(&absolute)))
}

/// The saved queries of the library and those of the project.
pub(super) fn catalog(config: &Config) -> Result<Catalog> {
    Ok(match config.queries() {
        Some(folder) => Catalog::embedded().merge(Catalog::from_folder(&folder)?),
        None => Catalog::embedded(),
    })
}

pub(super) fn limits(global: &Global, config: &Config) -> Result<Limits> {
    let size = |flag: &Option<String>, file: &Option<String>| -> Result<Option<ByteSize>> {
        flag.as_ref().or(file.as_ref()).map(|size| size.parse()).transpose()
    };
    let timeout = global.timeout.as_ref().or(config.limits.timeout.as_ref());
    Ok(Limits {
        timeout: timeout.map(|timeout| parse_duration(timeout)).transpose()?,
        memory: size(&global.memory_limit, &config.limits.memory)?,
        temp: size(&global.temp_limit, &config.limits.temp)?,
        max_scan: size(&global.max_scan, &config.limits.max_scan)?,
    })
}

/// Where what was read from remote stores is kept: as the configuration says, else `$XDG_CACHE_HOME/outlay/objects`.
fn cache(config: &Config) -> Result<Option<DiskCache>> {
    use etcetera::BaseStrategy;
    let size: ByteSize = config.cache.size.parse()?;
    let folder = match &config.cache.path {
        Some(path) => Some(config.base.join(path)),
        None => {
            etcetera::choose_base_strategy().ok().map(|strategy| strategy.cache_dir().join("outlay").join("objects"))
        }
    };
    let clock = Arc::new(SystemClock::default());
    Ok(folder.filter(|_| size.0 > 0).map(|folder| DiskCache::new(folder, size, clock)))
}

/// The pseudonyms under the key that the configuration names; `None` when it names none.
fn pseudonyms(config: &Config) -> Result<Option<Pseudonyms>> {
    let privacy = &config.privacy;
    let key = match (&privacy.key_env, &privacy.key_file) {
        (Some(name), _) => match variable(name) {
            Some(key) => key.into_bytes(),
            // Names are shown: the key would only say who a pseudonym is.
            None if privacy.principals == Principals::Names => return Ok(None),
            None => {
                return Err(Error::invalid(format!("the environment has no `{name}`, the key of the pseudonyms"))
                    .hint("`key_env` under `[privacy]` names it; without a key, other pseudonyms would be shown each time"));
            }
        },
        (None, Some(file)) => {
            let file = config.base.join(file);
            std::fs::read(&file).map_err(|cause| {
                Error::invalid("cannot read the key of the pseudonyms")
                    .with("file", file.display().to_string())
                    .because(cause)
            })?
        }
        (None, None) => return Ok(None),
    };
    Pseudonyms::keyed(key.trim_ascii()).map(Some)
}

/// What the environment says of stores, over what the configuration says.
pub(super) fn store_options(config: &Config) -> StoreOptions {
    let mut options = StoreOptions::default();
    for (name, value) in &config.storage {
        options.set(name, value.clone());
    }
    for (name, value) in environment() {
        if ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix)) {
            options.set(&name, value);
        }
    }
    options
}

fn environment() -> impl Iterator<Item = (String, String)> {
    // `vars` panics on a variable that is not Unicode; none of ours can be.
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// One variable of the environment; empty counts as unset.
#[expect(clippy::disallowed_methods, reason = "the command line reads the environment for the library")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the prompt keeps its history: `$XDG_STATE_HOME/outlay/history`.
pub(super) fn history_file() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir()?.join("outlay").join("history"))
}

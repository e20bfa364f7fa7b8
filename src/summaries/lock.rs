//! The lock of an interval of a table: one object that only one build can create.
//!
//! Builds of other intervals of the table go on beside it.
//! It spares builds work that would be lost. What keeps a table right is the commit, which refuses to replace what another
//! build published; so a lock that was taken over from an owner who lives after all does no harm.

use chrono::{DateTime, Utc};
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::{Summaries, json};
use crate::error::{Error, ErrorKind, Result};

/// Who builds: enough to tell later whether the process still runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The name of the machine.
    pub host: String,
    /// What tells one start of the machine from another.
    pub boot: String,
    /// Number of the process.
    pub pid: u32,
    /// What tells the process from a later one of the same number.
    pub started: String,
}

impl Owner {
    /// This process.
    pub fn this() -> Self {
        let pid = std::process::id();
        Self {
            host: kernel("hostname").unwrap_or_else(|| "unknown".to_owned()),
            boot: kernel("random/boot_id").unwrap_or_default(),
            pid,
            started: start_of(pid).unwrap_or_default(),
        }
    }

    /// Whether the process is known to have ended. Of another machine nothing is known.
    pub fn is_dead(&self) -> bool {
        let this = Self::this();
        // A container has its own processes; its name of the host is its own as well.
        if self.host != this.host || self.boot.is_empty() || self.started.is_empty() {
            return false;
        }
        self.boot != this.boot || start_of(self.pid).is_none_or(|started| started != self.started)
    }
}

/// A setting of the Linux kernel; `None` on other systems.
fn kernel(name: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok().map(|text| text.trim().to_owned())
}

/// When the process `pid` started, in ticks since the start of the machine; `None` when there is none.
fn start_of(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program may hold anything; what follows the last parenthesis does not. Field 22 of proc(5).
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // A process that ended and that nobody asked after is a zombie.
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18).map(str::to_owned)).flatten()
}

/// A lock as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The run that holds it.
    pub run: String,
    /// When it was taken.
    pub since: DateTime<Utc>,
    /// Who holds it.
    pub owner: Owner,
}

/// How a lock was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Nobody had it.
    Free,
    /// It was taken over from a build that had ended without giving it back, or as was asked.
    Over(Lock),
}

impl Summaries {
    /// Takes the lock of `interval` of the table `name` for `lock`. That of a build that is known to be dead is taken over; any other one
    /// only when `force` says so.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] with the owner when another build holds it, [`ErrorKind::Storage`].
    pub async fn lock(&self, name: &str, interval: &str, lock: &Lock, force: bool) -> Result<Taken> {
        let path = self.lock_path(name, interval);
        let text = json(lock)?;
        let mut taken = Taken::Free;
        for _try in 0..3 {
            if self.create(&path, text.clone()).await? {
                return Ok(taken);
            }
            let Some(holder) = self.holder(name, interval).await? else { continue };
            if holder.run == lock.run {
                // The answer to the first try was lost.
                return Ok(taken);
            }
            if !force && !holder.owner.is_dead() {
                return Err(held(name, interval, &holder));
            }
            self.delete(&path).await?;
            taken = Taken::Over(holder);
        }
        Err(Error::new(ErrorKind::Locked, "another build takes the lock each time")
            .with("table", name)
            .with("interval", interval))
    }

    /// Who holds the lock of `interval` of the table `name`.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`], [`ErrorKind::Data`] for a lock that cannot be read.
    pub async fn holder(&self, name: &str, interval: &str) -> Result<Option<Lock>> {
        self.read_json(&self.lock_path(name, interval), "lock").await
    }

    /// The locks of the table `name`, by interval.
    ///
    /// # Errors
    /// As [`Self::holder`].
    pub async fn locks(&self, name: &str) -> Result<Vec<(String, Lock)>> {
        let mut locks = Vec::new();
        for object in self.objects(&self.path(&["_locks", name])).await? {
            let interval = object.location.filename().and_then(|file| file.strip_suffix(".json")).map(str::to_owned);
            let Some(interval) = interval else { continue };
            let holder = self.holder(name, &interval).await?;
            locks.extend(holder.map(|holder| (interval, holder)));
        }
        Ok(locks)
    }

    fn lock_path(&self, name: &str, interval: &str) -> Path {
        self.path(&["_locks", name, &format!("{interval}.json")])
    }

    /// Gives the lock of `interval` of the table `name` back, if `run` still holds it.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`].
    pub async fn unlock(&self, name: &str, interval: &str, run: &str) -> Result<()> {
        match self.holder(name, interval).await? {
            Some(holder) if holder.run == run => self.delete(&self.lock_path(name, interval)).await,
            _ => Ok(()),
        }
    }
}

fn held(name: &str, interval: &str, holder: &Lock) -> Error {
    Error::new(ErrorKind::Locked, "another build holds the interval")
        .with("table", name)
        .with("interval", interval)
        .with("run", holder.run.clone())
        .with("since", holder.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .with("host", format!("{}, process {}", holder.owner.host, holder.owner.pid))
        .hint("wait for it with `--wait 10m`; when it is known to be gone, `--take-lock`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_dead_when_its_number_is_free_or_belongs_to_another() {
        let this = Owner::this();
        assert!(!this.is_dead());
        if this.started.is_empty() {
            return;
        }
        assert!(Owner { started: "1".to_owned(), ..this.clone() }.is_dead(), "a later process of the same number");
        assert!(Owner { boot: "before".to_owned(), ..this.clone() }.is_dead(), "before the machine started");
        assert!(!Owner { host: "elsewhere".to_owned(), pid: u32::MAX, ..this }.is_dead(), "another machine");
    }
}

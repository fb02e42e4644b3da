//! Whether the server keeps what it is told: asked at the start, so that nobody learns it from a loss.

use parcelwire_engine::ports::{LedgerResult, PortError};
use redis::Value;

use super::{
    BadSettings, Settings,
    answer::{text, texts},
    connect::Link,
};

/// The least a server must do with what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fsync {
    /// On disk within a second or two.
    Everysec,
    /// On disk before it is answered.
    Always,
}

impl Fsync {
    /// Reads `always` or `everysec`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "always" => Some(Self::Always),
            "everysec" => Some(Self::Everysec),
            _ => None,
        }
    }
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings make no sense.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// There is no answer.
    #[error(
        "Redis does not answer (hint: check store.url, user and password; with a Cluster set store.cluster, with sentinels store.sentinel.master)"
    )]
    Unreachable(#[from] PortError),
    /// The server is too old.
    #[error("this is Redis {found} (hint: version 7.0 or later is needed)")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// What is written does not survive the server.
    #[error(
        "Redis keeps no append-only file: what it was told is lost when it stops (hint: set `appendonly yes` there; or store.unchecked: true, if losing webhooks is acceptable)"
    )]
    NotDurable,
    /// What is written is on disk later than asked for.
    #[error(
        "Redis is set to `appendfsync {found}`, and store.fsync asks for `{wanted}` (hint: set `appendfsync {wanted}` there; or store.fsync: everysec here, if losing the last seconds before a power cut is acceptable)"
    )]
    FsyncTooWeak {
        /// What it does.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Keys may go when memory is short.
    #[error(
        "Redis is set to `maxmemory-policy {found}`: it drops data when memory is short (hint: set `maxmemory-policy noeviction` there; or store.unchecked: true, if losing webhooks is acceptable)"
    )]
    Evicts {
        /// The policy.
        found: String,
    },
    /// The server does not tell.
    #[error(
        "Redis does not say whether it keeps what it is told: CONFIG GET is forbidden (hint: allow the user `+config|get`; or store.unchecked: true, once you have checked appendonly, appendfsync and maxmemory-policy yourself)"
    )]
    ConfigForbidden {
        /// What it answered.
        #[source]
        source: PortError,
    },
    /// Not all that was moved here has arrived.
    #[error(
        "not all that was moved into this Redis has arrived (hint: run the same `parcelwire store copy` again; it goes on where it was)"
    )]
    Unfinished,
    /// Somebody moves the data just now.
    #[error(
        "the data in this Redis are being moved (hint: wait until `parcelwire store copy` has ended)"
    )]
    Moving,
    /// A newer parcelwire wrote the data.
    #[error(
        "the data in Redis were written by a newer version (schema {found}, this one knows {known}; hint: use that version)"
    )]
    Newer {
        /// Theirs.
        found: i64,
        /// Ours.
        known: i64,
    },
}

/// Asks every master.
pub(super) async fn server(link: &Link, settings: &Settings) -> Result<(), OpenError> {
    for told in link.ask_all(redis::cmd("INFO").arg("server")).await? {
        version(&text(told)?)?;
    }
    if settings.unchecked {
        tracing::warn!(
            "store.unchecked is set: whether Redis keeps what it is told is not checked"
        );
        return Ok(());
    }
    let names = ["appendonly", "appendfsync", "maxmemory-policy"];
    let told = link.ask_all(redis::cmd("CONFIG").arg("GET").arg(&names)).await;
    let told = told.map_err(|source| {
        let (PortError::NotApplied { why } | PortError::Unknown { why }) = &source;
        if is_forbidden(why) {
            OpenError::ConfigForbidden { source }
        } else {
            OpenError::Unreachable(source)
        }
    })?;
    told.into_iter().try_for_each(|told| durability(told, settings.fsync))
}

/// A user without the right, a command that was renamed away, a service that hides it.
fn is_forbidden(why: &str) -> bool {
    let why = why.to_lowercase();
    ["noperm", "unknown command", "unknown subcommand", "not allowed", "permission"]
        .iter()
        .any(|word| why.contains(word))
}

fn version(info: &str) -> Result<(), OpenError> {
    let found = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    let found = found.unwrap_or_default().trim().to_owned();
    let major = found.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= 7) { Ok(()) } else { Err(OpenError::TooOld { found }) }
}

fn setting(told: &[String], name: &str) -> String {
    let mut pairs = told.chunks_exact(2);
    let found = pairs.find(|pair| pair[0] == name).map(|pair| pair[1].clone());
    found.unwrap_or_default()
}

fn pairs(told: Value) -> LedgerResult<Vec<String>> {
    if let Value::Map(pairs) = told {
        return pairs.into_iter().flat_map(|(name, value)| [name, value]).map(text).collect();
    }
    texts(told)
}

fn durability(told: Value, wanted: Fsync) -> Result<(), OpenError> {
    let told = pairs(told)?;
    if setting(&told, "appendonly") != "yes" {
        return Err(OpenError::NotDurable);
    }
    let found = setting(&told, "appendfsync");
    if Fsync::parse(&found).is_none_or(|does| does < wanted) {
        let wanted = if wanted == Fsync::Always { "always" } else { "everysec" };
        return Err(OpenError::FsyncTooWeak { found, wanted });
    }
    let policy = setting(&told, "maxmemory-policy");
    if policy != "noeviction" {
        return Err(OpenError::Evicts { found: policy });
    }
    Ok(())
}

//! The store for several instances: one Redis, a group under Sentinel, or a Cluster. Scripts write, each
//! in one partition's slot; what was handed out is remembered by the partition's owner only.

mod accept;
mod answer;
mod archive;
mod asking;
mod checks;
mod commit;
mod conclude;
mod connect;
mod fault;
mod hands;
mod keys;
mod lease;
mod ledger;
mod meta;
pub(crate) mod moving;
mod news;
mod pages;
mod ready;
mod records;
mod scripts;
mod story;
mod sweep;
#[cfg(test)]
mod tests;
mod turns;
mod vault;
mod waiting;
mod way;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_domain::id::Partition;
use parcelwire_engine::ports::{LedgerResult, PortError};
use redis::Value;
use tokio::{sync::Notify, task::JoinHandle};

pub use checks::{Fsync, OpenError};
pub use connect::BadSettings;

use connect::{Arguments, Link};
use hands::Hands;
use lease::Leases;
use scripts::Code;
use way::Way;

/// How long a lease lasts.
const LEASE: Duration = Duration::from_secs(10);

/// How long giving leases back may take.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where the server is, and what is asked of it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its address; several, with commas, of a Cluster or of sentinels.
    pub url: String,
    /// Whether it is a Cluster.
    pub cluster: bool,
    /// The master's name, when the addresses are those of sentinels.
    pub sentinel_master: Option<String>,
    /// What the sentinels themselves ask for.
    pub sentinel_password: Option<String>,
    /// Certificates to trust instead of those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// The least that the server must do with what is written.
    pub fsync: Fsync,
    /// Whether a server that may lose data, or does not say, is good enough.
    pub unchecked: bool,
    /// How many replicas must have a webhook before it is answered.
    pub replicas: u32,
}

/// The store.
pub struct Redis {
    inner: Arc<Inner>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// What calls share.
struct Inner {
    link: Link,
    /// For webhooks that wait for replicas: nothing else waits behind them.
    waits: Option<Link>,
    settings: Settings,
    /// This process: no other one has this name.
    me: String,
    instance_key: [u8; 32],
    /// Small settings as they were read or set here: a server that was emptied gets them back.
    settings_seen: Mutex<BTreeMap<String, Vec<u8>>>,
    hands: Mutex<Hands>,
    leases: Leases,
    news: Notify,
    way: Way,
    /// Whether the last write failed: a full server shows only when something is written.
    failing: AtomicBool,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").field("me", &self.inner.me).finish_non_exhaustive()
    }
}

/// Connects, checks the server, and makes what is missing. `me` is a name that no other process has.
pub async fn open(settings: Settings, me: String, fresh_key: [u8; 32]) -> Result<Redis, OpenError> {
    open_with(settings, me, fresh_key, LEASE).await
}

/// Checks the server as at a start, makes and changes nothing; answers what time it is there, the one first
/// that differs most from `now`.
pub async fn look(settings: &Settings, now: Timestamp) -> Result<Timestamp, OpenError> {
    let link = Link::new(settings)?;
    checks::server(&link, settings).await?;
    meta::schema(&link).await?;
    let mut worst = now;
    for told in link.ask_all(&redis::cmd("TIME")).await? {
        let told = answer::texts(told)?;
        let at = match &told[..] {
            [seconds, micros] => answer::number(seconds)? * 1_000_000 + answer::number(micros)?,
            _ => return Err(answer::misfit("not a time").into()),
        };
        let at = crate::moment::time(at);
        if at.duration_since(now).abs() > worst.duration_since(now).abs() {
            worst = at;
        }
    }
    Ok(worst)
}

async fn open_with(
    settings: Settings,
    me: String,
    fresh_key: [u8; 32],
    lease: Duration,
) -> Result<Redis, OpenError> {
    let link = Link::new(&settings)?;
    checks::server(&link, &settings).await?;
    let instance_key = meta::begin(&link, fresh_key).await?;
    let waits = (settings.replicas > 0).then(|| Link::new(&settings)).transpose()?;
    let inner = Arc::new(Inner {
        link,
        waits,
        settings,
        me,
        instance_key,
        settings_seen: Mutex::default(),
        hands: Mutex::default(),
        leases: Leases::new(lease),
        news: Notify::new(),
        way: Way::default(),
        failing: AtomicBool::new(false),
    });
    let listening = tokio::spawn(news::listen(Arc::downgrade(&inner)));
    Ok(Redis { inner, listening: Mutex::new(Some(listening)) })
}

impl Redis {
    /// The key below which merchants' occurrence keys are made; random, made once, kept.
    pub fn instance_key(&self) -> [u8; 32] {
        self.inner.instance_key
    }

    /// A small setting of all instances.
    pub async fn meta(&self, name: &str) -> LedgerResult<Option<Vec<u8>>> {
        let value = meta::read(&self.inner.link, name).await?;
        if let Some(value) = &value {
            self.inner.note_setting(name, value);
        }
        Ok(value)
    }

    /// Sets a small setting of all instances.
    pub async fn set_meta(&self, name: &str, value: &[u8]) -> LedgerResult<()> {
        meta::write(&self.inner.link, name, value).await?;
        self.inner.note_setting(name, value);
        Ok(())
    }

    /// This instance stops soon: others take over what nothing is under way in.
    pub async fn leave(&self) {
        in_time(self.inner.leave()).await;
    }

    /// Gives back all that is held. Afterwards this instance only accepts.
    pub async fn close(&self) {
        in_time(self.inner.give_up()).await;
        let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(listening) = listening {
            listening.abort();
        }
    }
}

/// A server that does not answer does not hold up the end.
async fn in_time(end: impl Future<Output = ()>) {
    if tokio::time::timeout(LAST_WORDS, end).await.is_err() {
        tracing::warn!("Redis does not answer; leases run out by themselves");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(listening) = listening {
            listening.abort();
        }
    }
}

impl Inner {
    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a script over a partition's keys.
    async fn run(
        &self,
        code: &Code,
        partition: Partition,
        arguments: &Arguments,
    ) -> LedgerResult<Value> {
        let _place = self.way.place(code.load()).await;
        self.link.run(code, &keys::of(partition), arguments).await
    }

    /// Runs a script over a partition's keys as its owner; nothing when that is somebody else.
    async fn run_owned(
        &self,
        code: &Code,
        partition: Partition,
        epoch: u64,
        arguments: Arguments,
    ) -> LedgerResult<Option<Value>> {
        let mut whole = Arguments::default();
        whole.add(self.me.as_str()).number(epoch);
        whole.append(arguments);
        let answer = self.run(code, partition, &whole).await?;
        let refused = matches!(&answer, Value::BulkString(text) if text == b"not owner");
        if refused {
            self.leases.lost(partition, epoch);
        }
        Ok((!refused).then_some(answer))
    }

    fn settings_seen(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.settings_seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_setting(&self, name: &str, value: &[u8]) {
        self.settings_seen().insert(name.to_owned(), value.to_owned());
    }

    /// Remembers how a write ended.
    fn note<T>(&self, ended: &Result<T, PortError>) {
        self.failing.store(ended.is_err(), Ordering::Release);
    }
}

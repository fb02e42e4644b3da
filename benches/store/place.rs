//! Where a store is: a directory, or a redis-server of its own.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use parcelwire_engine::ports::{Archive, Held, Ledger, Vault};
use parcelwire_store::{embedded, redis};

use crate::redis_server::RedisServer;

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Embedded,
    Redis,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Redis => "redis",
        }
    }
}

/// A store, and what is below it.
pub(crate) struct Place {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) key: [u8; 32],
    server: Option<RedisServer>,
    directory: tempfile::TempDir,
}

impl Place {
    /// An empty one.
    pub(crate) async fn open(kind: Kind) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        match kind {
            Kind::Embedded => {
                let store = Arc::new(embedded::open(directory.path()).expect("it opens"));
                let key = store.instance_key();
                let (ledger, archive) = (Arc::clone(&store) as _, Arc::clone(&store) as _);
                Self { ledger, archive, vault: store, key, server: None, directory }
            }
            Kind::Redis => {
                let server = RedisServer::start(directory.path(), "everysec");
                let settings = redis::Settings {
                    url: format!("redis+unix://{}", server.socket().display()),
                    cluster: false,
                    sentinel_master: None,
                    sentinel_password: None,
                    ca_file: None,
                    fsync: redis::Fsync::Everysec,
                    unchecked: false,
                    replicas: 0,
                };
                let opened = redis::open(settings, "bench".to_owned(), [7; 32]).await;
                let store = Arc::new(opened.expect("it opens"));
                let key = store.instance_key();
                let (ledger, archive) = (Arc::clone(&store) as _, Arc::clone(&store) as _);
                Self { ledger, archive, vault: store, key, server: Some(server), directory }
            }
        }
    }

    /// All partitions.
    pub(crate) async fn held(&self) -> Held {
        loop {
            let held = self.ledger.hold().await.expect("it answers");
            if held.partitions.len() == 64 {
                return held;
            }
        }
    }

    /// What it takes: of this process, or of the server.
    pub(crate) fn memory_bytes(&self) -> u64 {
        match &self.server {
            None => anonymous_bytes(),
            Some(server) => used_memory(server),
        }
    }

    /// Processor time so far: of this process, and of the server.
    pub(crate) fn cpu(&self) -> Duration {
        let server = self.server.as_ref().map(|server| cpu_of(&server.pid().to_string()));
        cpu_of("self") + server.unwrap_or_default()
    }

    /// What it takes on disk.
    pub(crate) fn disk_bytes(&self) -> u64 {
        folder_bytes(self.directory.path())
    }
}

fn used_memory(server: &RedisServer) -> u64 {
    let mut wire = UnixStream::connect(server.socket()).expect("it listens");
    wire.write_all(b"INFO memory\r\nQUIT\r\n").expect("it hears");
    let mut told = String::new();
    wire.read_to_string(&mut told).expect("it answers");
    let used = told.lines().find_map(|line| line.strip_prefix("used_memory:"));
    used.and_then(|bytes| bytes.trim().parse().ok()).unwrap_or(0)
}

/// Ticks of /proc/PID/stat in a second: the kernel's USER_HZ, 100 on every Linux of today.
const TICKS: u64 = 100;

fn cpu_of(process: &str) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux");
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 1000 / TICKS)
}

fn anonymous_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0");
    let kib = line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => folder_bytes(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

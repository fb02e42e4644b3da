//! The laws of all stores on the file and in memory, and what is special to SQLite.

use std::sync::PoisonError;

use async_trait::async_trait;
use parcelwire_domain::id::{ReceiptId, SourceName};
use parcelwire_engine::ports::*;

use super::*;
use crate::contract::{Books, Host, balanced, merchant, now, receipt, step};

mod damage;
mod migration;
mod plans;
mod sweep;

/// A data directory.
struct OnFile {
    directory: tempfile::TempDir,
}

impl OnFile {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }
}

#[async_trait(?Send)]
impl Host for OnFile {
    async fn open(&self) -> Arc<dyn Books> {
        Arc::new(open(self.directory.path()).expect("it opens"))
    }

    async fn after_a_crash(&self, before: Arc<dyn Books>) -> Arc<dyn Books> {
        drop(before);
        self.open().await
    }
}

/// A database in memory.
#[derive(Default)]
struct InMemory(Mutex<Option<Arc<Embedded>>>);

#[async_trait(?Send)]
impl Host for InMemory {
    async fn open(&self) -> Arc<dyn Books> {
        let store = Arc::new(in_memory().expect("it opens"));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&store));
        store
    }

    async fn after_a_crash(&self, _: Arc<dyn Books>) -> Arc<dyn Books> {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = before.expect("it was opened");
        Arc::new(after_a_crash(&before).await.expect("it was written"))
    }
}

mod on_file {
    crate::contract::all_laws!(super::OnFile::new());
}

mod in_memory {
    crate::contract::all_laws!(super::InMemory::default());
}

/// Runs a story on the file and in memory.
fn on_both<F: Future<Output = ()>>(story: impl Fn(Embedded) -> F) {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime().block_on(story(open(directory.path()).expect("it opens")));
    runtime().block_on(story(in_memory().expect("it opens")));
}

#[test]
fn a_queue_in_doubt_is_told_by_the_table_and_hands_nothing_out_twice() {
    on_both(|store| async move {
        let few = (1..=4).map(|n| receipt(n, "hey", "{}"));
        store.accept(few.collect()).await;
        let held = store.hold().await.expect("it answers");
        let handed = store.waiting(&held, 2, 100).await.expect("it answers");
        assert_eq!(handed.len(), 2);
        let settled = step(&[(1, Outcome::Forwarded)], Vec::new());
        assert_eq!(store.commit(&held, vec![settled]).await, [Ok(())]);
        // Nobody heard how a write ended: what was queued for it is lost, and read again.
        drop(waiting::Doubt::until_told(&store.waiting));
        // A place told late, of something that is settled by now, brings nothing back.
        store.waiting.add((false, "hey".to_owned()), 1);
        let rest = store.waiting(&held, 100, 100).await.expect("it answers");
        let ids: Vec<u128> = rest.iter().map(|receipt| receipt.id.bits()).collect();
        assert_eq!(ids, [3, 4]);
        assert!(store.waiting(&held, 100, 100).await.expect("it answers").is_empty());
    });
}

#[test]
fn what_was_accepted_survives_a_crash_and_is_handed_out_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let key = runtime.block_on(async {
        let store = open(directory.path()).expect("it opens");
        store.accept(vec![receipt(1, "hey", "{}")]).await;
        let held = store.hold().await.expect("it answers");
        assert_eq!(store.waiting(&held, 10, 10).await.expect("it answers").len(), 1);
        store.instance_key()
    });
    runtime.block_on(async {
        let store = open(directory.path()).expect("it opens again");
        assert_eq!(store.instance_key(), key);
        let held = store.hold().await.expect("it answers");
        assert_eq!(store.waiting(&held, 10, 10).await.expect("it answers").len(), 1);
        let copy = directory.path().join("copy.db");
        backup(directory.path(), &copy).expect("it is copied while it is open");
        assert!(matches!(backup(directory.path(), &copy), Err(BackupError::Exists(_))));
    });
}

#[test]
fn a_directory_that_cannot_be_used_says_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = open(directory.path()).expect("it opens");
    let told = open(directory.path()).expect_err("it is locked").to_string();
    assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
    drop(first);
    let database = rusqlite::Connection::open(directory.path().join(FILE)).expect("it opens");
    database.execute_batch("PRAGMA user_version = 99").expect("it is set");
    drop(database);
    let told = open(directory.path()).expect_err("it is newer").to_string();
    assert!(told.contains("newer version (schema 99"), "{told}");
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("it is written");
    assert!(matches!(open(&file.join("x")), Err(OpenError::NotWritable { .. })));
}

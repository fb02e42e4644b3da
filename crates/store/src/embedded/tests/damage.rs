//! What breaks: a log whose end was never synced, jobs that trip, a store that cannot write.

use std::{fs, path::Path};

use parcelwire_domain::id::RefusedId;

use super::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// What a power cut leaves of the log, and how many of twenty receipts are in it.
type Cut = (&'static str, fn(&mut Vec<u8>), usize);

const CUTS: [Cut; 4] = [
    ("all of it", |_| (), 20),
    ("half a page of the last commit is missing", |log| log.truncate(log.len() - 2048), 19),
    ("the last commit was written in part", |log| flip(log), 19),
    ("what never became a commit", |log| log.extend_from_slice(&[7; 10_000]), 20),
];

fn flip(log: &mut [u8]) {
    if let Some(byte) = log.iter_mut().rev().nth(100) {
        *byte ^= 0xff;
    }
}

#[test]
fn a_log_whose_end_was_never_synced_loses_nothing_that_was_answered() {
    let directory = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let store = open(directory.path()).expect("it opens");
        // Somebody who looks keeps the log from being moved while it is copied.
        let looking = Connection::open(directory.path().join(FILE)).expect("it opens");
        looking.execute_batch("BEGIN; SELECT * FROM meta").expect("it looks");
        for n in 1..=20 {
            let accepted = store.accept(vec![receipt(n, "hey", "{}")]).await;
            assert_eq!(accepted, [Ok(Accepted::New(ReceiptId::from_bits(n)))]);
        }
        for (what, cut, count) in CUTS {
            let copy = tempfile::tempdir().expect("a directory");
            wreck(directory.path(), copy.path(), cut);
            let after = open(copy.path()).unwrap_or_else(|error| panic!("{what}: {error}"));
            let held = after.hold().await.expect("it answers");
            let waiting = after.waiting(&held, 100, 100).await.expect("it answers");
            assert_eq!(waiting.len(), count, "{what}");
            assert_eq!(balanced(&after).await.receipts.waiting, count as u64, "{what}");
            let again =
                after.accept(vec![receipt(20, "hey", "{}"), receipt(21, "hey", "{}")]).await;
            assert!(again.iter().all(Result::is_ok), "{what}: {again:?}");
            assert_eq!(balanced(&after).await.receipts.accepted, 21, "{what}");
        }
        drop(looking);
    });
}

/// A copy of the data as a power cut leaves it.
fn wreck(from: &Path, to: &Path, cut: fn(&mut Vec<u8>)) {
    fs::copy(from.join(FILE), to.join(FILE)).expect("it is copied");
    let log = format!("{FILE}-wal");
    let mut bytes = fs::read(from.join(&log)).expect("it is read");
    cut(&mut bytes);
    fs::write(to.join(&log), bytes).expect("it is written");
}

#[test]
fn a_job_that_panics_takes_back_only_itself() {
    on_both(|store| async move {
        let tripped = store.desk.write(|connection| -> rusqlite::Result<()> {
            connection.execute("INSERT INTO meta VALUES ('half', x'00')", [])?;
            panic!("a mistake of ours")
        });
        assert!(tripped.await.is_err());
        assert_eq!(store.meta("half").await, Ok(None));
        let accepted = store.accept(vec![receipt(1, "hey", "{}")]).await;
        assert_eq!(accepted, [Ok(Accepted::New(ReceiptId::from_bits(1)))]);
        balanced(&store).await;
    });
}

#[test]
fn a_look_that_panics_ends_no_other() {
    let directory = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let store = open(directory.path()).expect("it opens");
        let look = |_: &Connection| -> rusqlite::Result<()> { panic!("a mistake of ours") };
        assert!(store.desk.read(look).await.is_err());
        balanced(&store).await;
    });
}

#[test]
fn a_store_that_cannot_write_says_so_until_it_can() {
    let directory = tempfile::tempdir().expect("a directory");
    runtime().block_on(async {
        let store = open(directory.path()).expect("it opens");
        // Every new row is refused, as on a full disk.
        let other = Connection::open(directory.path().join(FILE)).expect("it opens");
        let each = |sql: fn(&str) -> String| {
            for table in ["meta", "receipts"] {
                other.execute_batch(&sql(table)).expect("it is done");
            }
        };
        assert!(store.health().await.is_ok());
        each(|table| {
            format!(
                "CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        });
        let refused = store.accept(vec![receipt(1, "hey", "{}")]).await;
        assert!(matches!(refused[..], [Err(PortError::NotApplied { .. })]), "{refused:?}");
        assert!(store.health().await.is_err());
        assert_eq!(balanced(&store).await.receipts.accepted, 0, "looking goes on");
        each(|table| format!("DROP TRIGGER no_{table}"));
        assert!(store.health().await.is_ok(), "nobody has to send anything for it");
        assert!(store.accept(vec![receipt(1, "hey", "{}")]).await[0].is_ok());
    });
}

#[test]
fn refused_requests_are_counted_and_only_the_newest_kept() {
    on_both(|store| async move {
        let refused = |n: u128| Refused {
            id: RefusedId::from_bits(n),
            owner: Owner::Merchant(merchant("hey")),
            source: SourceName::parse("shop").expect("a name"),
            at: now(),
            code: "signature_invalid".to_owned(),
            detail: "the signature does not fit".to_owned(),
            client: "192.0.2.1".to_owned(),
            body_bytes: 2000,
        };
        for part in 0..3_u128 {
            let batch = (0..4000).map(|n| refused(part * 4000 + n)).collect();
            store.refuse(batch).await.expect("it answers");
        }
        let count = "SELECT COUNT(*), MIN(id) FROM refused";
        let kept = store.desk.read(|connection| {
            connection.query_row(count, [], |row| Ok((row.get(0)?, rows::bits(row, 1)?)))
        });
        assert_eq!(kept.await, Ok((10_000_i64, 2_000_u128)));
        assert_eq!(balanced(&store).await.receipts.refused, 12_000);
    });
}

//! Data of an earlier version are led to this one's, with a copy of them beside.

use parcelwire_domain::id::MerchantId;
use parcelwire_engine::ports::{Place, Shelf, Vault as _};
use rusqlite::Connection;

use super::*;

/// What the first version wrote.
fn first_version(directory: &std::path::Path) -> Connection {
    let database = Connection::open(directory.join(FILE)).expect("it opens");
    database
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; {}; INSERT INTO meta VALUES
             ('instance_key', x'{:064}'), ('epoch', x'00');
             INSERT INTO unmapped VALUES ('hey', 'shop', 'weg', 3);
             INSERT INTO counters (merchant, accepted, filtered) VALUES ('hey', 3, 3);
             PRAGMA user_version = 1",
            include_str!("../schema.sql"),
            7
        ))
        .expect("it is made");
    database
}

fn shape(database: &Connection) -> Vec<String> {
    let mut statement = database
        .prepare("SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY sql")
        .expect("it is SQL");
    statement.query_map([], |row| row.get(0)).and_then(Iterator::collect).expect("it answers")
}

#[test]
fn the_first_versions_data_are_copied_and_led_here() {
    let directory = tempfile::tempdir().expect("a directory");
    drop(first_version(directory.path()));
    let copy = directory.path().join(format!("{FILE}.schema-1"));
    std::fs::write(&copy, "half a copy").expect("it is written");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(directory.path()).expect("it is led here");
        let page = store.unmapped(None, None, 9).await.expect("it answers");
        assert_eq!((&page.rows[0]["code"], &page.rows[0]["count"]), (&"weg".into(), &3.into()));
        assert_eq!(page.rows[0]["first_seen"], serde_json::Value::Null);
        assert_eq!(balanced(&store).await.receipts.accepted, 3);
    });
    let kept = Connection::open(&copy).expect("it opens");
    let count: i64 = kept
        .query_row("SELECT count FROM unmapped", [], |row| row.get(0))
        .expect("it is as it was");
    assert_eq!(count, 3);
    // New data and led data are of one shape, and nothing is copied the second time.
    std::fs::remove_file(&copy).expect("it goes");
    drop(open(directory.path()).expect("it opens"));
    assert!(!copy.exists());
    let fresh = tempfile::tempdir().expect("a directory");
    drop(open(fresh.path()).expect("it is made"));
    let of = |directory: &std::path::Path| {
        shape(&Connection::open(directory.join(FILE)).expect("it opens"))
    };
    assert_eq!(of(directory.path()), of(fresh.path()));
}

#[test]
fn data_that_cannot_be_copied_are_not_touched() {
    let directory = tempfile::tempdir().expect("a directory");
    drop(first_version(directory.path()));
    let copy = directory.path().join(format!("{FILE}.schema-1"));
    std::fs::create_dir_all(copy.join("in the way")).expect("it is made");
    let told = open(directory.path()).expect_err("there is no copy").to_string();
    assert!(told.contains("schema-1") && told.contains("hint"), "{told}");
    let database = Connection::open(directory.path().join(FILE)).expect("it opens");
    let version: i64 =
        database.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("it answers");
    assert_eq!(version, 1);
}

#[test]
fn what_was_noted_of_merchants_is_kept() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = first_version(directory.path());
    for step in [
        include_str!("../steps/2.sql"),
        include_str!("../steps/3.sql"),
        include_str!("../steps/4.sql"),
        include_str!("../steps/5.sql"),
        "INSERT INTO notes VALUES ('', CAST('own' AS BLOB)), ('hey', CAST('heard' AS BLOB));
             PRAGMA user_version = 5",
    ] {
        database.execute_batch(step).expect("it is led on");
    }
    drop(database);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(directory.path()).expect("it is led here");
        let place = |of| Place { shelf: Shelf::Hearing, of, key: String::new() };
        let hey = MerchantId::parse("hey").expect("a name");
        let kept = store.kept(vec![place(None), place(Some(hey))]).await.expect("it is read");
        let kept: Vec<Option<&[u8]>> = kept.iter().map(Option::as_deref).collect();
        assert_eq!(kept, [Some(&b"own"[..]), Some(b"heard")]);
    });
}

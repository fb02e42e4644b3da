//! Starts that fail, with data that cannot be used: an exit code, what is wrong, what to do.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use parcelwire_store::embedded::FILE;
use tokio::process::Command;

use crate::{
    harness::{PATIENCE, answer, write},
    process::{Relay, shell},
};

/// Starts and ends with exit code 3; what it says.
async fn refuses(directory: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
    command.arg("serve").current_dir(directory).env("PARCELWIRE__HTTP__PORT", "0");
    let ended = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await;
    let ended = ended.expect("it ends").expect("it runs");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(3), "{told}");
    assert!(told.contains("hint: "), "{told}");
    told
}

/// A directory with the data of a relay that was stopped.
async fn with_data() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let mut relay = Relay::start(directory.path()).await;
    relay.ask_to_stop();
    assert!(relay.ended().await.success());
    directory
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::File::options().write(true).open(path).expect("it opens");
    file.seek(SeekFrom::Start(at)).expect("it is there");
    file.write_all(bytes).expect("it is written");
}

#[tokio::test]
async fn a_second_relay_on_the_same_data_is_told_of_the_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = Relay::start(directory.path()).await;
    let told = refuses(directory.path()).await;
    assert!(told.contains(&format!("process {}", first.pid())), "{told}");
    assert_eq!(first.get("/readyz").await.status, 200, "the first one goes on");
    // Once it is gone, however it went, there is room for another.
    first.kill().await;
    Relay::start(directory.path()).await;
}

#[tokio::test]
async fn data_of_a_newer_version_is_left_alone() {
    let directory = with_data().await;
    let file = directory.path().join("data").join(FILE);
    // The user version in the header of every SQLite database.
    overwrite(&file, 60, &99_u32.to_be_bytes());
    let before = fs::read(&file).expect("it is read");
    let told = refuses(directory.path()).await;
    assert!(told.contains("newer version") && told.contains("99"), "{told}");
    assert_eq!(fs::read(&file).expect("it is read"), before, "nothing was written");
}

#[tokio::test]
async fn damaged_data_is_not_taken_for_new() {
    let directory = with_data().await;
    let file = directory.path().join("data").join(FILE);
    overwrite(&file, 0, b"this is no database");
    let told = refuses(directory.path()).await;
    assert!(told.contains("not a database") && told.contains("backup"), "{told}");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "data", "a file stands here");
    let told = refuses(directory.path()).await;
    assert!(told.contains("cannot be written to") && told.contains("store.path"), "{told}");
    // Nor one in which others may write and we may not.
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(directory.path().join("data").join("parcelwire.lock")).expect("it is made");
    let told = refuses(directory.path()).await;
    assert!(told.contains("cannot be written to"), "{told}");
}

#[tokio::test]
async fn a_token_that_looks_like_a_number_is_taken_as_it_is_written() {
    for token in ["0815", "12e4", "1_000", "true"] {
        let directory = tempfile::tempdir().expect("a directory");
        let surroundings = format!("export PARCELWIRE__ADMIN__TOKEN={token}");
        let relay = Relay::start_by(&mut shell(&surroundings), directory.path()).await;
        let asked = relay.client.get(relay.url("/api/v1/stats")).bearer_auth(token).send().await;
        assert_eq!(answer(asked).await.status, 200, "{token}");
    }
}

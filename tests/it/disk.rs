//! A disk that is full, and room that comes back; a store that is slow; a copy under load.

use std::{collections::BTreeSet, path::Path, time::Duration};

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use tokio::process::Command;

use crate::{
    harness::{Answer, PATIENCE, answer, fulfilment, merchant, next, order, spawn_tuned, write},
    process::{Relay, heavy_parcel, parcel, shell, signed},
};

/// Larger than what is left where the books of a webhook before just fit.
const HEAVY: usize = 40_000;

/// How the room of a relay is bounded, and given back.
pub(crate) enum Room {
    /// A file system of its own, in a mount namespace.
    Disk,
    /// No file may grow beyond a size.
    File,
}

impl Room {
    /// The first kind where this machine lets us mount.
    pub(crate) async fn disk_or_file(directory: &Path) -> Self {
        let tried = Command::new("unshare")
            .args(["-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(directory)
            .output()
            .await;
        let may_mount = tried.is_ok_and(|tried| tried.status.success());
        if may_mount { Self::Disk } else { Self::File }
    }

    pub(crate) fn command(&self) -> Command {
        match self {
            // In units of 512 bytes: 4 MB.
            Self::File => shell("ulimit -S -f 8192"),
            Self::Disk => {
                let inside = shell("mount -t tmpfs -o size=16m tmpfs data");
                let mut command = Command::new("unshare");
                command.arg("-m").arg(inside.as_std().get_program());
                command.args(inside.as_std().get_args());
                command
            }
        }
    }

    pub(crate) async fn give_back(&self, relay: &Relay, directory: &Path) {
        let pid = relay.pid().to_string();
        let mut command = match self {
            Self::File => {
                let mut command = Command::new("prlimit");
                command.args(["--pid", &pid, "--fsize=unlimited"]);
                command
            }
            Self::Disk => {
                let mut command = Command::new("nsenter");
                command.args(["-t", &pid, "-m", "mount", "-o", "remount,size=64m"]);
                command.arg(directory.join("data"));
                command
            }
        };
        let given = command.output().await.expect("it runs");
        assert!(given.status.success(), "{given:?}");
    }
}

fn is_unavailable(answer: &Answer) -> bool {
    if answer.status == 202 {
        return false;
    }
    let code = answer.body["code"].as_str();
    assert_eq!((answer.status, code), (503, Some("store_unavailable")), "{answer:?}");
    let seconds = answer.headers["retry-after"].to_str().ok().and_then(|text| text.parse().ok());
    assert!(seconds.is_some_and(|seconds: u64| seconds > 0), "{answer:?}");
    true
}

/// Fills the room until it is full, gives it back, and sees that all goes on.
async fn fill(directory: &Path, room: Room) {
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let file = merchant(&sandbox.url()).replace("pk_test_0001", "pk_test_0001, limits: off");
    write(directory, "config/merchants/hey.yaml", &file);
    std::fs::create_dir(directory.join("data")).expect("it is made");
    let relay = Relay::start_by(&mut room.command(), directory).await;
    let mut accepted = BTreeSet::new();
    let mut refused = Vec::new();
    while refused.len() < 20 {
        let (body, email) = heavy_parcel(next(), HEAVY);
        if is_unavailable(&relay.post(body.clone()).await) {
            refused.push((body, email));
        } else {
            accepted.insert(email);
        }
    }
    assert!(accepted.len() > 10, "{} {}", accepted.len(), relay.log());
    assert_eq!(relay.get("/healthz").await.status, 200, "it lives");
    let forged =
        relay.client.post(relay.url("/hooks/hey/shop")).header("x-shopify-hmac-sha256", "A");
    assert_eq!(answer(forged.body("{}").send().await).await.body["code"], "signature_invalid");
    room.give_back(&relay, directory).await;
    // Nobody has to start it again: what was refused is taken when its sender comes again.
    for (body, email) in refused {
        let taken = async { while is_unavailable(&relay.post(body.clone()).await) {} };
        tokio::time::timeout(PATIENCE, taken).await.expect("there is room again");
        accepted.insert(email);
    }
    assert_eq!(relay.get("/readyz").await.status, 200);
    let stats = relay.settled().await;
    let events = sandbox.received().events();
    let told: BTreeSet<String> = events.iter().map(|told| told.key.profile.clone()).collect();
    let missing = accepted.difference(&told).count();
    assert_eq!((missing, told.len()), (0, accepted.len()), "what was accepted, and nothing else");
    assert_eq!(events.len(), told.len(), "once");
    assert_eq!(stats["receipts"]["accepted"], accepted.len() as u64, "{stats}");
    assert_eq!(stats["messages"]["sent"], accepted.len() as u64, "{stats}");
}

#[tokio::test]
async fn a_full_disk_is_told_and_room_that_comes_back_is_used() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(directory.path(), Room::disk_or_file(directory.path()).await).await;
}

#[tokio::test]
async fn a_file_that_may_not_grow_is_told_and_outlived() {
    let directory = tempfile::tempdir().expect("a directory");
    fill(directory.path(), Room::File).await;
}

#[tokio::test]
async fn a_start_without_room_says_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let told = shell("ulimit -f 8").current_dir(directory.path()).output().await.expect("it runs");
    assert_eq!(told.status.code(), Some(3), "{told:?}");
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("no room") && told.contains("hint: "), "{told}");
}

#[tokio::test]
async fn a_slow_store_is_answered_for_in_time() {
    let app = spawn_tuned(
        |directory, sandbox| {
            write(directory, "merchants/hey.yaml", &merchant(sandbox));
        },
        |settings| settings.http.accept_deadline_ms = 200,
    )
    .await;
    let path = app.directory.path().join("data").join(parcelwire_store::embedded::FILE);
    let other = rusqlite::Connection::open(path).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("it is held");
    let began = tokio::time::Instant::now();
    let body = fulfilment(1);
    let told = app.shop("orders/create", &order(1)).await;
    assert!(is_unavailable(&told), "never a false 2xx");
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(2), "{took:?}");
    assert_eq!(answer(app.client.get(app.url("/healthz")).send().await).await.status, 200);
    other.execute_batch("ROLLBACK").expect("it is let go");
    // It was not lost on the way: what comes again is taken, and told once.
    let taken = async {
        while is_unavailable(&app.shop("orders/create", &order(1)).await) {}
        while is_unavailable(&app.shop("fulfillments/create", &body).await) {}
    };
    tokio::time::timeout(PATIENCE, taken).await.expect("it takes webhooks again");
    assert_eq!(app.arrived(1).await[0].1, "kim.1@example.test");
    app.until("/api/v1/stats", |stats| stats["receipts"]["waiting"] == 0).await;
    assert_eq!(app.stats().await["messages"]["created"], 1);
}

#[tokio::test]
async fn a_copy_made_under_load_starts_and_balances() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let file = merchant(&sandbox.url()).replace("pk_test_0001", "pk_test_0001, limits: off");
    write(directory.path(), "config/merchants/hey.yaml", &file);
    let relay = Relay::start(directory.path()).await;
    let mut before = BTreeSet::new();
    // More than one step of a copy would take in.
    for _ in 0..120 {
        let (body, email) = heavy_parcel(next(), HEAVY);
        assert_eq!(relay.post(body).await.status, 202);
        before.insert(email);
    }
    let (client, url) = (relay.client.clone(), relay.url("/hooks/hey/shop"));
    let load = tokio::spawn(async move {
        loop {
            let (body, _) = parcel(next());
            let told = answer(signed(&client, url.clone(), body).send().await).await;
            assert_eq!(told.status, 202, "a copy is in nobody's way");
        }
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
    command.args(["backup", "copy.db"]).current_dir(directory.path());
    let copied = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends");
    let copied = copied.expect("it runs");
    assert!(copied.status.success(), "{copied:?}");
    load.abort();
    drop(load.await);
    relay.kill().await;
    let restored = tempfile::tempdir().expect("a directory");
    write(restored.path(), "config/merchants/hey.yaml", &file);
    std::fs::create_dir(restored.path().join("data")).expect("it is made");
    let copy = restored.path().join("data").join(parcelwire_store::embedded::FILE);
    std::fs::copy(directory.path().join("copy.db"), copy).expect("it is put in place");
    let relay = Relay::start(restored.path()).await;
    let stats = relay.settled().await;
    assert!(stats["receipts"]["accepted"].as_u64() >= Some(120), "{stats}");
    let events = sandbox.received().events();
    let told: BTreeSet<String> = events.iter().map(|told| told.key.profile.clone()).collect();
    assert!(before.is_subset(&told));
    assert_eq!(events.len(), told.len(), "what both of them tell has the same id");
}

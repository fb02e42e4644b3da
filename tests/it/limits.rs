//! Limits of one key must not stand in the way of others.

use parcelwire::sandbox::{Sandbox, SandboxSettings};

use crate::{
    harness::{PATIENCE, answer, merchant, next, write},
    process::{Relay, parcel, signed},
};

/// As many messages as the relay sends at a time, and more.
const SLOW_MERCHANTS: usize = 20;
const OF_EACH: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_without_a_turn_for_an_hour_hold_up_nobody_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let file = |key: &str, limits: &str| {
        merchant(&sandbox.url()).replace("pk_test_0001", &format!("{key}, limits: {limits}"))
    };
    let slow = file("pk_test_0002", "{ per_hour: 1 }");
    for n in 0..SLOW_MERCHANTS {
        write(directory.path(), &format!("config/merchants/slow{n}.yaml"), &slow);
    }
    write(directory.path(), "config/merchants/hey.yaml", &file("pk_test_0001", "off"));
    let relay = Relay::start(directory.path()).await;
    for n in 0..SLOW_MERCHANTS * OF_EACH {
        let path = format!("/hooks/slow{}/shop", n % SLOW_MERCHANTS);
        let sent = signed(&relay.client, relay.url(&path), parcel(next()).0).send().await;
        assert_eq!(answer(sent).await.status, 202);
    }
    // Every one of them is decided, and one of them is sent.
    let all = SLOW_MERCHANTS * OF_EACH;
    relay.until("/api/v1/stats", |stats| stats["messages"]["created"] == all).await;
    relay.until("/api/v1/stats", |stats| stats["messages"]["sent"] == 1).await;
    let (body, email) = parcel(next());
    assert_eq!(relay.post(body).await.status, 202);
    let arrives = sandbox
        .received()
        .wait_for(|received| received.events().iter().any(|told| told.key.profile == email));
    tokio::time::timeout(PATIENCE, arrives).await.expect("it goes out beside them");
    let stats = relay.until("/api/v1/stats", |stats| stats["messages"]["sent"] != 1).await;
    assert_eq!((&stats["messages"]["sent"], &stats["balanced"]), (&2.into(), &true.into()));
}

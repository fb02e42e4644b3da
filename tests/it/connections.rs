//! Connections that are held and say nothing: webhooks come in beside them, however many there are.

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpStream;

use crate::{
    harness::{PATIENCE, merchant, next, write},
    process::{Relay, parcel, shell},
};

/// The limit of open files of this process, raised as far as it goes.
pub(crate) fn open_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("the hard limit may be had");
    limit.maximum.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// Holds so many idle connections to a relay with these limits, and sends webhooks beside them.
async fn beside(held: usize, limits: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    write(directory.path(), "config/merchants/hey.yaml", &merchant(&sandbox.url()));
    let relay = Relay::start_by(&mut shell(limits), directory.path()).await;
    let mut idle = Vec::with_capacity(held);
    for _ in 0..held {
        let connecting = TcpStream::connect(("127.0.0.1", relay.port));
        let connected = tokio::time::timeout(PATIENCE, connecting).await;
        idle.push(connected.expect("nobody waits to get in").expect("it connects"));
    }
    for _ in 0..5 {
        let told = relay.post(parcel(next()).0).await;
        assert_eq!(told.status, 202, "{told:?} {}", relay.log());
    }
    let received = sandbox.received();
    let all = received.wait_for(|received| received.sums().events == 5);
    tokio::time::timeout(PATIENCE, all).await.expect("they arrive");
    assert_eq!(relay.settled().await["messages"]["sent"], 5);
    assert_eq!(relay.get("/readyz").await.status, 200);
    drop(idle);
}

#[tokio::test]
async fn ten_thousand_idle_connections_shut_nobody_out() {
    // Other tests of this process need some too.
    let held = (open_files() / 2).min(10_000);
    beside(held, "ulimit -S -n 256").await;
}

#[tokio::test]
async fn more_idle_connections_than_open_files_shut_nobody_out() {
    let held = (open_files() / 4).min(1_500);
    beside(held, "ulimit -n 300").await;
}

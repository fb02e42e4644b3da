//! A real relay, killed with SIGKILL again and again under load; the sandbox judges: everything
//! that was accepted arrives, under one id only, and the books come out.

use std::{
    collections::BTreeSet,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
};

use parcelwire::sandbox::{Sandbox, SandboxSettings};

use crate::harness::{
    PATIENCE, SHOP_SECRET, TOKEN, client, fulfilment, hmac_base64, merchant, next, write,
};

const KILLS: u32 = 20;

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

fn start(directory: &Path, port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .arg("serve")
        .current_dir(directory)
        .env("PARCELWIRE__HTTP__PORT", port.to_string())
        .env("PARCELWIRE__HTTP__WORKERS", "1")
        .env("PARCELWIRE__ADMIN__TOKEN", TOKEN)
        .env("PARCELWIRE__EGRESS__ALLOW", "127.0.0.0/8")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

async fn ready(client: &reqwest::Client, port: u16) {
    let url = format!("http://127.0.0.1:{port}/readyz");
    let asked = async {
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it becomes ready");
}

/// Sends parcels, each of its own customer, until told to stop; answers whose were accepted.
async fn load(
    client: reqwest::Client,
    port: Arc<AtomicU16>,
    stop: Arc<AtomicBool>,
) -> BTreeSet<String> {
    let mut accepted = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        let number = next();
        let mut body = fulfilment(number);
        let email = format!("kim.{number}@example.test");
        body["email"] = email.clone().into();
        let body = body.to_string();
        let signature = hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes());
        let request = client
            .post(format!("http://127.0.0.1:{}/hooks/hey/shop", port.load(Ordering::Relaxed)))
            .header("x-shopify-topic", "fulfillments/create")
            .header("x-shopify-hmac-sha256", signature)
            .body(body);
        match request.send().await {
            Ok(answer) if answer.status() == 202 => {
                accepted.insert(email);
            }
            _ => tokio::task::yield_now().await,
        }
    }
    accepted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_accepted_is_lost_however_often_it_is_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let file = merchant(&sandbox.url()).replace("pk_test_0001", "pk_test_0001, limits: off");
    write(directory.path(), "config/merchants/hey.yaml", &file);
    let client = client();
    let port = Arc::new(AtomicU16::new(free_port()));
    let mut relay = start(directory.path(), port.load(Ordering::Relaxed));
    ready(&client, port.load(Ordering::Relaxed)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|_| tokio::spawn(load(client.clone(), Arc::clone(&port), Arc::clone(&stop))))
        .collect();
    for kill in 0..KILLS {
        let before = sandbox.received().sums().events;
        let some = sandbox
            .received()
            .wait_for(|received| received.sums().events > before + u64::from(kill % 7) * 5);
        tokio::time::timeout(PATIENCE, some).await.expect("it works between kills");
        relay.kill().expect("it is killed");
        relay.wait().expect("it is gone");
        let again = free_port();
        relay = start(directory.path(), again);
        ready(&client, again).await;
        port.store(again, Ordering::Relaxed);
    }
    stop.store(true, Ordering::Relaxed);
    let mut accepted = BTreeSet::new();
    for sender in senders {
        accepted.extend(sender.await.expect("it ends"));
    }
    let url = format!("http://127.0.0.1:{}/api/v1/stats", port.load(Ordering::Relaxed));
    let settled = async {
        loop {
            let answer = client.get(&url).bearer_auth(TOKEN).send().await.expect("it answers");
            let stats: serde_json::Value =
                serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
            assert_eq!(stats["balanced"], true, "{stats}");
            if stats["receipts"]["waiting"] == 0 && stats["messages"]["pending"] == 0 {
                return stats;
            }
            tokio::task::yield_now().await;
        }
    };
    let stats = tokio::time::timeout(PATIENCE * 2, settled).await.expect("everything settles");
    assert_eq!(stats["messages"]["dead"], 0, "{stats}");
    let events = sandbox.received().events();
    let told: BTreeSet<String> = events.iter().map(|told| told.key.profile.clone()).collect();
    let missing: Vec<&String> = accepted.difference(&told).collect();
    assert!(missing.is_empty(), "{} of {} accepted are missing", missing.len(), accepted.len());
    assert_eq!(events.len(), told.len(), "every fact has one id only");
    assert!(accepted.len() > 100, "there was a load: {}", accepted.len());
    relay.kill().expect("it is killed");
    relay.wait().expect("it is gone");
}

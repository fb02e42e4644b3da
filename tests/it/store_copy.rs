//! `store copy`: a relay moves to another store and goes on there.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::{
    harness::{TestApp, fulfilment, order, spawn_app},
    redis_server::RedisServer,
};

/// The command, as an operator runs it.
async fn copy(directory: &Path, from: &str, to: &str) -> (Option<i32>, String) {
    let (directory, from, to) = (directory.to_owned(), from.to_owned(), to.to_owned());
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .args(["store", "copy", "--from", &from, "--to", &to])
            .current_dir(directory)
            .env_clear()
            .output()
    });
    let ran = ran.await.expect("it ends").expect("it runs");
    (ran.status.code(), String::from_utf8(ran.stderr).expect("UTF-8"))
}

/// All that the API tells.
async fn told(app: &TestApp) -> Vec<Value> {
    let mut told = Vec::new();
    for path in ["receipts", "events", "messages", "refused", "unmapped", "stats"] {
        told.push(app.get(&format!("/api/v1/{path}")).await.body);
    }
    for receipt in told[0]["items"].as_array().expect("items").clone() {
        let id = receipt["id"].as_str().expect("an id");
        told.push(app.get(&format!("/api/v1/receipts/{id}")).await.body);
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_goes_on_in_another_store_as_if_nothing_had_been() {
    let mut app = spawn_app().await;
    let server = RedisServer::start().await;
    for number in 1..=4 {
        app.shop("orders/create", &order(number)).await;
        app.shop("fulfillments/create", &fulfilment(number)).await;
    }
    app.shop("orders/create", &order(9)).await;
    app.arrived(4).await;
    app.until("/api/v1/stats", |stats| {
        stats["receipts"]["waiting"] == 0 && stats["messages"]["pending"] == 0
    })
    .await;
    let before = told(&app).await;
    let directory = app.directory.path().to_owned();
    let (code, said) = copy(&directory, "data", &server.url()).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is in use") && said.contains("hint"), "{said}");
    app.stop().await;
    let (code, said) = copy(&directory, "data", &server.url()).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("9 receipts") && said.contains("two relays on two copies"), "{said}");
    let (code, said) = copy(&directory, "data", &server.url()).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("data of its own"), "{said}");
    app.start_tuned(|settings| {
        settings.store.kind = "redis".to_owned();
        settings.store.url = server.url();
    })
    .await;
    let mut after = told(&app).await;
    after[5]["oldest_waiting_seconds"] = before[5]["oldest_waiting_seconds"].clone();
    assert_eq!(after, before);
    app.shop("fulfillments/create", &fulfilment(9)).await;
    app.arrived(5).await;
    app.stop().await;
    let (code, said) = copy(&directory, &server.url(), "back").await;
    assert_eq!(code, Some(0), "{said}");
    app.start_tuned(|settings| settings.store.path = directory.join("back")).await;
    assert_eq!(app.stats().await["messages"]["sent"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_nothing_that_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let (code, said) = copy(directory.path(), "nowhere", "there").await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("no data at nowhere") && said.contains("hint"), "{said}");
    let (code, said) = copy(directory.path(), "redis://127.0.0.1:1/0", "there").await;
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("Redis does not answer"), "{said}");
}

//! Open orders of before the relay was connected: they teach, and only what comes afterwards is told.

use std::{path::Path, process::Output};

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    commands::text,
    harness::{
        PATIENCE, TOKEN, TestApp, fulfilment, merchant, spawn_app, spawn_with, until, write,
    },
    other::{Other, json as fine},
    poll::ROUNDS,
    process::Relay,
    redis_server::RedisServer,
};

/// Three orders: one that was placed, one whose parcel had left, one that waits to be collected.
const ORDERS: &str = "\
order_id,order_number,email,status,occurred_at,carrier,tracking_number,items
5000000001,#1,kim.1@example.test,,2026-11-20,,,
5000000002,#2,kim.2@example.test,dispatched,2026-11-20T09:00:00+01:00,dhl,00340000000000000002,2 x SND-38
5000000003,#3,kim.3@example,in_transit,yesterday,dhl,T3,
5000000004,#4,kim.4@example.test,ready_for_pickup,2026-10-01,dhl,T4,
";

fn import(directory: &Path, url: &str, arguments: &[&str]) -> Output {
    let all = ["import", "--url", url, "--token", TOKEN, "--merchant", "hey"];
    crate::commands::run(directory, &[&all[..], arguments].concat())
}

async fn lived(relay: &Relay, directory: &Path, sandbox: &Sandbox) {
    write(directory, "orders.csv", ORDERS);
    let first = import(directory, &relay.url(""), &["orders.csv"]);
    let told = text(&first.stderr);
    assert_eq!(first.status.code(), Some(1), "{told} {}", relay.log());
    assert!(told.contains("orders.csv:4:5: `yesterday` is no time"), "{told}");
    assert!(told.contains("hint: as in 2026-11-20T14:05:00+01:00"), "{told}");
    assert_eq!(text(&first.stdout).trim(), "3 accepted, 0 known already, 1 wrong");
    let stats = relay.settled().await;
    let books = |stats: &Value| {
        let of = |name: &str| stats["receipts"][name].as_u64().expect("a number");
        (of("accepted"), of("filtered"), of("forwarded"), stats["messages"]["created"].clone())
    };
    assert_eq!(books(&stats), (3, 3, 0, json!(0)));
    let list = relay.get("/api/v1/receipts?limit=1").await.body;
    let path = format!("/api/v1/receipts/{}", list["items"][0]["id"].as_str().expect("an id"));
    let story = relay.get(&path).await.body;
    assert_eq!((&story["status"], &story["why"]), (&json!("filtered"), &json!("imported")));
    // A parcel of the first order leaves: its webhook brings no recipient.
    let sent = relay.post(fulfilment(1).to_string()).await;
    assert_eq!(sent.status, 202);
    // That of the second one had left.
    let mut known = fulfilment(2);
    known["tracking_number"] = json!("00340000000000000002");
    known["tracking_numbers"] = json!(["00340000000000000002"]);
    assert_eq!(relay.post(known.to_string()).await.status, 202);
    let stats = relay.settled().await;
    assert_eq!(books(&stats), (5, 4, 1, json!(1)), "{stats}");
    let arrived: Vec<String> =
        sandbox.received().events().into_iter().map(|told| told.key.profile).collect();
    assert_eq!(arrived, ["kim.1@example.test"]);
    // The same file once more changes nothing.
    let again = import(directory, &relay.url(""), &["orders.csv", "--json"]);
    let told: Value = serde_json::from_slice(&again.stdout).expect("JSON");
    assert_eq!((&told["accepted"], &told["known"]), (&json!(0), &json!(3)), "{told}");
    assert_eq!(told["wrong"][0]["line"], 4);
    let stats = relay.settled().await;
    assert_eq!(books(&stats), (5, 4, 1, json!(1)));
    assert_eq!(sandbox.received().sums().events, 1);
}

fn files(directory: &Path) -> Sandbox {
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    write(directory, "config/merchants/hey.yaml", &merchant(&sandbox.url()));
    sandbox
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_teaches_and_what_comes_after_is_told_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = files(directory.path());
    let relay = Relay::start(directory.path()).await;
    lived(&relay, directory.path(), &sandbox).await;
    relay.kill().await;
    // It is remembered.
    let relay = Relay::start(directory.path()).await;
    let again = import(directory.path(), &relay.url(""), &["orders.csv"]);
    assert!(text(&again.stdout).contains("3 known already"), "{}", text(&again.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_so_on_redis() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = files(directory.path());
    let redis = RedisServer::start().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
    command
        .arg("serve")
        .env("PARCELWIRE__STORE__KIND", "redis")
        .env("PARCELWIRE__STORE__URL", redis.url());
    let relay = Relay::start_by(&mut command, directory.path()).await;
    lived(&relay, directory.path(), &sandbox).await;
}

/// The command beside a relay in this test.
async fn told(app: &TestApp, arguments: &'static [&'static str]) -> Output {
    let (url, directory) = (app.url(""), app.directory.path().to_owned());
    let ran = tokio::task::spawn_blocking(move || import(&directory, &url, arguments));
    ran.await.expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_do_as_well_and_a_dry_run_leaves_nothing() {
    let app = spawn_app().await;
    let rows =
        "{\"order_number\":\"#1\",\"ordered_at\":\"2026-11-20\"}\n{\"order_number\":\"#2\"}\n";
    write(app.directory.path(), "orders.jsonl", rows);
    let dry = told(&app, &["--dry-run", "orders.jsonl"]).await;
    assert_eq!(text(&dry.stdout).trim(), "1 accepted, 0 known already, 1 wrong");
    assert!(text(&dry.stderr).contains("orders.jsonl:2: it is not said when it was so"));
    assert_eq!(app.stats().await["receipts"]["accepted"], 0);
    let further = told(&app, &["--from-line", "2", "--source", "warehouse", "orders.jsonl"]).await;
    assert_eq!(text(&further.stdout).trim(), "0 accepted, 0 known already, 1 wrong");
    let all = told(&app, &["--source", "warehouse", "orders.jsonl"]).await;
    assert_eq!(text(&all.stdout).trim(), "1 accepted, 0 known already, 1 wrong");
    let list = app.until("/api/v1/receipts", |list| list["items"][0]["status"] == "filtered").await;
    assert_eq!(list["items"][0]["source"], "warehouse");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_whose_they_are() {
    let app = spawn_app().await;
    write(app.directory.path(), "wrong.csv", "ordernumber,status\n#1,delivered\n");
    write(app.directory.path(), "fine.csv", "order_number,ordered_at\n#1,2026-11-20\n");
    for (arguments, code, named) in [
        (&["wrong.csv"][..], 1, "wrong.csv:1:1: there is no field `ordernumber`"),
        (&["gone.csv"], 2, "gone.csv"),
        (&["--source", "shp", "fine.csv"], 2, "did you mean `shop`?"),
        (&["--source", "shop", "--from-lookup"], 2, "export its open orders"),
        (&["--from-lookup"], 2, "--source"),
    ] {
        let ran = told(&app, arguments).await;
        let said = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(named), "{arguments:?}: {said}");
    }
    assert_eq!(app.stats().await["receipts"]["accepted"], 0);
    let url = app.url("");
    let elsewhere = |token: &'static str, merchant: &'static str| {
        let directory = app.directory.path().to_owned();
        let asked = ["import", "--url", &url, "--token", token, "--merchant", merchant, "fine.csv"];
        let asked: Vec<String> = asked.map(str::to_owned).to_vec();
        tokio::task::spawn_blocking(move || {
            let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
            crate::commands::run(&directory, &asked).status.code()
        })
    };
    assert_eq!(elsewhere(TOKEN, "nobody").await.expect("it ends"), Some(2));
    assert_eq!(elsewhere("another", "hey").await.expect("it ends"), Some(3));
    let unreachable = import(app.directory.path(), "http://127.0.0.1:9", &["fine.csv"]);
    assert_eq!(unreachable.status.code(), Some(4));
    let columns = crate::commands::run(app.directory.path(), &["import", "--columns"]);
    assert!(text(&columns.stdout).lines().any(|name| name == "tracking_number"));
    let bare = app.client.post(app.url("/api/v1/merchants/hey/imports")).body("{}").send().await;
    assert_eq!(bare.expect("it answers").status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_can_be_asked_is_asked_for_what_was() {
    let now = jiff::Timestamp::now();
    let ago = |days: u64| (now - std::time::Duration::from_secs(days * 86_400)).to_string();
    let (cut, old, new) = (ago(30), ago(20), ago(0));
    let item = |number: u64, at: &str| {
        json!({ "id": number, "order": format!("#{number}"), "track": format!("T{number}"),
                "mail": format!("kim.{number}@example.test"), "at": at })
    };
    let other = Other::start(move |asked| {
        let since = asked.path.split("since=").nth(1).unwrap_or_default().replace("%3A", ":");
        let mut items = vec![item(2, &new)];
        if since < cut {
            items.insert(0, item(1, &old));
        }
        fine(json!({ "list": items, "more": false }).to_string())
    })
    .await;
    let app = spawn_with(|directory, sandbox| {
        let url = other.url("");
        let merchant = format!(
            "holds: off\nsources:\n  rounds: {{ url: \"{url}\", key: key-one }}\ndestinations:\n  klaviyo: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\n"
        );
        write(directory, "connectors/sources/rounds.yaml", ROUNDS);
        write(directory, "merchants/hey.yaml", &merchant);
    })
    .await;
    app.arrived(1).await;
    let asked = told(&app, &["--source", "rounds", "--from-lookup"]).await;
    assert!(asked.status.success(), "{}", text(&asked.stderr));
    // What came as news before is known.
    assert_eq!(text(&asked.stdout).trim(), "1 accepted, 1 known already, 0 wrong");
    let quiet = |stats: &Value| stats["receipts"]["waiting"] == 0;
    let stats = app.until("/api/v1/stats", quiet).await;
    assert_eq!(
        (&stats["receipts"]["filtered"], &stats["messages"]["created"]),
        (&json!(1), &json!(1))
    );
    let people: Vec<String> =
        app.sandbox.received().events().into_iter().map(|told| told.key.profile).collect();
    assert_eq!(people, ["kim.2@example.test"]);
    app.stats().await;
}

#[tokio::test]
async fn what_waited_for_a_recipient_is_told_when_an_import_brings_it() {
    let app = spawn_app().await;
    let parcel = json!({ "status": "dispatched", "order_number": "#7", "tracking_number": "T7" });
    let sent = app.warehouse(&parcel).await;
    assert_eq!(app.outcome(&sent).await, "parked");
    let row =
        json!({ "order_number": "#7", "email": "kim.7@example.test", "ordered_at": "2026-11-01" });
    let asked = app.client.post(app.url("/api/v1/merchants/hey/imports")).bearer_auth(TOKEN);
    let answer = asked.body(json!({ "rows": [row] }).to_string()).send().await;
    assert_eq!(answer.expect("it answers").status(), 200);
    let told = tokio::time::timeout(PATIENCE, app.arrived(1)).await.expect("it arrives");
    assert_eq!(told[0].1, "kim.7@example.test");
    let outcome =
        until("it is settled", async || app.outcome(&sent).await, |it| it != "parked").await;
    assert_eq!(outcome, "forwarded");
    let stats = app.stats().await;
    assert_eq!(
        (&stats["receipts"]["filtered"], &stats["messages"]["created"]),
        (&json!(1), &json!(1))
    );
}

//! One stream of webhooks for many merchants.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{
    Answer, SHOP_SECRET, TestApp, answer, hmac_base64, spawn_tuned, spawn_with, write,
};

const CONNECTOR: &str = "title: Lagerhaus\nfacts: invented for a test\nverify: { hmac: sha256, encoding: base64, header: X-Lager-Sig }\n\
    account: =parcel.client\nevents:\n  each: =parcels\n  as: parcel\n  code: =parcel.status\n  order_number: =parcel.order\n\
    \x20 tracking_number: =parcel.number\n  email: =parcel.email\nstatuses: { gone: dispatched, there: delivered }\ntests: {}\n";

/// A feed with three merchants; its connector lies beside their folders or elsewhere.
pub(crate) fn write_files(connectors: &Path, config: &Path, sandbox: &str) {
    write(connectors, "connectors/sources/lager.yaml", CONNECTOR);
    write(config, "feeds/lager.yaml", &format!("secret: {SHOP_SECRET}\n"));
    // No quotes: an account is read as it is written.
    for (name, account) in [("anna", "1"), ("ben", "2"), ("carla", "0815")] {
        let file = format!(
            "holds: off\nsources:\n  lager: {{ account: {account} }}\ndestinations:\n  klaviyo: {{ api_key: pk_{name}, limits: off, base_url: \"{sandbox}\" }}\n"
        );
        write(config, &format!("merchants/{name}.yaml"), &file);
    }
}

/// A webhook about two merchants' parcels, and whom it is about.
pub(crate) fn two_parcels(number: u64) -> (String, Vec<String>) {
    let parcels = ["1", "2"].map(|client| parcel(client, number, "gone"));
    let email = |parcel: &Value| parcel["email"].as_str().unwrap_or_default().to_owned();
    (json!({ "parcels": parcels }).to_string(), parcels.iter().map(email).collect())
}

async fn app() -> TestApp {
    spawn_with(|directory, sandbox| write_files(directory, directory, sandbox)).await
}

async fn feed(app: &TestApp, body: &Value) -> Answer {
    post(app, &body.to_string()).await
}

/// The feed's webhook, rightly signed.
pub(crate) async fn post(app: &TestApp, body: &str) -> Answer {
    let body = body.to_owned();
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes());
    let request =
        app.client.post(app.url("/feeds/lager")).header("x-lager-sig", signature).body(body);
    answer(request.send().await).await
}

fn parcel(client: &str, number: u64, status: &str) -> Value {
    json!({ "client": client, "order": format!("{client}-{number}"), "number": format!("T{client}{number}"), "status": status,
            "email": format!("kim.{client}.{number}@example.test") })
}

#[tokio::test]
async fn a_webhook_for_three_merchants_is_split_and_the_unknown_one_is_counted() {
    let app = app().await;
    let parcels = [("1", 1), ("2", 1), ("1", 2), ("9", 1), ("0815", 1), ("9", 2)];
    let parcels = parcels.map(|(client, number)| parcel(client, number, "gone"));
    let body = json!({ "parcels": parcels });
    let told = feed(&app, &body).await;
    assert_eq!(told.status, 202);
    app.arrived(4).await;
    let received = app.sandbox.received().events();
    let mut arrived: Vec<(&str, &str)> = received
        .iter()
        .map(|told| (told.key.account.as_str(), told.key.profile.as_str()))
        .collect();
    arrived.sort_unstable();
    let expected = [
        ("_ben", "kim.2.1@example.test"),
        ("anna", "kim.1.1@example.test"),
        ("anna", "kim.1.2@example.test"),
        ("arla", "kim.0815.1@example.test"),
    ];
    assert_eq!(arrived, expected);
    // The same webhook again is a repeat; nobody has their own address in it.
    assert_eq!(feed(&app, &body).await.status, 200);
    for name in ["anna", "ben", "carla"] {
        let stats = app.get(&format!("/api/v1/merchants/{name}/stats")).await.body;
        assert_eq!(stats["receipts"]["accepted"], 1, "{name}: {stats}");
    }
    assert_eq!(app.settled(&told).await["status"], "split");
    let direct =
        answer(app.client.post(app.url("/hooks/anna/lager")).body("{}").send().await).await;
    assert_eq!(direct.body["code"], "unknown_source");
    app.stats().await;
    let data = app.directory.path().join("data").join(parcelwire_store::embedded::FILE);
    let counted: (String, i64) = rusqlite::Connection::open(data)
        .and_then(|data| {
            let sql = "SELECT account, count FROM unclaimed";
            data.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .expect("it is counted");
    assert_eq!(counted, ("9".to_owned(), 1));
}

#[tokio::test]
async fn a_merchant_that_floods_and_hangs_does_not_delay_another() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let nowhere = format!("http://{}", hanging.local_addr().expect("an address"));
    let app = spawn_with(|directory, sandbox| {
        write_files(directory, directory, sandbox);
        let file = format!(
            "holds: off\nsources:\n  lager: {{ account: 1 }}\ndestinations:\n  klaviyo: {{ api_key: pk_anna, limits: off, base_url: \"{nowhere}\" }}\n"
        );
        write(directory, "merchants/anna.yaml", &file);
    })
    .await;
    for number in 0..20 {
        let parcels: Vec<_> = (0..20).map(|n| parcel("1", number * 20 + n, "gone")).collect();
        assert_eq!(feed(&app, &json!({ "parcels": parcels })).await.status, 202);
    }
    assert_eq!(feed(&app, &json!({ "parcels": [parcel("2", 1, "gone")] })).await.status, 202);
    assert_eq!(app.arrived(1).await[0].1, "kim.2.1@example.test");
    app.until("/api/v1/merchants/ben/stats", |stats| stats["messages"]["sent"] == 1).await;
    let all = |stats: &Value| stats["messages"]["pending"] == 400;
    app.until("/api/v1/merchants/anna/stats", all).await;
    app.stats().await;
}

#[tokio::test]
async fn a_webhook_that_nobody_claims_is_told_and_dropped() {
    let app = app().await;
    let told = feed(&app, &json!({ "parcels": [parcel("9", 1, "gone")] })).await;
    let story = app.settled(&told).await;
    assert_eq!(story["status"], "unclaimed");
    assert!(story["request"]["body"].is_null());
}

const ABOVE: &str = "https://relay.example.test";

const CALLER: &str = r"title: Caller
facts: invented for a test
verify: { hmac: sha256, encoding: base64, header: X-Lager-Sig, signed: '{{ url }} {{ body }}' }
account: =client
handshake:
  - { method: GET, path: hello/there, when: =query.code is present, body: 'welcome {{ query.code }} to {{ path }} of {{ address }}' }
events:
  status: dispatched
  order_number: =order
  tracking_number: =order
  email: =mail
tests: {}
";

#[tokio::test]
async fn a_feed_has_addresses_below_its_own() {
    let files = |directory: &Path, sandbox: &str| {
        write_files(directory, directory, sandbox);
        write(directory, "connectors/sources/caller.yaml", CALLER);
        write(
            directory,
            "feeds/calls.yaml",
            &format!("connector: caller\nsecret: {SHOP_SECRET}\n"),
        );
        let file = format!(
            "holds: off\nsources:\n  calls: {{ account: 1 }}\ndestinations:\n  klaviyo: {{ api_key: pk_anna, base_url: \"{sandbox}\" }}\n"
        );
        write(directory, "merchants/anna.yaml", &file);
    };
    let app = spawn_tuned(files, |settings| ABOVE.clone_into(&mut settings.http.public_url)).await;
    let get = async |path: &str| app.client.get(app.url(path)).send().await.expect("it answers");
    let welcome = get("/feeds/calls/hello/there?code=7").await;
    assert_eq!(welcome.status(), 200);
    let told = welcome.text().await.expect("text");
    assert_eq!(told, format!("welcome 7 to hello/there of {ABOVE}/feeds/calls"));
    for (path, status) in [
        ("/feeds/calls/hello/there", 405),
        ("/feeds/calls/hello?code=7", 405),
        ("/feeds/calls?code=7", 405),
        ("/feeds/nobody/hello/there?code=7", 404),
        ("/feeds//hello/there?code=7", 404),
    ] {
        assert_eq!(get(path).await.status(), status, "{path}");
    }
    // A webhook below it is one of the feed, signed over the whole address.
    let body = json!({ "client": "1", "order": "#1", "mail": "kim@example.test" }).to_string();
    for (signed, status) in [("/feeds/calls/in?a=1", 202), ("/feeds/calls", 401)] {
        let text = format!("{ABOVE}{signed} {body}");
        let signature = hmac_base64(SHOP_SECRET.as_bytes(), text.as_bytes());
        let request = app.client.post(app.url("/feeds/calls/in?a=1"));
        let told = answer(request.header("x-lager-sig", signature).body(body.clone()).send().await);
        assert_eq!(told.await.status, status, "{signed}");
    }
    assert_eq!(app.arrived(1).await[0].1, "kim@example.test");
    app.stats().await;
}

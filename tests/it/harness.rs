//! A relay in a temporary directory, a sandbox beside it, and one method for each request.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use parcelwire::{
    app::App,
    config::Settings,
    sandbox::{Sandbox, SandboxSettings},
};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::watch;

pub(crate) const SHOP_SECRET: &str = "shop-secret-of-a-test";
pub(crate) const WAREHOUSE_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwQUJDREVGR0g=";
pub(crate) const TOKEN: &str = "admin-token-of-a-test";

/// What must happen within this does, or the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A merchant with a Shopify shop, a warehouse and a Klaviyo account.
pub(crate) fn merchant(sandbox: &str) -> String {
    format!(
        "name: Hey Example\nlanguage: de\nholds: off\nsources:\n  shop: {{ connector: shopify, secret: {SHOP_SECRET} }}\n\
         \x20 warehouse: {{ connector: webhook, secret: \"{WAREHOUSE_SECRET}\" }}\ndestinations:\n\
         \x20 klaviyo: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\n"
    )
}

pub(crate) struct TestApp {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) sandbox: Sandbox,
    pub(crate) port: u16,
    pub(crate) client: reqwest::Client,
    stop: watch::Sender<bool>,
    relay: Option<tokio::task::JoinHandle<()>>,
}

pub(crate) fn client() -> reqwest::Client {
    client_that_waits(PATIENCE)
}

/// A client that waits so long for an answer.
pub(crate) fn client_that_waits(timeout: Duration) -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().timeout(timeout).build().expect("a client")
}

pub(crate) fn write(directory: &Path, path: &str, text: &str) -> PathBuf {
    let path = directory.join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
    std::fs::write(&path, text).expect("it is written");
    path
}

/// Settings that live in a directory.
pub(crate) fn settings(directory: &Path) -> Settings {
    let mut settings = Settings::defaults().expect("the defaults are in order");
    settings.http.port = 0;
    settings.http.workers = 1;
    settings.store.path = directory.join("data");
    settings.admin.token = TOKEN.to_owned();
    settings.secrets.path = directory.join("secrets");
    settings.paths.merchants = directory.join("merchants");
    settings.paths.feeds = directory.join("feeds");
    settings.paths.templates = directory.join("templates");
    settings.paths.connectors = directory.join("connectors");
    settings.paths.mappings = directory.join("mappings");
    settings.egress.allow = vec!["127.0.0.0/8".to_owned()];
    settings
}

/// A relay with the usual merchant.
pub(crate) async fn spawn_app() -> TestApp {
    spawn_with(|directory, sandbox| {
        write(directory, "merchants/hey.yaml", &merchant(sandbox));
    })
    .await
}

/// A relay with files of the test's own.
pub(crate) async fn spawn_with(files: impl FnOnce(&Path, &str)) -> TestApp {
    spawn_tuned(files, |_| {}).await
}

pub(crate) async fn spawn_tuned(
    files: impl FnOnce(&Path, &str),
    tune: impl FnOnce(&mut Settings),
) -> TestApp {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let mut settings = settings(directory.path());
    tune(&mut settings);
    let (stop, port, relay) = start(settings).await;
    TestApp { directory, sandbox, port, client: client(), stop, relay: Some(relay) }
}

async fn start(settings: Settings) -> (watch::Sender<bool>, u16, tokio::task::JoinHandle<()>) {
    let app = App::build(settings).await.expect("the relay starts");
    let port = app.port();
    let (stop, stopped) = watch::channel(false);
    let relay = tokio::spawn(async move { app.run_until_stopped(stopped).await.expect("it runs") });
    (stop, port, relay)
}

pub(crate) fn hmac_base64(key: &[u8], message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    mac.update(message);
    STANDARD.encode(mac.finalize().into_bytes())
}

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number that no other request of this process has.
pub(crate) fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An answer: status and JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

pub(crate) async fn answer(sent: Result<reqwest::Response, reqwest::Error>) -> Answer {
    let sent = sent.expect("it answers");
    let (status, headers) = (sent.status().as_u16(), sent.headers().clone());
    let body = serde_json::from_str(&sent.text().await.expect("a body")).unwrap_or(Value::Null);
    Answer { status, headers, body }
}

/// Asks until the answer is as wanted.
pub(crate) async fn until<T>(
    what: &str,
    ask: impl AsyncFn() -> T,
    wanted: impl Fn(&T) -> bool,
) -> T {
    let asked = async {
        loop {
            let answer = ask().await;
            if wanted(&answer) {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("{what}: it never came"))
}

impl TestApp {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A webhook of the shop, rightly signed.
    pub(crate) async fn shop(&self, topic: &str, body: &Value) -> Answer {
        self.shop_raw("hey", topic, body.to_string().into_bytes()).await
    }

    pub(crate) async fn shop_raw(&self, merchant: &str, topic: &str, body: Vec<u8>) -> Answer {
        let signature = hmac_base64(SHOP_SECRET.as_bytes(), &body);
        let request = self
            .client
            .post(self.url(&format!("/hooks/{merchant}/shop")))
            .header("x-shopify-topic", topic)
            .header("x-shopify-event-id", format!("evt-{}", next()))
            .header("x-shopify-hmac-sha256", signature)
            .body(body);
        answer(request.send().await).await
    }

    /// A webhook of the warehouse, rightly signed.
    pub(crate) async fn warehouse(&self, body: &Value) -> Answer {
        self.warehouse_raw(body.to_string().into_bytes()).await
    }

    pub(crate) async fn warehouse_raw(&self, body: Vec<u8>) -> Answer {
        let id = format!("msg-{}", next());
        let now = jiff::Timestamp::now().as_second();
        self.warehouse_signed(&id, now, now, body).await
    }

    pub(crate) async fn warehouse_signed(
        &self,
        id: &str,
        signed_at: i64,
        said_at: i64,
        body: Vec<u8>,
    ) -> Answer {
        let key = STANDARD.decode(WAREHOUSE_SECRET.trim_start_matches("whsec_")).expect("base64");
        let mut signed = format!("{id}.{signed_at}.").into_bytes();
        signed.extend_from_slice(&body);
        let request = self
            .client
            .post(self.url("/hooks/hey/warehouse"))
            .header("webhook-id", id)
            .header("webhook-timestamp", said_at.to_string())
            .header("webhook-signature", format!("v1,{}", hmac_base64(&key, &signed)))
            .body(body);
        answer(request.send().await).await
    }

    /// Asks the API.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(self.url(path)).bearer_auth(TOKEN).send().await).await
    }

    /// Waits until a receipt is settled; answers its whole story.
    pub(crate) async fn settled(&self, answer: &Answer) -> Value {
        let id =
            answer.body["id"].as_str().unwrap_or_else(|| panic!("accepted: {answer:?}")).to_owned();
        let path = format!("/api/v1/receipts/{id}");
        self.until(&path, |story| story["status"] != "waiting").await
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(path, async || self.get(path).await.body, |body| wanted(body)).await
    }

    /// Waits until the sandbox has so many events; answers metric and person of each.
    pub(crate) async fn arrived(&self, count: u64) -> Vec<(String, String)> {
        let received = self.sandbox.received();
        let all = received.wait_for(|received| received.sums().events >= count);
        tokio::time::timeout(PATIENCE, all).await.expect("they arrive");
        received.events().into_iter().map(|told| (told.key.metric, told.key.profile)).collect()
    }

    /// The outcome of a receipt, with its reason.
    pub(crate) async fn outcome(&self, answer: &Answer) -> String {
        let story = self.settled(answer).await;
        let why = story["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{}{why}", story["status"].as_str().unwrap_or_default())
    }

    pub(crate) async fn stats(&self) -> Value {
        let stats = self.get("/api/v1/stats").await.body;
        assert_eq!(stats["balanced"], true, "{stats}");
        stats
    }

    /// Stops the relay and starts another on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let (stop, port, relay) = start(settings(self.directory.path())).await;
        (self.stop, self.port, self.relay) = (stop, port, Some(relay));
    }

    /// Starts a relay that was stopped, with other settings.
    pub(crate) async fn start_tuned(&mut self, tune: impl FnOnce(&mut Settings)) {
        let mut settings = settings(self.directory.path());
        tune(&mut settings);
        let (stop, port, relay) = start(settings).await;
        (self.stop, self.port, self.relay) = (stop, port, Some(relay));
    }

    pub(crate) async fn stop(&mut self) {
        self.stop.send_replace(true);
        if let Some(relay) = self.relay.take() {
            relay.await.expect("it stops");
        }
    }
}

/// An order as the shop tells of it.
pub(crate) fn order(number: u64) -> Value {
    json!({
        "id": 5_000_000_000_u64 + number, "name": format!("#{number}"),
        "created_at": jiff::Timestamp::now().to_string(), "email": format!("kim.{number}@example.test"),
        "total_price": "59.90", "currency": "EUR", "customer_locale": "de-DE",
        "customer": { "id": 77, "first_name": "Kim", "last_name": "Beispiel" },
        "shipping_address": { "country_code": "DE" },
        "line_items": [{ "sku": "SND-38", "title": "Sandale", "quantity": 1, "price": "49.90" }],
    })
}

/// Its one parcel.
pub(crate) fn fulfilment(number: u64) -> Value {
    let now = jiff::Timestamp::now().to_string();
    json!({
        "id": 6_000_000_000_u64 + number, "order_id": 5_000_000_000_u64 + number,
        "name": format!("#{number}.1"), "status": "success", "created_at": now, "updated_at": now,
        "tracking_company": "DHL", "tracking_number": format!("0034000000{number:010}"),
        "tracking_numbers": [format!("0034000000{number:010}")], "tracking_url": "https://track.example.test/",
        "line_items": [{ "sku": "SND-38", "title": "Sandale", "quantity": 1, "price": "49.90" }],
    })
}

/// A scan of that parcel.
pub(crate) fn scan(number: u64, status: &str) -> Value {
    json!({
        "id": 7_000_000_000_u64 + next(), "fulfillment_id": 6_000_000_000_u64 + number,
        "order_id": 5_000_000_000_u64 + number, "status": status,
        "happened_at": jiff::Timestamp::now().to_string(),
    })
}

//! A trace goes from the webhook's request to the destination's, and to whoever collects spans.

use std::path::Path;

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    harness::{
        PATIENCE, SHOP_SECRET, answer, fulfilment, hmac_base64, merchant, next, spawn_tuned, write,
    },
    other::{Other, json as fine, status},
    process::Relay,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SENDER: &str = "00f067aa0ba902b7";

fn webhook(client: &reqwest::Client, url: String, number: u64) -> reqwest::RequestBuilder {
    let mut body = fulfilment(number);
    body["email"] = json!(format!("kim.{number}@example.test"));
    let body = body.to_string();
    client
        .post(url)
        .header("x-shopify-topic", "fulfillments/create")
        .header("x-shopify-event-id", format!("evt-{}", next()))
        .header("x-shopify-hmac-sha256", hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes()))
        .body(body)
}

/// The header of each request that came, if it had one.
fn traceparents(tool: &Other) -> Vec<Option<String>> {
    tool.asked().iter().map(|asked| asked.header("traceparent")).collect()
}

async fn tool() -> Other {
    Other::start(|_| fine("{}")).await
}

#[tokio::test]
async fn a_destinations_request_belongs_to_the_webhooks_trace() {
    let tool = tool().await;
    let url = tool.url("");
    let app = spawn_tuned(
        |directory, _| drop(write(directory, "merchants/hey.yaml", &merchant(&url))),
        |_| {},
    )
    .await;
    let hooks = app.url("/hooks/hey/shop");
    let told = format!("00-{TRACE}-{SENDER}-01");
    let sent = webhook(&app.client, hooks.clone(), 1).header("traceparent", &told).send().await;
    let first = answer(sent).await;
    assert_eq!(app.outcome(&first).await, "forwarded");
    let sent =
        webhook(&app.client, hooks.clone(), 2).header("traceparent", "nonsense").send().await;
    let second = answer(sent).await;
    assert_eq!(app.outcome(&second).await, "forwarded");
    app.until("/api/v1/stats", |stats| stats["messages"]["pending"] == 0).await;
    let seen: Vec<String> = traceparents(&tool).into_iter().flatten().collect();
    assert_eq!(seen.len(), 2, "{seen:?}");
    let parts = |text: &str| text.split('-').map(str::to_owned).collect::<Vec<_>>();
    let [version, trace, span, flags] = &parts(&seen[0])[..] else { panic!("{seen:?}") };
    assert_eq!((version.as_str(), trace.as_str(), flags.as_str()), ("00", TRACE, "01"));
    assert_ne!(span, SENDER, "a span of its own");
    assert_eq!(span.len(), 16);
    // What is no trace is as good as none: the relay begins one.
    let own = parts(&seen[1]);
    assert!(own[1].len() == 32 && own[1] != TRACE, "{seen:?}");
}

#[tokio::test]
async fn the_header_can_be_left_out() {
    let tool = tool().await;
    let url = tool.url("");
    let app = spawn_tuned(
        |directory, _| drop(write(directory, "merchants/hey.yaml", &merchant(&url))),
        |settings| settings.egress.traceparent = false,
    )
    .await;
    let sent = webhook(&app.client, app.url("/hooks/hey/shop"), 1);
    let sent = answer(sent.header("traceparent", format!("00-{TRACE}-{SENDER}-01")).send().await);
    assert_eq!(app.outcome(&sent.await).await, "forwarded");
    app.until("/api/v1/stats", |stats| stats["messages"]["pending"] == 0).await;
    assert_eq!(traceparents(&tool), [None]);
}

async fn relay(directory: &Path, collector: &str) -> (Sandbox, Relay) {
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    write(directory, "config/merchants/hey.yaml", &merchant(&sandbox.url()));
    let mut serve = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
    serve
        .arg("serve")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20key")
        .env("OTEL_SERVICE_NAME", "relay-of-a-test")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test");
    (sandbox, Relay::start_by(&mut serve, directory).await)
}

/// All spans that a collector was told, with their resource.
fn spans(collector: &Other) -> Vec<Value> {
    let mut all = Vec::new();
    for asked in collector.asked() {
        assert_eq!(asked.header("content-type").as_deref(), Some("application/json"));
        assert_eq!(asked.header("x-key").as_deref(), Some("a key"));
        assert_eq!(asked.path, "/v1/traces");
        let told: Value = serde_json::from_str(&asked.body).expect("JSON");
        for of in told["resourceSpans"].as_array().expect("a list") {
            let resource = of["resource"]["attributes"].to_string();
            for known in ["relay-of-a-test", "deployment.environment"] {
                assert!(resource.contains(known), "{resource}");
            }
            let spans = of["scopeSpans"][0]["spans"].as_array().expect("a list");
            all.extend(spans.iter().cloned());
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_told_of_receiving_deciding_and_sending() {
    let collector = tool().await;
    let directory = tempfile::tempdir().expect("a directory");
    let (_sandbox, mut relay) = relay(directory.path(), &collector.url("")).await;
    let told = format!("00-{TRACE}-{SENDER}-01");
    let sent = webhook(&relay.client, relay.url("/hooks/hey/shop"), 7).header("traceparent", told);
    let taken = answer(sent.send().await).await;
    assert_eq!(taken.status, 202);
    relay.settled().await;
    relay.ask_to_stop();
    assert!(relay.ended().await.success());
    let spans = spans(&collector);
    let of = |name: &str| {
        let found: Vec<&Value> = spans.iter().filter(|span| span["name"] == name).collect();
        let [one] = &found[..] else { panic!("{name}: {spans:#?}") };
        assert_eq!(one["traceId"], TRACE);
        (*one).clone()
    };
    let (received, processed, sent) = (of("receive"), of("process"), of("send"));
    assert_eq!(received["parentSpanId"], SENDER);
    assert_eq!(processed["parentSpanId"], received["spanId"]);
    assert_eq!(sent["parentSpanId"], processed["spanId"]);
    assert_eq!(
        (&received["kind"], &processed["kind"], &sent["kind"]),
        (&json!(2), &json!(1), &json!(3))
    );
    let id = taken.body["id"].as_str().expect("an id");
    assert!(processed["attributes"].to_string().contains(id), "{processed}");
    assert!(sent["attributes"].to_string().contains("\"http.response.status_code\""), "{sent}");
    let all = json!(spans).to_string();
    for never in ["kim.7", "example.test", SHOP_SECRET, "pk_test_0001"] {
        assert!(!all.contains(never), "{never} is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_fails_costs_spans_and_nothing_else() {
    let collector = Other::start(|_| status(400, "")).await;
    let directory = tempfile::tempdir().expect("a directory");
    let (_sandbox, relay) = relay(directory.path(), &collector.url("")).await;
    for number in 1..=5 {
        let sent = webhook(&relay.client, relay.url("/hooks/hey/shop"), number).send().await;
        assert_eq!(answer(sent).await.status, 202);
    }
    assert_eq!(relay.settled().await["messages"]["sent"], 5);
    let failed = async {
        loop {
            let told = relay.client.get(relay.url("/metrics")).send().await.expect("it answers");
            let told = told.text().await.expect("a text");
            let lost = told.lines().any(|line| {
                let count = line.strip_prefix("parcelwire_spans_total{outcome=\"failed\"} ");
                count.is_some_and(|count| count != "0")
            });
            if lost {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, failed).await.expect("lost spans are counted");
    let log = relay.log();
    assert!(log.contains("the collector does not take spans"), "{log}");
}

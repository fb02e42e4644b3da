//! The API: who may look, lists, one receipt whole, test events, and what it says of wrong
//! questions. Whether its description is true is in `openapi`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{
    Answer, TOKEN, TestApp, answer, fulfilment, merchant, order, spawn_app, spawn_with, write,
};

#[tokio::test]
async fn nobody_looks_without_the_token() {
    let app = spawn_app().await;
    for path in [
        "/api/v1/stats",
        "/api/v1/receipts",
        "/api/v1/receipts?limit=nonsense",
        "/api/v1/merchants/hey/messages",
        "/api/v1/merchants/nobody/messages",
        "/api/v1/receipts/rcp_x",
    ] {
        let bare = answer(app.client.get(app.url(path)).send().await).await;
        assert_eq!(
            (bare.status, bare.body["code"].as_str()),
            (401, Some("unauthorized")),
            "{path}"
        );
        assert_eq!(bare.headers["www-authenticate"], "Bearer", "{path}");
        let wrong = answer(app.client.get(app.url(path)).bearer_auth("wrong").send().await).await;
        assert_eq!(wrong.status, 401, "{path}");
    }
    let wish = app.client.post(app.url("/api/v1/merchants/hey/test-events")).body("nonsense");
    assert_eq!(answer(wish.send().await).await.status, 401);
    assert_eq!(app.get("/api/v1/merchants/nobody/stats").await.status, 404);
    assert_eq!(app.get("/api/v1/nothing").await.status, 404);
}

#[tokio::test]
async fn a_receipt_is_told_whole() {
    let app = spawn_with(|directory, sandbox| {
        write(directory, "merchants/hey.yaml", &merchant(sandbox));
        write(directory, "merchants/other.yaml", &merchant(sandbox));
    })
    .await;
    app.shop("orders/create", &order(1)).await;
    let told = app.shop("fulfillments/create", &fulfilment(1)).await;
    app.arrived(1).await;
    let id = told.body["id"].as_str().expect("an id");
    let path = format!("/api/v1/merchants/hey/receipts/{id}");
    let story = app.until(&path, |story| story["messages"][0]["state"] == "sent").await;
    assert_eq!(story["topic"], "fulfillments/create");
    assert_eq!(story["verification"]["method"], "hmac_sha256");
    let headers = story["request"]["headers"].to_string();
    assert!(headers.contains("x-shopify-topic") && !headers.contains("hmac"), "{headers}");
    assert_eq!(story["events"][0]["status"], "dispatched");
    assert_eq!(story["events"][0]["decisions"][0]["decision"], "message");
    let attempt = &story["messages"][0]["requests"][0];
    assert_eq!(attempt["verdict"], "sent");
    assert_eq!(attempt["exchange"][0]["answer"], "202");
    assert!(
        attempt["exchange"][0]["request"].as_str().is_some_and(|text| text.starts_with("POST "))
    );
    assert!(!story.to_string().contains("pk_test_0001"), "keys are masked");
    for elsewhere in ["other", "nobody"] {
        let foreign = app.get(&format!("/api/v1/merchants/{elsewhere}/receipts/{id}")).await;
        assert_eq!(foreign.status, 404, "{elsewhere}");
    }
}

/// Orders and their parcels, settled and sent.
async fn with_orders(app: &TestApp, numbers: std::ops::RangeInclusive<u64>) {
    let last = *numbers.end();
    for number in numbers {
        app.shop("orders/create", &order(number)).await;
        app.shop("fulfillments/create", &fulfilment(number)).await;
    }
    app.arrived(last).await;
    app.until("/api/v1/stats", |stats| {
        stats["receipts"]["waiting"] == 0 && stats["messages"]["pending"] == 0
    })
    .await;
}

#[tokio::test]
async fn lists_are_narrowed() {
    let app = spawn_app().await;
    with_orders(&app, 1..=5).await;
    let count = async |path: &str| {
        let answer = app.get(path).await;
        answer.body["items"].as_array().unwrap_or_else(|| panic!("{path}: {answer:?}")).len()
    };
    assert_eq!(count("/api/v1/merchants/hey/receipts?status=forwarded").await, 5);
    assert_eq!(count("/api/v1/merchants/hey/messages?status=sent").await, 5);
    assert_eq!(count("/api/v1/events?order=%233").await, 2);
    assert_eq!(count("/api/v1/events?order=5000000003&status=dispatched").await, 1);
    assert_eq!(count("/api/v1/events?email=KIM.3@example.test").await, 2);
    assert_eq!(count("/api/v1/messages?tracking_number=00340000000000000003").await, 1);
    assert_eq!(count("/api/v1/receipts?order=nobodys").await, 0);
    assert_eq!(
        count("/api/v1/receipts?since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z").await,
        0
    );
    // From a time on, and up to it: no row is in both, none is in neither.
    let all = app.get("/api/v1/receipts").await.body;
    let times: Vec<&str> = all["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["received_at"].as_str())
        .collect();
    let later = count(&format!("/api/v1/receipts?since={}", times[3])).await;
    let earlier = count(&format!("/api/v1/receipts?until={}", times[3])).await;
    assert_eq!((later, earlier), (4, 6));
}

#[tokio::test]
async fn pages_stay_true_while_more_comes_in() {
    let app = spawn_app().await;
    with_orders(&app, 1..=5).await;
    for list in ["receipts", "events", "messages", "merchants/hey/receipts", "merchants/hey/events"]
    {
        let before = ids(&app.get(&format!("/api/v1/{list}?limit=500")).await.body);
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app.get(&format!("/api/v1/{list}?limit=2{cursor}")).await.body;
            seen.extend(ids(&page));
            // Something new between any two pages.
            let news = app.shop("orders/create", &order(100 + seen.len() as u64)).await;
            app.settled(&news).await;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, before, "{list}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "{list}");
    }
}

/// What tells the rows of a page from each other.
fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no items: {page}"));
    items.iter().map(|item| format!("{}{}{}", item["id"], item["receipt"], item["index"])).collect()
}

#[tokio::test]
async fn wrong_questions_are_answered_by_what_is_wrong_with_them() {
    let app = spawn_app().await;
    with_orders(&app, 1..=2).await;
    let foreign = app.get("/api/v1/receipts?limit=1").await.body["next_cursor"].clone();
    let foreign = format!("messages?cursor={}", foreign.as_str().expect("there are more"));
    for (question, named) in [
        ("receipts?limit=0", "`limit`"),
        ("receipts?limit=many", "`limit`"),
        ("receipts?since=yesterday", "`since`"),
        ("merchants/hey/events?until=2026-11-22", "`until`"),
        ("receipts?status=delivered", "`delivered`"),
        ("events?status=deliverd", "`deliverd`"),
        ("messages?status=again", "`again`"),
        ("refused?status=nonsense", "`nonsense`"),
        ("receipts?cursor=nonsense", "`cursor`"),
        (&foreign, "`cursor`"),
        ("receipts?oder=1", "`oder`"),
        ("receipts?order=", "`order`"),
        ("receipts?order=1&order=2", "`order`"),
    ] {
        let told = app.get(&format!("/api/v1/{question}")).await;
        is_problem(&told, 400, "bad_request");
        let detail = told.body["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(named), "{question}: {detail}");
    }
    let times = app.get("/api/v1/receipts?since=2026-11-22T10:00:00+01:00").await;
    assert_eq!(times.status, 200, "an offset need not be encoded: {times:?}");
}

fn is_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.body["status"], status);
    for key in ["title", "detail", "hint"] {
        assert!(
            answer.body[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_told_those_that_are() {
    let app = spawn_app().await;
    for (path, allowed) in [
        ("/api/v1/stats", "GET, HEAD"),
        ("/api/v1/receipts", "GET, HEAD"),
        ("/api/v1/merchants/hey/test-events", "POST"),
        ("/healthz", "GET, HEAD"),
    ] {
        let told = answer(app.client.delete(app.url(path)).bearer_auth(TOKEN).send().await).await;
        is_problem(&told, 405, "method_not_allowed");
        assert_eq!(told.headers["allow"], allowed, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"] {
        let asked = answer(app.client.head(app.url(path)).send().await).await;
        assert_eq!(asked.status, 200, "{path}");
    }
}

/// Asks for test events.
async fn wish(app: &TestApp, merchant: &str, body: &Value) -> Answer {
    let path = format!("/api/v1/merchants/{merchant}/test-events");
    let asked = app.client.post(app.url(&path)).bearer_auth(TOKEN);
    answer(asked.header("content-type", "application/json").body(body.to_string()).send().await)
        .await
}

#[tokio::test]
async fn test_events_go_out_beside_the_books() {
    let app = spawn_app().await;
    let told = wish(
        &app,
        "hey",
        &json!({ "to": "me@hey.example", "triggers": ["delivered", "dispatched"] }),
    )
    .await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.body["items"][0]["verdict"], "sent");
    let arrived = app.arrived(2).await;
    assert!(arrived.iter().all(|(_, email)| email == "me@hey.example"));
    assert_eq!(app.stats().await["messages"]["created"], 0);
    assert_eq!(app.get("/api/v1/messages").await.body["items"], json!([]));
}

#[tokio::test]
async fn test_events_go_out_for_all_triggers_under_the_merchants_names() {
    let app = spawn_with(|directory, sandbox| {
        let german = merchant(sandbox).replace("language: de\n", "language: de\nnames: de\n");
        write(directory, "merchants/hey.yaml", &german);
    })
    .await;
    let told = wish(&app, "hey", &json!({ "to": "me@hey.example" })).await;
    let items = told.body["items"].as_array().expect("items");
    let on = parcelwire_domain::taxonomy::Trigger::all().filter(|t| t.on_by_default());
    let on: Vec<(String, String)> = on
        .map(|trigger| (trigger.name().to_owned(), trigger.default_names().1.to_owned()))
        .collect();
    let of = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let sent: Vec<(String, String)> =
        items.iter().map(|item| (of(item, "trigger"), of(item, "name"))).collect();
    assert_eq!(sent.into_iter().collect::<BTreeSet<_>>(), on.into_iter().collect::<BTreeSet<_>>());
    let arrived = app.arrived(items.len() as u64).await;
    let names: BTreeSet<&str> = arrived.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), items.len(), "each under a name of its own");
}

#[tokio::test]
async fn test_events_that_make_no_sense_are_refused() {
    let app = spawn_with(|directory, sandbox| {
        write(directory, "merchants/hey.yaml", &merchant(sandbox));
        write(directory, "merchants/broken.yaml", "sources: { shop: { connectr: shopify } }\n");
        let testing = format!("state: test\ntesters: [Me@hey.example]\n{}", merchant(sandbox));
        write(directory, "merchants/testing.yaml", &testing);
    })
    .await;
    for body in [
        json!({}),
        json!(["me@hey.example"]),
        json!({ "to": "me" }),
        json!({ "to": "me@hey.example", "triggers": ["deliverd"] }),
        json!({ "to": "me@hey.example", "trigger": "delivered" }),
    ] {
        is_problem(&wish(&app, "hey", &body).await, 400, "bad_request");
    }
    let fine = json!({ "to": "me@hey.example" });
    is_problem(&wish(&app, "nobody", &fine).await, 404, "not_found");
    is_problem(&wish(&app, "broken", &fine).await, 503, "merchant_misconfigured");
    assert_eq!(app.get("/api/v1/merchants/broken/stats").await.status, 200);
    let other = wish(&app, "testing", &json!({ "to": "other@hey.example" })).await;
    is_problem(&other, 400, "bad_request");
    assert!(other.body["detail"].as_str().is_some_and(|text| text.contains("testers")));
    assert_eq!(app.sandbox.received().sums().requests, 0);
    let tester = json!({ "to": "me@hey.example", "triggers": ["delivered"] });
    assert_eq!(wish(&app, "testing", &tester).await.body["items"][0]["verdict"], "sent");
}

#[tokio::test]
async fn outgoing_webhooks_keep_to_the_schema_that_they_name() {
    let tool = crate::other::Other::start(|_| crate::other::json("{}")).await;
    let url = tool.url("/in");
    let app = spawn_with(|directory, sandbox| {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwQUJDREVGR0g=";
        let out = format!("  webhook: {{ url: '{url}', secret: {secret} }}\n");
        write(directory, "merchants/hey.yaml", &format!("{}{out}", merchant(sandbox)));
    })
    .await;
    let mut parcel = crate::harness::fulfilment(4);
    parcel["email"] = json!("kim.4@example.test");
    let taken = app.shop("fulfillments/create", &parcel).await;
    assert_eq!(app.outcome(&taken).await, "forwarded");
    let asked = tool.was_asked(1).await;
    let told: Value = serde_json::from_str(&asked[0].body).expect("JSON");
    let path = told["dataschema"].as_str().expect("it names one");
    let schema = answer(app.client.get(app.url(path)).send().await).await;
    assert_eq!(schema.status, 200, "without a token");
    let valid = jsonschema::validator_for(&schema.body).expect("a schema");
    let wrong: Vec<String> = valid.iter_errors(&told["data"]).map(|e| e.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?} {told}");
    assert!(!valid.is_valid(&json!({ "trigger": "lost", "is_last_parcel": "yes" })));
}

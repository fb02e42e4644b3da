//! Who may look, and how much of it: tokens of admins, support and merchants.

use std::process::Command;

use serde_json::{Value, json};

use crate::{
    feeds,
    harness::{Answer, TOKEN, TestApp, answer, merchant, order, spawn_app, spawn_with, write},
    openapi::required,
};

async fn get(app: &TestApp, token: &str, path: &str) -> Answer {
    answer(app.client.get(app.url(path)).bearer_auth(token).send().await).await
}

async fn raw(app: &TestApp, token: &str, path: &str) -> String {
    let told = app.client.get(app.url(path)).bearer_auth(token).send().await.expect("it answers");
    assert_eq!(told.status(), 200, "{path}");
    told.text().await.expect("a body")
}

async fn make(app: &TestApp, wish: &Value) -> Answer {
    let asked = app.client.post(app.url("/api/v1/tokens")).bearer_auth(TOKEN);
    answer(asked.body(wish.to_string()).send().await).await
}

/// A new token, and its id.
async fn made(app: &TestApp, wish: &Value) -> (String, String) {
    let told = make(app, wish).await;
    assert_eq!(told.status, 200, "{told:?}");
    let text = |name: &str| told.body[name].as_str().expect(name).to_owned();
    (text("token"), text("id"))
}

async fn support(app: &TestApp) -> String {
    made(app, &json!({ "name": "Anna, support", "role": "support" })).await.0
}

/// What is nobody's business but the merchant's and the customer's own.
const PERSONAL: [&str; 12] = [
    "friedrike",
    "ottenhues",
    "492115550199",
    "gartenweg",
    "40479",
    "c-77812",
    "778899",
    "kiosk am eck",
    "geheim=1",
    "engraving for",
    "status-page-key",
    "weinkeller",
];

/// A parcel of somebody of whom much is known, in all lists.
async fn with_somebody(app: &TestApp) -> Vec<String> {
    let mut body = order(1);
    body["email"] = json!("friedrike.ottenhues@example.test");
    body["customer"] = json!({ "id": "c-77812", "first_name": "Friedrike", "last_name": "Ottenhues",
        "phone": "+49 211 5550199" });
    body["shipping_address"] = json!({ "country_code": "DE", "address1": "Gartenweg 17", "zip": "40479",
        "name": "Friedrike Ottenhues", "phone": "+492115550199" });
    let first = app.shop("orders/create", &body).await;
    app.settled(&first).await;
    let told = app
        .warehouse(&json!({
            "status": "ready_for_pickup", "order_number": "#1", "tracking_number": "A1",
            "email": "friedrike.ottenhues@example.test", "phone": "+492115550199",
            "first_name": "Friedrike", "last_name": "Ottenhues", "external_id": "c-77812",
            "tracking_url": "https://t.example.test/A1?geheim=1",
            "order_status_url": "https://shop.example.test/status-page-key",
            "pickup_point": { "type": "locker", "name": "Kiosk am Eck", "street": "Gartenweg 1",
                "code": "778899", "postal_code": "40479" },
            "items": [{ "sku": "RING", "name": "Engraving for Friedrike", "quantity": 1 }],
            "shipping_address": { "street": "Gartenweg 17", "note": "in the Weinkeller" },
        }))
        .await;
    app.settled(&told).await;
    let useless = app.warehouse_raw(b"Friedrike Ottenhues, Gartenweg 17".to_vec()).await;
    app.settled(&useless).await;
    let unsigned = app.client.post(app.url("/hooks/hey/shop")).body("{}").send().await;
    assert_eq!(answer(unsigned).await.status, 401);
    app.until("/api/v1/stats", |stats| stats["messages"]["pending"] == 0).await;
    let ids = [first, told, useless];
    ids.iter().map(|told| told.body["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn support_sees_everything_but_people() {
    let app = spawn_app().await;
    let receipts = with_somebody(&app).await;
    let token = support(&app).await;
    let description = get(&app, &token, "/api/v1/openapi.json").await.body;
    let mut paths = Vec::new();
    for (path, operations) in description["paths"].as_object().expect("paths") {
        let is_read = operations["get"].is_object() && !path.contains("tokens");
        for receipt in receipts.iter().filter(|_| is_read) {
            let path = path.replace("{merchant}", "hey").replace("{id}", receipt);
            paths.push(path + &required(&operations["get"]));
        }
    }
    paths.push("/api/v1/events?email=friedrike.ottenhues@example.test".to_owned());
    paths.push("/api/v1/merchants/hey/messages?order=%231".to_owned());
    paths.push("/api/v1/merchants/hey/explain?order=%231".to_owned());
    paths.sort_unstable();
    paths.dedup();
    assert!(paths.len() > 20, "{paths:?}");
    let (mut shown, mut masked) = (String::new(), String::new());
    for path in &paths {
        let (all, some) = (raw(&app, TOKEN, path).await, raw(&app, &token, path).await);
        let (all, some) = (all.to_lowercase(), some.to_lowercase());
        for word in PERSONAL {
            assert!(!some.contains(word), "{path} shows `{word}`: {some}");
        }
        let rows = |text: &str| {
            let json: Value = serde_json::from_str(text).expect("JSON");
            json["items"].as_array().map(Vec::len)
        };
        assert_eq!(rows(&all), rows(&some), "{path}");
        shown.push_str(&all);
        masked.push_str(&some);
    }
    for word in PERSONAL {
        assert!(shown.contains(word), "an admin sees `{word}`");
    }
    for word in ["ready_for_pickup", "\"#1\"", "\"a1\"", "klaviyo", "forwarded", "unreadable"] {
        assert!(masked.contains(word), "support sees `{word}`");
    }
}

#[tokio::test]
async fn support_changes_nothing_and_makes_no_tokens() {
    let app = spawn_app().await;
    let token = support(&app).await;
    let wish = app.client.post(app.url("/api/v1/merchants/hey/test-events")).bearer_auth(&token);
    let told = answer(wish.body(r#"{"to":"me@hey.example"}"#).send().await).await;
    assert_eq!((told.status, &told.body["code"]), (403, &json!("forbidden")));
    assert_eq!(app.sandbox.received().sums().requests, 0);
    let (own, _) =
        made(&app, &json!({ "name": "Hey", "role": "merchant", "merchant": "hey" })).await;
    for token in [&token, &own] {
        assert_eq!(get(&app, token, "/api/v1/tokens").await.status, 403);
        let wish = json!({ "name": "more", "role": "admin" }).to_string();
        let asked = app.client.post(app.url("/api/v1/tokens")).bearer_auth(token).body(wish);
        assert_eq!(answer(asked.send().await).await.status, 403);
        let gone = app.client.delete(app.url("/api/v1/tokens/0000000000000000")).bearer_auth(token);
        assert_eq!(answer(gone.send().await).await.status, 403);
    }
}

#[tokio::test]
async fn a_merchant_sees_its_own_and_nothing_else_is_there() {
    let app = spawn_with(|directory, sandbox| {
        feeds::write_files(directory, directory, sandbox);
        write(directory, "merchants/hey.yaml", &merchant(sandbox));
    })
    .await;
    let (body, people) = feeds::two_parcels(1);
    assert_eq!(feeds::post(&app, &body).await.status, 202);
    let told = app.shop("orders/create", &order(1)).await;
    app.settled(&told).await;
    app.arrived(2).await;
    let (anna, _) =
        made(&app, &json!({ "name": "Anna", "role": "merchant", "merchant": "anna" })).await;
    for list in ["receipts", "events", "messages", "refused", "unmapped", "polls", "stats"] {
        let own = get(&app, &anna, &format!("/api/v1/merchants/anna/{list}")).await;
        let all = get(&app, &anna, &format!("/api/v1/{list}")).await;
        assert_eq!(
            (own.status, &own.body),
            (200, &all.body),
            "{list}: what is hers is all there is"
        );
        let admin = app.get(&format!("/api/v1/merchants/anna/{list}")).await;
        assert_eq!(own.body, admin.body, "{list}: unmasked");
        for foreign in ["hey", "ben", "nobody"] {
            let path = format!("/api/v1/merchants/{foreign}/{list}");
            assert_eq!(get(&app, &anna, &path).await.status, 404, "{path}");
        }
    }
    let own = get(&app, &anna, "/api/v1/receipts").await.body["items"][0]["id"].clone();
    let own = format!("/api/v1/receipts/{}", own.as_str().expect("an id"));
    let story = raw(&app, &anna, &own).await;
    // The webhook told of somebody else's customer as well.
    assert!(story.contains(&people[0]) && !story.contains(&people[1]), "{story}");
    assert!(raw(&app, TOKEN, &own).await.contains(&people[1]));
    let foreign = told.body["id"].as_str().expect("an id");
    for path in [
        format!("/api/v1/receipts/{foreign}"),
        format!("/api/v1/merchants/anna/receipts/{foreign}"),
    ] {
        assert_eq!(get(&app, &anna, &path).await.status, 404, "{path}");
    }
    let feeds = app.get("/api/v1/receipts?status=split").await.body["items"][0]["id"].clone();
    let feeds = format!("/api/v1/receipts/{}", feeds.as_str().expect("an id"));
    assert_eq!(get(&app, &anna, &feeds).await.status, 404, "a feed's webhook is nobody's own");
}

#[tokio::test]
async fn a_token_ends_when_it_is_revoked_or_has_run_out_and_is_kept_by_its_hash_only() {
    let mut app = spawn_app().await;
    let (token, id) = made(&app, &json!({ "name": " Anna ", "role": "admin" })).await;
    let (other, _) = made(&app, &json!({ "name": "Ben", "role": "support" })).await;
    app.restart().await;
    assert_eq!(get(&app, &token, "/api/v1/stats").await.status, 200);
    let listed = get(&app, &token, "/api/v1/tokens?limit=1").await.body;
    assert!(listed["next_cursor"].is_string());
    let listed = app.get("/api/v1/tokens").await.body;
    let row = listed["items"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["id"] == id.as_str()));
    let row = row.expect("it is listed");
    assert_eq!(
        (&row["name"], &row["role"], &row["merchant"]),
        (&json!("Anna"), &json!("admin"), &Value::Null)
    );
    assert!(row["last_used_at"].as_str().is_some_and(|at| at.ends_with(":00:00Z")), "{row}");
    assert!(!listed.to_string().contains(token.split_at(21).1), "{listed}");
    let gone = app.client.delete(app.url(&format!("/api/v1/tokens/{id}"))).bearer_auth(TOKEN);
    assert_eq!(answer(gone.send().await).await.body["name"], "Anna");
    assert_eq!(get(&app, &token, "/api/v1/stats").await.status, 401);
    assert_eq!(get(&app, &other, "/api/v1/stats").await.status, 200);
    let again = app.client.delete(app.url(&format!("/api/v1/tokens/{id}"))).bearer_auth(TOKEN);
    assert_eq!(answer(again.send().await).await.status, 404);
    for wrong in [
        other.replace("pws_", "pwa_"),
        format!("{other}0"),
        other.split_at(other.len() - 1).0.to_owned(),
    ] {
        assert_eq!(get(&app, &wrong, "/api/v1/stats").await.status, 401, "{wrong}");
    }
    app.stop().await;
    let data = std::fs::read(app.directory.path().join("data/parcelwire.db")).expect("it is read");
    let secret = other.split_at(21).1.as_bytes();
    assert!(!data.windows(secret.len()).any(|part| part == secret), "the secret is not on disk");
}

/// The command, as an operator runs it.
async fn command(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String, String) {
    let (url, directory) = (app.url(""), app.directory.path().to_owned());
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .arg("token")
            .args(arguments)
            .args(["--url", &url])
            .current_dir(directory)
            .env_clear()
            .env("PARCELWIRE_ADMIN_TOKEN", TOKEN)
            .output()
    });
    let ran = ran.await.expect("it ends").expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8").trim().to_owned();
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_makes_lists_and_revokes() {
    let app = spawn_app().await;
    let wish =
        ["new", "--role", "merchant", "--merchant", "hey", "--name", "Hey's own", "--days", "30"];
    let (code, token, said) = command(&app, &wish).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(token.starts_with("pwm_") && said.contains("shown once"), "{token} {said}");
    assert_eq!(get(&app, &token, "/api/v1/stats").await.status, 200);
    let (_, listed, _) = command(&app, &["list"]).await;
    assert!(listed.contains("merchant hey") && listed.contains("Hey's own"), "{listed}");
    let id = listed.split_whitespace().next().expect("an id").to_owned();
    assert!(said.contains(&id), "{said}");
    assert_eq!(command(&app, &["revoke", &id]).await.0, Some(0));
    assert_eq!(get(&app, &token, "/api/v1/stats").await.status, 401);
    assert_eq!(command(&app, &["revoke", &id]).await.0, Some(2));
    assert_eq!(command(&app, &["new", "--role", "merchant", "--name", "x"]).await.0, Some(2));
    assert!(command(&app, &["list"]).await.2.contains("no token"));
}

//! Senders that ask for a secret or a token before they send: who proves who they are is answered,
//! nobody else, and what was given out is good after a restart.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::harness::{Answer, TestApp, answer, next, spawn_with, write};

const APP_SECRET: &str = "app-secret-of-a-test";
const CLIENT_SECRET: &str = "client-secret-of-a-test";

fn mac(key: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key will do");
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn app() -> TestApp {
    spawn_with(|directory, sandbox| {
        let merchant = format!(
            "holds: off\nsources:\n  shop: {{ connector: shopware, secret: {APP_SECRET}, app_name: RelayApp }}\n\
             \x20 ups: {{ secret: {CLIENT_SECRET} }}\ndestinations:\n  klaviyo: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\n"
        );
        write(directory, "merchants/hey.yaml", &merchant);
    })
    .await
}

fn registration(after: i64) -> String {
    let at = jiff::Timestamp::now().as_second() + after;
    format!("shop-id=KIPf0Fz6BUkN&shop-url=http%3A%2F%2Fmy.shop.example.test&timestamp={at}")
}

async fn register(app: &TestApp, query: &str, headers: &[(&str, String)]) -> Answer {
    let mut request = app.client.get(app.url(&format!("/hooks/hey/shop?{query}")));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    answer(request.send().await).await
}

async fn by_shop(app: &TestApp, secret: &str, body: &serde_json::Value) -> Answer {
    let body = body.to_string();
    let request = app.client.post(app.url("/hooks/hey/shop"));
    let request = request.header("shopware-shop-signature", mac(secret, &body));
    answer(request.body(body).send().await).await
}

fn shipped() -> serde_json::Value {
    json!({
        "data": { "event": "state_enter.order_delivery.state.shipped", "payload": { "order": {
            "id": format!("O{}", next()), "orderNumber": format!("1{}", next()),
            "orderCustomer": { "email": "kim@example.test" }, "deliveries": [],
        } } },
        "source": { "shopId": "KIPf0Fz6BUkN", "eventId": format!("e-{}", next()) },
        "timestamp": jiff::Timestamp::now().as_second(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_registers_and_signs_with_the_secret_that_it_was_given() {
    let mut app = app().await;
    let query = registration(0);
    let signed = [("shopware-app-signature", mac(APP_SECRET, &query))];
    let registered = register(&app, &query, &signed).await;
    assert_eq!(registered.status, 200, "{registered:?}");
    let proof = mac(APP_SECRET, "KIPf0Fz6BUkNhttp://my.shop.example.testRelayApp");
    assert_eq!(registered.body["proof"], proof);
    let confirmation = registered.body["confirmation_url"].as_str().expect("an address");
    assert!(confirmation.ends_with("/hooks/hey/shop"), "{confirmation}");
    let secret = registered.body["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(secret.len(), 64);

    let keys = json!({
        "apiKey": "SWIA", "secretKey": "MWN0", "timestamp": "1795165200",
        "shopUrl": "http://my.shop.example.test", "shopId": "KIPf0Fz6BUkN",
    });
    assert_eq!(by_shop(&app, &secret, &keys).await.status, 200);
    assert_eq!(by_shop(&app, APP_SECRET, &keys).await.body["code"], "signature_invalid");
    assert_eq!(by_shop(&app, &secret, &shipped()).await.body["status"], "accepted");
    app.restart().await;
    assert_eq!(by_shop(&app, &secret, &shipped()).await.body["status"], "accepted");

    // The shop changes its secret: it takes none but another, and both are good meanwhile.
    let query = registration(1);
    let again = [
        ("shopware-app-signature", mac(APP_SECRET, &query)),
        ("shopware-shop-signature", mac(&secret, &query)),
    ];
    // One of both signatures is not enough.
    let [by_app, by_shop_itself] = again.clone();
    let forged = [("shopware-app-signature", mac("guessed", &query)), by_shop_itself.clone()];
    let not_the_shop = [by_app, ("shopware-shop-signature", mac(APP_SECRET, &query))];
    for (headers, code) in [
        (&[by_shop_itself][..], "signature_missing"),
        (&forged[..], "signature_invalid"),
        (&not_the_shop[..], "signature_invalid"),
    ] {
        let refused = register(&app, &query, headers).await;
        assert_eq!((refused.status, &refused.body["code"]), (401, &json!(code)), "{refused:?}");
    }
    let registered = register(&app, &query, &again).await;
    let other = registered.body["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(other, secret);
    // It confirms with both, the one before in a header of its own.
    let confirm = async |previous: &str| {
        let body = keys.to_string();
        let request = app.client.post(app.url("/hooks/hey/shop"));
        let request = request.header("shopware-shop-signature", mac(&other, &body));
        let request = request.header("shopware-shop-signature-previous", mac(previous, &body));
        answer(request.body(body).send().await).await.status
    };
    assert_eq!((confirm(&secret).await, confirm("guessed").await), (200, 401));
    for secret in [&secret, &other] {
        assert_eq!(by_shop(&app, secret, &shipped()).await.body["status"], "accepted");
    }
    app.arrived(4).await;
    // What is asked without effect is in no book.
    assert_eq!(app.stats().await["receipts"]["accepted"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_prove_to_be_the_shop_is_given_nothing() {
    let app = app().await;
    let (query, old) = (registration(0), registration(-3600));
    let other = query.replace("KIPf0Fz6BUkN", "another");
    let right = mac(APP_SECRET, &query);
    let app_signature = |value: String| vec![("shopware-app-signature", value)];
    for (query, headers, code) in [
        (&query, vec![], "signature_missing"),
        (&query, app_signature(mac("guessed", &query)), "signature_invalid"),
        (&query, app_signature("no hex".to_owned()), "signature_invalid"),
        (&other, app_signature(right.clone()), "signature_invalid"),
        (&query, vec![("shopware-shop-signature", right)], "signature_invalid"),
        (&old, app_signature(mac(APP_SECRET, &old)), "timestamp_outside_tolerance"),
    ] {
        let refused = register(&app, query, &headers).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert_eq!(refused.body["code"], code, "{refused:?}");
        assert!(refused.body.get("secret").is_none() && refused.body.get("proof").is_none());
    }
    let stats = app.stats().await;
    assert_eq!(stats["receipts"]["refused"], 6);
    assert_eq!(stats["receipts"]["accepted"], 0);
    // As with webhooks, nobody may guess for ever; whoever is right is not held up.
    let mut codes = Vec::new();
    for _ in 0..140 {
        let guess = app_signature(mac("guessed", &query));
        codes.push(register(&app, &query, &guess).await.status);
        if codes.ends_with(&[429]) {
            break;
        }
    }
    assert_eq!(codes.last(), Some(&429), "{codes:?}");
    let signed = app_signature(mac(APP_SECRET, &query));
    assert_eq!(register(&app, &query, &signed).await.status, 200);
}

async fn token(app: &TestApp, credentials: &str) -> Answer {
    let request = app.client.post(app.url("/hooks/hey/ups/oauth/token"));
    let request = request
        .header("authorization", format!("Basic {}", STANDARD.encode(credentials)))
        .header("content-type", "application/x-www-form-urlencoded");
    answer(request.body("grant_type=client_credentials").send().await).await
}

async fn alert(app: &TestApp, token: &str) -> Answer {
    let body = json!({
        "trackingNumber": format!("1Z{:016}", next()),
        "activityStatus": { "type": "I", "code": "OT", "description": "Out for Delivery" },
    });
    let request = app.client.post(app.url("/hooks/hey/ups")).bearer_auth(token);
    answer(request.body(body.to_string()).send().await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_fetches_a_token_and_sends_with_it() {
    let mut app = app().await;
    let given = token(&app, &format!("parcelwire:{CLIENT_SECRET}")).await;
    assert_eq!(given.status, 200, "{given:?}");
    assert_eq!(given.body["token_type"], "Bearer");
    assert_eq!(given.body["expires_in"], 86_400);
    let bearer = given.body["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(alert(&app, &bearer).await.status, 200);
    app.restart().await;
    assert_eq!(alert(&app, &bearer).await.status, 200);
    let cut: String = bearer.chars().skip(1).collect();
    for wrong in [CLIENT_SECRET, &format!("{bearer}00"), &cut, "guessed"] {
        let refused = alert(&app, wrong).await;
        assert_eq!((refused.status, &refused.body["code"]), (401, &json!("signature_invalid")));
    }
    for wrong in ["parcelwire:guessed", "other:client-secret-of-a-test", "parcelwire"] {
        let refused = token(&app, wrong).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert!(refused.body.get("access_token").is_none());
    }
    assert_eq!(app.stats().await["receipts"]["accepted"], 2);
}

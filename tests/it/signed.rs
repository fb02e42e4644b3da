//! How each system signs, done here by hand as its documentation says, and the answer that it wants.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::harness::{TestApp, hmac_base64, next, spawn_with, write};

/// The secret of each source here; the one shop keeps it as a web page would.
const SECRET: &str = "geheim-<1>";

const MERCHANT: &str = "
sources:
  17track: { secret: geheim-<1> }
  aftership: { secret: geheim-<1> }
  aftership_returns: { secret: geheim-<1> }
  sendcloud: { secret: geheim-<1> }
  shiphero: { secret: geheim-<1> }
  shipstation_v1: { secret: geheim-<1>, api_key: k-of-a-test, api_secret: s-of-a-test }
  shopware: { secret: geheim-<1>, scheme: shop_secret }
  ups: { secret: geheim-<1>, scheme: credential }
  woocommerce: { secret: 'geheim-&lt;1&gt;' }
destinations:
  klaviyo: { api_key: pk_test_0001 }
";

/// A request as one system sends it.
struct Sent {
    source: &'static str,
    /// The header with the signature; where it stands in the address, the whole of its end.
    header: &'static str,
    sign: fn(&str) -> String,
    answer: (u16, Option<&'static str>),
}

const ACCEPTED: (u16, Option<&str>) = (202, None);
const PLAIN: (u16, Option<&str>) = (200, None);
const OWN: (u16, Option<&str>) = (200, Some(r#"{"code":"200","Status":"Success"}"#));

const fn sent(
    source: &'static str,
    header: &'static str,
    sign: fn(&str) -> String,
    answer: (u16, Option<&'static str>),
) -> Sent {
    Sent { source, header, sign, answer }
}

const ALL: [Sent; 11] = [
    sent("17track", "sign", body_and_key, PLAIN),
    sent("aftership", "aftership-hmac-sha256", base64, ACCEPTED),
    sent("aftership_returns", "as-signature-hmac-sha256", base64, ACCEPTED),
    sent("aftership_returns", "am-webhook-signature", behind_its_name, ACCEPTED),
    sent("sendcloud", "sendcloud-signature", hex, PLAIN),
    sent("shiphero", "x-shiphero-hmac-sha256", base64, OWN),
    sent("shiphero", "x-shiphero-webhook-signature", base64, OWN),
    sent("shopware", "shopware-shop-signature", hex, ACCEPTED),
    sent("ups", "credential", itself, PLAIN),
    sent("woocommerce", "x-wc-webhook-signature", base64, ACCEPTED),
    sent("shipstation_v1", "", in_the_address, ACCEPTED),
];

fn base64(body: &str) -> String {
    hmac_base64(SECRET.as_bytes(), body.as_bytes())
}

fn behind_its_name(body: &str) -> String {
    format!("hmac-sha256={}", base64(body))
}

fn hex(body: &str) -> String {
    hex::encode(STANDARD.decode(base64(body)).expect("what was just encoded"))
}

/// A plain hash, and no HMAC.
fn body_and_key(body: &str) -> String {
    hex::encode(Sha256::digest(format!("{body}/{SECRET}")))
}

fn itself(_: &str) -> String {
    SECRET.to_owned()
}

fn in_the_address(_: &str) -> String {
    "/geheim-%3C1%3E".to_owned()
}

async fn app() -> TestApp {
    spawn_with(|directory, _| {
        write(directory, "merchants/hey.yaml", MERCHANT);
    })
    .await
}

impl Sent {
    async fn post(&self, app: &TestApp, body: &str, signature: &str) -> (u16, String) {
        let end = if self.header.is_empty() { signature } else { "" };
        let request = app.client.post(app.url(&format!("/hooks/hey/{}{end}", self.source)));
        let request = if end.is_empty() { request.header(self.header, signature) } else { request };
        let answer = request.body(body.to_owned()).send().await.expect("it answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }
}

#[tokio::test]
async fn each_signature_is_taken_and_answered_as_its_sender_wants() {
    let app = app().await;
    for one in &ALL {
        // What it says does not matter here, and must lead to no question.
        let body = json!({ "n": next(), "ort": "Köln", "resource_type": "FULFILLMENT_REJECTED" });
        let (body, other) = (body.to_string(), json!({ "n": next() }).to_string());
        let (status, text) = one.post(&app, &body, &(one.sign)(&body)).await;
        assert_eq!(status, one.answer.0, "{}: {text}", one.source);
        if let Some(wanted) = one.answer.1 {
            assert_eq!(text, wanted, "{}", one.source);
        }
        let covers_body = (one.sign)(&body) != (one.sign)(&other);
        let forged = if covers_body { (one.sign)(&other) } else { "/geheim-2".to_owned() };
        let (status, text) = one.post(&app, &body, &forged).await;
        assert_eq!(status, 401, "{}: {text}", one.source);
        assert!(text.contains("signature_invalid"), "{}: {text}", one.source);
    }
}

#[tokio::test]
async fn an_address_that_is_tried_first_is_there() {
    let app = app().await;
    let tried = app.client.head(app.url("/hooks/hey/shiphero")).send().await.expect("it answers");
    assert_eq!(tried.status().as_u16(), 200);
    let stats = app.stats().await;
    assert_eq!(
        (&stats["receipts"]["accepted"], &stats["receipts"]["refused"]),
        (&json!(0), &json!(0))
    );
}

//! The two senders of the demo: a Shopify shop and a warehouse with the generic webhook. They sign
//! by their own few lines, so that the relay's verification is not tested against itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// A request as it is posted.
#[derive(Debug, Clone)]
pub(super) struct Post {
    /// `shop` or `warehouse`: the source's name at the relay.
    pub(super) source: &'static str,
    /// What kind of webhook it is, for people.
    pub(super) topic: String,
    /// Headers.
    pub(super) headers: Vec<(String, String)>,
    /// Body.
    pub(super) body: Vec<u8>,
}

/// The secrets that the senders and the relay share, for one run.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    /// The shop's.
    pub(super) shop: String,
    /// The warehouse's, `whsec_` and base64.
    pub(super) warehouse: String,
}

impl Secrets {
    /// Secrets from random bytes.
    pub(super) fn from_chance(chance: [u8; 64]) -> Self {
        let (shop, warehouse) = chance.split_at(32);
        Self { shop: hex::encode(shop), warehouse: format!("whsec_{}", STANDARD.encode(warehouse)) }
    }
}

fn mac(key: &[u8], message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A webhook of the shop.
pub(super) fn shop(secrets: &Secrets, topic: &str, event_id: &str, body: &Value) -> Post {
    let body = body.to_string().into_bytes();
    let signature = mac(secrets.shop.as_bytes(), &body);
    let headers = [
        ("content-type", "application/json"),
        ("x-shopify-topic", topic),
        ("x-shopify-event-id", event_id),
        ("x-shopify-hmac-sha256", &signature),
    ];
    Post { source: "shop", topic: topic.to_owned(), headers: owned(&headers), body }
}

/// A webhook of the warehouse, by Standard Webhooks.
pub(super) fn warehouse(secrets: &Secrets, id: &str, unix_seconds: i64, body: &Value) -> Post {
    let body = body.to_string().into_bytes();
    let secret = secrets.warehouse.trim_start_matches("whsec_");
    let key = STANDARD.decode(secret).expect("it was encoded above");
    let mut signed = format!("{id}.{unix_seconds}.").into_bytes();
    signed.extend_from_slice(&body);
    let signature = format!("v1,{}", mac(&key, &signed));
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", &unix_seconds.to_string()),
        ("webhook-signature", &signature),
    ];
    let topic = json!(body_status(&body)).as_str().unwrap_or("status").to_owned();
    Post { source: "warehouse", topic, headers: owned(&headers), body }
}

fn body_status(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["status"].as_str().unwrap_or("status").to_owned()
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

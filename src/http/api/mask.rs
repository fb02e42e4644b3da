//! What support sees: everything but people. The one place that masks, and it masks what it does not
//! know: a text is shown where its name is listed here, and nowhere else, so that what is added to an
//! answer tomorrow is hidden until somebody decides about it.

use parcelwire_domain::taxonomy::{Privacy, field};
use serde_json::Value;

/// What stands in place of a text, or of a number among fields.
pub(super) const MASKED: &str = "***";

/// Names of texts that are words of ours, of rule files, or times; wherever they stand in an answer.
const SHOWN: [&str; 52] = [
    "at",
    "answer_status",
    "code",
    "connector",
    "created_at",
    "decision",
    "destination",
    "ended_at",
    "every",
    "expires_at",
    "feed",
    "first_seen",
    "follows",
    "from",
    "id",
    "last_round",
    "last_seen",
    "last_success",
    "last_used_at",
    "line",
    "merchant",
    "message",
    "method",
    "never",
    "next_at",
    "next_cursor",
    "next_look",
    "not_before",
    "person",
    "occurred_at",
    "occurrence",
    "outcome",
    "proposals",
    "reached",
    "receipt",
    "received_at",
    "recipients_from",
    "role",
    "rule",
    "scope",
    "since",
    "source",
    "stands",
    "state",
    "status",
    "text",
    "timezone",
    "to",
    "topic",
    "trigger",
    "until",
    "verdict",
];

/// A reason in one of our own words is shown, a sentence of whoever answered is not.
const REASON: &str = "why";

/// What is hidden whole, whatever the names in it: what a sender, a destination or a mapping wrote.
const CLOSED: [&str; 7] =
    ["answer", "body", "exchange", "frozen", "headers", "properties", "recipient"];

/// Where the names are those of events.
const FIELDS: &str = "fields";

/// By these a customer and a parcel's page name what they ask about: without them nobody can help.
/// Addresses to follow a parcel are not among them, they often carry a key or a postal code.
const NAMED_BY: [&str; 6] =
    ["order_id", "order_number", "parcel_id", "return_id", "tracking_number", "tracking_numbers"];

/// How the texts below a name are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// An answer of ours: names are those of the API, numbers and truths count and measure.
    Answer,
    /// Why something is as it is.
    Reason,
    /// A map of an event's fields.
    Fields,
    /// A field, or anything else, that is shown as it is.
    Shown,
    /// Nothing of it is shown but its shape.
    Closed,
}

/// Masks an answer.
pub(super) fn mask(answer: &mut Value) {
    walk(answer, Within::Answer, false);
}

/// Masks what came for several merchants at once, a feed's webhook, before one of them sees it.
pub(super) fn shares(answer: &mut Value) {
    let Some(request) = answer.get_mut("request") else { return };
    let is_share = request["accounts"].as_array().is_some_and(|accounts| !accounts.is_empty());
    if is_share {
        for name in ["body", "headers", "query"] {
            walk(&mut request[name], Within::Closed, false);
        }
    }
}

fn walk(value: &mut Value, within: Within, is_listed: bool) {
    match value {
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                let (inner, is_listed) = below(within, name);
                walk(value, inner, is_listed);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, within, is_listed)),
        Value::String(text) => {
            let is_shown = match within {
                Within::Answer => is_listed,
                Within::Reason => is_word_of_ours(text),
                Within::Shown => true,
                Within::Fields | Within::Closed => false,
            };
            if !is_shown {
                MASKED.clone_into(text);
            }
        }
        // A telephone number may be a number; what we count is none of anybody's.
        Value::Number(_) if matches!(within, Within::Fields | Within::Closed) => {
            *value = Value::from(MASKED);
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn below(within: Within, name: &str) -> (Within, bool) {
    match within {
        Within::Answer if name == FIELDS => (Within::Fields, false),
        Within::Answer if CLOSED.contains(&name) => (Within::Closed, false),
        Within::Answer if name == REASON => (Within::Reason, false),
        Within::Answer | Within::Reason => (Within::Answer, SHOWN.contains(&name)),
        Within::Fields if is_impersonal(name) => (Within::Shown, true),
        // Not among fields any more: what a map in them holds has names of anybody's choice.
        Within::Fields => (Within::Closed, false),
        Within::Shown => (Within::Shown, true),
        Within::Closed => (Within::Closed, false),
    }
}

/// Whether a field of an event names nobody. A trigger's name may: it can be filled in by a mapping.
fn is_impersonal(name: &str) -> bool {
    let is_free = |name: &str| field(name).is_some_and(|field| field.privacy == Privacy::None);
    NAMED_BY.contains(&name) || name != "name" && is_free(name)
}

/// Reasons are named in small letters, as in `retries_exhausted` or `answered 500`.
fn is_word_of_ours(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b' '))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(mut answer: Value) -> Value {
        mask(&mut answer);
        answer
    }

    #[test]
    fn people_are_hidden_and_what_happened_is_not() {
        let event = json!({
            "receipt": "rcp_1", "index": 0, "status": "delivered", "outcome": "forwarded", "fields": {
                "email": "kim@example.test", "phone": 4_915_112_345_678_i64, "order_number": "#1001",
                "tracking_url": "https://t.example/A1?plz=20095", "tracking_number": "A1",
                "carrier": "dhl", "pickup_point": { "name": "Kiosk Kim", "status": "open" },
                "attempt": 2, "unheard_of": "Kim",
            },
        });
        assert_eq!(
            masked(event),
            json!({
                "receipt": "rcp_1", "index": 0, "status": "delivered", "outcome": "forwarded",
                "fields": {
                    "email": "***", "phone": "***", "order_number": "#1001", "tracking_url": "***",
                    "tracking_number": "A1", "carrier": "dhl",
                    "pickup_point": { "name": "***", "status": "***" }, "attempt": 2,
                    "unheard_of": "***",
                },
            })
        );
    }

    #[test]
    fn what_was_sent_and_answered_keeps_only_its_shape() {
        let told = json!({
            "request": { "headers": [["x-topic", "a"]], "query": "email=kim@example.test", "body": { "text": "{}" } },
            "messages": [{
                "name": "Paket da, Kim!", "state": "dead", "why": "rejected", "attempts": 1,
                "frozen": { "name": "Paket da!", "recipient": { "email": "kim@example.test" } },
                "requests": [{ "number": 1, "took_ms": 12, "verdict": "sent", "detail": "kim@example.test is known",
                    "exchange": [{ "request": "GET /people/kim@example.test", "body": "", "answer": "202" }] }],
            }],
            "balanced": true, "news_of_tomorrow": "Kim",
        });
        let told = masked(told);
        assert!(!told.to_string().contains("kim"), "{told}");
        assert!(!told.to_string().contains("Kim"), "{told}");
        let message = &told["messages"][0];
        assert_eq!((&message["name"], &message["state"]), (&json!("***"), &json!("dead")));
        assert_eq!(message["why"], "rejected");
        assert_eq!(masked(json!({ "why": "they said: no Kim" }))["why"], "***");
        assert_eq!(message["requests"][0]["verdict"], "sent");
        assert_eq!(message["requests"][0]["took_ms"], 12);
        assert_eq!(told["request"]["headers"], json!([["***", "***"]]));
        assert_eq!(told["balanced"], true);
    }

    #[test]
    fn a_merchant_sees_its_own_webhooks_and_nobody_elses_share_of_one() {
        let story = |accounts: &[&str]| {
            let mut story = json!({ "fields": { "email": "kim@example.test" }, "request": {
                "accounts": accounts, "body": { "text": "all of it" }, "query": "a=b" } });
            shares(&mut story);
            story
        };
        let own = story(&[]);
        assert_eq!(own["request"]["body"]["text"], "all of it");
        let shared = story(&["0815"]);
        assert_eq!(shared["request"]["body"], json!({ "text": "***" }));
        assert_eq!(shared["request"]["query"], "***");
        assert_eq!(shared["request"]["accounts"], json!(["0815"]));
        assert_eq!(shared["fields"]["email"], "kim@example.test");
    }

    #[test]
    fn names_are_listed_once() {
        for list in [&SHOWN[..], &CLOSED, &NAMED_BY] {
            let mut sorted = list.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), list.len());
        }
        assert!(NAMED_BY.iter().all(|name| field(name).is_some()), "each is a field");
    }
}

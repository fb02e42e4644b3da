//! Test events: one per trigger to one address, outside the books.

use actix_web::{
    HttpRequest,
    web::{Bytes, Data, Path},
};
use parcelwire_domain::taxonomy::Trigger;
use parcelwire_engine::TestEvent;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Problem, Shared, access, bad_request};

/// Longest address there is.
const MAX_EMAIL_BYTES: usize = 254;

const FORM: &str = r#"as in {"to": "me@example.com", "triggers": ["delivered"]}"#;

/// What is to be sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    to: String,
    #[serde(default)]
    triggers: Vec<String>,
}

/// Sends them at once and tells what each came to.
pub(super) async fn send(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
    body: Result<Bytes, actix_web::Error>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    who.changes()?;
    let body = body.map_err(|error| bad_request(format!("the body: {error}"), FORM))?;
    let event = read(merchant.as_str(), &body)?;
    if shared
        .engine
        .rules()
        .book()
        .merchant(&event.merchant)
        .is_some_and(|of| !of.may_test(&event.to))
    {
        let detail = "this merchant is in state test, and the address is not among its testers";
        return Err(bad_request(detail, "add it to `testers:` in the merchant's file"));
    }
    match shared.engine.test_event(&event).await {
        Some(outcomes) => who.show(json!({ "items": outcomes })),
        None => Err(Problem::misconfigured()),
    }
}

fn read(merchant: &str, body: &[u8]) -> Result<TestEvent, Problem> {
    // By way of a map: a list would be read as one without names.
    let wish: Result<Wish, _> = serde_json::from_slice(body)
        .and_then(|map| serde_json::from_value(serde_json::Value::Object(map)));
    let wish =
        wish.map_err(|error| bad_request(format!("the body cannot be read: {error}"), FORM))?;
    if !is_email(&wish.to) {
        return Err(bad_request("`to` is not an e-mail address", FORM));
    }
    let mut triggers = Vec::new();
    for name in &wish.triggers {
        let trigger = Trigger::parse(name).ok_or_else(|| {
            let hint = "names are those of mappings, as in delivered";
            bad_request(format!("`{name}` is no trigger"), hint)
        })?;
        if !triggers.contains(&trigger) {
            triggers.push(trigger);
        }
    }
    Ok(TestEvent { merchant: merchant.to_owned(), to: wish.to, triggers })
}

/// Whether it can be one; whether it is one only its owner knows.
fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let whole = !name.is_empty() && !host.is_empty() && text.len() <= MAX_EMAIL_BYTES;
    whole && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> String {
        read("hey", body.as_bytes()).expect_err(body).detail
    }

    #[test]
    fn a_wish_names_an_address_and_triggers_once_each() {
        let event =
            read("hey", br#"{"to":"me@hey.example","triggers":["lost","lost","delivered"]}"#)
                .expect("it is in order");
        let names: Vec<&str> = event.triggers.iter().map(|trigger| trigger.name()).collect();
        assert_eq!((event.to.as_str(), names), ("me@hey.example", vec!["lost", "delivered"]));
        let all = read("hey", br#"{"to":"me@hey.example"}"#).expect("triggers may be left out");
        assert!(all.triggers.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (body, named) in [
            ("", "cannot be read"),
            ("{}", "`to`"),
            (r#"["me@hey.example"]"#, "cannot be read"),
            (r#"{"to":"me"}"#, "`to`"),
            (r#"{"to":"me @hey.example"}"#, "`to`"),
            (r#"{"to":"@hey.example"}"#, "`to`"),
            (r#"{"to":"a@b","triggers":["deliverd"]}"#, "`deliverd`"),
            (r#"{"to":"a@b","trigger":["delivered"]}"#, "`trigger`"),
        ] {
            assert!(told(body).contains(named), "{body}: {}", told(body));
        }
    }
}

//! A merchant's list of those who objected: whoever is on it is sent no advertising, or nothing at all.
//! Addresses come in and never out: people are shown by the keyed hashes under which they are kept.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest,
    web::{Bytes, Data, Path},
};
use parcelwire_domain::{
    id::MerchantId,
    objection::{Objection, Person, Scope},
};
use parcelwire_engine::ports::Cursor;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Problem, Shared, access, bad_request, cursor,
    narrow::{Turn, given_of, unblanked},
    unavailable,
};

/// The name of the list, for its cursors.
const LIST: &str = "objections";

const FORM: &str = r#"as in {"address": "kim@example.com", "scope": "promotional"}"#;

const WHO: &str =
    "name ?address= (an e-mail address or a telephone number) or ?person= (as the list shows it)";

/// Who objects, and to what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    address: String,
    #[serde(default)]
    scope: Option<String>,
}

/// The list, or the one of it whose address is given.
pub(super) async fn list(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    let known = ["address", "person", "cursor", "limit"];
    let hint = "it takes address, person, cursor and limit";
    let given = given_of(request.query_string(), &known, hint)?;
    if let Some(person) = person(&shared, &merchant, &given)? {
        let found = shared.engine.objection(&merchant, &person).await;
        let found = found.map_err(|error| unavailable(&error))?;
        let items: Vec<Value> = found.iter().map(|it| shown(&person, it)).collect();
        return who.show(json!({ "items": items, "next_cursor": null }));
    }
    let Turn { after, limit } = Turn::of(LIST, Some(&merchant), &given)?;
    let after = after.map(|Cursor(place)| place);
    let page = shared.engine.objections(&merchant, after, limit + 1).await;
    let mut page = page.map_err(|error| unavailable(&error))?;
    let more = page.len() > limit;
    page.truncate(limit);
    let last = page.last().filter(|_| more);
    let next =
        last.map(|(person, _)| cursor::seal(LIST, Some(&merchant), &Cursor(person.to_string())));
    let items: Vec<Value> = page.iter().map(|(person, it)| shown(person, it)).collect();
    who.show(json!({ "items": items, "next_cursor": next }))
}

/// Puts somebody on the list, or changes to what they object.
pub(super) async fn add(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
    body: Result<Bytes, actix_web::Error>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    who.changes()?;
    let body = body.map_err(|error| bad_request(format!("the body: {error}"), FORM))?;
    let (address, scope) = read(&body)?;
    let person = of_address(&shared, &merchant, &address)?;
    let kept = shared.engine.object(&merchant, &person, scope).await;
    let kept = kept.map_err(|error| unavailable(&error))?;
    who.show(shown(&person, &kept))
}

/// Takes somebody off the list.
pub(super) async fn remove(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    who.changes()?;
    let given = given_of(request.query_string(), &["address", "person"], WHO)?;
    let person = person(&shared, &merchant, &given)?;
    let person = person.ok_or_else(|| bad_request("it is not said who is meant", WHO))?;
    let removed = shared.engine.withdraw_objection(&merchant, &person).await;
    let removed = removed.map_err(|error| unavailable(&error))?;
    who.show(json!({ "person": person.to_string(), "removed": removed }))
}

fn read(body: &[u8]) -> Result<(String, Scope), Problem> {
    // By way of a map: a list would be read as one without names.
    let wish: Result<Wish, _> =
        serde_json::from_slice(body).and_then(|map| serde_json::from_value(Value::Object(map)));
    let wish =
        wish.map_err(|error| bad_request(format!("the body cannot be read: {error}"), FORM))?;
    let scope = wish.scope.as_deref().unwrap_or(Scope::Promotional.name());
    let scope = Scope::parse(scope).ok_or_else(|| {
        bad_request(format!("`{scope}` is no scope"), "it is promotional (advertising) or all")
    })?;
    Ok((wish.address, scope))
}

/// Who is meant by a query, if it says.
fn person(
    shared: &Shared,
    merchant: &MerchantId,
    given: &BTreeMap<String, String>,
) -> Result<Option<Person>, Problem> {
    match (given.get("address"), given.get("person")) {
        (None, None) => Ok(None),
        (Some(address), None) => {
            // A `+` that was not encoded comes as a blank.
            let address = match address.strip_prefix(' ') {
                _ if address.contains('@') => unblanked(address),
                Some(number) => format!("+{number}"),
                None => address.clone(),
            };
            of_address(shared, merchant, &address).map(Some)
        }
        (None, Some(text)) => Person::parse(text)
            .map(Some)
            .ok_or_else(|| bad_request("`person` is 32 hex digits", WHO)),
        (Some(_), Some(_)) => Err(bad_request("`address` and `person` exclude each other", WHO)),
    }
}

fn of_address(shared: &Shared, merchant: &MerchantId, address: &str) -> Result<Person, Problem> {
    shared.engine.person(merchant, address).ok_or_else(|| {
        let hint = "as in kim@example.com, or +49 151 1234567";
        bad_request("this is neither an e-mail address nor a telephone number", hint)
    })
}

fn shown(person: &Person, objection: &Objection) -> Value {
    json!({
        "person": person.to_string(), "scope": objection.scope.name(),
        "since": objection.since.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objection_is_one_to_advertising_unless_it_says_more() {
        let scope = |body: &str| read(body.as_bytes()).map(|(_, scope)| scope);
        assert_eq!(scope(r#"{"address":"a@b"}"#).expect("in order"), Scope::Promotional);
        assert_eq!(scope(r#"{"address":"a@b","scope":"all"}"#).expect("in order"), Scope::All);
        for (body, named) in [
            ("", "cannot be read"),
            (r#"["a@b"]"#, "cannot be read"),
            (r#"{"scope":"all"}"#, "`address`"),
            (r#"{"address":"a@b","scope":"some"}"#, "`some`"),
            (r#"{"address":"a@b","until":"x"}"#, "`until`"),
        ] {
            let told = scope(body).expect_err(body).detail;
            assert!(told.contains(named), "{body}: {told}");
        }
    }
}

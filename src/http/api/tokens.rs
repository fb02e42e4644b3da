//! Tokens: made, listed, revoked by an admin; looked up at every request, so that a revoked one is of
//! no more use at once, on every instance.

use actix_web::{
    HttpRequest,
    web::{Bytes, Data, Path},
};
use jiff::{Timestamp, Unit};
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::ports::{Cursor, LedgerResult, Place, Shelf};
use rand::{TryRngCore as _, rngs::OsRng};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answer, Problem, Shared, access, bad_request, cursor,
    narrow::Turn,
    not_found,
    token::{self, Role, Token, Wanted},
    unavailable,
};

/// The name of the list, for its cursors.
const LIST: &str = "tokens";

/// Longest name of a token, in characters.
const MAX_NAME: usize = 100;

const FORM: &str = r#"as in {"name": "Anna, support", "role": "support"}; of a merchant's also "merchant"; "expires_at" may be left out"#;

/// The kept token that this text is, where it holds; its use is noted, to the hour.
pub(super) async fn admitted(shared: &Shared, text: &str) -> Result<Option<Token>, Problem> {
    let Some(id) = token::id_of(text) else { return Ok(None) };
    let found = find(shared, id).await.map_err(|error| unavailable(&error))?;
    let now = shared.engine.clock().now();
    let Some((token, used)) = found.filter(|(token, _)| token.admits(text, now)) else {
        return Ok(None);
    };
    let hour =
        now.round(jiff::TimestampRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Floor));
    if let Ok(hour) = hour
        && used != Some(hour)
    {
        let noted = vec![(used_at(id), Some(hour.to_string().into_bytes().into()))];
        if let Err(error) = shared.engine.vault().keep(noted).await {
            tracing::warn!(%error, "the use of a token could not be noted");
        }
    }
    Ok(Some(token))
}

/// Where a token is kept.
fn place(id: &str) -> Place {
    Place { shelf: Shelf::Token, of: None, key: id.to_owned() }
}

/// Where it is kept when it was last used: apart, so that noting a use brings no revoked one back.
fn used_at(id: &str) -> Place {
    Place { shelf: Shelf::TokenUse, of: None, key: id.to_owned() }
}

async fn find(shared: &Shared, id: &str) -> LedgerResult<Option<(Token, Option<Timestamp>)>> {
    let mut kept = shared.engine.vault().kept(vec![place(id), used_at(id)]).await?.into_iter();
    let token = kept.next().flatten().and_then(|bytes| read(&bytes));
    let used = kept.next().flatten().and_then(|bytes| used(&bytes));
    Ok(token.map(|token| (token, used)))
}

fn read(kept: &[u8]) -> Option<Token> {
    serde_json::from_slice(kept).ok()
}

fn used(kept: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(kept).ok()?.parse().ok()
}

fn row(id: &str, token: &Token, used: Option<Timestamp>) -> Value {
    json!({
        "id": id, "name": token.name, "role": token.role.name(),
        "merchant": token.merchant.as_ref().map(MerchantId::as_str),
        "created_at": token.created_at.to_string(),
        "last_used_at": used.map(|at| at.to_string()),
        "expires_at": token.expires_at.map(|at| at.to_string()),
    })
}

/// All of them, without what they are.
pub(super) async fn all(request: HttpRequest, shared: Data<Shared>) -> Answer {
    let who = access::who(&request, &shared).await?;
    who.administers()?;
    let Turn { after, limit } = Turn::read(LIST, None, request.query_string())?;
    let after = after.map(|Cursor(id)| id);
    let vault = shared.engine.vault();
    let found = vault.shelf(Shelf::Token, None, after, limit + 1).await;
    let mut found = found.map_err(|error| unavailable(&error))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|(id, _)| cursor::seal(LIST, None, &Cursor(id.clone())));
    let uses = vault.kept(found.iter().map(|(id, _)| used_at(id)).collect()).await;
    let uses = uses.map_err(|error| unavailable(&error))?;
    let rows = found.iter().zip(uses).filter_map(|((id, kept), use_of)| {
        Some(row(id, &read(kept)?, use_of.and_then(|bytes| used(&bytes))))
    });
    who.show(json!({ "items": rows.collect::<Vec<Value>>(), "next_cursor": next }))
}

/// What is wished for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    name: String,
    role: String,
    #[serde(default)]
    merchant: Option<String>,
    #[serde(default)]
    expires_at: Option<String>,
}

/// Makes one. The answer is the only place where it is ever shown.
pub(super) async fn new(
    request: HttpRequest,
    shared: Data<Shared>,
    body: Result<Bytes, actix_web::Error>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    who.administers()?;
    let body = body.map_err(|error| bad_request(format!("the body: {error}"), FORM))?;
    let now = shared.engine.clock().now();
    let wanted = wanted(&body, now)?;
    if let Some(merchant) = &wanted.merchant
        && !shared.engine.rules().book().merchants.contains_key(merchant)
    {
        return Err(bad_request(format!("there is no merchant as `{merchant}`"), FORM));
    }
    let (mut id, mut secret) = ([0; 8], [0; token::SECRET_BYTES]);
    for bytes in [&mut id[..], &mut secret[..]] {
        OsRng.try_fill_bytes(bytes).map_err(|error| {
            tracing::error!(%error, "the system gives no chance");
            Problem::new(500, "internal", "no token could be made", "see the log")
        })?;
    }
    let (id, text, token) = token::make(wanted, id, secret, now);
    let kept = serde_json::to_vec(&token).unwrap_or_default();
    let kept = shared.engine.vault().keep(vec![(place(&id), Some(kept.into()))]).await;
    kept.map_err(|error| unavailable(&error))?;
    tracing::info!(token.id = id, token.role = token.role.name(), "a token was made");
    let mut made = row(&id, &token, None);
    made["token"] = text.into();
    who.show(made)
}

fn wanted(body: &[u8], now: Timestamp) -> Result<Wanted, Problem> {
    // By way of a map: a list would be read as one without names.
    let wish: Result<Wish, _> =
        serde_json::from_slice(body).and_then(|map| serde_json::from_value(Value::Object(map)));
    let wish =
        wish.map_err(|error| bad_request(format!("the body cannot be read: {error}"), FORM))?;
    let name = wish.name.trim().to_owned();
    let is_name = !name.is_empty() && !name.contains(char::is_control);
    if !is_name || name.chars().count() > MAX_NAME {
        let detail = format!("`name` has 1 to {MAX_NAME} characters");
        return Err(bad_request(detail, FORM));
    }
    let role = Role::ALL.into_iter().find(|role| role.name() == wish.role);
    let role = role.ok_or_else(|| {
        bad_request("`role` is one of admin, support and merchant".to_owned(), FORM)
    })?;
    let merchant = wish.merchant.as_deref().map(MerchantId::parse).transpose();
    let merchant = merchant.map_err(|error| bad_request(format!("`merchant`: {error}"), FORM))?;
    if (role == Role::Merchant) != merchant.is_some() {
        return Err(bad_request(
            "`merchant` goes with the role merchant, and only with that",
            FORM,
        ));
    }
    let expires_at = wish.expires_at.map(|text| text.parse::<Timestamp>()).transpose();
    let expires_at = expires_at.ok().filter(|end| end.is_none_or(|end| end > now));
    let expires_at = expires_at.ok_or_else(|| {
        let hint = "as in 2027-01-31T00:00:00Z; leave it out for one without an end";
        bad_request("`expires_at` is not a time to come in RFC 3339", hint)
    })?;
    Ok(Wanted { name, role, merchant, expires_at })
}

/// Ends one. From now on it opens nothing.
pub(super) async fn revoke(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    who.administers()?;
    let id = path.into_inner();
    if !token::is_id(&id) {
        return Err(not_found("token"));
    }
    let found = find(&shared, &id).await.map_err(|error| unavailable(&error))?;
    let (token, used) = found.ok_or_else(|| not_found("token"))?;
    let gone = vec![(place(&id), None), (used_at(&id), None)];
    shared.engine.vault().keep(gone).await.map_err(|error| unavailable(&error))?;
    tracing::info!(token.id = id, "a token was revoked");
    who.show(row(&id, &token, used))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_341_600).expect("a time")
    }

    #[test]
    fn a_wish_names_a_role_and_for_whom() {
        let read = |body: &str| wanted(body.as_bytes(), now());
        let support =
            read(r#"{"name":" Anna ","role":"support","expires_at":"2027-01-31T00:00:00Z"}"#);
        let support = support.expect("it is in order");
        assert_eq!((support.name.as_str(), support.role), ("Anna", Role::Support));
        assert!(support.expires_at.is_some() && support.merchant.is_none());
        let merchant = read(r#"{"name":"Hey","role":"merchant","merchant":"hey"}"#);
        assert_eq!(merchant.expect("it is in order").merchant, MerchantId::parse("hey").ok());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let long = format!(r#"{{"name":"{}","role":"admin"}}"#, "a".repeat(101));
        for (body, named) in [
            ("", "cannot be read"),
            (r#"["Anna","admin"]"#, "cannot be read"),
            (r#"{"role":"admin"}"#, "`name`"),
            (r#"{"name":" ","role":"admin"}"#, "`name`"),
            (long.as_str(), "`name`"),
            (r#"{"name":"Anna","role":"boss"}"#, "`role`"),
            (r#"{"name":"Anna","role":"merchant"}"#, "`merchant`"),
            (r#"{"name":"Anna","role":"support","merchant":"hey"}"#, "`merchant`"),
            (r#"{"name":"Anna","role":"merchant","merchant":"Hey!"}"#, "`merchant`"),
            (r#"{"name":"Anna","role":"admin","expires_at":"soon"}"#, "`expires_at`"),
            (
                r#"{"name":"Anna","role":"admin","expires_at":"2020-01-01T00:00:00Z"}"#,
                "`expires_at`",
            ),
            (r#"{"name":"Anna","role":"admin","scope":"all"}"#, "`scope`"),
        ] {
            let told = wanted(body.as_bytes(), now()).err().map(|problem| problem.detail);
            assert!(told.as_ref().is_some_and(|told| told.contains(named)), "{body}: {told:?}");
        }
    }
}

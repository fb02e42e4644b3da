//! What is wrong now, and trying whether notices of it arrive.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::{OpenIncident, ports::Cursor};
use serde_json::json;

use super::{
    Answer, Shared,
    access::{self, Who},
    cursor,
    narrow::Turn,
    unavailable,
};

/// The name of the list, for its cursors.
const LIST: &str = "incidents";

/// Those of all.
pub(super) async fn all(request: HttpRequest, shared: Data<Shared>) -> Answer {
    let who = access::who(&request, &shared).await?;
    page(&who, who.slice(), &request, &shared).await
}

/// Those of one merchant.
pub(super) async fn of(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    page(&who, Some(merchant), &request, &shared).await
}

/// Tries whether the operator gets notices.
pub(super) async fn test(request: HttpRequest, shared: Data<Shared>) -> Answer {
    let who = access::who(&request, &shared).await?;
    who.administers()?;
    let told = shared.engine.test_alerts(None).await;
    who.show(json!({ "items": told }))
}

/// The same of what happens to a merchant.
pub(super) async fn test_of(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    who.changes()?;
    let told = shared.engine.test_alerts(Some(&merchant)).await;
    who.show(json!({ "items": told }))
}

async fn page(
    who: &Who,
    merchant: Option<MerchantId>,
    request: &HttpRequest,
    shared: &Shared,
) -> Answer {
    let Turn { after, limit } = Turn::read(LIST, merchant.as_ref(), request.query_string())?;
    let open = shared.engine.incidents(merchant.as_ref()).await;
    let mut open = open.map_err(|error| unavailable(&error))?;
    open.sort_by_cached_key(place);
    if let Some(Cursor(last)) = after {
        // What was shown last may be over: whatever stands behind its place follows.
        open.retain(|incident| place(incident) > last);
    }
    let more = open.len() > limit;
    open.truncate(limit);
    let last = open.last().filter(|_| more);
    let next = last.map(|last| cursor::seal(LIST, merchant.as_ref(), &Cursor(place(last))));
    who.show(json!({ "items": open, "next_cursor": next }))
}

/// A place in the list: the relay's own first, then merchants by name.
fn place(incident: &OpenIncident) -> String {
    let whose = incident.merchant.as_ref().map_or("", MerchantId::as_str);
    format!("{whose} {} {}", incident.opened_at, incident.id)
}

//! Pages of lists, newest first.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::ports::List;
use serde_json::json;

use super::{Answer, LISTS, Shared, access, cursor, merchant, narrow::Narrow, unavailable};

/// A list over all merchants.
pub(super) async fn all(list: List, request: HttpRequest, shared: Data<Shared>) -> Answer {
    access::admin(&request, &shared)?;
    page(list, None, &request, &shared).await
}

/// One merchant's list.
pub(super) async fn of(
    list: List,
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    access::admin(&request, &shared)?;
    let merchant = merchant(&shared, &path)?;
    page(list, Some(merchant), &request, &shared).await
}

async fn page(
    list: List,
    merchant: Option<MerchantId>,
    request: &HttpRequest,
    shared: &Shared,
) -> Answer {
    let Narrow { filter, after, limit } =
        Narrow::read(list, merchant.clone(), request.query_string())?;
    let page = shared.engine.archive().page(list, filter, after, limit).await;
    let page = page.map_err(|error| unavailable(&error))?;
    let next = page.next.map(|next| cursor::seal(name(list), merchant.as_ref(), &next));
    Ok(HttpResponse::Ok().json(json!({ "items": page.rows, "next_cursor": next })))
}

/// The name of a list in addresses, and in its cursors.
pub(super) fn name(list: List) -> &'static str {
    LISTS.iter().find(|(_, known)| *known == list).map_or("", |(name, _)| name)
}

//! Pages of lists, newest first.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::ports::List;
use serde_json::json;

use super::{
    Answer, LISTS, Shared,
    access::{self, Who},
    cursor,
    narrow::Narrow,
    unavailable,
};

/// A list over all merchants.
pub(super) async fn all(list: List, request: HttpRequest, shared: Data<Shared>) -> Answer {
    let who = access::who(&request, &shared).await?;
    page(list, &who, who.slice(), &request, &shared).await
}

/// One merchant's list.
pub(super) async fn of(
    list: List,
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    page(list, &who, Some(merchant), &request, &shared).await
}

async fn page(
    list: List,
    who: &Who,
    merchant: Option<MerchantId>,
    request: &HttpRequest,
    shared: &Shared,
) -> Answer {
    let Narrow { filter, after, limit } =
        Narrow::read(list, merchant.clone(), request.query_string())?;
    let page = shared.engine.archive().page(list, filter, after, limit).await;
    let page = page.map_err(|error| unavailable(&error))?;
    let next = page.next.map(|next| cursor::seal(name(list), merchant.as_ref(), &next));
    who.show(json!({ "items": page.rows, "next_cursor": next }))
}

/// The name of a list in addresses, and in its cursors.
pub(super) fn name(list: List) -> &'static str {
    LISTS.iter().find(|(_, known)| *known == list).map_or("", |(name, _)| name)
}

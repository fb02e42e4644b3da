//! Codes that no connector's table knew: how often, where, and the line to add.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use parcelwire_domain::id::MerchantId;
use parcelwire_mapping::{book::Book, unmapped::propose};
use serde_json::{Value, json};

use super::{
    Answer, Shared,
    access::{self, Who},
    cursor,
    narrow::Turn,
    unavailable,
};

/// The name of the list, for its cursors.
const LIST: &str = "unmapped";

/// Those of all merchants.
pub(super) async fn all(request: HttpRequest, shared: Data<Shared>) -> Answer {
    let who = access::who(&request, &shared).await?;
    page(&who, who.slice(), &request, &shared).await
}

/// One merchant's.
pub(super) async fn of(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    page(&who, Some(merchant), &request, &shared).await
}

async fn page(
    who: &Who,
    merchant: Option<MerchantId>,
    request: &HttpRequest,
    shared: &Shared,
) -> Answer {
    let Turn { after, limit } = Turn::read(LIST, merchant.as_ref(), request.query_string())?;
    let page = shared.engine.archive().unmapped(merchant.clone(), after, limit).await;
    let page = page.map_err(|error| unavailable(&error))?;
    let book = shared.engine.rules().book();
    let items: Vec<Value> = page.rows.into_iter().map(|row| whole(&book, row)).collect();
    let next = page.next.map(|next| cursor::seal(LIST, merchant.as_ref(), &next));
    who.show(json!({ "items": items, "next_cursor": next }))
}

/// A row with what the files say of it today.
fn whole(book: &Book, mut row: Value) -> Value {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let merchant = book.merchant(&text("merchant"));
    let source = merchant.and_then(|merchant| merchant.sources.get(text("source").as_str()));
    let proposal = row["code"]
        .as_str()
        .map(|code| propose(code, source.map(|source| source.ready.connector().as_ref())));
    row["connector"] = source.map(|source| source.connector.clone()).into();
    row["known"] = proposal.as_ref().is_some_and(|proposal| proposal.known).into();
    let names = proposal.iter().flat_map(|proposal| &proposal.statuses);
    row["proposals"] = names.map(|status| status.name()).collect();
    row["line"] = proposal.as_ref().map(|proposal| proposal.line.clone()).into();
    row
}

//! One receipt whole, and the books.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use parcelwire_domain::id::{MerchantId, ReceiptId};

use super::{
    Answer, Shared,
    access::{self, Who},
    not_found, reading, unavailable,
};

/// The books of all merchants, or of one's own.
pub(super) async fn stats(request: HttpRequest, shared: Data<Shared>) -> Answer {
    let who = access::who(&request, &shared).await?;
    books(&shared, &who, who.slice()).await
}

/// One merchant's books.
pub(super) async fn stats_of(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    books(&shared, &who, Some(merchant)).await
}

async fn books(shared: &Shared, who: &Who, merchant: Option<MerchantId>) -> Answer {
    let now = shared.engine.clock().now();
    let stats = shared.engine.archive().stats(merchant, now).await;
    let stats = stats.map_err(|error| unavailable(&error))?;
    who.show(stats)
}

/// A receipt of whichever merchant, or of a feed; to a merchant, of its own.
pub(super) async fn receipt(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    story(&shared, &who, who.slice(), &path).await
}

/// A receipt of this merchant; another's is not there.
pub(super) async fn receipt_of(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<(String, String)>,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let (name, id) = path.into_inner();
    let merchant = who.merchant(&shared, &name)?;
    story(&shared, &who, Some(merchant), &id).await
}

async fn story(shared: &Shared, who: &Who, merchant: Option<MerchantId>, id: &str) -> Answer {
    let id = ReceiptId::parse(id).map_err(|_| not_found("receipt"))?;
    let story = shared.engine.archive().story(id).await;
    let story = story.map_err(|error| unavailable(&error))?;
    let is_theirs = |story: &serde_json::Value| {
        merchant.as_ref().is_none_or(|merchant| story["merchant"] == merchant.as_str())
    };
    match story.filter(is_theirs) {
        Some(mut story) => {
            if let Some(reading) = reading::of(&shared.engine.rules().book(), &story) {
                story["reading"] = reading;
            }
            who.show(story)
        }
        None => Err(not_found("receipt")),
    }
}

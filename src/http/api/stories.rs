//! One receipt whole, and the books.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use parcelwire_domain::id::{MerchantId, ReceiptId};

use super::{Answer, Shared, access, merchant, not_found, reading, unavailable};

/// The books of all merchants.
pub(super) async fn stats(request: HttpRequest, shared: Data<Shared>) -> Answer {
    access::admin(&request, &shared)?;
    books(&shared, None).await
}

/// One merchant's books.
pub(super) async fn stats_of(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    access::admin(&request, &shared)?;
    let merchant = merchant(&shared, &path)?;
    books(&shared, Some(merchant)).await
}

async fn books(shared: &Shared, merchant: Option<MerchantId>) -> Answer {
    let now = shared.engine.clock().now();
    let stats = shared.engine.archive().stats(merchant, now).await;
    let stats = stats.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::Ok().json(stats))
}

/// A receipt of whichever merchant, or of a feed.
pub(super) async fn receipt(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
) -> Answer {
    access::admin(&request, &shared)?;
    story(&shared, None, &path).await
}

/// A receipt of this merchant; another's is not there.
pub(super) async fn receipt_of(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<(String, String)>,
) -> Answer {
    access::admin(&request, &shared)?;
    let (name, id) = path.into_inner();
    let merchant = merchant(&shared, &name)?;
    story(&shared, Some(merchant), &id).await
}

async fn story(shared: &Shared, merchant: Option<MerchantId>, id: &str) -> Answer {
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
            Ok(HttpResponse::Ok().json(story))
        }
        None => Err(not_found("receipt")),
    }
}

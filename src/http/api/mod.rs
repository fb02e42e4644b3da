//! The API: lists, one receipt whole, the books, test events; per merchant and over all.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Data, Json, Path, Query},
};
use jiff::Timestamp;
use parcelwire_domain::{
    id::{MerchantId, ReceiptId},
    taxonomy::Trigger,
};
use parcelwire_engine::{
    TestEvent,
    ports::{Cursor, Filter, List, PortError},
};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Shared, problem::Problem};

/// Rows of a page, unless asked for otherwise.
const PAGE: usize = 50;

/// Most rows of a page.
const MAX_PAGE: usize = 500;

/// The committed description.
const OPENAPI: &str = include_str!("../../docs/openapi.json");

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/openapi.json", web::get().to(openapi))
        .route("/stats", web::get().to(stats))
        .route("/receipts/{id}", web::get().to(receipt))
        .route("/merchants/{merchant}/stats", web::get().to(stats_of))
        .route("/merchants/{merchant}/test-events", web::post().to(test_events))
        .route("/merchants/{merchant}/receipts/{id}", web::get().to(receipt_of))
        .route("/merchants/{merchant}/{list}", web::get().to(list_of))
        .route("/{list}", web::get().to(list));
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(OPENAPI)
}

/// What lists can be narrowed by.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Narrow {
    order: Option<String>,
    email: Option<String>,
    tracking_number: Option<String>,
    status: Option<String>,
    since: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

fn authorized(request: &HttpRequest, shared: &Shared) -> Result<(), HttpResponse> {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(token.trim().as_bytes()).into();
    if bool::from(digest.ct_eq(&shared.admin)) {
        return Ok(());
    }
    let mut answer = Problem::new(
        401,
        "unauthorized",
        "the token is missing or wrong",
        "send Authorization: Bearer TOKEN with the admin token",
    )
    .answer();
    answer.headers_mut().insert(
        actix_web::http::header::WWW_AUTHENTICATE,
        actix_web::http::header::HeaderValue::from_static("Bearer"),
    );
    Err(answer)
}

fn not_found(what: &str) -> HttpResponse {
    Problem::new(404, "not_found", format!("there is no such {what}"), "check the address").answer()
}

fn unavailable(error: &PortError) -> HttpResponse {
    tracing::warn!(%error, "the store did not answer the API");
    Problem {
        retry_after: Some(5),
        ..Problem::new(503, "store_unavailable", "the store does not answer", "try again")
    }
    .answer()
}

/// A merchant that has files, or had receipts.
fn merchant(shared: &Shared, name: &str) -> Result<MerchantId, HttpResponse> {
    let id = MerchantId::parse(name).map_err(|_| not_found("merchant"))?;
    let known = shared.engine.rules().book().merchants.contains_key(&id);
    if known { Ok(id) } else { Err(not_found("merchant")) }
}

async fn stats(request: HttpRequest, shared: Data<Shared>) -> HttpResponse {
    books(&request, &shared, None).await
}

async fn stats_of(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> HttpResponse {
    books(&request, &shared, Some(&path)).await
}

async fn books(request: &HttpRequest, shared: &Shared, name: Option<&str>) -> HttpResponse {
    if let Err(answer) = authorized(request, shared) {
        return answer;
    }
    let merchant = match name.map(|name| merchant(shared, name)).transpose() {
        Ok(merchant) => merchant,
        Err(answer) => return answer,
    };
    let now = shared.engine.clock().now();
    match shared.engine.archive().stats(merchant, now).await {
        Ok(stats) => HttpResponse::Ok().json(stats),
        Err(error) => unavailable(&error),
    }
}

async fn list(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
    query: Query<Narrow>,
) -> HttpResponse {
    page(&request, &shared, None, &path, &query).await
}

async fn list_of(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<(String, String)>,
    query: Query<Narrow>,
) -> HttpResponse {
    let (name, list) = path.into_inner();
    page(&request, &shared, Some(&name), &list, &query).await
}

async fn page(
    request: &HttpRequest,
    shared: &Shared,
    name: Option<&str>,
    list: &str,
    narrow: &Narrow,
) -> HttpResponse {
    if let Err(answer) = authorized(request, shared) {
        return answer;
    }
    let list = match list {
        "receipts" => List::Receipts,
        "events" => List::Events,
        "messages" => List::Messages,
        "refused" => List::Refused,
        _ => return not_found("list"),
    };
    let merchant = match name.map(|name| merchant(shared, name)).transpose() {
        Ok(merchant) => merchant,
        Err(answer) => return answer,
    };
    let (since, until) = match (time(narrow.since.as_deref()), time(narrow.until.as_deref())) {
        (Ok(since), Ok(until)) => (since, until),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let filter = Filter {
        merchant,
        order: narrow.order.clone(),
        email: narrow.email.clone(),
        tracking_number: narrow.tracking_number.clone(),
        status: narrow.status.clone(),
        since,
        until,
    };
    let limit = narrow.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let after = narrow.cursor.clone().map(Cursor);
    match shared.engine.archive().page(list, filter, after, limit).await {
        Ok(page) => HttpResponse::Ok()
            .json(json!({ "items": page.rows, "next_cursor": page.next.map(|next| next.0) })),
        Err(error) => unavailable(&error),
    }
}

fn time(text: Option<&str>) -> Result<Option<Timestamp>, HttpResponse> {
    text.map(str::parse).transpose().map_err(|_| {
        Problem::new(
            400,
            "bad_request",
            "`since` and `until` are times in RFC 3339",
            "as in 2026-11-22T10:00:00Z",
        )
        .answer()
    })
}

async fn receipt(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> HttpResponse {
    story(&request, &shared, None, &path).await
}

async fn receipt_of(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<(String, String)>,
) -> HttpResponse {
    let (name, id) = path.into_inner();
    story(&request, &shared, Some(&name), &id).await
}

async fn story(
    request: &HttpRequest,
    shared: &Shared,
    name: Option<&str>,
    id: &str,
) -> HttpResponse {
    if let Err(answer) = authorized(request, shared) {
        return answer;
    }
    let Ok(id) = ReceiptId::parse(id) else { return not_found("receipt") };
    match shared.engine.archive().story(id).await {
        Ok(Some(story)) if name.is_none_or(|name| story["merchant"] == name) => {
            HttpResponse::Ok().json(story)
        }
        Ok(_) => not_found("receipt"),
        Err(error) => unavailable(&error),
    }
}

/// What to send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    to: String,
    #[serde(default)]
    triggers: Vec<String>,
}

async fn test_events(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
    wish: Json<Wish>,
) -> HttpResponse {
    if let Err(answer) = authorized(&request, &shared) {
        return answer;
    }
    if let Err(answer) = merchant(&shared, &path) {
        return answer;
    }
    let mut triggers = Vec::new();
    for name in &wish.triggers {
        match Trigger::parse(name) {
            Some(trigger) => triggers.push(trigger),
            None => {
                return Problem::new(
                    400,
                    "bad_request",
                    format!("`{name}` is no trigger"),
                    "names are those of the mapping, as in delivered",
                )
                .answer();
            }
        }
    }
    let event = TestEvent { merchant: path.into_inner(), to: wish.to.clone(), triggers };
    match shared.engine.test_event(&event).await {
        Some(outcomes) => HttpResponse::Ok().json(json!({ "items": outcomes })),
        None => Problem::new(
            503,
            "merchant_misconfigured",
            "the files of this merchant are not in order",
            "run `parcelwire check`",
        )
        .answer(),
    }
}

//! The API: lists, one receipt whole, the books, test events, tokens; per merchant and over all. Handlers
//! translate; who may look is in `access`, what support sees in `mask`, what a question means in
//! `narrow`, what a page's cursor is in `cursor`.

mod access;
mod coverage;
mod cursor;
mod explain;
mod imports;
mod incidents;
mod lists;
mod mask;
mod narrow;
mod objections;
mod polls;
mod reading;
mod stories;
mod test_events;
mod token;
mod tokens;
mod unmapped;

use actix_web::{
    HttpResponse, Resource,
    guard::{self, Guard},
    http::header::{ALLOW, HeaderValue},
    web,
};
use parcelwire_engine::ports::{List, PortError};

use super::{Shared, problem::Problem};

/// The committed description.
const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// What a handler comes to.
type Answer = Result<HttpResponse, Problem>;

/// All addresses, below `/api/v1`. Fixed words stand before placeholders.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(read("/openapi.json", web::to(openapi)))
        .service(read("/stats", web::to(stories::stats)))
        .service(read("/receipts/{id}", web::to(stories::receipt)))
        .service(read("/merchants/{merchant}/stats", web::to(stories::stats_of)))
        .service(read("/unmapped", web::to(unmapped::all)))
        .service(read("/merchants/{merchant}/unmapped", web::to(unmapped::of)))
        .service(read("/polls", web::to(polls::all)))
        .service(read("/merchants/{merchant}/polls", web::to(polls::of)))
        .service(read("/incidents", web::to(incidents::all)))
        .service(read("/merchants/{merchant}/incidents", web::to(incidents::of)))
        .service(post("/test-alerts", web::post().to(incidents::test)))
        .service(post("/merchants/{merchant}/test-alerts", web::post().to(incidents::test_of)))
        .service(read("/merchants/{merchant}/coverage", web::to(coverage::of)))
        .service(read("/merchants/{merchant}/explain", web::to(explain::of)))
        .service(post("/merchants/{merchant}/test-events", web::post().to(test_events::send)))
        .service(post("/merchants/{merchant}/imports", web::post().to(imports::take)))
        .service(
            web::resource("/merchants/{merchant}/objections")
                .route(web::route().guard(reading()).to(objections::list))
                .route(web::post().to(objections::add))
                .route(web::delete().to(objections::remove))
                .default_service(web::to(|| async { not_allowed("GET, HEAD, POST, DELETE") })),
        )
        .service(
            web::resource("/tokens")
                .route(web::route().guard(reading()).to(tokens::all))
                .route(web::post().to(tokens::new))
                .default_service(web::to(|| async { not_allowed("GET, HEAD, POST") })),
        )
        .service(
            web::resource("/tokens/{token}")
                .route(web::delete().to(tokens::revoke))
                .default_service(web::to(|| async { not_allowed("DELETE") })),
        )
        .service(read("/merchants/{merchant}/receipts/{id}", web::to(stories::receipt_of)));
    for (name, list) in LISTS {
        let over_all = move |request, shared| lists::all(list, request, shared);
        let of_one = move |request, shared, path| lists::of(list, request, shared, path);
        config
            .service(read(&format!("/{name}"), web::to(over_all)))
            .service(read(&format!("/merchants/{{merchant}}/{name}"), web::to(of_one)));
    }
}

/// The lists by the name they have in addresses.
const LISTS: [(&str, List); 4] = [
    ("receipts", List::Receipts),
    ("events", List::Events),
    ("messages", List::Messages),
    ("refused", List::Refused),
];

/// An address that is only read.
pub(super) fn read(path: &str, route: actix_web::Route) -> Resource {
    web::resource(path)
        .route(route.guard(reading()))
        .default_service(web::to(|| async { not_allowed("GET, HEAD") }))
}

/// An address that is only posted to.
fn post(path: &str, route: actix_web::Route) -> Resource {
    web::resource(path).route(route).default_service(web::to(|| async { not_allowed("POST") }))
}

fn reading() -> impl Guard {
    guard::Any(guard::Get()).or(guard::Head())
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(OPENAPI)
}

fn not_allowed(methods: &'static str) -> HttpResponse {
    let detail = format!("this address takes {methods}");
    let mut answer =
        Problem::new(405, "method_not_allowed", detail, "see /api/v1/openapi.json").answer();
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

fn bad_request(detail: impl Into<String>, hint: &'static str) -> Problem {
    Problem::new(400, "bad_request", detail, hint)
}

fn not_found(what: &str) -> Problem {
    Problem::new(404, "not_found", format!("there is no such {what}"), "check the address")
}

fn unavailable(error: &PortError) -> Problem {
    tracing::warn!(%error, "the store did not answer the API");
    Problem {
        retry_after: Some(5),
        ..Problem::new(503, "store_unavailable", "the store does not answer", "try again")
    }
}

//! The server: the only place that knows actix. Handlers translate; they decide nothing.

mod api;
mod hooks;
pub mod problem;

use std::{net::TcpListener, time::Duration};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    middleware::DefaultHeaders,
    web::{self, Data},
};
use parcelwire_engine::Engine;

use crate::config::Http;

/// What handlers share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) max_body_bytes: usize,
    /// How long a request may take to come in.
    pub(crate) request_timeout: Duration,
    /// SHA-256 of the admin token.
    pub(crate) admin: [u8; 32],
    /// Set once files are read and the store is open.
    pub(crate) ready: std::sync::atomic::AtomicBool,
}

/// Seconds that a stop waits for requests under way.
const STOP_SECONDS: u64 = 10;

/// Header lines must be in by then.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds the server on a socket.
pub(crate) fn server(
    socket: TcpListener,
    settings: &Http,
    shared: Data<Shared>,
) -> std::io::Result<Server> {
    let workers = match settings.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        workers => workers,
    };
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .wrap(
                DefaultHeaders::new()
                    .add(("x-content-type-options", "nosniff"))
                    .add(("cache-control", "no-store")),
            )
            .route("/hooks/{merchant}/{source}", web::route().to(hooks::hook))
            .route("/hooks/{merchant}/{source}/{tail:.*}", web::route().to(hooks::hook_below))
            .route("/feeds/{feed}", web::route().to(hooks::feed))
            .route("/healthz", web::get().to(health))
            .route("/readyz", web::get().to(ready))
            .route("/metrics", web::get().to(metrics))
            .service(web::scope("/api/v1").configure(api::routes))
            .default_service(web::to(nothing_here))
    })
    .workers(workers)
    .max_connections(settings.max_connections.div_ceil(workers))
    .client_request_timeout(HEADERS_TIMEOUT)
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(STOP_SECONDS)
    .disable_signals()
    .listen(socket)?;
    Ok(server.run())
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))
}

async fn ready(shared: Data<Shared>) -> HttpResponse {
    let open = shared.ready.load(std::sync::atomic::Ordering::Acquire);
    if open && shared.engine.archive().health().await.is_ok() {
        return HttpResponse::Ok().json(serde_json::json!({ "status": "ready" }));
    }
    let hint = "wait, or look into the log";
    problem::Problem {
        retry_after: Some(1),
        ..problem::Problem::new(503, "not_ready", "the relay is not ready", hint)
    }
    .answer()
}

async fn metrics(shared: Data<Shared>) -> HttpResponse {
    let mut text = shared.engine.metrics().text();
    if let Ok(health) = shared.engine.archive().health().await {
        use std::fmt::Write as _;
        let end = text.rfind("# EOF").unwrap_or(text.len());
        text.truncate(end);
        let written = writeln!(
            text,
            "# HELP parcelwire_waiting receipts that wait\n# TYPE parcelwire_waiting gauge\nparcelwire_waiting {}\n\
             # HELP parcelwire_pending messages that are unsent\n# TYPE parcelwire_pending gauge\nparcelwire_pending {}\n# EOF",
            health.waiting, health.pending
        );
        if written.is_err() {
            return HttpResponse::InternalServerError().finish();
        }
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

async fn nothing_here() -> HttpResponse {
    problem::Problem::new(
        404,
        "not_found",
        "there is nothing at this address",
        "see /api/v1/openapi.json",
    )
    .answer()
}

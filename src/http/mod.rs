//! The server: the only place that knows actix. Handlers translate; they decide nothing.

mod api;
mod body;
mod connections;
mod hooks;
mod metrics;
pub mod problem;

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_http::{HttpService, Protocol};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App, HttpResponse,
    dev::{AppConfig, Server, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::DefaultHeaders,
    web::{self, Data},
};
use parcelwire_engine::{Engine, room::Room};
use tokio::net::TcpStream;

use crate::config::Http;
use connections::Connections;

/// What handlers share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) max_body_bytes: usize,
    /// Room for all bodies that are read and stored at once.
    pub(crate) bodies: Room,
    /// How long a request may take to come in.
    pub(crate) request_timeout: Duration,
    /// SHA-256 of the admin token.
    pub(crate) admin: [u8; 32],
    /// By which it is known again from outside.
    pub(crate) name: String,
    /// Set once files are read and the store is open.
    pub(crate) ready: std::sync::atomic::AtomicBool,
}

/// Seconds that a stop waits for requests under way.
const STOP_SECONDS: u64 = 4;

/// Header lines must be in by then.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);

/// A sender is kept on the line so long for its next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Whoever was answered before it had sent everything has so long to hear it.
const LINGER: Duration = Duration::from_secs(1);

/// Connections that were taken from the system and have no room yet, or have just lost it.
const PASSING: usize = 64;

/// Room for the bodies of all requests under way; the largest one fits in any case.
pub(crate) fn room_for_bodies(settings: &Http) -> Room {
    Room::new(settings.max_bodies_bytes.max(settings.max_body_bytes))
}

/// Named in outgoing webhooks as `dataschema`. What it says changes with the version only by more fields.
const EVENT_SCHEMA: &str = "/schemas/event/v1.json";

/// Builds the server on a socket, with room for so many connections.
pub(crate) fn server(
    socket: TcpListener,
    settings: &Http,
    most: usize,
    shared: Data<Shared>,
) -> std::io::Result<Server> {
    let workers = match settings.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        workers => workers,
    };
    let connections = Connections::new(most);
    // Longer than any other time-out lasts: for what has stopped coming in where none of them looks.
    let (within, after) = (shared.request_timeout * 4, KEEP_ALIVE + LINGER);
    drop(tokio::spawn(Connections::sweep(Arc::downgrade(&connections), within, after)));
    let headers_timeout = HEADERS_TIMEOUT.min(shared.request_timeout);
    let builder = Server::build();
    let stopping = builder.graceful_shutdown_signal();
    let server = builder
        .workers(workers)
        // `connections` makes room; beyond that only so many may be on their way in and out.
        .max_concurrent_connections((most + PASSING).div_ceil(workers))
        .shutdown_timeout(STOP_SECONDS)
        .disable_signals()
        .listen("http", socket, move || {
            let (connections, stopping) = (Arc::clone(&connections), stopping.clone());
            let app = app(shared.clone()).into_factory();
            let app = app.map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                .client_request_timeout(headers_timeout)
                .client_disconnect_timeout(LINGER)
                .keep_alive(KEEP_ALIVE)
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .finish(map_config(app, |()| AppConfig::default()));
            fn_service(move |socket: TcpStream| {
                let connection = connections.take(socket);
                async move {
                    let peer = connection.peer();
                    Ok((connection, Protocol::Http1, peer))
                }
            })
            .and_then(http)
        })?;
    Ok(server.run())
}

fn app(
    shared: Data<Shared>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(shared)
        .wrap(
            DefaultHeaders::new()
                .add(("x-content-type-options", "nosniff"))
                .add(("cache-control", "no-store")),
        )
        .route("/hooks/{merchant}/{source}", web::route().to(hooks::hook))
        .route("/hooks/{merchant}/{source}/{tail:.*}", web::route().to(hooks::hook_below))
        .route("/hooks{tail:.*}", web::route().to(hooks::nowhere))
        .route("/feeds/{feed}", web::route().to(hooks::feed))
        .route("/feeds/{feed}/{tail:.*}", web::route().to(hooks::feed_below))
        .route("/feeds{tail:.*}", web::route().to(hooks::nowhere))
        .service(api::read("/healthz", web::to(health)))
        .service(api::read("/readyz", web::to(ready)))
        .service(api::read("/metrics", web::to(metrics::show)))
        .service(api::read(EVENT_SCHEMA, web::to(event_schema)))
        .service(web::scope("/api/v1").configure(api::routes))
        .default_service(web::to(nothing_here))
}

async fn health(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "alive", "relay": shared.name }))
}

async fn event_schema() -> HttpResponse {
    let text = parcelwire_mapping::describe::event_schema().to_string();
    HttpResponse::Ok().content_type("application/schema+json").body(text)
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

async fn nothing_here() -> HttpResponse {
    problem::Problem::new(
        404,
        "not_found",
        "there is nothing at this address",
        "see /api/v1/openapi.json",
    )
    .answer()
}

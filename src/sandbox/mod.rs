//! A marketing interface to try things against: it checks requests as the real one would, keeps
//! what it is told, and fails when it is asked to. Speaks Klaviyo's event interface and takes
//! outgoing webhooks. Must not know the engine or the store.

mod control;
mod faults;
mod klaviyo;
mod received;
#[cfg(test)]
mod tests;
mod webhook;

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    web::{self, Bytes, Data},
};
use jiff::Timestamp;
use serde_json::json;

pub use faults::{Fault, Faults};
pub use received::{EventKey, Received, Sums, Told};
pub use webhook::WebhookCheck;

/// Largest body that is read at all.
const MAX_BODY_BYTES: usize = 6 << 20;

/// How long a stop waits for requests under way.
const STOP_SECONDS: u64 = 1;

/// What a sandbox is started with.
#[derive(Debug, Clone, Default)]
pub struct SandboxSettings {
    /// The secret that outgoing webhooks are signed with; unset, signatures are not checked.
    pub webhook_secret: Option<String>,
    /// Server threads; 0 for one.
    pub workers: usize,
}

/// A running sandbox.
#[derive(Debug)]
pub struct Sandbox {
    state: Arc<State>,
    port: u16,
    handle: ServerHandle,
}

#[derive(Debug, Default)]
struct State {
    received: Received,
    faults: Faults,
    webhook: WebhookCheck,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address cannot be listened on.
    #[error("the sandbox cannot listen on {address}")]
    Listen {
        /// Which.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The webhook secret cannot be used.
    #[error("the webhook secret cannot be used: {0}")]
    Secret(String),
}

impl Sandbox {
    /// Starts on `address` (port 0: any). Must be called inside a runtime.
    pub fn start(address: &str, settings: &SandboxSettings) -> Result<Self, SandboxError> {
        let webhook =
            WebhookCheck::new(settings.webhook_secret.as_deref()).map_err(SandboxError::Secret)?;
        let listen = |source| SandboxError::Listen { address: address.to_owned(), source };
        let socket = TcpListener::bind(address).map_err(listen)?;
        let port = socket.local_addr().map_err(listen)?.port();
        let state = Arc::new(State { webhook, ..State::default() });
        let shared = Data::from(Arc::clone(&state));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::PayloadConfig::new(MAX_BODY_BYTES))
                .service(
                    web::resource("/_sandbox/events").get(control::events).delete(control::clear),
                )
                .service(web::resource("/_sandbox/sums").get(control::sums))
                .service(
                    web::resource("/_sandbox/faults").post(control::order).delete(control::calm),
                )
                .default_service(web::to(answer))
        })
        .workers(settings.workers.max(1))
        .keep_alive(Duration::from_secs(75))
        .disable_signals()
        .shutdown_timeout(STOP_SECONDS)
        .listen(socket)
        .map_err(listen)?
        .run();
        let handle = server.handle();
        drop(tokio::spawn(server));
        Ok(Self { state, port, handle })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its base URL on this machine.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it was told.
    pub fn received(&self) -> &Received {
        &self.state.received
    }

    /// How it is to fail.
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Stops, after the requests under way.
    pub async fn stop(self) {
        self.handle.stop(true).await;
    }
}

/// Every request that is not for the sandbox itself.
async fn answer(request: HttpRequest, body: Bytes, state: Data<State>) -> HttpResponse {
    state.received.count(|sums| sums.requests += 1);
    let fault = state.faults.next();
    if let Some(fault) = &fault {
        if fault.delay_ms > 0 {
            tokio::time::sleep(fault.delay()).await;
        }
        if fault.fails() && !fault.after_processing {
            return fail(fault, &state);
        }
    }
    let usual = route(&request, &body, &state);
    match fault {
        Some(fault) if fault.fails() && usual.status().is_success() => fail(&fault, &state),
        _ => usual,
    }
}

fn fail(fault: &Fault, state: &State) -> HttpResponse {
    state.received.count(|sums| sums.failed += 1);
    if fault.close {
        // A body that ends before its stated length closes the connection half-way.
        return HttpResponse::Ok().no_chunking(64).streaming(Cut);
    }
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = fault.retry_after {
        answer.insert_header(("retry-after", seconds.to_string()));
    }
    if let Some(location) = &fault.location {
        answer.insert_header(("location", location.as_str()));
    }
    answer.json(json!({ "errors": [{ "status": fault.status, "detail": "told to fail" }] }))
}

/// A body that breaks off at once.
struct Cut;

impl futures_util::Stream for Cut {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(Some(Err(std::io::Error::other("told to break off"))))
    }
}

/// A webhook of ours, whatever the path of the endpoint that it was meant for.
fn is_signed(request: &HttpRequest) -> bool {
    request.headers().contains_key("webhook-signature")
}

fn route(request: &HttpRequest, body: &Bytes, state: &State) -> HttpResponse {
    let method = request.method().as_str();
    match (method, request.path()) {
        ("GET", "/api/accounts") => accounts(request, state),
        ("POST", "/api/events") => event(request, body, state),
        ("POST", path) if path.starts_with("/webhook") || is_signed(request) => {
            webhook::take(request, body, state)
        }
        _ => {
            state.received.count(|sums| sums.refused += 1);
            HttpResponse::NotFound().json(json!({ "errors": [{
                "status": 404,
                "detail": "the sandbox knows POST /api/events, GET /api/accounts and POST /webhook…",
            }] }))
        }
    }
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn refuse(refused: &klaviyo::Refused, state: &State) -> HttpResponse {
    state.received.count(|sums| sums.refused += 1);
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
    HttpResponse::build(status).content_type("application/vnd.api+json").json(refused.body())
}

fn accounts(request: &HttpRequest, state: &State) -> HttpResponse {
    match klaviyo::account(|name| header(request, name)) {
        Ok(account) => HttpResponse::Ok().content_type("application/vnd.api+json").json(json!({
            "data": [{ "type": "account", "id": account, "attributes": { "test_account": true } }]
        })),
        Err(refused) => refuse(&refused, state),
    }
}

fn event(request: &HttpRequest, body: &Bytes, state: &State) -> HttpResponse {
    let good = klaviyo::account(|name| header(request, name)).and_then(|account| {
        let kind = header(request, "content-type");
        klaviyo::event(&account, kind.as_deref(), body, now())
    });
    match good {
        Ok(good) => {
            state.received.keep(good.key, good.time, good.backfill, good.properties);
            HttpResponse::Accepted().finish()
        }
        Err(refused) => refuse(&refused, state),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox is an edge: it plays somebody else's server"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

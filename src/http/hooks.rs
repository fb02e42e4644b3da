//! Webhooks: read the raw body within its limits, hand it to the engine, say what it said.

use std::{
    borrow::Cow,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    web::{self, Bytes, Data, Payload},
};
use parcelwire_engine::{Hook, Target};

use super::{
    Shared,
    body::{self, Body, Unread},
    problem,
};

/// `/hooks/{merchant}/{source}` and what is below.
pub(super) async fn hook(
    request: HttpRequest,
    payload: Payload,
    shared: Data<Shared>,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (merchant, source) = path.into_inner();
    let target = Target::Source { merchant: &merchant, source: &source };
    take(&request, payload, &shared, target).await
}

/// The same with a path behind it.
pub(super) async fn hook_below(
    request: HttpRequest,
    payload: Payload,
    shared: Data<Shared>,
    path: web::Path<(String, String, String)>,
) -> HttpResponse {
    let (merchant, source, _) = path.into_inner();
    let target = Target::Source { merchant: &merchant, source: &source };
    take(&request, payload, &shared, target).await
}

/// `/feeds/{feed}` and what is below.
pub(super) async fn feed(
    request: HttpRequest,
    payload: Payload,
    shared: Data<Shared>,
    path: web::Path<String>,
) -> HttpResponse {
    let name = path.into_inner();
    take(&request, payload, &shared, Target::Feed(&name)).await
}

/// The same with a path behind it.
pub(super) async fn feed_below(
    request: HttpRequest,
    payload: Payload,
    shared: Data<Shared>,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (name, _) = path.into_inner();
    take(&request, payload, &shared, Target::Feed(&name)).await
}

/// Below `/hooks` and `/feeds` without all that an address needs.
pub(super) async fn nowhere() -> HttpResponse {
    problem::unknown_source().answer()
}

async fn take(
    request: &HttpRequest,
    mut payload: Payload,
    shared: &Shared,
    target: Target<'_>,
) -> HttpResponse {
    let limit = shared.max_body_bytes;
    let reading = body::read(&shared.bodies, &mut payload, limit);
    let refused = match tokio::time::timeout(shared.request_timeout, reading).await {
        Ok(Ok(body)) => return hand_over(request, &body, shared, target).await,
        Ok(Err(Unread::TooLarge)) => problem::too_large(limit),
        Ok(Err(Unread::Incomplete)) => problem::incomplete(),
        Ok(Err(Unread::NoRoom)) => problem::store_unavailable(),
        Err(_) => problem::too_slow(),
    };
    shared.engine.metrics().refused(refused.code);
    last_words(&refused, payload)
}

/// The whole body is there: what does the engine say?
async fn hand_over(
    request: &HttpRequest,
    body: &Body<'_>,
    shared: &Shared,
    target: Target<'_>,
) -> HttpResponse {
    // Bytes that are no text are shown as such: a header must not vanish for them.
    let values: Vec<(&str, Cow<'_, str>)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let headers: Vec<(&str, &str)> =
        values.iter().map(|(name, value)| (*name, value.as_ref())).collect();
    let client = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
    let hook = Hook {
        target,
        method: request.method().as_str(),
        path: request.path(),
        query: request.query_string(),
        headers: &headers,
        body: body.bytes.clone(),
        client,
    };
    problem::webhook(shared.engine.receive(hook).await)
}

/// An answer to a request that has not come in whole. The body is held until the answer is out: let
/// go before, the server would wait for its end, for ever if it must.
fn last_words(problem: &problem::Problem, payload: Payload) -> HttpResponse {
    problem.answer().map_body(|_, text| BoxBody::new(Held { text, _payload: payload }))
}

struct Held {
    text: BoxBody,
    _payload: Payload,
}

impl MessageBody for Held {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.text.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().text).poll_next(context)
    }
}

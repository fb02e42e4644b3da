//! Webhooks: read the raw body within its limits, hand it to the engine, say what it said.

use std::{borrow::Cow, net::IpAddr};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes, BytesMut, Data, Payload},
};
use futures_util::StreamExt as _;
use parcelwire_engine::{Hook, Target};

use super::{Shared, problem};

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

/// `/feeds/{feed}`
pub(super) async fn feed(
    request: HttpRequest,
    payload: Payload,
    shared: Data<Shared>,
    path: web::Path<String>,
) -> HttpResponse {
    let name = path.into_inner();
    take(&request, payload, &shared, Target::Feed(&name)).await
}

/// Below `/hooks` and `/feeds` without all that an address needs.
pub(super) async fn nowhere() -> HttpResponse {
    problem::unknown_source().answer()
}

async fn take(
    request: &HttpRequest,
    payload: Payload,
    shared: &Shared,
    target: Target<'_>,
) -> HttpResponse {
    let limit = shared.max_body_bytes;
    let body = match tokio::time::timeout(shared.request_timeout, read(payload, limit)).await {
        Ok(Ok(Some(body))) => body,
        Ok(Ok(None)) => return problem::too_large(limit).answer(),
        Ok(Err(())) => return problem::incomplete().answer(),
        Err(_) => {
            let mut answer = problem::Problem::new(
                408,
                "request_timeout",
                "the request took too long to come in",
                "send it again",
            )
            .answer();
            answer.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
            return answer;
        }
    };
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
        body,
        client,
    };
    problem::webhook(shared.engine.receive(hook).await)
}

/// The body; nothing when it is too large. Up to twice the limit is read and dropped, so that the
/// sender sees the answer instead of a broken connection.
async fn read(mut payload: Payload, limit: usize) -> Result<Option<Bytes>, ()> {
    let mut body = BytesMut::new();
    let mut seen = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ())?;
        seen += chunk.len();
        if seen > limit {
            body.clear();
            if seen > limit * 2 {
                break;
            }
            continue;
        }
        body.extend_from_slice(&chunk);
    }
    Ok((seen <= limit).then(|| body.freeze()))
}

//! What is answered when something cannot be done: RFC 9457 problems with a stable code. The one
//! place that turns the engine's answers into statuses.

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{StatusCode, header::WWW_AUTHENTICATE},
};
use parcelwire_engine::Answer;
use serde_json::json;

/// A problem.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: &'static str,
    /// What is wrong.
    pub detail: String,
    /// What to do next.
    pub hint: &'static str,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem without a time to come again.
    pub fn new(
        status: u16,
        code: &'static str,
        detail: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        Self { status, code, detail: detail.into(), hint, retry_after: None }
    }

    /// A merchant whose files are broken.
    pub fn misconfigured() -> Self {
        Self {
            retry_after: Some(60),
            ..Self::new(
                503,
                "merchant_misconfigured",
                "the files of this merchant are not in order",
                "run `parcelwire check`, mend the file; it is read again by itself",
            )
        }
    }

    /// As HTTP.
    pub fn answer(&self) -> HttpResponse {
        let status = self.status_code();
        let mut answer = HttpResponse::build(status);
        if let Some(seconds) = self.retry_after {
            answer.insert_header(("retry-after", seconds.to_string()));
        }
        if self.code == "unauthorized" {
            answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        let title = status.canonical_reason().unwrap_or_default();
        answer.content_type("application/problem+json").body(
            json!({ "title": title, "status": self.status, "code": self.code, "detail": self.detail, "hint": self.hint })
                .to_string(),
        )
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.answer()
    }
}

/// A body above the limit.
pub fn too_large(limit: usize) -> Problem {
    Problem::new(
        413,
        "body_too_large",
        format!("the body is larger than {limit} bytes"),
        "raise http.max_body_bytes, or let the sender split it",
    )
}

/// A request that did not come in whole.
pub fn incomplete() -> Problem {
    Problem::new(400, "body_incomplete", "the request ended before its body did", "send it again")
}

/// A request that took too long.
pub fn too_slow() -> Problem {
    let detail = "the request took too long to come in";
    Problem::new(408, "request_timeout", detail, "send it again")
}

/// A webhook that cannot be made durable just now.
pub fn store_unavailable() -> Problem {
    Problem {
        retry_after: Some(5),
        ..Problem::new(
            503,
            "store_unavailable",
            "the webhook could not be stored",
            "send it again; nothing was taken",
        )
    }
}

/// Nothing is at this address.
pub fn unknown_source() -> Problem {
    Problem::new(
        404,
        "unknown_source",
        "there is no such source here",
        "check the address: /hooks/{merchant}/{source} or /feeds/{feed}",
    )
}

/// The answer to a webhook.
pub fn webhook(answer: Answer) -> HttpResponse {
    match answer {
        Answer::Accepted { id, custom } => {
            receipt(StatusCode::ACCEPTED, "accepted", &id.to_string(), custom)
        }
        Answer::Duplicate { id, custom } => {
            receipt(StatusCode::OK, "duplicate", &id.to_string(), custom)
        }
        Answer::Handshake { status, content_type, body } => {
            custom_answer(status, &content_type, body)
        }
        Answer::Refused { code, detail, hint } => Problem::new(401, code, detail, hint).answer(),
        Answer::UnknownSource => unknown_source().answer(),
        Answer::TooManyFailures { retry_after } => Problem {
            retry_after: Some(retry_after.as_secs().max(1)),
            ..Problem::new(
                429,
                "too_many_failures",
                "too many requests from here failed verification",
                "check the secret on both sides",
            )
        }
        .answer(),
        Answer::StoreUnavailable => store_unavailable().answer(),
        Answer::Misconfigured => Problem::misconfigured().answer(),
        Answer::MethodNotAllowed => {
            let mut answer = Problem::new(
                405,
                "method_not_allowed",
                "only POST has an effect here",
                "send webhooks by POST",
            )
            .answer();
            answer.headers_mut().insert(
                actix_web::http::header::ALLOW,
                actix_web::http::header::HeaderValue::from_static("POST"),
            );
            answer
        }
    }
}

fn receipt(
    status: StatusCode,
    word: &str,
    id: &str,
    custom: Option<(u16, String, String)>,
) -> HttpResponse {
    if let Some((status, content_type, body)) = custom {
        let mut answer = custom_answer(status, &content_type, body);
        if let Ok(value) = id.parse() {
            answer.headers_mut().insert(RECEIPT, value);
        }
        return answer;
    }
    let mut answer = HttpResponseBuilder::new(status);
    answer.insert_header((RECEIPT, id.to_owned()));
    answer
        .content_type("application/json")
        .body(format!("{{\"id\":\"{id}\",\"status\":\"{word}\"}}"))
}

const RECEIPT: actix_web::http::header::HeaderName =
    actix_web::http::header::HeaderName::from_static("parcelwire-receipt");

fn custom_answer(status: u16, content_type: &str, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).content_type(content_type).body(body)
}

//! The sandbox's own addresses, below `/_sandbox/`: what was told, the sums, failing on demand.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Query},
};
use serde::Deserialize;
use serde_json::json;

use super::{Fault, State};

/// What to list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Which {
    metric: Option<String>,
    profile: Option<String>,
}

/// `GET /_sandbox/events?metric=…&profile=…`
pub(super) async fn events(state: Data<State>, which: Query<Which>) -> HttpResponse {
    let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|text| text == is);
    let mut events = state.received.events();
    events.retain(|told| {
        fits(&which.metric, &told.key.metric) && fits(&which.profile, &told.key.profile)
    });
    HttpResponse::Ok().json(events)
}

/// `DELETE /_sandbox/events`
pub(super) async fn clear(state: Data<State>) -> HttpResponse {
    state.received.clear();
    HttpResponse::NoContent().finish()
}

/// `GET /_sandbox/sums`
pub(super) async fn sums(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok().json(state.received.sums())
}

/// `POST /_sandbox/faults`
pub(super) async fn order(state: Data<State>, body: Bytes) -> HttpResponse {
    match Fault::read(&body) {
        Ok(fault) => {
            state.faults.order(fault);
            HttpResponse::NoContent().finish()
        }
        Err(detail) => HttpResponse::BadRequest().json(json!({ "detail": detail })),
    }
}

/// `DELETE /_sandbox/faults`
pub(super) async fn calm(state: Data<State>) -> HttpResponse {
    state.faults.clear();
    HttpResponse::NoContent().finish()
}

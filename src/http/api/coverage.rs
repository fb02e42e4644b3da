//! Which triggers of a merchant can ever fire, and from which of its sources.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use parcelwire_mapping::coverage::{self, Row};
use serde_json::{Value, json};

use super::{Answer, Problem, Shared, access};

/// One merchant's.
pub(super) async fn of(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> Answer {
    let who = access::who(&request, &shared).await?;
    let id = who.merchant(&shared, &path)?;
    let book = shared.engine.rules().book();
    let merchant = book.merchant(id.as_str()).ok_or_else(Problem::misconfigured)?;
    let coverage = coverage::coverage(merchant);
    let items: Vec<Value> = coverage.triggers.iter().map(row).collect();
    who.show(json!({ "items": items, "recipients_from": texts(&coverage.recipients_from) }))
}

fn row(row: &Row) -> Value {
    json!({
        "trigger": row.trigger.name(), "on": row.on, "fires": row.never.is_none(),
        "from": texts(&row.from), "to": texts(&row.to), "never": row.never.map(|never| never.name()),
    })
}

fn texts(names: &[impl ToString]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

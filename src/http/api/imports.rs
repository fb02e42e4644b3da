//! Imports: what was before the relay was connected, in rows, or as a source lists it.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use jiff::Timestamp;
use parcelwire_domain::{Map, Value, id::MerchantId};
use parcelwire_engine::import::{Import, ImportError, Imported, Listed, ListedError, MAX_ROWS};
use parcelwire_mapping::json::Doc;
use serde_json::json;

use super::{
    Answer, Problem, Shared,
    access::{self, Who},
    bad_request, unavailable,
};
use crate::http::{
    body::{self, Unread},
    problem,
};

const FORM: &str = r##"as in {"source": "shop", "rows": [{"order_number": "#1001", "status": "in_transit", "occurred_at": "2026-11-20"}]}"##;

/// What is asked for.
#[derive(Debug, PartialEq)]
enum Wish {
    Rows { source: Option<String>, rows: Vec<Map>, dry_run: bool },
    Listed { source: String, since: Timestamp },
}

/// Learns from what is sent, or from what a source lists.
pub(super) async fn take(
    request: HttpRequest,
    shared: Data<Shared>,
    path: Path<String>,
    mut payload: Payload,
) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    who.administers()?;
    let limit = shared.max_body_bytes;
    let reading = body::read(&shared.bodies, &mut payload, limit);
    let body = match tokio::time::timeout(shared.request_timeout, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(Unread::TooLarge)) => return Err(problem::too_large(limit)),
        Ok(Err(Unread::Incomplete)) => return Err(problem::incomplete()),
        Ok(Err(Unread::NoRoom)) => return Err(problem::store_unavailable()),
        Err(_) => return Err(problem::too_slow()),
    };
    match read(&body.bytes)? {
        Wish::Rows { source, rows, dry_run } => {
            let import = Import { merchant, source, rows, dry_run };
            let imported = shared.engine.import(import).await.map_err(refused)?;
            who.show(shown(&imported))
        }
        Wish::Listed { source, since } => listed(&shared, &who, &merchant, &source, since).await,
    }
}

async fn listed(
    shared: &Shared,
    who: &Who,
    merchant: &MerchantId,
    source: &str,
    since: Timestamp,
) -> Answer {
    match shared.engine.import_listed(merchant, source, since).await {
        Ok(listed) => who.show(shown_listed(&listed)),
        Err(ListedError::Import(error)) => Err(refused(error)),
        Err(ListedError::Cannot(why)) => {
            Err(bad_request(why, "export its open orders and import the file: send `rows`"))
        }
        Err(ListedError::Failed(why)) => Err(Problem::new(
            502,
            "source_unavailable",
            why,
            "mend the source's settings, or try again: what came is known",
        )),
    }
}

fn refused(error: ImportError) -> Problem {
    match error {
        ImportError::Misconfigured => Problem::misconfigured(),
        ImportError::Source { why, known } => {
            let detail = format!("{why} (its sources: {})", known.join(", "));
            bad_request(detail, "`source` is the one whose order ids and numbers these are")
        }
        ImportError::Store(error) => unavailable(&error),
    }
}

fn read(body: &[u8]) -> Result<Wish, Problem> {
    let unreadable = |why: String| bad_request(format!("the body cannot be read: {why}"), FORM);
    let doc = Doc::parse(body).map_err(|why| unreadable(why.to_string()))?;
    let Some(Value::Map(wish)) = doc.root().to_value() else {
        return Err(unreadable("it is no map".to_owned()));
    };
    let known = ["source", "rows", "dry_run", "since"];
    if let Some((key, _)) = wish.iter().find(|(key, _)| !known.contains(key)) {
        return Err(bad_request(format!("there is no `{key}` in an import"), FORM));
    }
    let source = wish.get("source").and_then(Value::as_text).map(str::to_owned);
    if wish.get("source").is_some() && source.is_none() {
        return Err(bad_request("`source` is a name", FORM));
    }
    let dry_run = wish.get("dry_run").map_or(Some(false), Value::as_bool);
    let dry_run = dry_run.ok_or_else(|| bad_request("`dry_run` is true or false", FORM))?;
    match (wish.get("rows"), wish.get("since"), source) {
        (Some(rows), None, source) => Ok(Wish::Rows { source, rows: maps(rows)?, dry_run }),
        (None, Some(since), Some(source)) if !dry_run => {
            let at = since.as_text().and_then(|text| text.parse().ok());
            let form = r#"as in {"source": "depot", "since": "2026-10-01T00:00:00Z"}"#;
            let since = at.ok_or_else(|| bad_request("`since` is a time", form))?;
            Ok(Wish::Listed { source, since })
        }
        _ => Err(bad_request(
            "an import has `rows`, or the `source` that is asked and `since` when",
            FORM,
        )),
    }
}

fn maps(rows: &Value) -> Result<Vec<Map>, Problem> {
    let rows = rows.as_list().ok_or_else(|| bad_request("`rows` is a list", FORM))?;
    if rows.len() > MAX_ROWS {
        let detail = format!("there are {} rows", rows.len());
        return Err(bad_request(detail, "send at most 1000 at once"));
    }
    let map = |(place, row): (usize, &Value)| {
        let no_map = || bad_request(format!("row {place} is no map"), FORM);
        row.as_map().cloned().ok_or_else(no_map)
    };
    rows.iter().enumerate().map(map).collect()
}

fn shown(imported: &Imported) -> serde_json::Value {
    let wrong = imported.faults.iter().flat_map(|(row, faults)| {
        faults.iter().map(move |fault| {
            json!({ "row": row, "field": fault.field, "message": fault.message, "hint": fault.hint })
        })
    });
    json!({
        "source": imported.source.as_str(), "accepted": imported.accepted, "known": imported.known,
        "refused": imported.faults.len(), "wrong": wrong.collect::<Vec<_>>(), "reached": null,
    })
}

fn shown_listed(listed: &Listed) -> serde_json::Value {
    json!({
        "source": listed.source.as_str(), "accepted": listed.accepted, "known": listed.known,
        "refused": 0, "wrong": [], "reached": listed.reached.map(|at| at.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_has_rows_or_a_source_to_ask() {
        let rows = read(br#"{"rows":[{"order_id":12345678901234567890123}],"dry_run":true}"#);
        let Ok(Wish::Rows { source: None, rows, dry_run: true }) = rows else { panic!("{rows:?}") };
        assert_eq!(rows[0].get("order_id").and_then(Value::as_id), Some("12345678901234567890123"));
        let listed =
            read(br#"{"source":"depot","since":"2026-10-01T00:00:00Z"}"#).expect("in order");
        assert!(matches!(listed, Wish::Listed { .. }));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let many = format!(r#"{{"rows":[{}]}}"#, vec!["{}"; MAX_ROWS + 1].join(","));
        for (body, named) in [
            ("", "cannot be read"),
            ("[]", "no map"),
            ("{}", "`rows`"),
            (r#"{"rows":{}}"#, "`rows`"),
            (r#"{"rows":[1]}"#, "row 0"),
            (r#"{"rows":[],"row":1}"#, "`row`"),
            (r#"{"rows":[],"source":1}"#, "`source`"),
            (r#"{"rows":[],"dry_run":"yes"}"#, "`dry_run`"),
            (r#"{"rows":[],"source":"a","since":"2026-10-01T00:00:00Z"}"#, "`rows`"),
            (r#"{"since":"2026-10-01T00:00:00Z"}"#, "`rows`"),
            (r#"{"source":"a","since":"soon"}"#, "`since`"),
            (many.as_str(), "1001 rows"),
        ] {
            let told = read(body.as_bytes()).expect_err(named).detail;
            assert!(told.contains(named), "{told}");
        }
        let most = format!(r#"{{"rows":[{}]}}"#, vec!["{}"; MAX_ROWS].join(","));
        assert!(read(most.as_bytes()).is_ok());
    }
}

//! What happened to an order and why: structured, and in plain words.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest,
    web::{Data, Path, Query},
};
use parcelwire_engine::explain::Language;

use super::{Answer, Problem, Shared, access, bad_request, unavailable};

/// Every order of a merchant that a name leads to.
pub(super) async fn of(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> Answer {
    let who = access::who(&request, &shared).await?;
    let id = who.merchant(&shared, &path)?;
    let (order, language) = asked(request.query_string())?;
    let book = shared.engine.rules().book();
    let merchant = book.merchant(id.as_str()).ok_or_else(Problem::misconfigured)?;
    let own = || Language::parse(&merchant.language).unwrap_or(Language::En);
    let language = language.unwrap_or_else(own);
    let explained = shared.engine.explain(merchant, &order, language).await;
    let explained = explained.map_err(|error| unavailable(&error))?;
    who.show(explained)
}

const HINT: &str =
    "as in explain?order=1001&lang=en; `order` is the number or id of an order, parcel or return";

/// The name that is asked for, and the language of the text where one is given.
fn asked(query: &str) -> Result<(String, Option<Language>), Problem> {
    let mut given = Query::<BTreeMap<String, String>>::from_query(query)
        .map_err(|error| bad_request(format!("the query cannot be read: {error}"), HINT))?
        .into_inner();
    let order = given.remove("order").filter(|order| !order.trim().is_empty());
    let order = order.ok_or_else(|| bad_request("`order` is missing or empty", HINT))?;
    let language = given.remove("lang").map(|text| {
        let known = Language::parse(&text).filter(|_| text.len() == 2);
        known.ok_or_else(|| bad_request(format!("`lang` is en or de, not `{text}`"), HINT))
    });
    match given.keys().next() {
        Some(other) => Err(bad_request(format!("`{other}` is not asked here"), HINT)),
        None => Ok((order, language.transpose()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_asked_for_and_a_language_may_be() {
        let read = |query: &str| asked(query).map_err(|problem| problem.detail);
        assert_eq!(read("order=%231001"), Ok(("#1001".to_owned(), None)));
        assert_eq!(read("lang=de&order=A+1"), Ok(("A 1".to_owned(), Some(Language::De))));
        for (query, named) in [
            ("", "`order`"),
            ("order=+", "`order`"),
            ("order=1&lang=fr", "`fr`"),
            ("order=1&lang=", "`lang`"),
            ("order=1&email=kim", "`email`"),
        ] {
            assert!(read(query).is_err_and(|detail| detail.contains(named)), "{query}");
        }
    }
}

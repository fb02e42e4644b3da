//! The lists of a payload: which one holds the parcels, which the items, which the past.

use parcelwire_domain::Value;

use super::{
    form::Form,
    leaf::{List, Place, leaves, lists},
    words::{singular, words},
};

const PARCELS: [&str; 20] = [
    "parcel",
    "paket",
    "pakete",
    "package",
    "shipment",
    "sendung",
    "sendungen",
    "tracking",
    "fulfillment",
    "fulfilment",
    "consignment",
    "colli",
    "collo",
    "box",
    "return",
    "retoure",
    "order",
    "event",
    "delivery",
    "data",
];
const PAST: [&str; 14] = [
    "history",
    "events",
    "checkpoints",
    "scans",
    "details",
    "milestone",
    "milestones",
    "verlauf",
    "historie",
    "ereignisse",
    "statuses",
    "activities",
    "progress",
    "steps",
];

/// Names in an item, with the name each has here.
#[rustfmt::skip]
const ITEM: &[(&str, &[&str])] = &[
    ("sku", &["sku", "artikelnummer", "article number", "item number", "artikel nr", "item no", "product sku"]),
    ("product_id", &["product id", "produkt id"]),
    ("variant_id", &["variant id", "variation id"]),
    ("name", &["name", "title", "description", "bezeichnung", "product name", "artikel", "titel"]),
    ("variant", &["variant", "variant title", "variante", "size", "groesse"]),
    ("quantity", &["quantity", "qty", "menge", "anzahl", "amount", "count", "stueck"]),
    ("unit_price", &["price", "unit price", "einzelpreis", "preis"]),
];

/// The list of which each element is an event.
#[derive(Debug, Clone)]
pub(super) struct Each {
    pub(super) steps: Vec<String>,
    /// What an element is called.
    pub(super) local: String,
}

/// A list of items, and what of an element is what.
#[derive(Debug, Clone)]
pub(super) struct Items {
    pub(super) place: Place,
    pub(super) give: Vec<(&'static str, Place)>,
}

/// What a list is, by its name and its elements.
fn score(list: &List<'_>, is_past: bool) -> i32 {
    let name = list.steps.last().map(|name| words(name)).unwrap_or_default();
    let one = list.steps.last().map(|name| words(&singular(name))).unwrap_or_default();
    let mut score = 0;
    if one.iter().any(|word| PARCELS.contains(&word.as_str())) {
        score += 3;
    }
    if is_past || name.iter().any(|word| PAST.contains(&word.as_str())) {
        score -= 6;
    }
    let keys: Vec<String> = list.items.iter().flat_map(keys_of).collect();
    let has = |parts: &[&str]| keys.iter().any(|key| parts.iter().any(|part| key.contains(part)));
    if has(&["track", "sendungsnummer", "paketnummer", "barcode", "awb"]) {
        score += 4;
    }
    if has(&["status", "state", "zustand"]) {
        score += 2;
    }
    if items_in(list.items).is_some() {
        score -= 6;
    }
    score
}

fn keys_of(item: &Value) -> Vec<String> {
    leaves(item, None).iter().map(|leaf| leaf.place.shown().to_lowercase()).collect()
}

/// The list whose elements are parcels, where there is one.
pub(super) fn each(root: &Value) -> Option<Each> {
    let best = lists(root)
        .into_iter()
        .filter(|list| list.steps.len() <= 4)
        .map(|list| (score(&list, looks_past(&list)), list))
        .filter(|(score, _)| *score >= 5)
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    let (_, list) = best.or_else(|| {
        let list = lists(root).into_iter().find(|list| list.steps.is_empty())?;
        Some((0, list))
    })?;
    let name = list.steps.last().map(|name| singular(name)).unwrap_or_default();
    let mut local = words(&name).join("_");
    let is_taken = |name: &str| root.as_map().is_some_and(|root| root.get(name).is_some());
    let is_name = local.starts_with(|c: char| c.is_ascii_alphabetic());
    if !is_name || is_taken(&local) || ["headers", "query", "body", "topic"].contains(&&*local) {
        "item".clone_into(&mut local);
    }
    if is_taken(&local) {
        "one".clone_into(&mut local);
    }
    Some(Each { steps: list.steps, local })
}

/// Scans of one parcel have a time each and no number of their own.
fn looks_past(list: &List<'_>) -> bool {
    let has = |key: &str, parts: &[&str]| parts.iter().any(|part| key.contains(part));
    list.items.iter().all(|item| {
        let keys = keys_of(item);
        // The place of a scan may be called by what it is a scan of.
        let mut own = keys.iter().filter_map(|key| key.rsplit('.').next());
        keys.iter().any(|key| has(key, &["time", "date", "zeit", "datum", "timestamp"]))
            && !own.any(|key| has(key, &["track", "number", "nummer", "barcode"]))
    })
}

/// The time of the newest of what happened before, as an expression.
pub(super) fn newest(root: &Value) -> Option<String> {
    let past = lists(root).into_iter().find(|list| !list.steps.is_empty() && looks_past(list))?;
    let times = leaves(past.items.first()?, None);
    let time =
        times.iter().find(|leaf| leaf.place.steps.len() == 1 && Form::Time.fits(&leaf.values))?;
    let key = time
        .place
        .steps
        .first()
        .filter(|key| key.chars().all(|c| c.is_alphanumeric() || c == '_'))?;
    let list = Place { local: None, steps: past.steps, first: false }.expression();
    Some(format!("=({} | sort('{key}') | last).{key}", list.trim_start_matches('=')))
}

/// The list of items, in an element or in the payload.
pub(super) fn items(root: &Value, local: Option<&str>) -> Option<Items> {
    let list = lists(root).into_iter().find(|list| items_in(list.items).is_some())?;
    let give = items_in(list.items)?;
    let place = Place { local: local.map(str::to_owned), steps: list.steps, first: false };
    Some(Items { place, give })
}

/// What of an element is what, where it looks like an item: a name or number, and a quantity.
fn items_in(items: &[Value]) -> Option<Vec<(&'static str, Place)>> {
    let mut give: Vec<(&'static str, Place)> = Vec::new();
    for item in items {
        let flat = leaves(item, Some("line"));
        for (field, names) in ITEM {
            let is_known = give.iter().any(|(known, _)| known == field);
            let found = names.iter().find_map(|name| {
                flat.iter().find(|leaf| {
                    leaf.place.steps.len() == 1 && words(&leaf.place.steps[0]).join(" ") == **name
                })
            });
            if let Some(leaf) = found.filter(|_| !is_known) {
                give.push((field, leaf.place.clone()));
            }
        }
    }
    let has = |field: &str| give.iter().any(|(known, _)| *known == field);
    (has("quantity") && (has("sku") || has("name"))).then_some(give)
}

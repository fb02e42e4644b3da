//! How the parcels of an order stand to each other: how many, which are open, what is in none yet.

use super::{Order, Standing, Subject, fold::LegState, view::Known};
use crate::{
    Map, Value,
    taxonomy::{Leg, Status},
};

/// More parcels than that no order has: whoever says so means something else.
const MAX_ANNOUNCED: usize = 500;

/// Most other parcels that are told of.
const MAX_OTHERS: usize = 20;

impl Order {
    /// Adds what the parcels tell of each other to the view of `known[own]`.
    pub(super) fn parcels(&self, known: &[Known<'_>], own: usize, view: &mut Map) {
        let is_named = known.iter().any(|known| known.is_parcel() && known.is_named());
        let counts = |at: usize| {
            let it = &known[at];
            // What was said before any parcel had a name is a parcel only while none has.
            let is_one = if is_named { it.is_named() } else { it.is_thing() };
            it.is_parcel() && is_one && (at == own || it.is_spoken_of() && !it.is_cancelled())
        };
        let counted: Vec<usize> = (0..known.len()).filter(|at| counts(*at)).collect();
        let of = |at: &usize| &known[*at];
        let open = counted.iter().map(of).filter(|parcel| !parcel.is_over()).count();
        let delivered = |parcel: &&Known<'_>| parcel.status() == Some(Status::Delivered);
        let delivered = counted.iter().map(of).filter(delivered).count();
        let announced = self.announced(known, Some(own));
        view.set("parcel_count", count(counted.len() + announced));
        view.set("parcels_delivered", count(delivered));
        view.set("parcels_open", count(open + announced));
        let index = counted.iter().position(|at| *at == own);
        view.set_some("parcel_index", index.map(|index| count(index + 1)));
        let others: Vec<&Known<'_>> = counted.iter().filter(|at| **at != own).map(of).collect();
        let parcels: Vec<&Known<'_>> =
            counted.iter().map(of).filter(|parcel| !parcel.is_cancelled()).collect();
        let pending = self.pending(&parcels);
        let is_last =
            others.iter().all(|parcel| parcel.is_over()) && pending.is_empty() && announced == 0;
        view.set("is_last_parcel", Value::Bool(!counted.is_empty() && is_last));
        if index.is_some() && !others.is_empty() {
            let others = others.iter().take(MAX_OTHERS).map(|parcel| parcel.told()).collect();
            view.set("other_parcels", Value::List(others));
        }
        // What is said of the order, or before there is a parcel, is said of all of it.
        let of_all = match known[own].group.subject {
            Subject::Order(_) => true,
            Subject::Parcel(_) => counted.is_empty(),
            Subject::Return(_) => false,
        };
        if of_all && view.get("items").is_none() {
            view.set_some("items", self.known.get("order_items").cloned());
        }
        if !pending.is_empty() {
            view.set("items_pending", Value::List(pending.into()));
        }
    }

    /// How many parcels are still to come, of those that a source says the order has. One that was called
    /// off was one of them.
    /// `own` is there whatever is known of it.
    pub(super) fn announced(&self, known: &[Known<'_>], own: Option<usize>) -> usize {
        let stated = match self.known.get("parcel_count") {
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::Text(_) | Value::Bool(_) | Value::List(_) | Value::Map(_)) | None => None,
        };
        let stated = stated.and_then(|stated| usize::try_from(stated).ok()).unwrap_or(0);
        let is_named = known.iter().any(|known| known.is_parcel() && known.is_named());
        let is_there = |at: &usize| {
            let it = &known[*at];
            let is_one = if is_named { it.is_named() } else { it.is_thing() };
            it.is_parcel() && is_one && (Some(*at) == own || it.is_spoken_of())
        };
        let there = (0..known.len()).filter(is_there).count();
        stated.min(MAX_ANNOUNCED).saturating_sub(there)
    }

    /// Ordered items that are in no parcel yet, by sku or variant; none where either is unknown.
    pub(super) fn pending(&self, parcels: &[&Known<'_>]) -> Vec<Value> {
        let ordered = self.known.get("order_items").and_then(Value::as_list).unwrap_or_default();
        if parcels.iter().any(|parcel| parcel.fields.get("items").is_none()) {
            return Vec::new();
        }
        let mut packed: Vec<(String, i64)> = Vec::new();
        let items = parcels.iter().filter_map(|parcel| parcel.fields.get("items")?.as_list());
        for item in items.flatten().filter_map(Value::as_map) {
            let (Some(key), quantity) = (item_key(item), quantity(item)) else { return Vec::new() };
            match packed.iter_mut().find(|(known, _)| *known == key) {
                Some((_, sum)) => *sum = sum.saturating_add(quantity),
                None => packed.push((key, quantity)),
            }
        }
        let mut pending = Vec::new();
        for item in ordered.iter().filter_map(Value::as_map) {
            let Some(key) = item_key(item) else { return Vec::new() };
            let mut left = quantity(item);
            if let Some((_, sum)) = packed.iter_mut().find(|(known, _)| *known == key) {
                let taken = left.min(*sum);
                *sum -= taken;
                left -= taken;
            }
            if left > 0 {
                let mut item = item.clone();
                item.set("quantity", Value::int(left));
                pending.push(Value::Map(item));
            }
        }
        pending
    }
}

impl Known<'_> {
    fn forward(&self) -> Option<&LegState> {
        self.folded.legs.get(&Leg::Forward)
    }

    fn status(&self) -> Option<Status> {
        self.forward().and_then(|leg| leg.status)
    }

    pub(super) fn is_parcel(&self) -> bool {
        matches!(self.group.subject, Subject::Parcel(_))
    }

    pub(super) fn is_named(&self) -> bool {
        !self.group.names.is_empty()
    }

    /// Whether it is known to be there: it has a name, or has taken a step.
    pub(super) fn is_thing(&self) -> bool {
        self.is_named() || self.folded.legs.values().any(|leg| leg.status.is_some())
    }

    /// Whether more is known of it than a name.
    pub(super) fn is_spoken_of(&self) -> bool {
        let mut standings = self.folded.stands.iter().map(|stand| stand.standing);
        standings.any(|standing| !matches!(standing, Standing::Remembered | Standing::Unknown))
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.status() == Some(Status::ShipmentCancelled)
    }

    /// Whether its way to the customer has ended.
    pub(super) fn is_over(&self) -> bool {
        self.forward().is_some_and(|leg| leg.terminal.is_some())
    }

    fn told(&self) -> Value {
        let mut told = Map::new();
        for name in ["tracking_number", "tracking_url", "carrier", "items"] {
            told.set_some(name, self.fields.get(name).cloned());
        }
        told.set_some("status", self.status().map(|status| Value::text(status.name())));
        Value::Map(told)
    }
}

fn count(n: usize) -> Value {
    Value::int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn item_key(item: &Map) -> Option<String> {
    ["sku", "variant_id", "product_id", "name"]
        .iter()
        .find_map(|name| item.get(name)?.as_id().map(str::to_owned))
}

fn quantity(item: &Map) -> i64 {
    let stated = match item.get("quantity") {
        Some(Value::Number(number)) => number.as_i64().unwrap_or(1),
        Some(Value::Text(text)) => text.parse().unwrap_or(1),
        Some(Value::Bool(_) | Value::List(_) | Value::Map(_)) | None => 1,
    };
    stated.max(0)
}

//! What an order tells of one firing: the flat fields of an event.

use jiff::Timestamp;

use super::{
    Firing, Order, Subject,
    fold::{Folded, LegState, fold},
    group::Group,
    joined::{Joined, weight},
};
use crate::{
    Map, Moment, Value, carrier,
    taxonomy::{Leg, Level, Status, field},
};

/// Most other parcels that are told of.
const MAX_OTHERS: usize = 20;

/// A parcel or return with its legs.
struct Known<'a> {
    group: &'a Group,
    folded: Folded,
    fields: Joined,
}

impl Order {
    /// The flat fields for a firing: the fact's own, completed from recipient, order, parcel and
    /// return. Left out are those that only the merchant's files know (`name`, `id`,
    /// `message_purpose`, `merchant_id`, `shop_*`, `mapping`, `backfill`).
    pub fn view(&self, firing: &Firing, now: Timestamp) -> Map {
        let groups = self.groups();
        let known: Vec<Known<'_>> = groups.iter().map(|group| self.known_of(group)).collect();
        let of = known.iter().find(|known| known.group.subject == firing.subject);
        let mut view = Map::new();
        view.set("trigger", Value::text(firing.trigger.name()));
        let place = self.place_of((firing.receipt, firing.index));
        let scan = &self.scans[place];
        view.set("status", Value::text(scan.status.name()));
        view.set("phase", Value::text(scan.status.row().phase.name()));
        view.set("leg", Value::text(firing.leg.name()));
        if let Some(reason) = scan.reason {
            view.set("reason", Value::text(reason.name()));
        }
        view.set("occurred_at", Value::text(firing.occurred_at.to_rfc3339()));
        view.set("time_precision", Value::text(firing.occurred_at.precision.name()));
        view.set("received_at", Value::text(Moment::utc(firing.received_at).to_rfc3339()));
        view.set("late", Value::Bool(firing.late));
        self.fact_fields(firing, place, &mut view);
        if let Some(of) = of {
            of.fields.fill(&mut view);
            attempts(of, firing, &mut view);
        }
        self.known.fill(&mut view);
        own_ids(firing, &mut view);
        carrier_name(&mut view);
        self.parcels(&known, firing, &mut view);
        days(&known, firing, now, &mut view);
        view
    }

    /// What was stated of this occurrence itself, by whoever told it: gaps are filled.
    fn fact_fields(&self, firing: &Firing, place: usize, view: &mut Map) {
        let told = std::iter::once(&self.scans[place])
            .chain(self.scans.iter().filter(|scan| scan.occurrence == Some(firing.occurrence)));
        for scan in told {
            for (name, value) in scan.fields.iter() {
                let is_fact = field(name).is_some_and(|field| field.level == Level::Fact);
                if is_fact && view.get(name).is_none() {
                    view.set(name, value.clone());
                }
            }
        }
    }

    fn known_of<'a>(&self, group: &'a Group) -> Known<'a> {
        let scans = self.scans_of(group);
        let mut fields = Joined::default();
        for scan in &scans {
            let weight = weight(scan.status, scan.party);
            for (name, value) in scan.fields.iter() {
                let level = field(name).map(|field| field.level);
                if matches!(level, Some(Level::Parcel | Level::Return)) {
                    fields.hear(name, value, weight, scan.at.at);
                }
            }
        }
        Known { group, folded: fold(&scans), fields }
    }

    fn parcels(&self, known: &[Known<'_>], firing: &Firing, view: &mut Map) {
        let parcels: Vec<&Known<'_>> = known
            .iter()
            .filter(|known| matches!(known.group.subject, Subject::Parcel(_)))
            .collect();
        let open = parcels.iter().filter(|parcel| !parcel.is_over()).count();
        let delivered = parcels.iter().filter(|parcel| parcel.status() == Some(Status::Delivered));
        view.set("parcel_count", count(parcels.len()));
        view.set("parcels_delivered", count(delivered.count()));
        view.set("parcels_open", count(open));
        let own = parcels.iter().position(|parcel| parcel.group.subject == firing.subject);
        if let Some(own) = own {
            view.set("parcel_index", count(own + 1));
        }
        let others: Vec<&&Known<'_>> = parcels
            .iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != own)
            .map(|(_, parcel)| parcel)
            .collect();
        let pending = self.pending(&parcels);
        let is_last = others.iter().all(|parcel| parcel.is_over()) && pending.is_empty();
        view.set("is_last_parcel", Value::Bool(is_last));
        if own.is_some() && !others.is_empty() {
            let others = others.iter().take(MAX_OTHERS).map(|parcel| parcel.told()).collect();
            view.set("other_parcels", Value::List(others));
        }
        if !pending.is_empty() {
            view.set("items_pending", Value::List(pending.into()));
        }
    }

    /// Ordered items that are in no parcel yet, by sku or variant; none where either is unknown.
    fn pending(&self, parcels: &[&Known<'_>]) -> Vec<Value> {
        let ordered = self.known.get("order_items").and_then(Value::as_list).unwrap_or_default();
        if parcels.iter().any(|parcel| parcel.fields.get("items").is_none()) {
            return Vec::new();
        }
        let mut packed: Vec<(String, i64)> = Vec::new();
        let items = parcels.iter().filter_map(|parcel| parcel.fields.get("items")?.as_list());
        for item in items.flatten().filter_map(Value::as_map) {
            let (Some(key), quantity) = (item_key(item), quantity(item)) else { return Vec::new() };
            match packed.iter_mut().find(|(known, _)| *known == key) {
                Some((_, sum)) => *sum += quantity,
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

    fn is_over(&self) -> bool {
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
    match item.get("quantity") {
        Some(Value::Number(number)) => number.as_i64().unwrap_or(1),
        Some(Value::Text(text)) => text.parse().unwrap_or(1),
        Some(Value::Bool(_) | Value::List(_) | Value::Map(_)) | None => 1,
    }
}

/// A parcel or return that no source gave an id has our own.
fn own_ids(firing: &Firing, view: &mut Map) {
    let (name, id) = match firing.subject {
        Subject::Order(_) => return,
        Subject::Parcel(id) => ("parcel_id", id.to_string()),
        Subject::Return(id) => ("return_id", id.to_string()),
    };
    if view.get(name).is_none() {
        view.set(name, Value::text(id));
    }
}

fn carrier_name(view: &mut Map) {
    let stated = ["carrier", "carrier_name"].iter().find_map(|name| view.get(name)?.as_text());
    let Some(known) = stated.and_then(carrier::carrier) else { return };
    view.set("carrier", Value::text(known.slug));
    if view.get("carrier_name").is_none() {
        view.set("carrier_name", Value::text(known.name));
    }
    if view.get("tracking_url").is_none() {
        let number = view.get("tracking_number").and_then(Value::as_id);
        let url = number.and_then(|number| known.tracking_url(number));
        view.set_some("tracking_url", url.map(Value::text));
    }
}

fn attempts(of: &Known<'_>, firing: &Firing, view: &mut Map) {
    let leg = of.folded.legs.get(&firing.leg);
    let counted = leg.map_or(0, |leg| leg.attempts);
    if counted > 0 && view.get("attempt").is_none() && firing.rank.is_none() {
        view.set("attempt", Value::int(i64::from(counted)));
    }
}

/// Whole days since the carrier has it, for what moves.
fn days(known: &[Known<'_>], firing: &Firing, now: Timestamp, view: &mut Map) {
    let Some(of) = known.iter().find(|known| known.group.subject == firing.subject) else { return };
    let Some(until) = view.get("eta_until").and_then(Value::as_text) else { return };
    let over = of.is_over();
    let promised: Option<jiff::civil::Date> = until.get(..10).and_then(|day| day.parse().ok());
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    if let Some(promised) = promised.filter(|promised| !over && *promised < today)
        && let Ok(span) = promised.until(today)
    {
        view.set("days_late", Value::int(i64::from(span.get_days())));
    }
}

//! Which value is the order's number, which the tracking number: by names, then by looks.

use parcelwire_domain::Value;

use super::{
    form::Form,
    leaf::{Leaf, Place},
    words::words,
};

/// From here on a find is written down; below, it is only mentioned.
pub(super) const SURE: i32 = 80;

/// The number by which a parcel is followed.
const TRACKING: &str = "tracking_number";

/// Where it can be followed.
const LINK: &str = "tracking_url";

/// When somebody wrote it down: the time of what happened where nothing better is there.
const RECORDED: &str = "recorded_at";

/// Below this it is not even mentioned.
const POSSIBLE: i32 = 45;

/// What is looked for.
#[derive(Debug)]
pub(super) struct Hunt {
    pub(super) field: &'static str,
    form: Form,
    /// Names in plain words, the best first; a name may be made of a key and the one above it.
    names: &'static [&'static str],
    /// Words in a key above that make it another thing.
    not: &'static [&'static str],
    /// Words in a key above that make it more likely.
    near: &'static [&'static str],
}

/// A value that may be what is looked for.
#[derive(Debug, Clone)]
pub(super) struct Find {
    pub(super) field: &'static str,
    pub(super) place: Place,
    pub(super) score: i32,
    /// Why it is believed, for the comment.
    pub(super) why: String,
    /// Of a time: it tells when something was written down, not when it happened.
    pub(super) is_record: bool,
}

/// Words for those who send, and further ones.
macro_rules! senders {
    ($($more:literal),*) => {
        &[
            "from", "sender", "origin", "warehouse", "seller", "merchant", "shop", "store", "support",
            "absender", "lager", "vendor", "agent", $($more),*
        ]
    };
}

/// Whose name or address it is not.
const SENDER: &[&str] = senders!("billing", "location", "user");
/// Whose e-mail address it is not: who is billed is told, too.
const NOT_THEIRS: &[&str] = senders!();
const RECIPIENT: &[&str] = &[
    "to",
    "customer",
    "recipient",
    "receiver",
    "consignee",
    "kunde",
    "empfaenger",
    "shipping",
    "destination",
    "delivery",
    "lieferadresse",
    "buyer",
    "ship",
];
const ORDERED: &[&str] = &["order", "auftrag", "bestellung", "ordered"];
/// Words of what is still to come.
pub(super) const PLANNED: &[&str] = &[
    "estimated",
    "expected",
    "eta",
    "est",
    "edd",
    "promised",
    "ordered",
    "birth",
    "expires",
    "original",
    "guaranteed",
    "scheduled",
    "planned",
    "previous",
];
const NONE: &[&str] = &[];

#[rustfmt::skip]
static HUNTS: &[Hunt] = &[
    Hunt { field: "occurred_at", form: Form::Time, not: PLANNED, near: &["event", "status", "latest"], names: &["occurred at", "happened at", "event time", "event date", "event timestamp", "status date", "status time", "status changed at", "status at", "ereigniszeit", "statuszeit", "zeitpunkt", "zeitstempel", "date time", "datetime", "timestamp", "time", "zeit", "time utc", "at", "datum", "date", "ts", "changed at", "carrier status change timestamp"] },
    Hunt { field: RECORDED, form: Form::Time, not: PLANNED, near: &["event", "status", "latest"], names: &["updated at", "modified at", "geaendert am", "update time", "sent at", "created at", "created", "erstellt am", "updated"] },
    Hunt { field: "order_id", form: Form::Id, not: NONE, near: NONE, names: &["order id", "external order id", "partner order id", "shop order id", "order uuid", "auftrags id", "auftrag id", "bestell id", "bestellung id", "amazon order id"] },
    Hunt { field: "order_number", form: Form::Id, not: NONE, near: NONE, names: &["order number", "order no", "order nr", "order name", "order ref", "order reference", "order code", "auftragsnummer", "auftrag nummer", "auftrag nr", "auftragsnr", "bestellnummer", "bestellung nummer", "bestell nr", "increment id", "customer order number", "shop order number", "external order number", "order"] },
    Hunt { field: "ordered_at", form: Form::Time, not: NONE, near: NONE, names: &["ordered at", "order date", "ordered on", "order time", "order created at", "order created", "order placed at", "bestelldatum", "bestellt am", "auftragsdatum", "auftrag datum", "bestellung datum"] },
    Hunt { field: "order_value", form: Form::Amount, not: &["tax", "shipping", "item", "line"], near: ORDERED, names: &["total price", "order total", "order value", "grand total", "gesamtbetrag", "gesamtsumme", "total amount", "bestellwert", "total"] },
    Hunt { field: "currency", form: Form::Currency, not: NONE, near: ORDERED, names: &["currency", "currency code", "waehrung"] },
    Hunt { field: "email", form: Form::Email, not: NOT_THEIRS, near: RECIPIENT, names: &["email", "e mail", "mail", "email address", "mailadresse", "customer email", "recipient email"] },
    Hunt { field: "external_id", form: Form::Id, not: SENDER, near: NONE, names: &["customer id", "kundennummer", "kunde nummer", "kunden id", "kunde id", "customer number", "buyer id"] },
    Hunt { field: "first_name", form: Form::Word, not: SENDER, near: RECIPIENT, names: &["first name", "firstname", "vorname", "given name"] },
    Hunt { field: "last_name", form: Form::Word, not: SENDER, near: RECIPIENT, names: &["last name", "lastname", "nachname", "surname", "family name"] },
    Hunt { field: "locale", form: Form::Word, not: NONE, near: NONE, names: &["locale", "customer locale"] },
    Hunt { field: "language", form: Form::Word, not: NONE, near: NONE, names: &["language", "lang", "sprache"] },
    Hunt { field: "destination_country", form: Form::Country, not: SENDER, near: RECIPIENT, names: &["country code", "country iso 2", "country iso2", "iso 2", "country iso", "landescode", "laendercode", "destination country", "country", "land"] },
    Hunt { field: "parcel_id", form: Form::Id, not: NONE, near: NONE, names: &["parcel id", "package id", "shipment id", "fulfillment id", "fulfilment id", "paket id", "sendung id", "sendungs id", "consignment id", "tracker id"] },
    Hunt { field: "carrier", form: Form::Word, not: &["service", "status", "time"], near: NONE, names: &["carrier", "carrier code", "carrier slug", "carrier name", "courier code", "courier", "shipping carrier", "tracking company", "versanddienstleister", "versanddienst", "paketdienst", "zusteller", "spediteur", "frachtfuehrer", "dienstleister", "dienst", "slug", "provider"] },
    Hunt { field: "service_level", form: Form::Word, not: NONE, near: NONE, names: &["service level", "servicelevel name", "shipping method", "carrier service", "service name", "service", "versandart"] },
    Hunt { field: "tracking_number", form: Form::LongId, not: NONE, near: NONE, names: &["tracking number", "trackingnumber", "tracking no", "tracking nr", "tracking code", "trackingcode", "tracking id", "track number", "track no", "track nr", "track", "sendungsnummer", "sendung nummer", "sendung nr", "paketnummer", "paket nummer", "paket nr", "parcel number", "parcel no", "parcel barcode", "package tracking", "shipment number", "shipment no", "consignment number", "waybill number", "waybill", "awb number", "awb", "barcode", "tracking numbers"] },
    Hunt { field: "tracking_url", form: Form::Url, not: &["label", "order"], near: &["tracking", "track"], names: &["tracking url", "tracking link", "tracking page url", "tracking page", "track url", "trackingurl", "courier tracking link", "tracking", "sendungsverfolgung", "public url"] },
    Hunt { field: "eta_from", form: Form::Time, not: NONE, near: NONE, names: &["eta from", "estimated delivery from", "expected delivery from"] },
    Hunt { field: "eta_until", form: Form::Time, not: &["original", "previous"], near: NONE, names: &["eta", "eta until", "eta to", "estimated delivery", "estimated delivery date", "estimated delivery at", "est delivery date", "expected delivery", "expected delivery date", "expected delivery at", "delivery estimate", "liefertermin", "zustelltermin", "lieferdatum", "voraussichtliche lieferung"] },
    Hunt { field: "return_id", form: Form::Id, not: NONE, near: NONE, names: &["return id", "rma", "rma number", "rma no", "return number", "retoure id", "retoure nummer", "retourennummer", "return uuid"] },
    Hunt { field: "refund_amount", form: Form::Amount, not: NONE, near: NONE, names: &["refund amount", "erstattungsbetrag", "erstattung betrag"] },
];

/// What is known of the whole payload.
struct Clues<'a> {
    /// The list that is gone through.
    list: Option<&'a [String]>,
    /// Where the state stands.
    state: Option<&'a Place>,
    /// A word that the vendor puts before its names.
    vendor: Option<String>,
}

impl Clues<'_> {
    /// Whether it stands beside the state.
    fn is_beside(&self, place: &Place) -> bool {
        self.state.is_some_and(|state| {
            let near = around(state);
            !near.is_empty() && place.local == state.local && place.steps.starts_with(near)
        })
    }
}

/// The best find for each field, in the order of the table. `state` is where the state stands.
pub(super) fn hunt(leaves: &[Leaf], list: Option<&[String]>, state: Option<&Place>) -> Vec<Find> {
    let clues = Clues { list, state, vendor: vendor(leaves) };
    let best = |hunt: &'static Hunt| {
        let finds = leaves.iter().filter_map(|leaf| find(hunt, leaf, &clues));
        // Of equals the first in the payload.
        finds.reduce(|best, next| if next.score > best.score { next } else { best })
    };
    let mut finds: Vec<Find> = HUNTS.iter().filter_map(best).collect();
    let is_sure = |find: &Find| find.field == TRACKING && find.score >= SURE;
    if !finds.iter().any(is_sure)
        && let Some(found) = in_link(leaves, &finds)
    {
        finds.retain(|find| find.field != TRACKING);
        let at = finds.iter().position(|find| find.field == LINK).unwrap_or(finds.len());
        finds.insert(at, found);
    }
    recorded(&mut finds);
    finds
}

/// Where nothing tells when it happened, it is taken for when it was written down.
fn recorded(finds: &mut Vec<Find>) {
    let has_time = finds.iter().any(|find| find.field == "occurred_at" && find.score >= SURE);
    if has_time {
        finds.retain(|find| find.field != RECORDED);
        return;
    }
    if finds.iter().any(|find| find.field == RECORDED && find.score >= SURE) {
        finds.retain(|find| find.field != "occurred_at");
    } else if finds.iter().any(|find| find.field == "occurred_at") {
        finds.retain(|find| find.field != RECORDED);
    }
    for find in finds.iter_mut().filter(|find| find.field == RECORDED) {
        find.field = "occurred_at";
        find.is_record = true;
    }
}

/// The map around the state, and the one around that where it holds nothing but the state.
fn around(code: &Place) -> &[String] {
    let parent = code.steps.split_last().map_or(&[][..], |(_, parent)| parent);
    match parent {
        [above @ .., last] if words(last).last().is_some_and(|word| word == "status") => above,
        parent => parent,
    }
}

/// A word that a vendor puts before its names, as in `AcmeOrderId` and `AcmeShipmentId`.
fn vendor(leaves: &[Leaf]) -> Option<String> {
    let names: Vec<Vec<String>> =
        leaves.iter().filter_map(|leaf| leaf.place.steps.last()).map(|key| words(key)).collect();
    let long = names.iter().filter(|name| name.len() > 2).filter_map(|name| name.first());
    let is_prefix = |word: &&String| {
        let own = names.iter().filter(|name| name.len() > 2 && name.first() == Some(*word));
        let mut rests: Vec<&[String]> = own.filter_map(|name| name.get(1..)).collect();
        rests.sort_unstable();
        rests.dedup();
        rests.len() > 1
    };
    long.clone().find(is_prefix).cloned()
}

/// Whatever it is called: what stands in the address at which a parcel is followed is its number.
fn in_link(leaves: &[Leaf], finds: &[Find]) -> Option<Find> {
    let link = finds.iter().find(|find| find.field == LINK)?;
    let link = leaves.iter().find(|leaf| leaf.place == link.place)?;
    let links: Vec<&str> = link.values.iter().filter_map(|value| value.as_text()).collect();
    let stands = |value: &Value| {
        value.as_id().is_some_and(|id| links.iter().any(|link| link.contains(id.trim())))
    };
    let leaf = leaves.iter().find(|leaf| {
        leaf.place.local == link.place.local
            && Form::LongId.fits(&leaf.values)
            && leaf.values.iter().all(stands)
    })?;
    let why = "it stands in the address to follow it".to_owned();
    let place = leaf.place.clone();
    Some(Find { field: TRACKING, place, score: SURE, why, is_record: false })
}

fn find(hunt: &'static Hunt, leaf: &Leaf, clues: &Clues<'_>) -> Option<Find> {
    let mut words = leaf.place.words(clues.list);
    let vendor = clues.vendor.as_ref();
    if matches!(hunt.form, Form::Id | Form::LongId)
        && let Some(last) = words.last_mut()
        && last.len() > 2
        && vendor.is_some_and(|vendor| last.first() == Some(vendor))
    {
        last.remove(0);
    }
    let above = words.iter().rev().skip(1).flatten().chain(words.last()?);
    if above.clone().any(|word| hunt.not.contains(&word.as_str())) {
        return None;
    }
    let (named, name) = named(hunt.names, &words)?;
    // A value that was made up for an example may be short; then the name alone has to do.
    let is_plain = hunt.form == Form::LongId && named >= 95 && Form::Id.fits(&leaf.values);
    if !is_plain && !hunt.form.fits(&leaf.values) {
        return None;
    }
    let mut score = named;
    if above.clone().any(|word| hunt.near.contains(&word.as_str())) {
        score += 8;
    }
    if leaf.place.local.is_some() {
        score += 12;
    }
    // The time that stands beside the state is that of the state.
    if matches!(hunt.field, "occurred_at" | RECORDED)
        && named >= WELL_NAMED
        && clues.is_beside(&leaf.place)
    {
        score += 15;
    }
    if hunt.field == "occurred_at" && above.clone().any(|word| ORDERED.contains(&word.as_str())) {
        score -= 30;
    }
    score -= i32::try_from(leaf.place.steps.len()).unwrap_or(0);
    let why = match hunt.form {
        Form::Email => format!("named \"{name}\", and an address"),
        Form::Time | Form::Url | Form::Country | Form::Currency => {
            format!("named \"{name}\", and looks like it")
        }
        Form::Id | Form::LongId | Form::Amount | Form::Word | Form::Code => {
            format!("named \"{name}\"")
        }
    };
    let place = leaf.place.clone();
    (score >= POSSIBLE).then_some(Find { field: hunt.field, place, score, why, is_record: false })
}

/// From here on a name is one of ours, and does not only end with it.
pub(super) const WELL_NAMED: i32 = 80;

/// How well the keys are one of these names: the last key, or the last two together.
pub(super) fn named(
    names: &'static [&'static str],
    words: &[Vec<String>],
) -> Option<(i32, &'static str)> {
    let last = words.last()?.join(" ");
    let two = words.len().checked_sub(2).map(|at| {
        let mut both = words[at].clone();
        both.extend(words[at + 1].iter().cloned());
        both.join(" ")
    });
    let mut best: Option<(i32, &'static str)> = None;
    for (rank, name) in names.iter().enumerate() {
        let rank = i32::try_from(rank).unwrap_or(i32::MAX / 2).min(40) / 2;
        let score = if two.as_deref() == Some(*name) {
            104 - rank
        } else if last == *name {
            100 - rank
        } else if name.len() > 4 && last.ends_with(&format!(" {name}")) {
            78 - rank
        } else {
            continue;
        };
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, name));
        }
    }
    best
}

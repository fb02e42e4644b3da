//! What a code may mean, by its words in English and German. A guess, and told as one.

use parcelwire_domain::taxonomy::Status;

use super::words::words;
use crate::text::closest;

/// A guess at a code's meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Guess {
    /// Its words say just this.
    Sure(&'static str, String),
    /// Its words are like those of this.
    Perhaps(&'static str, String),
    /// Nothing is known of it.
    Unknown,
}

/// Words that change nothing.
const FILLING: [&str; 30] = [
    "parcel",
    "package",
    "shipment",
    "order",
    "tracking",
    "tracker",
    "consignment",
    "fulfillment",
    "fulfilment",
    "status",
    "event",
    "paket",
    "sendung",
    "bestellung",
    "auftrag",
    "ware",
    "lieferung",
    "wurde",
    "wird",
    "ist",
    "worden",
    "has",
    "been",
    "was",
    "is",
    "the",
    "die",
    "das",
    "der",
    "item",
];

/// Words that turn what stands beside them around.
const NOT: [&str; 9] =
    ["not", "no", "non", "never", "nicht", "kein", "keine", "failed", "fehlgeschlagen"];

/// What each phrase means; `?` before a meaning for what has more than one.
#[rustfmt::skip]
const PHRASES: &[(&str, &[&str])] = &[
    ("order_placed", &["order placed", "order created", "order received", "bestellung eingegangen", "auftrag eingegangen", "auftrag angelegt", "neue bestellung", "new order"]),
    ("order_cancelled", &["order cancelled", "order canceled", "auftrag storniert", "bestellung storniert"]),
    ("fulfilment_started", &["in fulfillment", "in fulfilment", "processing", "picking", "in picking", "picked", "packing", "packed", "pick in progress", "in bearbeitung", "kommissioniert", "in kommissionierung", "gepackt", "verpackt"]),
    ("fulfilment_on_hold", &["on hold", "order on hold", "backorder", "back order", "angehalten", "gesperrt", "out of stock", "nicht lieferbar"]),
    ("address_correction_required", &["address incomplete", "address invalid", "wrong address", "incorrect address", "address issue", "adresse unklar", "adresse falsch", "adresse unvollstaendig", "address correction required"]),
    ("label_created", &["label created", "label printed", "label purchased", "labelcreated", "created", "announced", "pre transit", "info received", "information received", "inforeceived", "ready to send", "ready to ship", "etikett gedruckt", "etikett erstellt", "label erstellt", "angekuendigt", "elektronisch angekuendigt", "data received"]),
    ("dispatched", &["dispatched", "shipped", "sent", "left warehouse", "left", "fulfilled", "despatched", "versandt", "versendet", "verschickt", "abgesendet", "ausgeliefert vom lager", "hat das lager verlassen", "warenausgang", "goods issued"]),
    ("carrier_accepted", &["accepted", "carrier accepted", "picked up", "pickup", "collected by carrier", "handed over", "handed over to carrier", "received by carrier", "uebergeben", "abgeholt vom versanddienst", "angenommen", "eingeliefert", "acceptance"]),
    ("in_transit", &["in transit", "transit", "intransit", "on the way", "en route", "on route", "departed", "arrived at facility", "arrived", "sorting", "sorted", "unterwegs", "auf dem weg", "in zustellung an paketzentrum", "transport", "im transport", "im paketzentrum"]),
    ("customs_clearance", &["customs", "in customs", "customs clearance", "at customs", "verzollung", "beim zoll", "zoll"]),
    ("delivery_scheduled", &["delivery scheduled", "scheduled", "zustellung geplant", "liefertermin vereinbart", "delivery appointment"]),
    ("out_for_delivery", &["out for delivery", "outfordelivery", "in delivery", "with driver", "driver on route", "on vehicle for delivery", "in zustellung", "im zustellfahrzeug", "in auslieferung", "wird zugestellt", "zustellfahrzeug"]),
    ("delivery_attempt_failed", &["delivery attempt failed", "attempt failed", "attemptfail", "attempt fail", "failed attempt", "attempted delivery", "delivery failed", "delivery failure", "deliveryfailure", "not home", "nobody home", "recipient not home", "nicht angetroffen", "empfaenger nicht angetroffen", "zustellversuch", "zustellversuch erfolglos", "zustellung fehlgeschlagen", "nicht zugestellt", "undelivered", "not delivered", "unsuccessful attempt"]),
    ("ready_for_pickup", &["ready for pickup", "available for pickup", "availableforpickup", "awaiting pickup by customer", "at pickup point", "at parcel shop", "in locker", "ready for collection", "abholbereit", "in packstation", "in filiale", "zur abholung bereit", "liegt zur abholung bereit", "hinterlegt"]),
    ("delivered", &["delivered", "home", "successfully delivered", "delivery completed", "completed delivery", "zugestellt", "ausgeliefert", "erfolgreich zugestellt", "angekommen beim kunden", "geliefert", "zugestellt an nachbar", "delivered to neighbour", "picked up by customer", "collected by customer", "vom kunden abgeholt"]),
    ("delayed", &["delayed", "delay", "delivery delayed", "verspaetet", "verzoegert", "verspaetung", "verzoegerung"]),
    ("held", &["held", "hold", "payment due", "aufgehalten", "liegt beim zoll"]),
    ("exception", &["exception", "problem", "error", "alert", "ausnahme", "stoerung", "fehler"]),
    ("damaged", &["damaged", "broken", "beschaedigt", "defekt"]),
    ("undeliverable", &["undeliverable", "cannot be delivered", "unzustellbar", "nicht zustellbar", "refused", "annahme verweigert", "rejected by recipient"]),
    ("lost", &["lost", "missing", "verloren", "verlust"]),
    ("shipment_cancelled", &["shipment cancelled", "shipment canceled", "label cancelled", "label voided", "voided", "versand storniert", "sendung storniert"]),
    ("returning_to_sender", &["returning to sender", "return to sender", "returning", "zurueck an absender", "ruecksendung an absender", "geht zurueck"]),
    ("returned_to_sender", &["returned to sender", "zurueck beim absender", "zurueckgesandt"]),
    ("return_requested", &["return requested", "return created", "return submitted", "return announced", "retoure angemeldet", "retoure angelegt"]),
    ("return_label_created", &["return label created", "return label", "retourenlabel", "retourenlabel erstellt", "ruecksendeetikett erstellt"]),
    ("return_in_transit", &["return in transit", "return shipped", "retoure unterwegs", "ruecksendung unterwegs"]),
    ("return_received", &["return received", "return arrived", "return completed", "return processed", "retoure eingegangen", "retoure erhalten", "retoure eingetroffen", "ruecksendung eingegangen"]),
    ("return_refunded", &["return refunded", "refunded", "refund", "refund created", "erstattet", "gutgeschrieben"]),
];

/// Codes that mean one thing here and another there.
#[rustfmt::skip]
const DOUBTFUL: &[(&str, &str)] = &[
    ("created", "label_created"), ("new", "order_placed"), ("neu", "order_placed"), ("pending", "label_created"),
    ("offen", "order_placed"), ("open", "order_placed"), ("cancelled", "order_cancelled"), ("canceled", "order_cancelled"),
    ("storniert", "order_cancelled"), ("failed", "delivery_attempt_failed"), ("failure", "exception"),
    ("returned", "returned_to_sender"), ("return", "returning_to_sender"), ("retoure", "returning_to_sender"),
    ("received", "carrier_accepted"), ("accepted", "carrier_accepted"), ("pickup", "carrier_accepted"),
    ("arrived", "in_transit"), ("completed", "delivered"), ("done", "delivered"), ("home", "delivered"),
    ("left", "dispatched"), ("sent", "dispatched"), ("abgeholt", "carrier_accepted"), ("collected", "carrier_accepted"),
    ("hold", "held"), ("error", "exception"), ("problem", "exception"), ("alert", "exception"), ("missing", "lost"),
    ("refund", "return_refunded"), ("refused", "undeliverable"), ("picked", "fulfilment_started"),
];

impl Guess {
    /// The status that it is.
    pub(super) fn status(&self) -> Option<Status> {
        match self {
            Self::Sure(means, _) | Self::Perhaps(means, _) => Status::parse(means),
            Self::Unknown => None,
        }
    }
}

/// What a code may mean.
pub(super) fn guess(code: &str) -> Guess {
    let all = words(code);
    let whole = all.join(" ");
    if let Some(status) = Status::ALL.iter().find(|status| status.name() == all.join("_")) {
        return Guess::Sure(status.name(), "the status's own name".to_owned());
    }
    let core: Vec<&str> =
        all.iter().map(String::as_str).filter(|word| !FILLING.contains(word)).collect();
    let core = core.join(" ");
    for words in [whole.as_str(), core.as_str()] {
        if let Some((_, means)) = DOUBTFUL.iter().find(|(phrase, _)| *phrase == words) {
            return Guess::Perhaps(means, format!("\"{words}\" has more than one meaning"));
        }
        if let Some(means) = exact(words) {
            return Guess::Sure(means, format!("\"{words}\""));
        }
    }
    let is_turned = all.iter().any(|word| NOT.contains(&word.as_str()));
    if let Some((means, phrase)) = inside(&whole).filter(|_| !is_turned) {
        return Guess::Perhaps(means, format!("it has \"{phrase}\" in it"));
    }
    // `unshipped` is not shipped, however near it looks.
    if core.strip_prefix("un").is_some_and(|rest| exact(rest).is_some()) {
        return Guess::Unknown;
    }
    match closest(&core, phrases()).and_then(|phrase| Some((exact(phrase)?, phrase))) {
        Some((means, phrase)) if core.len() > 3 => {
            Guess::Perhaps(means, format!("did they mean \"{phrase}\"?"))
        }
        _ => Guess::Unknown,
    }
}

fn phrases() -> impl Iterator<Item = &'static str> {
    PHRASES.iter().flat_map(|(_, phrases)| phrases.iter().copied())
}

fn exact(words: &str) -> Option<&'static str> {
    let row = PHRASES.iter().find(|(_, phrases)| phrases.contains(&words));
    row.map(|(means, _)| *means)
}

/// The longest phrase that stands in these words.
fn inside(words: &str) -> Option<(&'static str, &'static str)> {
    let padded = format!(" {words} ");
    let phrase = phrases()
        .filter(|phrase| phrase.len() > 4 && padded.contains(&format!(" {phrase} ")))
        .max_by_key(|phrase| phrase.len())?;
    Some((exact(phrase)?, phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_guessed_by_their_words() {
        for (code, expected, is_sure) in [
            ("out_for_delivery", "out_for_delivery", true),
            ("OutForDelivery", "out_for_delivery", true),
            ("order.shipped", "dispatched", true),
            ("Versandt", "dispatched", true),
            ("Adresse unklar", "address_correction_required", true),
            ("Rücksendung eingegangen", "return_received", true),
            ("parcel_delivered", "delivered", true),
            ("LEFT", "dispatched", false),
            ("cancelled", "order_cancelled", false),
            ("Parcel delivered to letterbox", "delivered", false),
            ("zugestelt", "delivered", false),
            ("nicht zugestellt", "delivery_attempt_failed", true),
        ] {
            let guess = guess(code);
            let found = match &guess {
                Guess::Sure(means, _) => Some((*means, true)),
                Guess::Perhaps(means, _) => Some((*means, false)),
                Guess::Unknown => None,
            };
            assert_eq!(found, Some((expected, is_sure)), "{code}: {guess:?}");
        }
        for code in ["Z17", "", "not sure whether delivered", "99", "Unshipped"] {
            assert_eq!(guess(code), Guess::Unknown, "{code}");
        }
    }

    #[test]
    fn every_meaning_is_a_status() {
        for means in PHRASES.iter().map(|(m, _)| m).chain(DOUBTFUL.iter().map(|(_, m)| m)) {
            assert!(Status::parse(means).is_some(), "{means}");
        }
    }
}

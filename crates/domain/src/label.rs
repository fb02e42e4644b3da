//! A status in plain words, in the customer's language.

use crate::taxonomy::{Status, Trigger};

/// The words for a trigger; derived triggers go by their default names. Languages other than
/// German (`de`, `de-AT`, …) read English.
pub fn status_label(trigger: Trigger, language: &str) -> &'static str {
    let german = language.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("de"));
    let (english, deutsch) = match trigger {
        Trigger::Status(status) => words(status),
        Trigger::Derived(derived) => (derived.row().en, derived.row().de),
    };
    if german { deutsch } else { english }
}

#[rustfmt::skip]
fn words(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::OrderPlaced => ("Order received", "Bestellung eingegangen"),
        Status::OrderCancelled => ("Order cancelled", "Bestellung storniert"),
        Status::FulfilmentStarted => ("Being packed", "Wird gepackt"),
        Status::FulfilmentOnHold => ("On hold in the warehouse", "Im Lager angehalten"),
        Status::AddressCorrectionRequired => ("Please check your address", "Bitte Adresse prüfen"),
        Status::LabelCreated => ("Shipping label created", "Versandetikett erstellt"),
        Status::Dispatched => ("Left the warehouse", "Hat das Lager verlassen"),
        Status::CarrierAccepted => ("Handed to the carrier", "An den Versanddienst übergeben"),
        Status::InTransit => ("On its way", "Unterwegs"),
        Status::CustomsClearance => ("In customs", "Beim Zoll"),
        Status::DeliveryScheduled => ("Delivery announced", "Zustellung angekündigt"),
        Status::OutForDelivery => ("Arriving today", "Kommt heute an"),
        Status::DeliveryAttemptFailed => ("Could not be delivered", "Konnte nicht zugestellt werden"),
        Status::ReadyForPickup => ("Ready to be collected", "Liegt zur Abholung bereit"),
        Status::Delivered => ("Delivered", "Zugestellt"),
        Status::Delayed => ("Delayed", "Verspätet sich"),
        Status::Held => ("Held on its way", "Wird unterwegs zurückgehalten"),
        Status::Exception => ("There is a problem", "Es gibt ein Problem"),
        Status::Damaged => ("Damaged", "Beschädigt"),
        Status::Undeliverable => ("Undeliverable", "Unzustellbar"),
        Status::Lost => ("Lost", "Verloren"),
        Status::ShipmentCancelled => ("Shipment cancelled", "Versand storniert"),
        Status::ReturningToSender => ("Going back to the sender", "Geht zurück an den Absender"),
        Status::ReturnedToSender => ("Back at the sender", "Zurück beim Absender"),
        Status::ReturnRequested => ("Return announced", "Retoure angemeldet"),
        Status::ReturnLabelCreated => ("Return label ready", "Rücksendeetikett bereit"),
        Status::ReturnInTransit => ("Return on its way", "Retoure unterwegs"),
        Status::ReturnReceived => ("Return arrived", "Retoure eingegangen"),
        Status::ReturnRefunded => ("Refunded", "Erstattet"),
        Status::Unknown => ("Unknown", "Unbekannt"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_has_words_in_both_languages() {
        for trigger in Trigger::all() {
            for language in ["de", "de-AT", "en", "fr", ""] {
                assert!(!status_label(trigger, language).is_empty(), "{trigger:?} {language}");
            }
            assert_ne!(status_label(trigger, "DE"), status_label(trigger, "en"), "{trigger:?}");
        }
    }
}

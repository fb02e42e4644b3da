//! Every name by which the engine says why: of events, of decisions, of receipts, of messages.

use super::voice::Both;

/// Why an event, or a trigger at a destination, came to nothing, or waits.
#[rustfmt::skip]
pub(super) fn of_decision(rule: &str) -> Option<Both> {
    Some(match rule {
        "off" => ["not told: this trigger is switched off", "nicht gemeldet: Dieser Auslöser ist abgeschaltet"],
        "only_from" => ["not told: this kind of source is not believed on it (only_from)", "nicht gemeldet: Dieser Art von Quelle wird das nicht geglaubt (only_from)"],
        "when" => ["filtered: a condition does not hold", "gefiltert: Eine Bedingung trifft nicht zu"],
        "when unknown" => ["filtered: a condition cannot be decided, something it needs is not known", "gefiltert: Eine Bedingung lässt sich nicht entscheiden, es fehlt eine Angabe"],
        "only" => ["filtered: this destination takes other triggers only (only)", "gefiltert: Dieses Ziel bekommt nur andere Auslöser (only)"],
        "not a tester" => ["filtered: in state test only testers receive anything", "gefiltert: Im Zustand test bekommen nur Tester etwas"],
        "state off" => ["filtered: the merchant is switched off", "gefiltert: Der Shop ist abgeschaltet"],
        "late" => ["late: a later step was known before it, and this destination cannot record what is past", "zu spät: Ein späterer Schritt war schon bekannt, und dieses Ziel kann Vergangenes nicht festhalten"],
        "too_old" => ["late: it is too old to be news (max_age), and this destination cannot record what is past", "zu spät: Es ist zu alt für eine Neuigkeit (max_age), und dieses Ziel kann Vergangenes nicht festhalten"],
        "repeated" => ["merged: it was told before; this report only fills gaps", "zusammengeführt: Das wurde schon gemeldet; dieser Bericht füllt nur Lücken"],
        "messages none" => ["not told: this instance makes no messages (messages: none)", "nicht gemeldet: Diese Instanz erzeugt keine Nachrichten (messages: none)"],
        "no_destination" => ["not told: the merchant has no destination", "nicht gemeldet: Der Shop hat kein Ziel"],
        "source_silent" => ["suspended: a source is quieter than usual, so that nobody knows whether it is true", "ausgesetzt: Eine Quelle ist stiller als sonst, so dass niemand weiß, ob es stimmt"],
        "carrier_silent" => ["suspended: nothing is heard of a carrier's parcels, so that nobody knows whether it is true", "ausgesetzt: Von den Sendungen eines Versanddienstes ist nichts zu hören, so dass niemand weiß, ob es stimmt"],
        "away" => ["suspended: the relay itself was away, so that something may have been missed", "ausgesetzt: Das Relay selbst war nicht da, so dass etwas entgangen sein kann"],
        "backlog" => ["suspended: facts that came in are not settled yet", "ausgesetzt: Eingegangenes ist noch nicht verarbeitet"],
        "no_recipient_yet" => ["parked: nobody is known yet to whom it can be told", "geparkt: Noch ist niemand bekannt, dem es gemeldet werden kann"],
        "no_recipient" => ["failed: nobody became known in time to whom it could be told", "gescheitert: Es wurde nicht rechtzeitig bekannt, wem es zu melden ist"],
        "imported" => ["only remembered: an import said so, and what an import says is never told", "nur gemerkt: Ein Import hat es gesagt, und was ein Import sagt, wird nie gemeldet"],
        "objected" => ["not told: the recipient has objected", "nicht gemeldet: Der Empfänger hat widersprochen"],
        "consent denied" => ["not told: it is advertising, and the recipient does not want any", "nicht gemeldet: Es ist Werbung, und der Empfänger will keine"],
        "consent unknown" => ["not told: it is advertising, and it is not known that the recipient agreed", "nicht gemeldet: Es ist Werbung, und es ist nicht bekannt, dass der Empfänger zugestimmt hat"],
        "remembered" => ["only remembered: it is not told, but teaches something about the order", "nur gemerkt: Es wird nicht gemeldet, sagt aber etwas über die Bestellung"],
        "unknown" => ["not told: the source says itself that it does not know", "nicht gemeldet: Die Quelle sagt selbst, dass sie es nicht weiß"],
        "sensitive" => ["never told: its reason is on the list of sensitive ones", "wird nie gemeldet: Der Grund steht auf der Liste der heiklen"],
        "conflict" => ["not told: it contradicts what ended the way before; shown only", "nicht gemeldet: Es widerspricht dem, womit der Weg schon geendet hat; nur gezeigt"],
        "no_rule" => ["filtered: no rule is for it", "gefiltert: Es gibt keine Regel dafür"],
        "no_subject" => ["failed: it names no order, parcel or return", "gescheitert: Es nennt keine Bestellung, Sendung oder Retoure"],
        "unreadable" => ["failed: the body cannot be read", "gescheitert: Der Inhalt ist nicht lesbar"],
        "unmapped_code" => ["filtered: no row of the connector's table knows this code", "gefiltert: Keine Zeile der Tabelle der Anbindung kennt diesen Code"],
        "topic_not_used" => ["filtered: the connector does not use this topic", "gefiltert: Die Anbindung verwendet dieses Thema nicht"],
        "ignored" => ["filtered: the connector says that there is nothing to tell", "gefiltert: Laut Anbindung gibt es nichts zu melden"],
        "other_account" => ["filtered: it is of another account", "gefiltert: Es gehört zu einem anderen Konto"],
        "lookup_refused" => ["failed: the system that was asked about it refused", "gescheitert: Das danach gefragte System hat abgelehnt"],
        "lookup_not_found" => ["failed: the system that was asked about it does not know it", "gescheitert: Das danach gefragte System kennt es nicht"],
        "lookup_key_wrong" => ["failed: the key for asking about it is wrong", "gescheitert: Der Schlüssel zum Nachfragen ist falsch"],
        "lookup_too_large" => ["failed: the answer about it is too large", "gescheitert: Die Antwort darauf ist zu groß"],
        "lookup_failed" => ["failed: the system that was asked about it gave no answer", "gescheitert: Das danach gefragte System gab keine Antwort"],
        "internal" => ["failed: inside the relay; please report it", "gescheitert: im Relay selbst; bitte melden"],
        _ => return None,
    })
}

/// Why a message is dead, cancelled or held.
#[rustfmt::skip]
pub(super) fn of_message(why: &str) -> Option<Both> {
    Some(match why {
        "rejected" => ["the destination rejected it", "das Ziel hat sie abgelehnt"],
        "retries_exhausted" => ["the destination did not take it in any try", "das Ziel hat sie bei keinem Versuch angenommen"],
        "held_too_long" => ["it was held for more than seven days", "sie wurde mehr als sieben Tage zurückgehalten"],
        "unreadable" => ["what was kept of it cannot be read", "was von ihr aufgehoben ist, lässt sich nicht lesen"],
        "objected" => ["the recipient has objected", "der Empfänger hat widersprochen"],
        "superseded" => ["something later took its place", "Späteres ist an ihre Stelle getreten"],
        "too_old" => ["it is too old to be news", "sie ist zu alt für eine Neuigkeit"],
        "sensitive" => ["a reason became known that is never spoken of", "es wurde ein Grund bekannt, über den nie gesprochen wird"],
        "key_wrong" => ["the destination refuses the key", "das Ziel lehnt den Schlüssel ab"],
        "settings_wrong" => ["something has to be set up at the destination first", "beim Ziel muss erst etwas eingerichtet werden"],
        "version_retired" => ["the destination no longer has the version of its interface that is spoken", "das Ziel hat die verwendete Version seiner Schnittstelle abgeschaltet"],
        "again" => ["the destination could not take it then", "das Ziel konnte sie da nicht annehmen"],
        "sent" => ["the destination took it", "das Ziel hat sie angenommen"],
        "partial" => ["the destination took a part of the request", "das Ziel hat einen Teil der Anfrage angenommen"],
        _ => return None,
    })
}

//! Every name that the engine says why by has words, and one order told in both languages.

use std::collections::BTreeSet;

use jiff::Timestamp;
use parcelwire_domain::{
    id::{AggregateId, DestinationName, MerchantId, MessageId, ReceiptId},
    silence::Suspension,
    taxonomy::{Derived, Status, Trigger},
};
use parcelwire_mapping::source::{LookupFault, Useless};

use super::{super::story::*, *};

/// The texts between quotes that follow one of these in a piece of source code, tests left out.
fn written(code: &str, before: &[&str]) -> BTreeSet<String> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
    let after = before.iter().flat_map(|mark| code.split(mark).skip(1));
    after.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// Where rules are written down, each with what stands before a rule's name.
const DECIDING: [(&str, &[&str]); 4] = [
    (
        include_str!("../../process/decide.rs"),
        &[
            "told(\"",
            "told(None, \"",
            "told(Some(name), \"",
            "line(\"filtered\", \"",
            "line(\"failed\", \"",
            "line(\"parked\", \"",
            "map_or(\"",
            "\"failed\".to_owned(), \"",
        ],
    ),
    (include_str!("../../../../mapping/src/merchant/choose.rs"), &["stop(\"", "stop_at(\""]),
    (include_str!("../../../../domain/src/order/rule.rs"), &["Some(\""]),
    (include_str!("../../process/outcome.rs"), &["unwrap_or_else(|| \""]),
];

/// The same of messages that are given up or taken back.
const ENDING: [(&str, &[&str]); 5] = [
    (include_str!("../../process/revise.rs"), &["why: \""]),
    (include_str!("../../process/derive.rs"), &["why: \""]),
    (include_str!("../../send/attempt.rs"), &["why: \"", "dead(\""]),
    (include_str!("../../send/verdict.rs"), &["why: \""]),
    (
        include_str!("../../../../mapping/src/blocks/outcome.rs"),
        &[
            "Self::Sent => \"",
            "Self::Again { .. } => \"",
            "Self::Rejected => \"",
            "Self::Partial(_) => \"",
            "Self::KeyWrong => \"",
            "Self::SettingsWrong => \"",
            "Self::VersionRetired => \"",
        ],
    ),
];

#[test]
fn every_rule_that_the_engine_can_name_has_words() {
    let mut rules: BTreeSet<String> =
        DECIDING.iter().flat_map(|(code, before)| written(code, before)).collect();
    assert!(rules.remove("message"), "{rules:?}");
    let name = || "x".to_owned();
    let silence = [
        Suspension::SourceSilent(name()),
        Suspension::CarrierSilent(name()),
        Suspension::Away,
        Suspension::Backlog,
    ];
    rules.extend(silence.iter().map(|why| why.name().to_owned()));
    let mut useless = vec![
        Useless::Unreadable(name()),
        Useless::NoSubject,
        Useless::UnmappedCode(name()),
        Useless::TopicNotUsed,
        Useless::Ignored,
        Useless::NoRule,
        Useless::OtherAccount,
    ];
    useless.extend(LookupFault::ALL.map(Useless::Lookup));
    rules.extend(useless.iter().map(|why| why.outcome().1.to_owned()));
    assert!(rules.len() >= 30, "the search finds them: {rules:?}");
    for known in
        ["off", "only_from", "when unknown", "late", "repeated", "no_recipient", "internal"]
    {
        assert!(rules.contains(known), "{known}: {rules:?}");
    }
    for rule in rules {
        let [english, german] = rules::of_decision(&rule).unwrap_or_else(|| panic!("`{rule}`"));
        assert!(!english.is_empty() && !german.is_empty() && english != german, "{rule}");
    }
}

#[test]
fn every_end_of_a_message_has_words() {
    let ends: BTreeSet<String> =
        ENDING.iter().flat_map(|(code, before)| written(code, before)).collect();
    for known in ["rejected", "superseded", "too_old", "held_too_long", "key_wrong", "again"] {
        assert!(ends.contains(known), "{known}: {ends:?}");
    }
    for end in ends {
        let [english, german] = rules::of_message(&end).unwrap_or_else(|| panic!("`{end}`"));
        assert!(!english.is_empty() && !german.is_empty() && english != german, "{end}");
    }
}

#[test]
fn what_a_suspension_names_is_found_in_its_words() {
    for (why, named) in [
        (Suspension::SourceSilent("depot".to_owned()), Some("depot")),
        (Suspension::CarrierSilent("dhl".to_owned()), Some("dhl")),
        (Suspension::Away, None),
        (Suspension::Backlog, None),
    ] {
        let detail = format!("{why}; looked at again at some time");
        assert_eq!(particular(why.name(), &detail), named, "{detail}");
    }
    assert_eq!(particular("when", "a == 'b' does not hold"), Some("a == 'b'"));
    let needs = "reason == 'x' needs reason, which is not known";
    assert_eq!(particular("when unknown", needs), Some("reason"));
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn klaviyo() -> DestinationName {
    DestinationName::parse("klaviyo").expect("a name")
}

fn heard(time: &str, status: &str, decisions: Vec<StoryDecision>) -> Entry {
    Entry {
        at: at(time),
        occurred_at: at(time),
        derived: false,
        receipt: ReceiptId::from_bits(1),
        index: 0,
        source: Some("carrier".to_owned()),
        status: status.to_owned(),
        reason: None,
        subject: Some("A1".to_owned()),
        raw_code: None,
        line: None,
        orders_joined: 0,
        outcome: String::new(),
        rule: String::new(),
        parked_until: None,
        waited_until: None,
        decisions,
        text: String::new(),
    }
}

fn message(n: u128, status: Status, state: &str) -> Message {
    Message {
        id: MessageId::from_bits(n),
        trigger: Trigger::Status(status),
        destination: klaviyo(),
        name: Some("Shipment".to_owned()),
        state: state.to_owned(),
        why: None,
        created_at: at("2026-11-24T09:00:00Z"),
        not_before: at("2026-11-24T09:05:00Z"),
        ended_at: Some(at("2026-11-24T09:01:00Z")),
        attempts: 1,
        backfill: false,
        receipt: ReceiptId::from_bits(1),
        last: Some(LastTry {
            at: at("2026-11-24T09:01:00Z"),
            verdict: "sent".to_owned(),
            detail: String::new(),
            answer: Some("202".to_owned()),
        }),
        paused: None,
        superseded_by: None,
        text: String::new(),
    }
}

fn decided(status: Status, rule: &str) -> StoryDecision {
    StoryDecision::of(Trigger::Status(status), Some(&klaviyo()), rule)
}

fn made(n: u128, status: Status) -> StoryDecision {
    StoryDecision { message: Some(MessageId::from_bits(n)), ..decided(status, "message") }
}

fn explained(entries: Vec<Entry>, messages: Vec<Message>, planned: Vec<Planned>) -> Explained {
    Explained {
        merchant: MerchantId::parse("hey").expect("a name"),
        asked: "1001".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        now: at("2026-11-24T09:02:00Z"),
        orders: vec![OrderStory {
            id: AggregateId::from_bits(1),
            order_number: Some("#1001".to_owned()),
            names: vec![("order_number", "1001".to_owned()), ("tracking_number", "a1".to_owned())],
            recipient: Recipient {
                email: Some("anna@hey.example".to_owned()),
                ..Recipient::default()
            },
            entries,
            messages,
            planned,
            next_look: Some(at("2026-11-27T09:00:00Z")),
            cut: false,
        }],
        unknown: None,
        text: String::new(),
    }
}

/// Each part of an order's text in both languages, in order.
fn check(explained: &Explained, english: &[&str], german: &[&str]) {
    for (language, parts) in [(Language::En, english), (Language::De, german)] {
        let mut whole = explained.clone();
        tell(&mut whole, language);
        let mut rest = whole.text.as_str();
        for part in parts {
            let found = rest.split_once(part);
            rest = found.unwrap_or_else(|| panic!("`{part}` is next in:\n{}", whole.text)).1;
        }
        assert!(!whole.text.contains("anna@"), "{}", whole.text);
    }
}

#[test]
fn what_was_heard_and_sent_is_told_in_both_languages_in_the_merchants_zone() {
    let mut dispatched =
        heard("2026-11-24T08:00:00Z", "dispatched", vec![made(1, Status::Dispatched)]);
    dispatched.line = Some("connectors/sources/lager.yaml:31".to_owned());
    dispatched.raw_code = Some("versandt".to_owned());
    dispatched.occurred_at = at("2026-11-24T07:30:00Z");
    let mut off = decided(Status::InTransit, "off");
    (off.destination, off.line) = (None, Some("mappings/hey.yaml:7".to_owned()));
    let held = StoryDecision {
        until: Some(at("2026-11-24T09:05:00Z")),
        ..made(2, Status::OutForDelivery)
    };
    let again = decided(Status::Dispatched, "repeated");
    let mut other = heard("2026-11-24T08:30:00Z", "dispatched", vec![again]);
    other.source = Some("shop".to_owned());
    let waiting = Message {
        state: "pending".to_owned(),
        attempts: 0,
        last: None,
        ended_at: None,
        ..message(2, Status::OutForDelivery, "pending")
    };
    let told = explained(
        vec![
            dispatched,
            other,
            heard("2026-11-24T08:40:00Z", "in_transit", vec![off]),
            heard("2026-11-24T09:00:00Z", "out_for_delivery", vec![held]),
        ],
        vec![message(1, Status::Dispatched, "sent"), waiting],
        Vec::new(),
    );
    check(
        &told,
        &[
            "Order #1001 of hey (times in Europe/Berlin)\nRecipient: a…@hey.example\nTracking numbers: a1",
            "Tue 24 Nov 2026, 09:00  Left the warehouse (dispatched), A1, happened on Tue 24 Nov 2026, 08:30, \
             said by carrier as “versandt” [connectors/sources/lager.yaml:31]",
            "\n  klaviyo: “Shipment” sent on Tue 24 Nov 2026, 10:01 (1 try, the last one answered 202)",
            "said by shop\n  klaviyo: merged: it was told before; this report only fills gaps (first said by \
             carrier on Tue 24 Nov 2026, 09:00)",
            "On its way (in_transit), A1, said by carrier\n  not told: this trigger is switched off \
             [mappings/hey.yaml:7]",
            "“Shipment” held until Tue 24 Nov 2026, 10:05, in case something better comes first",
            "The order is looked at next on Fri 27 Nov 2026, 10:00.",
        ],
        &[
            "Bestellung #1001 von hey (Zeiten in Europe/Berlin)\nEmpfänger: a…@hey.example\nSendungsnummern: a1",
            "Di. 24.11.2026, 09:00  Hat das Lager verlassen (dispatched), A1, geschehen am Di. 24.11.2026, 08:30, \
             gesagt von carrier als „versandt“ [connectors/sources/lager.yaml:31]",
            "\n  klaviyo: „Shipment“ gesendet am Di. 24.11.2026, 10:01 (1 Versuch, letzte Antwort 202)",
            "zusammengeführt: Das wurde schon gemeldet",
            "zuerst gesagt von carrier am Di. 24.11.2026, 09:00",
            "nicht gemeldet: Dieser Auslöser ist abgeschaltet [mappings/hey.yaml:7]",
            "zurückgehalten bis Di. 24.11.2026, 10:05, falls vorher etwas Besseres kommt",
            "Die Bestellung wird das nächste Mal am Fr. 27.11.2026, 10:00 angesehen.",
        ],
    );
}

#[test]
fn every_way_in_which_nothing_is_sent_is_told() {
    let late = decided(Status::InTransit, "late");
    let behind = late.clone().because("behind a later step, and the destination cannot record");
    let old = late.because("too old, and the destination cannot record what is past");
    let when = decided(Status::Delivered, "when")
        .because("destination_country == 'AT' does not hold")
        .by(Some("mappings/hey.yaml:12".to_owned()));
    let mut parked = heard("2026-11-24T08:20:00Z", "delivered", Vec::new());
    parked.rule = "no_recipient_yet".to_owned();
    parked.parked_until = Some(at("2026-12-01T08:20:00Z"));
    let mut dead = message(3, Status::Delivered, "dead");
    dead.why = Some("rejected".to_owned());
    dead.last.as_mut().expect("one").answer = Some("400".to_owned());
    dead.last.as_mut().expect("one").verdict = "rejected".to_owned();
    dead.last.as_mut().expect("one").detail = "unknown anna@hey.example".to_owned();
    let mut gone = message(4, Status::OutForDelivery, "cancelled");
    gone.why = Some("superseded".to_owned());
    gone.superseded_by = Some("delivered".to_owned());
    gone.last = None;
    let mut refuted = gone.clone();
    (refuted.id, refuted.trigger) =
        (MessageId::from_bits(5), Trigger::Derived(Derived::PickupReminder));
    let mut paused = message(6, Status::Delivered, "pending");
    paused.paused = Some(Paused {
        since: at("2026-11-24T08:00:00Z"),
        until: at("2026-11-24T09:15:00Z"),
        why: "key_wrong".to_owned(),
    });
    let mut silent =
        StoryDecision::of(Trigger::Derived(Derived::ShipmentStalled), None, "source_silent")
            .because(
                "the source depot is quiet for longer than usual, or was; looked at again at x",
            );
    silent.until = Some(at("2026-11-24T15:00:00Z"));
    let mut woke = heard("2026-11-24T09:00:00Z", "shipment_stalled", vec![silent]);
    (woke.derived, woke.source) = (true, None);
    let told = explained(
        vec![
            heard("2026-11-24T08:00:00Z", "in_transit", vec![behind]),
            heard("2026-11-24T08:05:00Z", "in_transit", vec![old]),
            heard("2026-11-24T08:10:00Z", "delivered", vec![when]),
            parked,
            woke,
        ],
        vec![dead, gone, refuted, paused],
        Vec::new(),
    );
    check(
        &told,
        &[
            "klaviyo: late: a later step was known before it, and this destination cannot record what is past\n",
            "klaviyo: late: it is too old to be news (max_age), and this destination cannot record what is past [by default]",
            "klaviyo: filtered: a condition does not hold (destination_country == 'AT') [mappings/hey.yaml:12]",
            "parked: nobody is known yet to whom it can be told; until Tue 1 Dec 2026, 09:20 at most",
            "Shipment Stalled (shipment_stalled), A1, said by nobody: it followed when its time had come, on Tue 24",
            "\n  suspended: a source is quieter than usual, so that nobody knows whether it is true (depot); \
             looked at again on Tue 24 Nov 2026, 16:00",
            "Other messages:",
            "given up on Tue 24 Nov 2026, 10:01: the destination rejected it (1 try, the last one answered 400: unknown a…@hey.example)",
            "taken back on Tue 24 Nov 2026, 10:01: something later took its place: Delivered (delivered)",
            "what became known refutes it: Delivered (delivered)",
            "waits: the destination refuses the key, since Tue 24 Nov 2026, 09:00; tried again on",
        ],
        &[
            "zu spät: Ein späterer Schritt war schon bekannt",
            "zu spät: Es ist zu alt für eine Neuigkeit (max_age), und dieses Ziel kann Vergangenes nicht festhalten [Voreinstellung]",
            "gefiltert: Eine Bedingung trifft nicht zu (destination_country == 'AT') [mappings/hey.yaml:12]",
            "geparkt: Noch ist niemand bekannt, dem es gemeldet werden kann; längstens bis Di. 01.12.2026, 09:20",
            "Sendung ohne Bewegung (shipment_stalled), A1, von niemandem gesagt",
            "ausgesetzt: Eine Quelle ist stiller als sonst, so dass niemand weiß, ob es stimmt (depot); wird am",
            "Weitere Nachrichten:",
            "aufgegeben am Di. 24.11.2026, 10:01: das Ziel hat sie abgelehnt (1 Versuch, letzte Antwort 400: unknown a…@hey.example)",
            "Späteres ist an ihre Stelle getreten: Zugestellt (delivered)",
            "Bekanntgewordenes widerlegt sie: Zugestellt (delivered)",
            "wartet: das Ziel lehnt den Schlüssel ab, seit",
        ],
    );
}

#[test]
fn what_comes_next_is_told_with_its_reason() {
    let planned = |stands, line: Option<&str>| Planned {
        trigger: Trigger::Derived(Derived::PickupReminder),
        stands,
        at: at("2026-11-27T09:00:00Z"),
        subject: Some("A1".to_owned()),
        follows: "ready_for_pickup".to_owned(),
        since: at("2026-11-24T09:00:00Z"),
        after: Some("3d".to_owned()),
        line: line.map(str::to_owned),
        text: String::new(),
    };
    let told = explained(
        Vec::new(),
        Vec::new(),
        vec![
            planned(Stands::Planned, None),
            planned(Stands::Suspended, None),
            planned(Stands::NotBelieved, Some("mappings/hey.yaml:4")),
            planned(Stands::Off, Some("mappings/hey.yaml:9")),
        ],
    );
    check(
        &told,
        &[
            "What comes next:\n  Pickup Reminder (pickup_reminder), A1: planned for Fri 27 Nov 2026, 10:00 if nothing \
             refutes it until then: 3 days without anything new after Ready to be collected (ready_for_pickup) on \
             Tue 24 Nov 2026, 10:00 [by default]",
            "is suspended until it can be known whether it is true",
            "is not believed on it: 3 days",
            "What is switched off:\n  Pickup Reminder",
            "but is switched off: 3 days",
            "[mappings/hey.yaml:9]",
        ],
        &[
            "Was als Nächstes kommt:\n  Erinnerung: Paket abholen (pickup_reminder), A1: geplant für Fr. 27.11.2026, 10:00",
            "3 Tage ohne Neues nach Liegt zur Abholung bereit (ready_for_pickup) am Di. 24.11.2026, 10:00 [Voreinstellung]",
            "ist ausgesetzt",
            "Was abgeschaltet ist:",
            "[mappings/hey.yaml:9]",
        ],
    );
}

#[test]
fn that_nothing_is_known_is_told_with_what_may_be_the_reason() {
    let mut told = explained(Vec::new(), Vec::new(), Vec::new());
    told.orders.clear();
    told.unknown = Some(Unknown {
        refused: vec![Refusals {
            source: "shop".to_owned(),
            code: "signature_invalid".to_owned(),
            count: 3,
            last_at: at("2026-11-24T09:00:00Z"),
        }],
        waiting: 1,
        failed: 2,
    });
    check(
        &told,
        &[
            "No webhook named “1001”: hey has no order",
            "3 requests were refused at the source shop (signature_invalid), the last one on Tue 24 Nov 2026, 10:00",
            "Not looked into yet: 1 receipt;",
            "Failed: 2 receipts",
        ],
        &[
            "Kein Webhook hat „1001“ genannt",
            "3 Anfragen wurden an der Quelle shop abgewiesen (signature_invalid), zuletzt am Di. 24.11.2026, 10:00",
            "Noch nicht angesehen: 1 Eingang;",
            "Gescheitert: 2 Eingänge",
        ],
    );
}

#[test]
fn lengths_of_time_are_read_as_files_write_them() {
    let [english, german] = [Language::En, Language::De].map(|it| Voice::of(it, "UTC"));
    for (wait, en, de) in [
        ("1d", "1 day", "1 Tag"),
        ("3bd", "3 business days", "3 Werktage"),
        ("48h", "48 hours", "48 Stunden"),
        ("90m", "90 minutes", "90 Minuten"),
    ] {
        assert_eq!((english.wait(wait).as_str(), german.wait(wait).as_str()), (en, de));
    }
}

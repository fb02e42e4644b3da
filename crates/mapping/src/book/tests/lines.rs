//! Which line of which file says what: for whoever asks why.

use jiff::Timestamp;
use parcelwire_domain::taxonomy::Derived;

use super::*;
use crate::source::Received;

const ABOVE: &str = "\
triggers:
  in_transit: off
  delivered: off
  out_for_delivery:
    hold: 6h
    max_age: 1d
  pickup_reminder: { after: 5d }
";

const BELOW: &str = "\
extends: above
when: =order_number is present
triggers:
  delivered:
    when: =destination_country == 'AT'
    only_from: [carrier]
";

const MERCHANT: &str = "\
state: test
testers: [anna@hey.example]
sources: { shop: { connector: shopify, secret: env:SHOP } }
destinations:
  klaviyo:
    api_key: env:KLAVIYO
    only:
      - delivered
mapping: below
after:
  shipment_stalled: 4bd
";

fn hey() -> Book {
    let (book, told) = compile(
        &with(&[
            (FileKind::Mapping, "above", ABOVE),
            (FileKind::Mapping, "below", BELOW),
            (FileKind::Merchant, "hey", MERCHANT),
        ]),
        None,
    );
    assert!(told.is_empty(), "{told:?}");
    book
}

#[test]
fn each_key_of_a_trigger_has_the_line_of_the_file_that_counts() {
    let book = hey();
    let merchant = book.merchant("hey").expect("it is in order");
    let status = Trigger::Status;
    let derived = Trigger::Derived;
    for (trigger, key, line) in [
        (status(Status::InTransit), "on", Some("mappings/above.yaml:2")),
        // Off above, and on again below.
        (status(Status::Delivered), "on", Some("mappings/below.yaml:4")),
        (status(Status::Delivered), "only_from", Some("mappings/below.yaml:6")),
        (status(Status::OutForDelivery), "hold", Some("mappings/above.yaml:5")),
        (status(Status::OutForDelivery), "max_age", Some("mappings/above.yaml:6")),
        (status(Status::OutForDelivery), "only_from", None),
        (derived(Derived::PickupReminder), "after", Some("mappings/above.yaml:7")),
        (derived(Derived::ShipmentStalled), "after", Some("merchants/hey.yaml:11")),
        // Nobody says anything of it.
        (status(Status::Dispatched), "on", None),
    ] {
        let told = merchant.line(trigger, key).map(AsRef::as_ref);
        assert_eq!(told, line, "{trigger:?} {key}");
    }
}

#[test]
fn what_is_stopped_names_the_line_that_stops_it() {
    let book = hey();
    let line = |trigger, pairs: &[(&str, &str)]| match choose(&book, "hey", trigger, pairs) {
        Choice::Send(frozen) => panic!("it sends {}", frozen.name),
        Choice::Stop { rule, line, .. } => format!("{rule} {}", line.unwrap_or_default()),
    };
    assert_eq!(line(Status::OutForDelivery, &[]), "only merchants/hey.yaml:7");
    assert_eq!(line(Status::Delivered, &[]), "when mappings/below.yaml:2");
    let number = ("order_number", "1001");
    assert_eq!(line(Status::Delivered, &[number]), "when unknown mappings/below.yaml:5");
    let german = [number, ("destination_country", "DE")];
    assert_eq!(line(Status::Delivered, &german), "when mappings/below.yaml:5");
    let stranger = ("email", "ben@hey.example");
    assert_eq!(line(Status::Delivered, &[stranger]), "not a tester merchants/hey.yaml:1");
}

#[test]
fn an_event_names_the_row_of_the_table_or_the_rule_that_gave_it_its_status() {
    let connector = "title: Lager\nfacts: invented\nverify: { token: true, header: X-Key }\nevents:\n\
        - topic: code\n  code: =status\n  order_number: =order\n\
        - topic: fixed\n  status: delivered\n  order_number: =order\n\
        topic: { header: X-Topic }\nstatuses:\n  raus: dispatched\n  da:\n    status: delivered\ntests: {}\n";
    let merchant = "sources: { lager: { secret: env:LAGER } }\ndestinations: { klaviyo: { api_key: env:KLAVIYO } }\n";
    let (book, told) = compile(
        &with(&[
            (FileKind::SourceConnector, "lager", connector),
            (FileKind::Merchant, "hey", merchant),
        ]),
        None,
    );
    assert!(told.is_empty(), "{told:?}");
    let name = SourceName::parse("lager").expect("a name");
    let source = &book.merchant("hey").expect("it is in order").sources[&name];
    let lines = |topic: &str, code: &str| {
        let body = format!("{{\"status\":\"{code}\",\"order\":\"1\"}}");
        let reading = source.ready.read(&Received {
            topic: Some(topic),
            headers: &[],
            query: "",
            body: body.as_bytes(),
            accounts: &[],
            received_at: Timestamp::UNIX_EPOCH,
            source: &name,
        });
        assert_eq!(reading.lines.len(), reading.events.len());
        reading.lines.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(lines("code", "Raus"), ["sources/lager.yaml:13"]);
    assert_eq!(lines("code", "da"), ["sources/lager.yaml:14"]);
    assert_eq!(lines("fixed", ""), ["sources/lager.yaml:9"]);
    assert!(lines("code", "weg").is_empty());
}

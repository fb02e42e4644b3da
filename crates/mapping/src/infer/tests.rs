use parcelwire_domain::Value;
use proptest::prelude::*;

use super::*;
use crate::{
    book::{FileKind, RuleFile, Surroundings},
    filetests::run::run,
    json::Doc,
};

fn sample(name: &str, json: &str) -> Sample {
    let doc = Doc::parse(json.as_bytes()).expect("it is JSON");
    Sample { name: name.to_owned(), body: doc.root().to_value().expect("no null") }
}

fn now() -> Timestamp {
    "2026-11-24T14:00:00Z".parse().expect("a time")
}

/// The proposal, which must pass `check`; without the blanks that only line comments up.
fn proposed(samples: &[Sample], headers: &[(&str, &str)]) -> String {
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let text = infer(samples, &headers, "depot", now()).unwrap_or_else(|told| panic!("{told}"));
    let file = RuleFile {
        kind: FileKind::SourceConnector,
        name: "depot".to_owned(),
        path: "depot.yaml".to_owned(),
        text: text.clone(),
    };
    let checked = run(&[file], &Surroundings::default(), now(), |_| true);
    let failed: Vec<&str> =
        checked.tests.iter().filter_map(|(_, test)| test.failure.as_deref()).collect();
    assert!(checked.is_fine(), "{text}\n{:?} {failed:?}", checked.diagnostics);
    let lines = text.lines().map(|line| {
        let parts = line.rsplit_once("  # ").filter(|(code, _)| !code.trim().is_empty());
        let (code, comment) = parts.unwrap_or((line, ""));
        let lead: String = code.chars().take_while(|c| *c == ' ').collect();
        let comment = if comment.is_empty() { String::new() } else { format!(" # {comment}") };
        format!("{lead}{}{comment}", code.trim())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn has(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted}\nis not in\n{text}");
    }
}

const DEPOT: &str = r#"{ "eventType": "parcel.moved", "eventId": "e-1", "at": "2026-11-24 14:05:00", "clientId": "0815",
  "order": { "no": "A-77", "customer": { "mail": "lee@somebody.example", "firstName": "Lee", "countryCode": "AT" } },
  "parcels": [
    { "trackingNo": "T10001", "state": "SHIPPED", "carrier": "DHL", "articles": [{ "sku": "S1", "qty": 2 }],
      "history": [{ "at": "2026-11-23 10:00:00", "state": "LABEL_PRINTED" }] },
    { "trackingNo": "T10002", "state": "Z9", "carrier": "DHL", "articles": [{ "sku": "S2", "qty": 1 }], "history": [] }] }"#;

#[test]
fn a_number_without_a_name_is_known_by_the_address_to_follow_it() {
    let body = r#"{ "eventTime": "2026-11-24T14:00:00Z", "detail": {
      "identifier": { "zqn": "ZQ98765432" }, "marketplace": "MP12345",
      "latest": { "status": { "code": "DELIVERED", "subCode": "PORCH" }, "occurredAt": "2026-11-24T13:00:00Z" },
      "trackingUrl": "https://follow.example/track?id=ZQ98765432" } }"#;
    let text = proposed(&[sample("a.json", body)], &[]);
    has(
        &text,
        &[
            "\n  occurred_at: =detail.latest.occurredAt # ",
            "\n  tracking_number: =detail.identifier.zqn # it stands in the address to follow it\n",
            "\n  tracking_url: =detail.trackingUrl # ",
            "status: delivered, tracking_number: ZQ98765432",
        ],
    );
}

#[test]
fn the_time_is_that_of_the_newest_scan_or_made_of_two_fields() {
    let scans = r#"{ "tracker": { "trackingCode": "T10001", "state": "in_transit", "updatedAt": "2026-11-24T15:00:00Z",
      "details": [{ "datetime": "2026-11-23T10:00:00Z", "tracking_location": { "city": "A" } }, { "datetime": "2026-11-24T10:00:00Z", "tracking_location": { "city": "B" } }] } }"#;
    let newest = "\n  occurred_at: =(tracker.details | sort('datetime') | last).datetime # the newest of what happened\n";
    has(&proposed(&[sample("a.json", scans)], &[]), &[newest]);
    let fields = r#"{ "trackingNumber": "T10001", "status": "delivered", "plannedDate": "20261125", "plannedTime": "120000",
      "localDate": "20261124", "localTime": "150000", "gmtDate": "20261124", "gmtTime": "140000" }"#;
    let two = "\n  occurred_at: =(gmtDate ~ gmtTime) | date('UTC', format='%Y%m%d%H%M%S') # day and clock stand";
    has(&proposed(&[sample("a.json", fields)], &[]), &[two]);
}

#[test]
fn an_order_that_is_the_payload_has_its_own_id_and_number() {
    let order = r#"{ "id": 4711, "number": "1001", "status": "processing", "billing": { "email": "lee@somebody.example" },
      "customer": { "id": 7, "state": "enabled" }, "line_items": [{ "sku": "S1", "quantity": 2 }] }"#;
    let text = proposed(&[sample("a.json", order)], &[]);
    let wanted = [
        "\n  code: =status",
        "\n  order_id: =id #",
        "\n  order_number: =number #",
        "\n  email: =billing.email #",
    ];
    has(&text, &wanted);
}

#[test]
fn a_word_that_a_vendor_puts_before_its_names_is_no_part_of_them() {
    let body =
        r#"{ "AcmeOrderId": "O-77", "AcmeShipmentId": "DrLqQwqvb", "ShipmentStatus": "Shipped" }"#;
    let text = proposed(&[sample("a.json", body)], &[]);
    has(&text, &["\n  order_id: =AcmeOrderId #", "\n  parcel_id: =AcmeShipmentId #"]);
}

#[test]
fn parcels_in_a_list_are_an_event_each() {
    let signature = "a".repeat(64);
    let text = proposed(&[sample("a.json", DEPOT)], &[("x-depot-signature", &signature)]);
    has(
        &text,
        &[
            "title: Depot\n",
            "topic: { body: eventType } # ",
            "  hmac: sha256\n  encoding: hex\n  header: x-depot-signature\n",
            "\ndelivery_id: =eventId # ",
            "\n# account: =clientId # ",
            "\n# timezone: Europe/Berlin # 2026-11-24 14:05:00 carries no offset",
            "  topic: parcel.moved\n  each: =parcels # ",
            "\n  as: parcel\n  code: =parcel.state # ",
            "\n  occurred_at: =at # ",
            "\n  order_number: =order.no # named \"order no\"\n",
            "\n  email: =order.customer.mail # ",
            "\n  first_name: =order.customer.firstName # ",
            "\n  destination_country: =order.customer.countryCode # ",
            "\n  carrier: =parcel.carrier | slug # ",
            "\n  tracking_number: =parcel.trackingNo # ",
            "\n  items: # they have quantities\n    each: =parcel.articles\n    as: line\n    give:\n      sku: =line.sku\n      quantity: =line.qty\n",
            "\n  SHIPPED: dispatched # guess: \"shipped\"\n",
            "\n  # Z9: … # nothing is known of it",
            "\n  LABEL_PRINTED: label_created # guess: ",
            "{ status: dispatched, order_number: A-77, tracking_number: T10001, destination_country: AT }",
            "code_at: parcels.0.state\n",
        ],
    );
    assert!(
        text.contains("kim@example.test")
            && !text.contains("lee@somebody")
            && !text.contains("Lee"),
        "{text}"
    );
}

#[test]
fn german_names_and_codes_are_understood() {
    let text = proposed(
        &[sample(
            "b.json",
            r#"{ "ereignis": "statuswechsel", "zeitpunkt": "2026-11-24T14:05:00+01:00", "auftragsnummer": "R-1",
              "kunde": { "mail": "lee@somebody.example", "vorname": "Lee", "land": "DE" },
              "pakete": [{ "paketnummer": "003400001", "zustand": "Zugestellt", "versanddienst": "DHL" }] }"#,
        )],
        &[],
    );
    has(
        &text,
        &[
            "# nothing in what you gave shows how it signs",
            "topic: { body: ereignis }",
            "  each: =pakete",
            "\n  as: paket\n  code: =paket.zustand",
            "occurred_at: =zeitpunkt",
            "order_number: =auftragsnummer",
            "email: =kunde.mail",
            "tracking_number: =paket.paketnummer",
            "carrier: =paket.versanddienst | slug",
            "destination_country: =kunde.land",
            "\n  Zugestellt: delivered # guess",
        ],
    );
}

#[test]
fn kinds_of_payloads_become_rules_of_their_own() {
    let text = proposed(
        &[
            sample(
                "order.json",
                r#"{ "type": "order.created", "id": "1", "data": { "order_number": "A1", "total": "59.90", "currency": "EUR", "email": "a@b.example", "line_items": [{ "sku": "S", "quantity": 1 }] } }"#,
            ),
            sample(
                "moved.json",
                r#"{ "type": "shipment.updated", "id": "2", "data": { "order_number": "A1", "status": "in_transit", "substatus": "customs", "tracking_number": "TT12345", "tracking_url": "https://t.example/1" } }"#,
            ),
            sample(
                "again.json",
                r#"{ "type": "shipment.delayed", "id": "3", "data": { "order_number": "A1", "status": "delayed", "substatus": "x", "tracking_number": "TT12345", "tracking_url": "https://t.example/1" } }"#,
            ),
        ],
        &[("webhook-id", "msg_1"), ("webhook-signature", "v1,abc")],
    );
    has(
        &text,
        &[
            "  standard_webhooks: true\n",
            "delivery_id: =headers['webhook-id']",
            "  - topic: order.created\n    code: =body['topic']"
                .replace("body['topic']", "topic")
                .as_str(),
            "    order_items: # they have quantities\n      each: =data.line_items\n",
            "  - topic: [shipment.updated, shipment.delayed]\n    code: [=data.substatus, =data.status] # ",
            "tracking_url: =data.tracking_url",
            "\n  order.created: order_placed # guess",
            "\n  # customs: customs_clearance # perhaps",
        ],
    );
}

#[test]
fn keys_that_are_no_names_and_payloads_that_are_lists_are_read() {
    let text = proposed(
        &[sample(
            "c.json",
            r#"[{ "Tracking-Number": "T12345", "Parcel Status": "delivered", "order no": "A1" }]"#,
        )],
        &[],
    );
    has(
        &text,
        &[
            "each: =body",
            "tracking_number: =item['Tracking-Number']",
            "code: =item['Parcel Status']",
            "order_number: =item['order no']",
        ],
    );
    let text =
        proposed(&[sample("d.json", r#"{ "topic": "x.y", "query": { "order_number": 7 } }"#)], &[]);
    has(
        &text,
        &["topic: { body: \"body['topic']\" }", "order_number: =body['query'].order_number"],
    );
}

#[test]
fn a_payload_without_a_subject_says_so() {
    let text = proposed(&[sample("e.json", r#"{ "hello": "world" }"#)], &[]);
    has(
        &text,
        &["# Nothing here surely names an order", "code: =status # nothing looks like a state"],
    );
    proposed(&[], &[]);
}

fn json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "status",
        "id",
        "parcels",
        "order",
        "email",
        "a b",
        "tracking_number",
        "items",
        "quantity",
        "sku",
        "event",
        "ü",
        "0",
        "'",
        "a\\",
        "",
        "x: y",
        "#",
        "topic",
        "data",
        "history",
        "at",
        "if",
    ]);
    let scalar = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::int),
        ".{0,12}".prop_map(Value::text),
        prop::sample::select(vec![
            "delivered",
            "2026-11-24",
            "a@b.cd",
            "https://x.example",
            "no",
            "0815",
            "T12345",
            "{{ x }}",
            "=a",
            "a: b",
            "a #b",
            "\n",
        ])
        .prop_map(Value::text),
    ];
    scalar.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| Value::List(items.into())),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_was_sent_the_proposal_passes_check(bodies in prop::collection::vec(json(), 1..3)) {
        let samples: Vec<Sample> = bodies
            .into_iter()
            .enumerate()
            .map(|(at, body)| Sample { name: format!("{at}: #.json"), body })
            .collect();
        proposed(&samples, &[]);
    }
}

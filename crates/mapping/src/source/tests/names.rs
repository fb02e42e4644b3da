//! `let:` of a rule.

use super::*;

fn read_with(events: &str, body: &str) -> Vec<String> {
    let text = format!("title: A\nfacts: none\nverify: {{ unsigned: true }}\nevents:\n{events}");
    let (connector, _) = compiled("names", &text).unwrap_or_else(|told| panic!("{told}"));
    let source = SourceName::parse("test").expect("a name");
    let reading = connector.share(Map::new()).read(&Received {
        topic: None,
        headers: &[],
        query: "",
        body: body.as_bytes(),
        accounts: &[],
        received_at: now(),
        source: &source,
    });
    let field =
        |event: &Event, name| event.fields.get(name).and_then(Value::as_id).map(str::to_owned);
    let told = reading.events.iter().map(|event| {
        let number = field(event, "tracking_number").unwrap_or_default();
        format!("{} {number} {}", event.status.name(), field(event, "carrier").unwrap_or_default())
    });
    told.collect()
}

#[test]
fn names_are_seen_by_each_when_and_fields_and_may_read_each_other() {
    let events = "  let: { parcels: =order.parcels, open: =parcels | where('open') }\n  each: =open\n  as: parcel\n  when: =parcels | count > 1\n  status: dispatched\n  order_id: =order.id\n  tracking_number: =parcel.no\n";
    let body = r#"{"order":{"id":"1","parcels":[{"no":"A","open":true},{"no":"B"},{"no":"C","open":true}]}}"#;
    assert_eq!(read_with(events, body), ["dispatched A ", "dispatched C "]);
}

#[test]
fn a_name_that_reads_the_element_is_another_for_each() {
    let events = "  let: { by: =parcel.by | lower, named: =by ~ '-x' }\n  each: =parcels\n  as: parcel\n  when: =by is present\n  status: dispatched\n  tracking_number: =parcel.no\n  carrier: =named\n";
    let body =
        r#"{"by":"wrong","parcels":[{"no":"A","by":"DHL"},{"no":"B"},{"no":"C","by":"UPS"}]}"#;
    assert_eq!(read_with(events, body), ["dispatched A dhl-x", "dispatched C ups-x"]);
}

#[test]
fn a_name_is_of_its_rule_alone() {
    let events = "  - let: { no: =deep.no }\n    status: dispatched\n    tracking_number: =no\n  - status: delivered\n    tracking_number: =no\n";
    let body = r#"{"no":"outer","deep":{"no":"inner"}}"#;
    assert_eq!(read_with(events, body), ["dispatched inner ", "delivered outer "]);
}

#[test]
fn a_name_that_means_something_already_is_refused() {
    for (name, each) in [("body", ""), ("topic", ""), ("parcel", "  each: =a\n  as: parcel\n")] {
        let text = format!(
            "title: A\nfacts: none\nverify: {{ unsigned: true }}\nevents:\n  let: {{ {name}: =a.b }}\n{each}  status: dispatched\n  order_id: =id\n"
        );
        let told = compiled("names", &text).expect_err("it is refused");
        assert!(told.contains(&format!("`{name}` has a meaning here already")), "{told}");
    }
}

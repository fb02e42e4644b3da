//! What is told of one fact: counts, items, names.

use super::*;
use crate::Value;

fn view(told: &mut Told, rules: &Rules, fact: &Fact) -> Map {
    let now = fact.event.received_at;
    let rulings = told.order.apply(fact.clone(), &rules.policy(), now);
    let own = rulings.iter().find(|ruling| ruling.receipt == fact.receipt).expect("its ruling");
    told.order.view(&own.firings[0], now)
}

fn text(view: &Map, name: &str) -> String {
    view.get(name).map(Value::to_json).unwrap_or_default()
}

fn items(mut fact: Fact, name: &str, of: &[(&str, i64)]) -> Fact {
    let item = |(sku, quantity): &(&str, i64)| {
        let mut item = Map::new();
        item.set("sku", Value::text(*sku));
        item.set("quantity", Value::int(*quantity));
        Value::Map(item)
    };
    fact.event.fields.set(name, Value::List(of.iter().map(item).collect()));
    fact
}

fn parcel(n: u128, status: Status, number: &str) -> Fact {
    fact(n, n as i64, status, &[("order_number", "1"), ("tracking_number", number), ANNA])
}

#[test]
fn what_is_said_before_there_is_a_parcel_is_said_of_the_whole_order() {
    let rules = Rules::all_on();
    let placed = fact(1, 0, Status::OrderPlaced, &[("order_number", "1"), ANNA]);
    let placed = items(placed, "order_items", &[("A", 2), ("B", 1)]);
    let mut told = tell(&rules, std::slice::from_ref(&placed));
    let of_order = fact(2, 1, Status::AddressCorrectionRequired, &[("order_number", "1")]);
    let shown = view(&mut told, &rules, &of_order);
    assert_eq!(text(&shown, "items"), r#"[{"sku":"A","quantity":2},{"sku":"B","quantity":1}]"#);
    assert_eq!(text(&shown, "items"), text(&shown, "items_pending"));
    assert_eq!(
        (text(&shown, "parcel_count"), text(&shown, "parcel_index")),
        ("0".into(), String::new())
    );
    assert_eq!(
        (text(&shown, "is_last_parcel"), text(&shown, "parcel_id")),
        ("false".into(), String::new())
    );
    // With two parcels there are two, whatever was said before of the order.
    told.hear(&rules, &items(parcel(3, Status::Dispatched, "T1"), "items", &[("A", 2)]));
    let second = items(parcel(4, Status::Dispatched, "T2"), "items", &[("B", 1)]);
    let shown = view(&mut told, &rules, &second);
    assert_eq!(
        (text(&shown, "parcel_count"), text(&shown, "parcel_index")),
        ("2".into(), "2".into())
    );
    assert_eq!(text(&shown, "items"), r#"[{"sku":"B","quantity":1}]"#);
    assert_eq!(text(&shown, "items_pending"), "");
    told.hear(&rules, &parcel(5, Status::Delivered, "T1"));
    let shown = view(&mut told, &rules, &parcel(6, Status::Delivered, "T2"));
    assert_eq!(text(&shown, "is_last_parcel"), "true");
    assert_eq!(
        (text(&shown, "parcels_open"), text(&shown, "parcels_delivered")),
        ("0".into(), "2".into())
    );
}

#[test]
fn a_cancelled_parcel_counts_no_more_and_its_items_are_open_again() {
    let rules = Rules::all_on();
    let placed = fact(1, 0, Status::OrderPlaced, &[("order_number", "1"), ANNA]);
    let mut told = tell(&rules, &[items(placed, "order_items", &[("A", 1)])]);
    told.hear(&rules, &items(parcel(2, Status::Dispatched, "T1"), "items", &[("A", 1)]));
    let shown = view(&mut told, &rules, &parcel(3, Status::ShipmentCancelled, "T1"));
    assert_eq!(
        (text(&shown, "parcel_count"), text(&shown, "parcel_index")),
        ("1".into(), "1".into())
    );
    assert_eq!(text(&shown, "items_pending"), r#"[{"sku":"A","quantity":1}]"#);
    let again = items(parcel(4, Status::Dispatched, "T2"), "items", &[("A", 1)]);
    let shown = view(&mut told, &rules, &again);
    assert_eq!(
        (text(&shown, "parcel_count"), text(&shown, "parcel_index")),
        ("1".into(), "1".into())
    );
    assert_eq!(text(&shown, "items_pending"), "");
    assert_eq!(text(&shown, "is_last_parcel"), "true");
}

#[test]
fn absurd_quantities_do_no_harm() {
    let rules = Rules::all_on();
    let placed = fact(1, 0, Status::OrderPlaced, &[("order_number", "1"), ANNA]);
    let placed = items(placed, "order_items", &[("A", i64::MAX), ("A", -3)]);
    let mut told = tell(&rules, &[placed]);
    let packed =
        items(parcel(2, Status::Dispatched, "T1"), "items", &[("A", i64::MAX), ("A", i64::MAX)]);
    let shown = view(&mut told, &rules, &packed);
    assert_eq!(text(&shown, "items_pending"), "");
}

#[test]
fn a_fact_is_told_with_its_own_number_and_an_address_that_fits_it() {
    let rules = Rules::all_on();
    let mut both = fact(
        1,
        0,
        Status::Dispatched,
        &[
            ("order_number", "1"),
            ("parcel_id", "F1"),
            ("tracking_number", "T1"),
            ("tracking_url", "https://t.example/T1"),
            ("carrier", "dpd"),
            ANNA,
        ],
    );
    let numbers = ["T1", "T2"].map(Value::text);
    both.event.fields.set("tracking_numbers", Value::List(numbers.into()));
    let mut told = tell(&rules, &[both]);
    let second = fact(2, 1, Status::InTransit, &[("tracking_number", "T2")]);
    let shown = view(&mut told, &rules, &second);
    assert_eq!(text(&shown, "tracking_number"), r#""T2""#);
    assert_eq!(text(&shown, "tracking_url"), r#""https://tracking.dpd.de/status/de_DE/parcel/T2""#);
    assert_eq!(text(&shown, "parcel_id"), r#""F1""#);
    let first =
        fact(3, 2, Status::OutForDelivery, &[("parcel_id", "F1"), ("tracking_number", "T1")]);
    let shown = view(&mut told, &rules, &first);
    assert_eq!(text(&shown, "tracking_url"), r#""https://t.example/T1""#);
    assert_eq!(text(&shown, "raw_source"), r#""shop""#);
}

#[test]
fn attempts_are_counted_as_they_happened() {
    let rules = Rules::all_on();
    let mut told = tell(&rules, &[parcel(1, Status::OutForDelivery, "T1")]);
    told.hear(&rules, &parcel(2, Status::DeliveryAttemptFailed, "T1"));
    told.hear(&rules, &parcel(3, Status::OutForDelivery, "T1"));
    let shown = view(&mut told, &rules, &parcel(4, Status::DeliveryAttemptFailed, "T1"));
    assert_eq!(text(&shown, "attempt"), "2");
    let shown = view(&mut told, &rules, &parcel(5, Status::Delayed, "T1"));
    assert_eq!(text(&shown, "attempt"), "");
}

#[test]
fn a_second_report_completes_the_first_ones_words() {
    let rules = Rules::all_on();
    let mut told = tell(&rules, &[parcel(1, Status::ReadyForPickup, "T1")]);
    let mut second = by(parcel(2, Status::ReadyForPickup, "T1"), "carrier", Party::Carrier);
    let mut point = Map::new();
    point.set("name", Value::text("Packstation 117"));
    second.event.fields.set("pickup_point", Value::Map(point));
    second.event.fields.set("collected", Value::Bool(false));
    told.hear(&rules, &second);
    assert_eq!(told.sent(), ["ready_for_pickup"]);
    let first = told.order.speaker(told.sent[0].1).expect("it was told");
    assert_eq!((first.receipt, first.occurred_at.at), (ReceiptId::from_bits(1), minute(1)));
    let shown = told.order.view(&first, minute(3));
    assert_eq!(text(&shown, "pickup_point"), r#"{"name":"Packstation 117"}"#);
    assert_eq!(text(&shown, "collected"), "false");
    assert_eq!(text(&shown, "occurred_at"), format!("{:?}", Moment::utc(minute(1)).to_rfc3339()));
}

#[test]
fn a_parcel_of_which_only_the_name_is_known_does_not_count() {
    let rules = Rules::all_on();
    let mut told = tell(&rules, &[parcel(1, Status::Dispatched, "T1")]);
    told.hear(&rules, &quiet(parcel(2, Status::Dispatched, "T2")));
    let shown = view(&mut told, &rules, &parcel(3, Status::InTransit, "T1"));
    assert_eq!(
        (text(&shown, "parcel_count"), text(&shown, "is_last_parcel")),
        ("1".into(), "true".into())
    );
    let shown = view(&mut told, &rules, &parcel(4, Status::InTransit, "T2"));
    assert_eq!(
        (text(&shown, "parcel_count"), text(&shown, "parcel_index")),
        ("2".into(), "2".into())
    );
}

#[test]
fn another_spelling_of_a_number_is_no_other_number() {
    let rules = Rules::all_on();
    let url = ("tracking_url", "https://t.example/T1");
    let facts = [fact(
        1,
        0,
        Status::Dispatched,
        &[("order_number", "1"), ("tracking_number", "T1"), url, ANNA],
    )];
    let mut told = tell(&rules, &facts);
    let shown =
        view(&mut told, &rules, &fact(2, 1, Status::InTransit, &[("tracking_number", "t 1")]));
    assert_eq!(text(&shown, "tracking_url"), format!("{:?}", url.1));
}

#[test]
fn of_two_reports_that_wait_the_one_that_is_believed_more_speaks() {
    let rules = Rules::all_on();
    let said = |n, party: Party, to: &str| {
        let mut fact = by(parcel(n, Status::Delivered, "T1"), party.name(), party);
        fact.event.fields.set("delivered_to", Value::text(to));
        fact
    };
    let warehouse = said(1, Party::Fulfilment, "recipient");
    let carrier = said(2, Party::Carrier, "neighbour");
    let shop = said(3, Party::Shop, "other");
    let told = tell(&rules, &[warehouse.clone(), carrier, shop.clone()]);
    let speaker = told.order.speaker(told.sent[0].1).expect("it was told");
    assert_eq!((speaker.receipt, speaker.source.as_str()), (ReceiptId::from_bits(2), "carrier"));
    let shown = told.order.view(&speaker, minute(4));
    assert_eq!(text(&shown, "delivered_to"), r#""neighbour""#);
    assert_eq!(text(&shown, "occurred_at"), format!("{:?}", Moment::utc(minute(2)).to_rfc3339()));
    // Among equals the first one: nothing changes with every repeat.
    let told = tell(&rules, &[warehouse, said(4, Party::Fulfilment, "household"), shop]);
    let speaker = told.order.speaker(told.sent[0].1).expect("it was told");
    assert_eq!(speaker.receipt, ReceiptId::from_bits(1));
}

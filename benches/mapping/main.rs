//! How long one event of 5 KB takes: reading its JSON, making the canonical event, and making the
//! request of a destination. The files are the shipped ones, the allocator is the relay's, one core
//! is at work. Beside it, what stands outside that sum: writing the message for the store, reading
//! it back (only after a restart or a retry), and `serde_json` reading the same body into its own
//! values, as a yardstick of the machine.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use parcelwire::config::shipped;
use parcelwire_domain::{
    Map, Value,
    id::{DestinationName, OccurrenceId, SourceName},
    taxonomy::Trigger,
};
use parcelwire_mapping::{
    book::{Book, FileKind, Invented, RuleFile, Surroundings},
    destination::{Frozen, Learned, Step},
    json::Doc,
    merchant::{Candidate, Choice, Merchant},
    source::{Reading, Received},
};
use serde_json::{Value as Json, json};

/// What all of it may take.
const BOUND_US: f64 = 40.0;

/// How long each part is measured.
const WHILE: Duration = Duration::from_secs(2);

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MERCHANT: &str = "name: Hey Example\nlanguage: de\nsources: { shop: { connector: shopify, secret: x } }\n\
                        destinations: { klaviyo: { api_key: pk_bench } }\n";

fn main() {
    let mut files = shipped();
    files.push(RuleFile {
        kind: FileKind::Merchant,
        name: "hey".to_owned(),
        path: "hey.yaml".to_owned(),
        text: MERCHANT.to_owned(),
    });
    let (book, _) = Book::compile(&files, &Invented, &Surroundings::default(), None);
    let merchant = book.merchant("hey").expect("the files are in order");
    let work = Work::new(merchant);
    let body = body();
    let reading = work.read(&body);
    assert_eq!(reading.events.len(), 1, "{reading:?}");
    let view = view(&reading);
    let Step::Send(request) = work.request(&view) else { panic!("a request is made") };

    let frozen = work.frozen(&view);
    let written = frozen.write();
    let write = micros(|| drop(black_box(work.frozen(black_box(&view)).write())))
        - micros(|| drop(black_box(work.frozen(black_box(&view)))));
    let read = micros(|| drop(black_box(Frozen::read(black_box(&written)))));
    let yardstick = micros(|| drop(black_box(serde_json::from_slice::<Json>(black_box(&body)))));
    let parse = micros(|| drop(black_box(Doc::parse(black_box(&body)))));
    let canonical = micros(|| drop(black_box(work.read(black_box(&body)))));
    let destination = micros(|| drop(black_box(work.request(black_box(&view)))));
    let total = canonical + destination;
    println!("Mapping ({} bytes in, {} bytes out)", body.len(), request.body.len());
    println!("  parse                {parse:>8.1} us");
    println!("  map to canonical     {:>8.1} us", (canonical - parse).max(0.0));
    println!("  map to destination   {destination:>8.1} us");
    let word = if total <= BOUND_US { "holds" } else { "MISSED" };
    println!("  in total             {total:>8.1} us   (bound {BOUND_US:.0} us: {word})");
    println!("Beside it");
    println!("  write it for the store {write:>6.1} us");
    println!("  read it back           {read:>6.1} us");
    println!("  yardstick: serde_json  {yardstick:>6.1} us");
}

struct Work<'a> {
    merchant: &'a Merchant,
    source: SourceName,
    destination: DestinationName,
    headers: Vec<(String, String)>,
    now: Timestamp,
}

impl<'a> Work<'a> {
    fn new(merchant: &'a Merchant) -> Self {
        Self {
            merchant,
            source: SourceName::parse("shop").expect("a name"),
            destination: DestinationName::parse("klaviyo").expect("a name"),
            headers: vec![("x-shopify-topic".to_owned(), "fulfillments/create".to_owned())],
            now: "2026-11-22T10:00:00Z".parse().expect("a time"),
        }
    }

    fn read(&self, body: &[u8]) -> Reading {
        self.merchant.sources[&self.source].ready.read(&Received {
            topic: Some("fulfillments/create"),
            headers: &self.headers,
            query: "",
            body,
            accounts: &[],
            received_at: self.now,
            source: &self.source,
        })
    }

    fn frozen(&self, view: &Map) -> Frozen {
        let candidate = Candidate {
            trigger: trigger(),
            occurrence: OccurrenceId::from_bytes([7; 16]),
            view,
            source: &self.source,
            backfill: false,
            objection: None,
            test: false,
        };
        let chosen = self.merchant.choose(&candidate, &self.destination, self.now);
        let Choice::Send(frozen) = chosen else { panic!("it is on") };
        frozen
    }

    fn request(&self, view: &Map) -> Step {
        let ready = &self.merchant.destinations[&self.destination].ready;
        ready.exchange(self.frozen(view), trigger(), false, &Learned::default()).start(self.now)
    }
}

fn trigger() -> Trigger {
    Trigger::parse("dispatched").expect("a trigger")
}

/// What an order knows after this event alone.
fn view(reading: &Reading) -> Map {
    let event = &reading.events[0];
    let mut view = event.fields.clone();
    view.set("status", Value::text(event.status.name()));
    view.set("occurred_at", Value::text("2026-11-22T09:59:30Z"));
    view.set("parcel_count", Value::int(1));
    view
}

/// A fulfilment as a shop tells of it: 5 KB, most of which nobody asks for.
fn body() -> Vec<u8> {
    let money = |amount: &str| {
        let money = json!({ "amount": amount, "currency_code": "EUR" });
        json!({ "shop_money": money, "presentment_money": money })
    };
    let line = |n: u64| {
        json!({
            "id": 13_000_000_000_000_u64 + n, "variant_id": 40_000_000_000_u64 + n, "title": format!("Sandale {n}"),
            "quantity": 1, "sku": format!("SND-{n}"), "variant_title": "38 / rot", "vendor": "Hey",
            "fulfillment_service": "manual", "product_id": 7_000_000_000_u64 + n, "requires_shipping": true,
            "taxable": true, "gift_card": false, "name": format!("Sandale {n} - 38 / rot"), "properties": [],
            "product_exists": true, "fulfillable_quantity": 0, "grams": 640, "price": "49.90",
            "total_discount": "0.00", "fulfillment_status": "fulfilled", "price_set": money("49.90"),
            "total_discount_set": money("0.00"), "discount_allocations": [], "duties": [], "tax_lines": [],
            "admin_graphql_api_id": format!("gid://shop/LineItem/{n}"),
        })
    };
    json!({
        "id": 6_000_000_000_001_u64, "order_id": 5_000_000_000_001_u64, "status": "success",
        "created_at": "2026-11-22T10:59:30+01:00", "updated_at": "2026-11-22T10:59:30+01:00", "service": "manual",
        "tracking_company": "DHL", "shipment_status": null, "location_id": 71, "origin_address": null,
        "contact_email": "kim@example.test", "note": "Bitte beim Nachbarn abgeben, wenn niemand öffnet.",
        "customer_locale": "de", "source_name": "web", "landing_site": "/products/sandale?utm_source=newsletter",
        "email": "kim@example.test", "destination": {
            "first_name": "Kim", "last_name": "Beispiel", "address1": "Musterweg 1", "address2": null,
            "phone": "+49 341 123456", "city": "Leipzig", "zip": "04109", "province": null, "country": "Germany",
            "company": null, "latitude": 51.34, "longitude": 12.37, "name": "Kim Beispiel", "country_code": "DE",
        },
        "line_items": [line(1), line(2), line(3), line(4), line(5)],
        "tracking_number": "00340434161094000001", "tracking_numbers": ["00340434161094000001"],
        "tracking_url": "https://track.example.test/00340434161094000001",
        "tracking_urls": ["https://track.example.test/00340434161094000001"],
        "receipt": {}, "name": "#1001.1", "admin_graphql_api_id": "gid://shop/Fulfillment/6000000000001",
    })
    .to_string()
    .into_bytes()
}

/// The best of many rounds: other programs only make it slower.
fn micros(mut work: impl FnMut()) -> f64 {
    const ROUND: u32 = 200;
    let begun = Instant::now();
    let mut best = Duration::MAX;
    while begun.elapsed() < WHILE {
        let round = Instant::now();
        (0..ROUND).for_each(|_| work());
        best = best.min(round.elapsed() / ROUND);
    }
    best.as_nanos() as f64 / 1e3
}

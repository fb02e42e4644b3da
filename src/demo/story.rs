//! What happens in the demo: a few invented customers, step by step, and what each step must lead
//! to. Pure: times are counted from a `now` that is passed in.

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::shop::{Post, Secrets, shop, warehouse};

/// How the relay must answer a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// 202.
    Accepted,
    /// 200: it has this one already.
    Duplicate,
    /// 401.
    Refused,
}

/// One webhook and what must become of it.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// What is going on, for people.
    pub(super) title: String,
    /// The request.
    pub(super) post: Post,
    /// How the relay must answer.
    pub(super) answer: Answer,
    /// The metrics that must reach the customer, and whose they are.
    pub(super) expects: Vec<Expected>,
}

/// One event that must reach the marketing tool exactly once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Expected {
    /// The metric's name.
    pub(super) metric: &'static str,
    /// Who it is about.
    pub(super) email: String,
    /// Recorded without starting anything.
    pub(super) backfill: bool,
}

/// What the last parcel of an order leads to.
const DELIVERED: [&str; 2] = ["Shipment Delivered", "Order Fully Delivered"];

/// Writes steps with growing ids and times.
struct Pen<'a> {
    secrets: &'a Secrets,
    now: Timestamp,
    round: u32,
    steps: Vec<Step>,
}

/// A customer and an order.
struct Customer {
    first: &'static str,
    last: &'static str,
    number: u32,
    country: &'static str,
    language: &'static str,
}

/// The steps of one round. Orders of another round have other numbers.
pub(super) fn steps(secrets: &Secrets, now: Timestamp, round: u32) -> Vec<Step> {
    let mut pen = Pen { secrets, now, round, steps: Vec::new() };
    two_parcels(&mut pen);
    late_parcel(&mut pen);
    packstation(&mut pen);
    coming_back(&mut pen);
    pen.steps
}

fn two_parcels(pen: &mut Pen<'_>) {
    let anna = Customer { first: "Anna", last: "Berg", number: 1, country: "DE", language: "de" };
    pen.order(&anna, &[("SND-38", "Sandale", 1), ("HUT-M", "Strohhut", 1)]);
    pen.dispatched(&anna, 1, "DHL", "00340434161094000001", ("SND-38", "Sandale", 1));
    let dispatched = pen.steps.last().map(|step| step.post.clone());
    pen.repeated(dispatched);
    pen.dispatched(&anna, 2, "Hermes", "H1000000000000000002", ("HUT-M", "Strohhut", 1));
    pen.scan(&anna, 1, "in_transit", &["Shipment In Transit"]);
    pen.forged(&anna);
    // That the order is on its way was told.
    pen.scan(&anna, 2, "in_transit", &[]);
    pen.scan(&anna, 1, "out_for_delivery", &["Out For Delivery"]);
    pen.scan(&anna, 1, "delivered", &["Shipment Delivered"]);
    pen.scan(&anna, 2, "delivered", &DELIVERED);
    pen.too_late(&anna);
}

fn late_parcel(pen: &mut Pen<'_>) {
    let ben = Customer { first: "Ben", last: "Sommer", number: 2, country: "AT", language: "de" };
    pen.order(&ben, &[("MUG-01", "Becher", 2)]);
    pen.at_warehouse(
        &ben,
        json!({ "status": "address_correction_required", "reason": "address_incomplete" }),
        "Address Correction Required",
        "the warehouse cannot read the address",
    );
    pen.dispatched(&ben, 1, "Post AT", "1000000000000000000003", ("MUG-01", "Becher", 2));
    pen.scan(&ben, 1, "in_transit", &["Shipment In Transit"]);
    pen.scan(&ben, 1, "delayed", &["Shipment Delayed"]);
    // Means that the tracking failed, not the delivery: nobody is told.
    pen.scan(&ben, 1, "failure", &[]);
    pen.scan(&ben, 1, "attempted_delivery", &["Delivery Attempt Failed"]);
    pen.scan(&ben, 1, "out_for_delivery", &["Out For Delivery"]);
    pen.scan(&ben, 1, "delivered", &DELIVERED);
}

fn packstation(pen: &mut Pen<'_>) {
    let carla =
        Customer { first: "Carla", last: "Nowak", number: 3, country: "DE", language: "en" };
    pen.order(&carla, &[("TEE-05", "Green tea", 3)]);
    pen.dispatched(&carla, 1, "DHL", "00340434161094000004", ("TEE-05", "Green tea", 3));
    pen.at_warehouse(
        &carla,
        json!({
            "status": "ready_for_pickup",
            "tracking_number": pen.tracking("00340434161094000004"),
            "pickup_point": { "type": "locker", "name": "Packstation 117", "street": "Ring 5",
                              "postal_code": "50667", "city": "Köln", "country": "DE" },
        }),
        "Ready For Pickup",
        "the parcel waits at the Packstation",
    );
    pen.scan(&carla, 1, "picked_up", &DELIVERED);
}

fn coming_back(pen: &mut Pen<'_>) {
    let deniz = Customer { first: "Deniz", last: "Kaya", number: 4, country: "DE", language: "de" };
    pen.order(&deniz, &[("JKT-L", "Jacke", 1)]);
    pen.dispatched(&deniz, 1, "DPD", "05110000000005", ("JKT-L", "Jacke", 1));
    pen.scan(&deniz, 1, "delivered", &DELIVERED);
    let return_id = format!("R-{}", pen.number(&deniz));
    pen.at_warehouse(
        &deniz,
        json!({ "status": "return_label_created", "return_id": return_id, "return_document": "qr_code" }),
        "Return Label Created",
        "a return label is made",
    );
    pen.at_warehouse(
        &deniz,
        json!({ "status": "return_received", "return_id": return_id }),
        "Return Received",
        "the return arrives",
    );
}

impl Pen<'_> {
    fn number(&self, customer: &Customer) -> u32 {
        1000 + self.round * 10 + customer.number
    }

    fn order_id(&self, customer: &Customer) -> u64 {
        5_000_000_000 + u64::from(self.number(customer))
    }

    fn parcel_id(&self, customer: &Customer, parcel: u32) -> u64 {
        self.order_id(customer) * 10 + u64::from(parcel)
    }

    fn email(&self, customer: &Customer) -> String {
        format!("{}.{}@example.test", customer.first.to_lowercase(), self.number(customer))
    }

    /// Every step happens a second after the one before.
    fn time(&self) -> Timestamp {
        let seconds = i64::try_from(self.steps.len()).unwrap_or(0) - 60;
        self.now.checked_add(seconds.seconds()).unwrap_or(self.now)
    }

    fn tracking(&self, number: &str) -> String {
        format!("{number}{:02}", self.round % 100)
    }

    fn add(&mut self, title: String, post: Post, answer: Answer, expects: Vec<Expected>) {
        self.steps.push(Step { title, post, answer, expects });
    }

    fn of_shop(&self, topic: &str, body: &Value) -> Post {
        shop(self.secrets, topic, &format!("evt-{}-{}", self.round, self.steps.len()), body)
    }

    fn expect(&self, customer: &Customer, metric: &'static str) -> Expected {
        Expected { metric, email: self.email(customer), backfill: false }
    }

    fn order(&mut self, customer: &Customer, items: &[(&str, &str, u32)]) {
        let lines: Vec<Value> = items
            .iter()
            .map(|(sku, title, quantity)| {
                json!({ "sku": sku, "title": title, "quantity": quantity, "price": "24.90",
                        "product_id": 7_700_000_000_001_u64, "variant_id": 4_400_000_000_001_u64 })
            })
            .collect();
        let body = json!({
            "id": self.order_id(customer),
            "name": format!("#{}", self.number(customer)),
            "created_at": self.time().to_string(),
            "email": self.email(customer),
            "total_price": "49.80",
            "currency": "EUR",
            "customer_locale": customer.language,
            "buyer_accepts_marketing": true,
            "customer": { "id": 9_900_000_000_u64 + u64::from(customer.number),
                          "first_name": customer.first, "last_name": customer.last },
            "shipping_address": { "country_code": customer.country },
            "line_items": lines,
        });
        let post = self.of_shop("orders/create", &body);
        let title = format!("{} orders #{}", customer.first, self.number(customer));
        self.add(title, post, Answer::Accepted, Vec::new());
    }

    fn dispatched(
        &mut self,
        customer: &Customer,
        parcel: u32,
        carrier: &str,
        tracking: &str,
        item: (&str, &str, u32),
    ) {
        let body = json!({
            "id": self.parcel_id(customer, parcel),
            "order_id": self.order_id(customer),
            "name": format!("#{}.{parcel}", self.number(customer)),
            "status": "success",
            "created_at": self.time().to_string(),
            "updated_at": self.time().to_string(),
            "tracking_company": carrier,
            "tracking_number": self.tracking(tracking),
            "tracking_numbers": [self.tracking(tracking)],
            "tracking_url": "https://track.example.test/",
            "shipment_status": null,
            "line_items": [{ "sku": item.0, "title": item.1, "quantity": item.2, "price": "24.90" }],
        });
        let post = self.of_shop("fulfillments/create", &body);
        let title = format!("parcel {parcel} for {} leaves the warehouse", customer.first);
        let expects = vec![self.expect(customer, "Order Dispatched")];
        self.add(title, post, Answer::Accepted, expects);
    }

    fn scan(&mut self, customer: &Customer, parcel: u32, status: &str, metrics: &[&'static str]) {
        let body = self.scan_body(customer, parcel, status);
        let post = self.of_shop("fulfillment_events/create", &body);
        let title = format!("{}'s parcel {parcel}: {status}", customer.first);
        let expects = metrics.iter().map(|metric| self.expect(customer, metric)).collect();
        self.add(title, post, Answer::Accepted, expects);
    }

    fn scan_body(&self, customer: &Customer, parcel: u32, status: &str) -> Value {
        json!({
            "id": 3_000_000 + self.steps.len(),
            "fulfillment_id": self.parcel_id(customer, parcel),
            "order_id": self.order_id(customer),
            "status": status,
            "happened_at": self.time().to_string(),
            "created_at": self.time().to_string(),
        })
    }

    fn at_warehouse(
        &mut self,
        customer: &Customer,
        mut body: Value,
        metric: &'static str,
        title: &str,
    ) {
        body["order_number"] = json!(format!("#{}", self.number(customer)));
        body["occurred_at"] = json!(self.time().to_string());
        let id = format!("msg_{}_{}", self.round, self.steps.len());
        let post = warehouse(self.secrets, &id, self.now.as_second(), &body);
        let expects = vec![self.expect(customer, metric)];
        self.add(format!("{}: {title}", customer.first), post, Answer::Accepted, expects);
    }

    fn repeated(&mut self, post: Option<Post>) {
        if let Some(post) = post {
            self.add(
                "the shop sends that once more".to_owned(),
                post,
                Answer::Duplicate,
                Vec::new(),
            );
        }
    }

    fn forged(&mut self, customer: &Customer) {
        let stranger = Secrets { shop: "guessed".to_owned(), ..self.secrets.clone() };
        let body = self.scan_body(customer, 1, "delivered");
        let post = shop(&stranger, "fulfillment_events/create", "evt-forged", &body);
        self.add("somebody forges a delivery".to_owned(), post, Answer::Refused, Vec::new());
    }

    /// A scan that comes after the delivery it should have come before.
    fn too_late(&mut self, customer: &Customer) {
        let mut body = self.scan_body(customer, 2, "out_for_delivery");
        body["happened_at"] =
            json!(self.now.checked_sub(57.seconds()).unwrap_or(self.now).to_string());
        let post = self.of_shop("fulfillment_events/create", &body);
        let title = format!("{}'s parcel 2: an old scan arrives late", customer.first);
        let expects = vec![Expected {
            metric: "Out For Delivery",
            email: self.email(customer),
            backfill: true,
        }];
        self.add(title, post, Answer::Accepted, expects);
    }
}

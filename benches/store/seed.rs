//! Fills a store through its port, in large batches.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::{
    Event, Map, Moment, Party, Value,
    id::{DestinationName, MerchantKey, MessageId, ReceiptId, SourceName},
    order::{Fact, Order, Policy},
    silence::Hearing,
    taxonomy::{Leg, Status, Trigger},
};
use parcelwire_engine::ports::{
    AggregateWrite, Attempt, Body, Commit, CommitError, Conclusion, Held, NewMessage, NewReceipt,
    Next, Outcome, Owner, PortError, StoryLine,
};
use parcelwire_mapping::{book::Book, merchant::Merchant};

use crate::{MERCHANTS, place::Place, world};

/// Parcels of one merchant in a batch.
const EACH: u64 = 32;

/// How long parcels have been waiting, at most: none is to be reminded before tomorrow.
const WAITED: Duration = Duration::from_secs(2 * 86_400);

/// Fills a store.
pub(crate) struct Seed<'p> {
    place: &'p Place,
    book: Book,
    held: Held,
    began: Timestamp,
}

impl<'p> Seed<'p> {
    pub(crate) async fn of(place: &'p Place) -> Self {
        Self { place, book: world::book(), held: place.held().await, began: Timestamp::now() }
    }

    /// Parcels that wait to be collected, numbered from 0, each with a reminder to come.
    pub(crate) async fn parcels(&mut self, count: u64) {
        let mut next = 0;
        while next < count {
            let end = (next + EACH * MERCHANTS).min(count);
            let mut steps: BTreeMap<u64, Commit> = BTreeMap::new();
            for n in next..end {
                let waited = WAITED.mul_f64(n as f64 / count as f64);
                let order = self.order(n, Status::ReadyForPickup, self.began - waited);
                let step = steps.entry(n % MERCHANTS).or_insert_with(|| self.step(n, self.began));
                step.aggregates.push(write(&order, self.began));
            }
            self.commit(steps.into_values().collect()).await;
            self.tell("parcels", next, end, count).await;
            next = end;
        }
    }

    /// Receipts that are settled, each with a line; every fourth of an order of its own, with a message
    /// that was sent.
    pub(crate) async fn receipts(&mut self, count: u64) {
        let mut next = 0;
        while next < count {
            let end = (next + EACH * MERCHANTS).min(count);
            let came = |n: u64| self.began - WAITED.mul_f64(1.0 - n as f64 / count as f64);
            let batch = (next..end).map(|n| receipt(n, came(n))).collect();
            for answer in self.place.ledger.accept(batch).await {
                answer.expect("it is accepted");
            }
            let mut steps: BTreeMap<u64, Commit> = BTreeMap::new();
            let mut ends = Vec::new();
            for n in next..end {
                let step = steps.entry(n % MERCHANTS).or_insert_with(|| self.step(n, came(n)));
                step.outcomes.push((ReceiptId::from_bits(u128::from(n) + 1), outcome(n)));
                let mut line = line(n, came(n));
                if n % 4 == 0 {
                    let order = self.order(n, Status::Delivered, came(n));
                    line.aggregate = Some(order.id());
                    step.aggregates
                        .push(AggregateWrite { wake_at: None, ..write(&order, self.began) });
                    let message = message(n, &order, came(n), self.merchant(n));
                    ends.push(ended(&message));
                    step.messages.push(message);
                }
                step.story.push(line);
            }
            self.commit(steps.into_values().collect()).await;
            for written in self.place.ledger.conclude(&self.held, ends).await {
                written.expect("it is written");
            }
            self.tell("receipts", next, end, count).await;
            next = end;
        }
    }

    fn merchant(&self, n: u64) -> &Merchant {
        self.book.merchant(&world::merchant(n)).expect("it has a file")
    }

    fn step(&self, n: u64, at: Timestamp) -> Commit {
        Commit {
            merchant: self.merchant(n).id.clone(),
            looked_up: Vec::new(),
            outcomes: Vec::new(),
            aggregates: Vec::new(),
            messages: Vec::new(),
            revisions: Vec::new(),
            story: Vec::new(),
            unmapped: Vec::new(),
            at,
        }
    }

    /// The order of a parcel, as the relay knows it.
    fn order(&self, n: u64, status: Status, at: Timestamp) -> Order {
        let merchant = self.merchant(n);
        let mut fields = Map::new();
        let order = format!("A-{n}");
        for (name, value) in [
            ("order_id", order.clone()),
            ("order_number", order),
            ("email", format!("kim.{n}@example.test")),
            ("carrier", "dhl".to_owned()),
            ("tracking_number", format!("T-{n}")),
        ] {
            fields.set(name, Value::text(value));
        }
        let event = Event {
            status,
            reason: None,
            leg: Leg::Forward,
            quiet: false,
            imported: false,
            occurred_at: Moment::utc(at),
            received_at: at,
            source: SourceName::parse("depot").expect("a name"),
            party: Party::Fulfilment,
            fields,
        };
        let fact = Fact { receipt: ReceiptId::from_bits(u128::from(n) + 1), index: 0, event };
        let key = MerchantKey::of(&self.place.key, &merchant.id);
        let policy = Policy {
            key: &key,
            triggers: &merchant.triggers,
            seat: &merchant.seat,
            hearing: Hearing::default(),
        };
        let mut order = Order::first_heard(&merchant.id, &fact);
        let told = order.apply(fact, &policy, at);
        let pigeon = pigeon();
        for firing in told.iter().flat_map(|ruling| &ruling.firings) {
            order.claim(firing, &pigeon);
        }
        for firing in order.derive(&policy, at).firings {
            order.claim(&firing, &pigeon);
        }
        order
    }

    async fn commit(&self, mut steps: Vec<Commit>) {
        let mut is_repeated = false;
        while !steps.is_empty() {
            let written = self.place.ledger.commit(&self.held, steps.clone()).await;
            let mut left = Vec::new();
            for (step, written) in steps.into_iter().zip(written) {
                match written {
                    Ok(()) => {}
                    // It had been written when nobody said so.
                    Err(CommitError::Stale) if is_repeated => {}
                    Err(CommitError::Port(PortError::Unknown { .. })) => left.push(step),
                    Err(error) => panic!("a good step: {error}"),
                }
            }
            (steps, is_repeated) = (left, true);
        }
    }

    /// A word now and then; and leases are kept.
    async fn tell(&mut self, what: &str, from: u64, to: u64, of: u64) {
        self.held = self.place.held().await;
        let part = (of / 5).max(1);
        if from / part != to / part {
            let seconds = Timestamp::now().duration_since(self.began).as_secs();
            eprintln!("    {to} of {of} {what} after {seconds} s");
        }
    }
}

fn pigeon() -> DestinationName {
    DestinationName::parse("pigeon").expect("a name")
}

fn write(order: &Order, now: Timestamp) -> AggregateWrite {
    AggregateWrite {
        id: order.id(),
        read: None,
        blob: Some(order.write().into()),
        aliases: order.aliases(now),
        wake_at: order.wake_at(),
        merged_into: None,
    }
}

fn receipt(n: u64, came: Timestamp) -> NewReceipt {
    let body = format!(
        "{{\"id\":\"old-{n}\",\"state\":\"delivered\",\"at\":\"{came}\",\"order\":\"A-{n}\",\
         \"mail\":\"kim.{n}@example.test\",\"track\":\"T-{n}\",\"note\":\"{:0>400}\"}}",
        n * 2_654_435_761
    );
    NewReceipt {
        id: ReceiptId::from_bits(u128::from(n) + 1),
        owner: Owner::Merchant(
            parcelwire_domain::id::MerchantId::parse(&world::merchant(n)).expect("a name"),
        ),
        source: SourceName::parse("depot").expect("a name"),
        topic: None,
        received_at: came,
        dedupe: (u128::from(n) + 1).to_be_bytes(),
        headers: Vec::new(),
        query: String::new(),
        verified: "token".to_owned(),
        accounts: Vec::new(),
        body: Body::Bytes(body.into()),
    }
}

fn outcome(n: u64) -> Outcome {
    if n.is_multiple_of(4) { Outcome::Forwarded } else { Outcome::Filtered("repeated".to_owned()) }
}

fn line(n: u64, at: Timestamp) -> StoryLine {
    let mut fields = Map::new();
    fields.set("order_number", Value::text(format!("A-{n}")));
    fields.set("tracking_number", Value::text(format!("T-{n}")));
    StoryLine {
        receipt: ReceiptId::from_bits(u128::from(n) + 1),
        index: 0,
        aggregate: None,
        status: "delivered".to_owned(),
        occurred_at: at,
        outcome: if n.is_multiple_of(4) { "forwarded" } else { "filtered" }.to_owned(),
        rule: if n.is_multiple_of(4) { "" } else { "repeated" }.to_owned(),
        fields,
        decisions: Vec::new(),
    }
}

fn message(n: u64, order: &Order, at: Timestamp, merchant: &Merchant) -> NewMessage {
    let occurrence = order.claimed().next().expect("it was told");
    NewMessage {
        id: MessageId::derived_near(order.id().bits(), &[occurrence.bytes()]),
        merchant: merchant.id.clone(),
        destination: pigeon(),
        aggregate: order.id(),
        receipt: ReceiptId::from_bits(u128::from(n) + 1),
        occurrence,
        trigger: Trigger::Status(Status::Delivered),
        leg: Leg::Forward,
        rank: Some(500),
        subject: order.id().to_string(),
        created_at: at,
        not_before: at,
        fresh_until: at,
        backfill: false,
        sandbox: false,
        frozen: format!("{{\"name\":\"Shipment Delivered\",\"email\":\"kim.{n}@example.test\"}}")
            .into(),
        rules: merchant.rules,
    }
}

fn ended(message: &NewMessage) -> Conclusion {
    Conclusion {
        merchant: message.merchant.clone(),
        destination: message.destination.clone(),
        message: message.id,
        attempt: Some(Attempt {
            number: 1,
            at: message.created_at,
            took_ms: 80,
            exchange: Vec::new(),
            verdict: "sent".to_owned(),
            detail: String::new(),
        }),
        next: Next::Sent,
        backfill: false,
        pause: None,
        at: message.created_at,
    }
}

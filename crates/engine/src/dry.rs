//! A dry run of one payload: what would be said to whom. No store is read, no signature asked for.

use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    id::{MerchantKey, ReceiptId, SourceName},
    order::{Fact, Order, Policy, Standing},
};
use parcelwire_mapping::{
    destination::{Learned, Step},
    merchant::{Candidate, Choice, Merchant},
    source::{Received, flat},
};

/// A payload to try.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The topic, where the connector does not find it itself.
    pub topic: Option<&'a str>,
    /// Headers, names in small letters.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

/// What would happen: `events`, `triggers`, `requests`, `notes`.
pub fn map(merchant: &Merchant, source: &SourceName, payload: &Payload<'_>, now: Timestamp) -> Map {
    let mut notes: Vec<String> = Vec::new();
    let (mut events, mut triggers, mut requests) = (Vec::new(), Vec::new(), Vec::new());
    let Some(known) = merchant.sources.get(source) else {
        notes.push(format!("the merchant has no source `{source}`"));
        return answer(events, triggers, requests, notes);
    };
    let reading = known.ready.read(&Received {
        topic: payload.topic,
        headers: payload.headers,
        query: "",
        body: payload.body,
        accounts: known.feed.as_ref().map_or(&[], |(_, accounts)| accounts.as_slice()),
        received_at: now,
        source,
    });
    notes.extend(reading.notes.iter().cloned());
    if let Some(useless) = &reading.useless {
        let (outcome, rule) = useless.outcome();
        notes.push(format!("{outcome}: {rule}"));
    }
    let key = MerchantKey::of(&[0; 32], &merchant.id);
    let policy = Policy { key: &key, triggers: &merchant.triggers };
    let mut orders: Vec<Order> = Vec::new();
    for (index, event) in reading.events.into_iter().enumerate() {
        let mut shown = flat(&event);
        shown.set("received_at", Value::text(now.to_string()));
        events.push(Value::Map(shown));
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        let fact = Fact { receipt: ReceiptId::from_bits(0), index, event };
        let place = orders.iter().position(|order| {
            let names = order.aliases(now);
            fact.aliases().iter().any(|alias| alias.joins() && names.contains(alias))
        });
        let place = place.unwrap_or_else(|| {
            orders.push(Order::first_heard(&merchant.id, &fact));
            orders.len() - 1
        });
        let order = &mut orders[place];
        for ruling in order.apply(fact, &policy, now) {
            if ruling.standing == Standing::Parked {
                notes.push(format!("{}: parked until a recipient is known", ruling.status.name()));
            } else if ruling.firings.is_empty() {
                notes.push(
                    format!("{}: {:?}", ruling.status.name(), ruling.standing).to_lowercase(),
                );
            }
            for firing in &ruling.firings {
                if let Some(rule) = firing.stopped {
                    notes.push(format!("{}: {rule}", firing.trigger.name()));
                    continue;
                }
                let view = order.view(firing, now);
                for destination in merchant.destinations.keys() {
                    let candidate = Candidate {
                        trigger: firing.trigger,
                        occurrence: firing.occurrence,
                        view: &view,
                        source,
                        backfill: firing.late,
                        test: false,
                    };
                    let target = &merchant.destinations[destination].ready;
                    match merchant.choose(&candidate, destination, now) {
                        Choice::Stop { rule, detail } => {
                            notes.push(format!(
                                "{} to {destination}: {rule} ({detail})",
                                firing.trigger.name()
                            ));
                        }
                        Choice::Send(frozen) => {
                            let mut trigger = Map::new();
                            trigger.set("trigger", Value::text(firing.trigger.name()));
                            trigger.set("name", Value::text(frozen.name.clone()));
                            trigger.set("destination", Value::text(destination.as_str()));
                            triggers.push(Value::Map(trigger));
                            let mut exchange = target.exchange(
                                frozen,
                                firing.trigger,
                                firing.late,
                                &Learned::default(),
                            );
                            match exchange.start(now) {
                                Step::Send(request) => requests.push(request_of(
                                    &request,
                                    destination.as_str(),
                                    |text| target.mask(text),
                                )),
                                Step::Done { detail, .. } => notes.push(detail),
                            }
                        }
                    }
                }
            }
        }
    }
    answer(events, triggers, requests, notes)
}

fn answer(
    events: Vec<Value>,
    triggers: Vec<Value>,
    requests: Vec<Value>,
    notes: Vec<String>,
) -> Map {
    let mut answer = Map::new();
    answer.set("events", Value::List(events.into()));
    answer.set("triggers", Value::List(triggers.into()));
    answer.set("requests", Value::List(requests.into()));
    answer.set("notes", Value::List(notes.into_iter().map(Value::text).collect()));
    answer
}

fn request_of(
    request: &parcelwire_mapping::http::HttpRequest,
    destination: &str,
    mask: impl Fn(&str) -> String,
) -> Value {
    let mut shown = Map::new();
    shown.set("destination", Value::text(destination));
    shown.set("method", Value::text(request.method.clone()));
    shown.set("url", Value::text(mask(&request.url)));
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        headers.set(name.clone(), Value::text(mask(value)));
    }
    shown.set("headers", Value::Map(headers));
    let text = mask(&String::from_utf8_lossy(&request.body));
    let body = parcelwire_mapping::json::Doc::parse(text.as_bytes());
    let body = body.ok().and_then(|doc| doc.root().to_value()).unwrap_or(Value::text(text));
    shown.set("body", body);
    Value::Map(shown)
}

//! One realistic test event per trigger to one address, outside the books: so that flows can be
//! built before the first parcel.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    id::{DestinationName, MerchantKey, SourceName},
    label::status_label,
    taxonomy::Trigger,
};
use parcelwire_mapping::{
    destination::{Learned, MAX_REQUESTS, Step},
    merchant::{Candidate, Choice, Merchant},
};

use crate::{Engine, Messages};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct TestEvent {
    /// The merchant.
    pub merchant: String,
    /// To whom.
    pub to: String,
    /// Which; all that are on when there are none.
    pub triggers: Vec<Trigger>,
}

/// What one test event came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TestOutcome {
    /// The trigger.
    pub trigger: Trigger,
    /// Where it went.
    pub destination: DestinationName,
    /// The name it went under.
    pub name: String,
    /// `sent`, or why not.
    pub verdict: String,
    /// Plain words.
    pub detail: String,
}

impl Engine {
    /// Sends test events at once; `None` for an unknown merchant.
    pub async fn test_event(&self, event: &TestEvent) -> Option<Vec<TestOutcome>> {
        let merchant = Arc::clone(self.shared.rules.book().merchant(&event.merchant)?);
        let triggers: Vec<Trigger> = if event.triggers.is_empty() {
            merchant.triggers.iter().filter(|(_, rules)| rules.on).map(|(t, _)| *t).collect()
        } else {
            event.triggers.clone()
        };
        let mut outcomes = Vec::new();
        for trigger in triggers {
            for destination in merchant.destinations.keys() {
                outcomes.push(self.one(&merchant, trigger, destination, &event.to).await);
            }
        }
        Some(outcomes)
    }

    async fn one(
        &self,
        merchant: &Merchant,
        trigger: Trigger,
        destination: &DestinationName,
        to: &str,
    ) -> TestOutcome {
        let now = self.shared.clock.now();
        let view = sample(trigger, to, now);
        let key = MerchantKey::of(&self.shared.instance_key, &merchant.id);
        // Another id each time: a marketing tool would drop a repeated one.
        let chance = self.shared.chance.bits().to_be_bytes();
        let occurrence = key.occurrence(&[b"test event", trigger.name().as_bytes(), &chance]);
        let source = SourceName::parse("test").expect("it is a name");
        let candidate = Candidate {
            trigger,
            occurrence,
            view: &view,
            source: &source,
            backfill: false,
            test: true,
        };
        let outcome = |name: String, verdict: &str, detail: String| TestOutcome {
            trigger,
            destination: destination.clone(),
            name,
            verdict: verdict.to_owned(),
            detail,
        };
        let frozen = match merchant.choose(&candidate, destination, now) {
            Choice::Send(frozen) => frozen,
            Choice::Stop { rule, detail, .. } => return outcome(String::new(), &rule, detail),
        };
        let Some(target) = merchant.destinations.get(destination) else {
            return outcome(frozen.name, "off", String::new());
        };
        let ready = match &self.shared.settings.messages {
            Messages::Live => target.ready.clone(),
            Messages::Sandbox(url) => target.ready.at(url),
            Messages::None => {
                return outcome(frozen.name, "off", "`messages: none` sends nothing".to_owned());
            }
        };
        let name = frozen.name.clone();
        let mut exchange = ready.exchange(frozen, trigger, false, &Learned::default());
        let mut step = exchange.start(now);
        for _ in 0..=MAX_REQUESTS {
            let request = match step {
                Step::Done { verdict, detail } => {
                    return outcome(name, verdict.name(), detail);
                }
                Step::Send(request) => request,
            };
            match self.shared.transport.send(request).await {
                Ok(answer) => step = exchange.on(&answer, self.shared.clock.now()),
                Err(error) => {
                    let detail = ready.mask(&error.to_string());
                    return outcome(name, "no answer", detail);
                }
            }
        }
        outcome(name, "rejected", "the exchange did not come to an end".to_owned())
    }
}

/// An invented parcel, with everything that templates like to show.
fn sample(trigger: Trigger, to: &str, now: Timestamp) -> Map {
    let mut view = Map::new();
    let mut set = |name: &str, value: &str| view.set(name, Value::text(value));
    set("trigger", trigger.name());
    set("status", trigger.name());
    set("status_label", status_label(trigger, "en"));
    set("email", to);
    set("first_name", "Kim");
    set("occurred_at", &now.to_string());
    set("order_number", "#TEST-1001");
    set("order_id", "test-1001");
    set("order_value", "59.90");
    set("currency", "EUR");
    set("destination_country", "DE");
    set("carrier", "dhl");
    set("carrier_name", "DHL");
    set("tracking_number", "00340000000000000001");
    set("tracking_url", "https://www.dhl.de/");
    set("parcel_id", "test-parcel");
    set("marketing_consent", "unknown");
    let mut item = Map::new();
    item.set("sku", Value::text("TEST-1"));
    item.set("name", Value::text("Test item"));
    item.set("quantity", Value::int(1));
    item.set("unit_price", Value::text("59.90"));
    view.set("items", Value::List([Value::Map(item)].into()));
    if trigger.name().contains("pickup") {
        let mut point = Map::new();
        point.set("type", Value::text("locker"));
        point.set("name", Value::text("Packstation 117"));
        view.set("pickup_point", Value::Map(point));
    }
    let is_return = trigger.name().starts_with("return_");
    view.set("leg", Value::text(if is_return { "return" } else { "forward" }));
    if is_return {
        view.set("return_id", Value::text("test-return"));
        view.set("return_document", Value::text("label"));
    }
    view.set("parcel_index", Value::int(1));
    view.set("parcel_count", Value::int(1));
    view.set("parcels_open", Value::int(0));
    view.set("is_last_parcel", Value::Bool(true));
    view
}

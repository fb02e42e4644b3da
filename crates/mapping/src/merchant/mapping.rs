//! A mapping, compiled with all that it extends: which triggers, names, properties, conditions.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parcelwire_domain::{
    Map, Party,
    derived::After,
    order::{OncePer, TriggerPolicy},
    taxonomy::{Derived, Status, Trigger},
};

use super::{
    after::after,
    layers::{Layers, TriggerLayers},
};
use crate::{
    destination::event_scope,
    draft,
    expr::{Built, Env, Expr, Kind, Scope, Template},
    text::{Diagnostic, Diagnostics, Node, Period},
};

/// Language of trigger names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NamesIn {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl NamesIn {
    /// Reads `en` or `de`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "en" => Some(Self::En),
            "de" => Some(Self::De),
            _ => None,
        }
    }
}

/// A mapping with all that it extends.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// Its name.
    pub name: String,
    /// Language of names, where the files say.
    pub names: Option<NamesIn>,
    /// Values for expressions.
    pub values: Map,
    pub(super) whens: Vec<When>,
    pub(super) properties: Vec<(String, Built)>,
    pub(super) triggers: BTreeMap<Trigger, Rules>,
}

/// A condition, and where it stands: `path:line`.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) holds: Expr,
    pub(super) line: Arc<str>,
}

/// What the files say of one trigger.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    on: Option<bool>,
    name: Option<Template>,
    pub(super) promotional: Option<bool>,
    pub(super) whens: Vec<When>,
    /// `None` takes a property away.
    pub(super) properties: Vec<(String, Option<Built>)>,
    max_age: Option<Duration>,
    hold: Option<Duration>,
    only_from: Option<Vec<Party>>,
    once_per: Option<OncePer>,
    after: Option<After>,
    /// Where its keys stand, by their names; `on` for the trigger itself.
    pub(super) lines: BTreeMap<String, Arc<str>>,
}

impl Mapping {
    /// Compiles a chain of files, the root of all first. Their form was checked: what is wrong with
    /// it was told, and is passed over here.
    pub fn compile(name: &str, chain: &[&Node], diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut found = Diagnostics::default();
        let layers = Layers::of(chain, &mut found);
        let scope = event_scope().with("values", Kind::Map).with("settings", Kind::Map);
        let mut desk = Desk { scope: &scope, found: &mut found };
        for rules in &layers.strays {
            desk.rules(None, &TriggerLayers::alone(rules));
        }
        let triggers = layers.triggers.iter();
        let mapping = Self {
            name: name.to_owned(),
            names: layers.names,
            whens: desk.conditions(&layers.whens),
            properties: layers
                .properties
                .iter()
                .filter_map(|(key, value)| Some((key.text.clone(), desk.built(value)?)))
                .collect(),
            triggers: triggers
                .map(|(trigger, rules)| (*trigger, desk.rules(Some(*trigger), rules)))
                .collect(),
            values: layers.values,
        };
        let sound = !found.has_errors();
        diagnostics.append(found);
        sound.then_some(mapping)
    }

    /// The rules under which domain settles facts.
    pub fn policy(&self, holds: bool) -> BTreeMap<Trigger, TriggerPolicy> {
        let none = Rules::default();
        Trigger::all()
            .map(|trigger| {
                let rules = self.triggers.get(&trigger).unwrap_or(&none);
                let policy = TriggerPolicy {
                    on: rules.on.unwrap_or(trigger.on_by_default()),
                    max_age: rules.max_age.unwrap_or(max_age(trigger)),
                    hold: if holds { rules.hold.unwrap_or(hold(trigger)) } else { Duration::ZERO },
                    only_from: rules.only_from.clone().unwrap_or_default(),
                    once_per: rules.once_per.unwrap_or(once_per(trigger)),
                    after: rules.after,
                };
                (trigger, policy)
            })
            .collect()
    }

    /// The name of a trigger: the files' own, else the default one in this language. An own name
    /// with a field that is missing is absent like any other text.
    pub(super) fn name_of<'a>(&'a self, trigger: Trigger, names: NamesIn, env: &Env<'a>) -> String {
        let own = self.triggers.get(&trigger).and_then(|rules| rules.name.as_ref());
        let own = own.and_then(|name| name.eval(env).as_text().map(|text| text.trim().to_owned()));
        let (english, german) = trigger.default_names();
        own.filter(|name| !name.is_empty()).unwrap_or_else(|| match names {
            NamesIn::En => english.to_owned(),
            NamesIn::De => german.to_owned(),
        })
    }
}

/// Age above which a fact is no news.
fn max_age(trigger: Trigger) -> Duration {
    match trigger {
        Trigger::Status(Status::OutForDelivery) => Duration::from_hours(12),
        Trigger::Status(Status::Delivered) => Duration::from_hours(7 * 24),
        Trigger::Status(_) | Trigger::Derived(_) => Duration::from_hours(72),
    }
}

/// That it is on its way is told once, however many parcels there are; of each it is told what
/// becomes of it.
fn once_per(trigger: Trigger) -> OncePer {
    match trigger {
        Trigger::Status(Status::InTransit) => OncePer::Order,
        Trigger::Status(_) | Trigger::Derived(_) => OncePer::Parcel,
    }
}

/// A delivery may be in the same batch; a pick-up point's address may come a moment later, and so may
/// the other parcels of an order.
fn hold(trigger: Trigger) -> Duration {
    match trigger {
        Trigger::Status(Status::OutForDelivery) => Duration::from_mins(5),
        Trigger::Status(Status::ReadyForPickup) => Duration::from_mins(2),
        Trigger::Derived(Derived::OrderPartiallyDispatched | Derived::OrderPartiallyDelivered) => {
            Duration::from_mins(15)
        }
        Trigger::Status(_) | Trigger::Derived(_) => Duration::ZERO,
    }
}

/// Compiles the parts of a mapping.
struct Desk<'d> {
    scope: &'d Scope,
    found: &'d mut Diagnostics,
}

impl Desk<'_> {
    fn conditions(&mut self, whens: &[&Node]) -> Vec<When> {
        let readable = whens.iter().filter(|when| !when.is_broken());
        let when = |when: &&Node| {
            let line = when.span.place().into();
            Some(When { holds: draft::expression(when, self.scope, self.found)?, line })
        };
        readable.filter_map(when).collect()
    }

    fn built(&mut self, value: &Node) -> Option<Built> {
        draft::built(value, self.scope, self.found)
    }

    fn rules(&mut self, trigger: Option<Trigger>, layers: &TriggerLayers<'_>) -> Rules {
        let word = |key: &str| layers.get(key).and_then(Node::as_str);
        let name = layers.name.filter(|name| !name.is_broken());
        let parties = layers.get("only_from").map(Node::one_or_many);
        let lines = layers.at.map(|at| ("on", at)).into_iter().chain(layers.places());
        Rules {
            on: layers.on,
            name: name.and_then(|name| draft::template(name, self.scope, self.found)),
            promotional: word("purpose").map(|purpose| purpose == "promotional"),
            whens: self.conditions(&layers.whens),
            properties: layers
                .properties
                .iter()
                .map(|(key, value)| {
                    (key.text.clone(), value.as_ref().and_then(|value| self.built(value)))
                })
                .collect(),
            max_age: layers.get("max_age").and_then(|node| self.duration("max_age", node)),
            hold: layers.get("hold").and_then(|node| self.duration("hold", node)),
            only_from: parties
                .map(|parties| parties.iter().filter_map(|node| party(node.as_str()?)).collect()),
            once_per: word("once_per").map(|per| match per {
                "order" => OncePer::Order,
                _ => OncePer::Parcel,
            }),
            after: layers.get("after").and_then(|node| after(trigger, node, self.found)),
            lines: lines.map(|(key, at)| (key.to_owned(), at.place().into())).collect(),
        }
    }

    fn duration(&mut self, key: &str, node: &Node) -> Option<Duration> {
        let period: Period = node.as_str()?.parse().ok()?;
        if let Some(seconds) = period.seconds() {
            return Some(Duration::from_secs(seconds));
        }
        let days = with_weekends(period.amount());
        let message = format!("`{key}` follows no calendar: {period} is taken as {days}d");
        let warning = Diagnostic::warning(&node.span, message);
        self.found.push(warning.hint("write hours or days, as in 72h or 3d"));
        Some(Duration::from_hours(24 * u64::from(days)))
    }
}

/// The most calendar days that so many business days take, holidays left out.
fn with_weekends(business_days: u32) -> u32 {
    business_days + 2 * business_days.div_ceil(5)
}

fn party(name: &str) -> Option<Party> {
    [Party::Shop, Party::Fulfilment, Party::Carrier, Party::Returns]
        .into_iter()
        .find(|party| party.name() == name)
}

/// A mapping's `properties` for one trigger: those of all triggers, then its own.
pub(super) fn properties_of<'m>(
    mapping: &'m Mapping,
    rules: Option<&'m Rules>,
) -> Vec<(&'m str, &'m Built)> {
    let own = rules.map(|rules| rules.properties.as_slice()).unwrap_or_default();
    let shared = mapping.properties.iter().filter(|(name, _)| !own.iter().any(|(o, _)| o == name));
    let shared = shared.map(|(name, built)| (name.as_str(), built));
    let own = own.iter().filter_map(|(name, built)| Some((name.as_str(), built.as_ref()?)));
    shared.chain(own).collect()
}

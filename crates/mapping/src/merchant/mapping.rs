//! A mapping, compiled with all that it extends: which triggers, names, properties, conditions.

use std::{collections::BTreeMap, time::Duration};

use parcelwire_domain::{
    Map, Party,
    order::{OncePer, TriggerPolicy},
    taxonomy::{Status, Trigger},
};

use crate::{
    destination::event_scope,
    draft,
    expr::{Built, Expr, Kind, Scope},
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
    pub(super) whens: Vec<Expr>,
    pub(super) properties: Vec<(String, Built)>,
    pub(super) triggers: BTreeMap<Trigger, Rules>,
}

/// What the files say of one trigger.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub(super) on: Option<bool>,
    pub(super) name: Option<String>,
    pub(super) promotional: Option<bool>,
    pub(super) whens: Vec<Expr>,
    /// `None` takes a property away.
    pub(super) properties: Vec<(String, Option<Built>)>,
    max_age: Option<Duration>,
    hold: Option<Duration>,
    only_from: Option<Vec<Party>>,
    once_per: Option<OncePer>,
}

impl Mapping {
    /// Compiles a chain of checked files, the root of all first.
    pub fn compile(name: &str, chain: &[&Node], diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut found = Diagnostics::default();
        let mut mapping = Self { name: name.to_owned(), ..Self::default() };
        let scope = event_scope().with("values", Kind::Map);
        for file in chain {
            mapping.extend(file, &scope, &mut found);
        }
        let sound = !found.has_errors();
        diagnostics.append(found);
        sound.then_some(mapping)
    }

    fn extend(&mut self, file: &Node, scope: &Scope, diagnostics: &mut Diagnostics) {
        let names = file.get("names").and_then(Node::as_str).and_then(NamesIn::parse);
        self.names = names.or(self.names);
        merge_values(&mut self.values, file.get("values"));
        if let Some(when) = file.get("when") {
            self.whens.extend(draft::expression(when, scope, diagnostics));
        }
        for (key, value) in file.get("properties").into_iter().flat_map(Node::entries) {
            self.properties.retain(|(known, _)| *known != key.text);
            if value.as_str() != Some("off")
                && let Some(built) = draft::built(value, scope, diagnostics)
            {
                self.properties.push((key.text.clone(), built));
            }
        }
        for (key, value) in file.get("triggers").into_iter().flat_map(Node::entries) {
            if let Some(trigger) = Trigger::parse(&key.text) {
                let rules = self.triggers.entry(trigger).or_default();
                rules.extend(trigger, value, scope, diagnostics);
            }
        }
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
                    once_per: rules.once_per.unwrap_or_default(),
                };
                (trigger, policy)
            })
            .collect()
    }

    /// The name of a trigger: the files' own, else the default one in this language.
    pub fn name_of(&self, trigger: Trigger, names: NamesIn) -> String {
        let own = self.triggers.get(&trigger).and_then(|rules| rules.name.clone());
        let (english, german) = trigger.default_names();
        own.unwrap_or_else(|| match names {
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

/// A delivery may be in the same batch; a pick-up point's address may come a moment later.
fn hold(trigger: Trigger) -> Duration {
    match trigger {
        Trigger::Status(Status::OutForDelivery) => Duration::from_mins(5),
        Trigger::Status(Status::ReadyForPickup) => Duration::from_mins(2),
        Trigger::Status(_) | Trigger::Derived(_) => Duration::ZERO,
    }
}

/// Merges `values:` into what was there; `off` takes one away.
pub(crate) fn merge_values(values: &mut Map, node: Option<&Node>) {
    for (key, value) in node.into_iter().flat_map(Node::entries) {
        if value.as_str() == Some("off") {
            values.remove(&key.text);
        } else if let Some(value) = value.to_value() {
            values.set(key.text.clone(), value);
        }
    }
}

impl Rules {
    fn extend(
        &mut self,
        trigger: Trigger,
        node: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) {
        match node.as_str() {
            Some("off") => {
                self.on = Some(false);
                return;
            }
            Some("on") => {
                self.on = Some(true);
                return;
            }
            Some(name) => {
                self.on = Some(true);
                self.name = Some(name.to_owned());
                return;
            }
            None => self.on = Some(true),
        }
        if let Some(name) = node.get("name").and_then(Node::as_str) {
            self.name = Some(name.to_owned());
        }
        if let Some(when) = node.get("when") {
            self.whens.extend(draft::expression(when, scope, diagnostics));
        }
        let purpose = node.get("purpose").and_then(Node::as_str);
        self.promotional = purpose.map(|purpose| purpose == "promotional").or(self.promotional);
        for (key, value) in node.get("properties").into_iter().flat_map(Node::entries) {
            self.properties.retain(|(known, _)| *known != key.text);
            let built = if value.as_str() == Some("off") {
                None
            } else {
                draft::built(value, scope, diagnostics)
            };
            self.properties.push((key.text.clone(), built));
        }
        self.max_age = duration(node, "max_age", diagnostics).or(self.max_age);
        self.hold = duration(node, "hold", diagnostics).or(self.hold);
        if let Some(parties) = node.get("only_from") {
            let parties = parties.one_or_many().iter().filter_map(Node::as_str);
            self.only_from = Some(parties.filter_map(party).collect());
        }
        self.once_per = match node.get("once_per").and_then(Node::as_str) {
            Some("order") => Some(OncePer::Order),
            Some(_) => Some(OncePer::Parcel),
            None => self.once_per,
        };
        if let Some((key, _)) = node.entry("after")
            && matches!(trigger, Trigger::Status(_))
        {
            let message = "`after` is for triggers of absence; this one follows from an event";
            diagnostics
                .push(Diagnostic::error(&key.span, message).hint("use `hold:` for a short wait"));
        }
    }
}

fn party(name: &str) -> Option<Party> {
    [Party::Shop, Party::Fulfilment, Party::Carrier, Party::Returns]
        .into_iter()
        .find(|party| party.name() == name)
}

fn duration(node: &Node, key: &str, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let period: Period = node.read(key, diagnostics)?;
    let Some(seconds) = period.seconds() else {
        let node = node.get(key)?;
        let error = Diagnostic::error(&node.span, format!("`{key}` cannot be in business days"));
        diagnostics.push(error.hint("write hours or days, as in 72h or 3d"));
        return None;
    };
    Some(Duration::from_secs(seconds))
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

//! The files of a mapping laid over each other, before anything is compiled: maps merge, scalars
//! and lists replace, the conditions of all hold, `off` takes an entry away.

use std::collections::BTreeMap;

use parcelwire_domain::{Map, taxonomy::Trigger};

use super::{NamesIn, values::lay_values};
use crate::text::{Diagnostics, Key, Node, Span, lay_entry};

/// What all files of a chain say together.
#[derive(Default)]
pub(super) struct Layers<'n> {
    pub(super) names: Option<NamesIn>,
    pub(super) values: Map,
    pub(super) whens: Vec<&'n Node>,
    pub(super) properties: Vec<(Key, Node)>,
    pub(super) triggers: BTreeMap<Trigger, TriggerLayers<'n>>,
    /// Rules of triggers that do not exist, so that all that is wrong in them is told too.
    pub(super) strays: Vec<&'n Node>,
}

/// What the files say of one trigger.
#[derive(Default)]
pub(super) struct TriggerLayers<'n> {
    pub(super) on: Option<bool>,
    /// Where that stands.
    pub(super) at: Option<&'n Span>,
    pub(super) name: Option<&'n Node>,
    pub(super) whens: Vec<&'n Node>,
    /// `None` takes a property of all triggers away.
    pub(super) properties: Vec<(Key, Option<Node>)>,
    keys: BTreeMap<&'n str, &'n Node>,
}

impl<'n> Layers<'n> {
    /// Lays the files over each other, the root of all first.
    pub(super) fn of(chain: &[&'n Node], diagnostics: &mut Diagnostics) -> Self {
        let mut layers = Self::default();
        for file in chain {
            layers.lay(file, diagnostics);
        }
        layers
    }

    fn lay(&mut self, file: &'n Node, diagnostics: &mut Diagnostics) {
        let names = file.get("names").and_then(Node::as_str).and_then(NamesIn::parse);
        self.names = names.or(self.names);
        lay_values(&mut self.values, file.get("values"), diagnostics);
        self.whens.extend(file.get("when"));
        for (key, value) in file.get("properties").into_iter().flat_map(Node::entries) {
            if value.is_off() {
                self.properties.retain(|(known, _)| known.text != key.text);
            } else {
                lay_entry(&mut self.properties, key, value);
            }
        }
        for (key, value) in file.get("triggers").into_iter().flat_map(Node::entries) {
            match Trigger::parse(&key.text) {
                Some(trigger) => self.triggers.entry(trigger).or_default().lay(&key.span, value),
                None => self.strays.push(value),
            }
        }
    }
}

impl<'n> TriggerLayers<'n> {
    /// Rules that stand alone.
    pub(super) fn alone(rules: &'n Node) -> Self {
        let mut layers = Self::default();
        layers.lay(&rules.span, rules);
        layers
    }

    /// The value of a key that the uppermost file with it gives.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.keys.get(key).copied()
    }

    /// The places of its keys, by their names.
    pub(super) fn places(&self) -> impl Iterator<Item = (&'n str, &'n Span)> {
        self.keys.iter().map(|(key, node)| (*key, &node.span))
    }

    fn lay(&mut self, at: &'n Span, rules: &'n Node) {
        if !rules.is_null() {
            self.at = Some(at);
        }
        match rules.as_str() {
            // The entry is gone, with all that was said of it.
            Some("off") => *self = Self { on: Some(false), at: Some(at), ..Self::default() },
            Some("on") => (self.on, self.name) = (Some(true), None),
            Some(_) => (self.on, self.name) = (Some(true), Some(rules)),
            None if rules.is_map() => self.lay_map(rules),
            // A key that stands there with nothing behind it changes nothing.
            None => {}
        }
    }

    fn lay_map(&mut self, rules: &'n Node) {
        self.on = Some(true);
        for (key, value) in rules.entries().filter(|(_, value)| !value.is_null()) {
            match key.text.as_str() {
                "name" => self.name = Some(value),
                "when" => self.whens.push(value),
                "properties" => value.entries().for_each(|(key, value)| self.property(key, value)),
                name => {
                    self.keys.insert(name, value);
                }
            }
        }
    }

    fn property(&mut self, key: &Key, value: &Node) {
        let over = (!value.is_off()).then_some(value);
        match self.properties.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((known, old)) => {
                *known = key.clone();
                *old = match (old.take(), over) {
                    (Some(below), Some(over)) => Some(below.under(over)),
                    (_, over) => over.cloned(),
                };
            }
            None => self.properties.push((key.clone(), over.cloned())),
        }
    }
}

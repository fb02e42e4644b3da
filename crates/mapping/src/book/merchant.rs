//! One merchant's file, with what it extends, → [`Merchant`].

use std::{collections::BTreeMap, sync::Arc};

use jiff::tz::TimeZone;
use parcelwire_domain::{
    Map, Value,
    calendar::{COUNTRIES, Place},
    id::{DestinationName, MerchantId, SourceName},
    order::Seat,
    taxonomy::Trigger,
};

use super::{Book, FileKind, Secrets, Surroundings, shelf::Files};
use crate::{
    blocks::limits::Limits,
    destination::{self, Setup},
    merchant::{Destination, Lines, Mapping, Merchant, NamesIn, State, lay_after, lay_values},
    text::{Diagnostic, Diagnostics, Node, Span, did_you_mean},
};

/// What compiling a merchant or a feed needs beside its own files.
pub(super) struct Desk<'b> {
    pub(super) book: &'b Book,
    pub(super) files: &'b Files,
    pub(super) secrets: &'b dyn Secrets,
    pub(super) around: &'b Surroundings,
}

impl Desk<'_> {
    pub(super) fn merchant(
        &self,
        id: &MerchantId,
        file: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Merchant> {
        let mut found = Diagnostics::default();
        let text = |key: &str| file.get(key).and_then(Node::as_str);
        let mapping = self.mapping(file, &mut found);
        let mut sources = BTreeMap::new();
        for (key, node) in file.get("sources").into_iter().flat_map(Node::entries) {
            let Ok(name) = SourceName::parse(&key.text) else { continue };
            if let Some(source) = self.source(id, &name, node, &mut found) {
                sources.insert(name, source);
            }
        }
        let mut destinations = BTreeMap::new();
        for (key, node) in file.get("destinations").into_iter().flat_map(Node::entries) {
            let Ok(name) = DestinationName::parse(&key.text) else { continue };
            if let Some(destination) = self.destination(&name, node, &mut found) {
                if let Some(mapping) = &mapping {
                    self.without_id(&destination, mapping, node, &mut found);
                }
                destinations.insert(name, destination);
            }
        }
        let mut values = mapping.as_ref().map(|mapping| mapping.values.clone()).unwrap_or_default();
        lay_values(&mut values, file.get("values"), &mut found);
        let policy = |mapping: &Arc<Mapping>| mapping.policy(text("holds") != Some("off"));
        let mut triggers = mapping.as_ref().map(policy).unwrap_or_default();
        lay_after(&mut triggers, file.get("after"), &mut found);
        let seat = seat(file, &mut found);
        let language = text("language").unwrap_or("en").to_lowercase();
        let alerts = self.alerts(file, &language, &mut found);
        let sound = !found.has_errors();
        diagnostics.append(found);
        let mapping = mapping.filter(|_| sound)?;
        let state = file.get("state").map(|node| node.span.place().into());
        let after = file.get("after").into_iter().flat_map(Node::entries);
        let after = after
            .filter_map(|(key, node)| Some((Trigger::parse(&key.text)?, node.span.place().into())));
        let testers = file.get("testers").map(Node::one_or_many).unwrap_or_default();
        let names = text("names").and_then(NamesIn::parse).or(mapping.names).unwrap_or_default();
        Some(Merchant {
            id: id.clone(),
            name: text("name").unwrap_or(id.as_str()).to_owned(),
            state: match text("state") {
                Some("off") => State::Off,
                Some("test") => State::Test,
                _ => State::Live,
            },
            testers: testers.iter().filter_map(Node::as_str).map(str::to_lowercase).collect(),
            language,
            names,
            seat,
            alerts,
            sources,
            destinations,
            triggers,
            values,
            mapping,
            lines: Lines { state, after: after.collect() },
            rules: [0; 16],
            rules_text: String::new(),
        })
    }

    fn mapping(&self, file: &Node, diagnostics: &mut Diagnostics) -> Option<Arc<Mapping>> {
        let node = file.get("mapping");
        let name = node.map_or(Some("default"), Node::as_str)?;
        let found = self.book.mappings.get(name).cloned();
        if found.is_none() {
            let span = node.map_or(&file.span, |node| &node.span);
            diagnostics.push(self.unknown(FileKind::Mapping, name, span));
        }
        found
    }

    fn destination(
        &self,
        name: &DestinationName,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Destination> {
        let connector_name = node.get("connector").and_then(Node::as_str).unwrap_or(name.as_str());
        let Some(connector) = self.book.destinations.get(connector_name) else {
            let span = node.get("connector").map_or(&node.span, |node| &node.span);
            diagnostics.push(self.unknown(FileKind::DestinationConnector, connector_name, span));
            conceal_all(node, &destination::RESERVED, diagnostics);
            return None;
        };
        let declared = connector.settings();
        let given = self.given(declared, node, &destination::RESERVED, diagnostics);
        let base_url = match node.get("base_url") {
            Some(node) => self.base_url(node, diagnostics).map(Some),
            None => Some(None),
        };
        let (settings, base_url) = (self.complete(declared, &given, node, diagnostics)?, base_url?);
        let mut shown = settings.clone();
        for setting in declared.iter().filter(|setting| setting.secret) {
            shown.remove(&setting.name);
        }
        let setup = Setup {
            settings,
            base_url,
            limits: limits(node.get("limits")),
            ids: match node.get("ids").and_then(Node::to_value) {
                Some(Value::Map(ids)) => ids,
                _ => Map::new(),
            },
            real: self.secrets.are_real(),
        };
        let ready = tell(connector.ready(setup), node, diagnostics)?;
        let only = node.get("only").map(Node::one_or_many).unwrap_or_default();
        Some(Destination {
            ready,
            connector: connector_name.to_owned(),
            settings: shown,
            only: only.iter().filter_map(|node| Trigger::parse(node.as_str()?)).collect(),
            only_at: node.entry("only").map(|(key, _)| key.span.place().into()),
            names: node.get("names").and_then(Node::as_str).and_then(NamesIn::parse),
        })
    }

    /// Warns of triggers that the other system knows by ids, and of which the file gives none.
    fn without_id(
        &self,
        destination: &Destination,
        mapping: &Mapping,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(connector) = self.book.destinations.get(&destination.connector) else { return };
        let given = node.get("ids");
        let Some(ids) = connector.ids() else {
            if let Some((key, _)) = node.entry("ids") {
                let message = format!("{} takes no ids for triggers", connector.title());
                diagnostics.push(Diagnostic::warning(&key.span, message).hint("leave `ids:` out"));
            }
            return;
        };
        if !ids.required {
            return;
        }
        let told =
            |trigger: &Trigger| destination.only.is_empty() || destination.only.contains(trigger);
        let on = mapping.policy(false).into_iter().filter(|(_, policy)| policy.on);
        let lacking = on.map(|(trigger, _)| trigger).filter(told);
        let lacking = lacking.filter(|trigger| given.is_none_or(|ids| !ids.has(trigger.name())));
        let lacking: Vec<&str> = lacking.map(Trigger::name).collect();
        if lacking.is_empty() {
            return;
        }
        let what = ids.doc.as_deref().unwrap_or("an id");
        let message = format!("`ids:` gives none for {}: they cannot be sent", lacking.join(", "));
        let place = ids.found_at.iter().flatten().next();
        let place = place.map(|place| format!(", from {place}")).unwrap_or_default();
        let hint = format!("it is {what}{place}; or name the others in `only:`");
        let span = given.map_or(&node.span, |ids| &ids.span);
        diagnostics.push(Diagnostic::warning(span, message).hint(hint));
    }

    /// What to tell of a name that leads to no file, or to a broken one.
    pub(super) fn unknown(&self, kind: FileKind, name: &str, span: &Span) -> Diagnostic {
        let shelf = self.files.of(kind);
        let what = match kind {
            FileKind::SourceConnector => "source connector",
            FileKind::DestinationConnector => "destination connector",
            FileKind::Mapping => "mapping",
            FileKind::Merchant => "merchant",
            FileKind::Template => "template",
            FileKind::Feed => "feed",
        };
        if shelf.has(name) {
            let error = Diagnostic::error(span, format!("the {what} `{name}` is broken"));
            return error.hint("correct it first");
        }
        let hint = did_you_mean(name, shelf.names()).unwrap_or_else(|| {
            let names: Vec<&str> = shelf.names().take(12).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            format!("add {}{name}.yaml, or use one that is there: {known}", shelf.folder())
        });
        Diagnostic::error(span, format!("there is no {what} `{name}`")).hint(hint)
    }

    pub(super) fn base_url(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
        let url = node.as_str()?;
        let host = url.strip_prefix("http://").map(|rest| {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let host = rest.get(..end).unwrap_or_default();
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            host.trim_matches(['[', ']']).to_owned()
        });
        let (message, hint) = match host {
            None if url.starts_with("https://") => {
                return Some(url.trim_end_matches('/').to_owned());
            }
            Some(host) if self.around.allows_plain(&host) => {
                return Some(url.trim_end_matches('/').to_owned());
            }
            Some(host) => (
                format!("http:// to {host} would send keys unencrypted"),
                "use https://, or name its network in `egress.allow`",
            ),
            None => ("this is not an address".to_owned(), "begin with https://"),
        };
        diagnostics.push(Diagnostic::error(&node.span, message).hint(hint));
        None
    }
}

/// Where the shop is. That no holidays are known there is worth a note.
fn seat(file: &Node, diagnostics: &mut Diagnostics) -> Seat {
    let text = |key: &str| file.get(key).and_then(Node::as_str);
    let zone = text("timezone").and_then(|name| TimeZone::get(name).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let region = text("region");
    let place = text("country").map(|country| Place::new(country, region));
    if let (Some(node), Some(place)) = (file.get("country"), &place)
        && !COUNTRIES.contains(&place.country())
    {
        let message =
            format!("no holidays of {} are known: only weekends are free", place.country());
        diagnostics.push(Diagnostic::note(&node.span, message));
    }
    if let Some(node) = file.get("region")
        && place.as_ref().is_none_or(|place| place.region().is_none())
    {
        let of = text("country").unwrap_or("a country that is not given");
        let message = format!("this is no region of {of} that has holidays of its own");
        let hint = "regions are known of DE (as in BY) and GB (as in SCT); leave it out elsewhere";
        diagnostics.push(Diagnostic::warning(&node.span, message).hint(hint));
    }
    Seat { zone, place }
}

fn limits(node: Option<&Node>) -> Option<Limits> {
    let node = node?;
    match node.as_str() {
        Some("off") => Some(Limits::OFF),
        Some(_) => None,
        None => Some(destination::limits(Some(node))),
    }
}

/// Tells every fault at the instance's place. What follows a `;` in a fault is what to do.
pub(super) fn tell<T>(
    result: Result<T, Vec<String>>,
    node: &Node,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    let faults = match result {
        Ok(value) => return Some(value),
        Err(faults) => faults,
    };
    for fault in faults {
        let (message, hint) =
            fault.split_once("; ").unwrap_or((&fault, "see the connector's file"));
        diagnostics.push(Diagnostic::error(place(node, message), message).hint(hint));
    }
    None
}

/// Where a fault that begins with a setting's name is at home.
fn place<'n>(node: &'n Node, fault: &str) -> &'n Span {
    let name = fault.strip_prefix('`').and_then(|rest| rest.split('`').next());
    let value = name.and_then(|name| node.get(name));
    value.map_or(&node.span, |value| &value.span)
}

/// Of a connector that is not known nobody can tell which settings are secret: all are taken for it.
pub(super) fn conceal_all(node: &Node, reserved: &[&str], diagnostics: &mut Diagnostics) {
    for (_, value) in node.entries().filter(|(key, _)| !reserved.contains(&key.text.as_str())) {
        diagnostics.conceal(&value.span);
    }
}

//! One merchant's file, with what it extends, → [`Merchant`].

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parcelwire_domain::{
    Map, Value,
    id::{DestinationName, FeedName, MerchantId, SourceName},
    taxonomy::Trigger,
};

use super::{Book, SecretRef, Secrets, Surroundings};
use crate::{
    blocks::{limits::Limits, verify::Secret},
    destination::{self, Setup},
    merchant::{Destination, Merchant, NamesIn, Source, State, mapping::merge_values},
    settings::Setting,
    source::{self, NotReady, SourceConnector},
    text::{Diagnostic, Diagnostics, Node, did_you_mean},
};

/// What compiling a merchant needs beside its own files.
pub(super) struct Desk<'b> {
    pub(super) book: &'b Book,
    pub(super) feeds: &'b BTreeSet<String>,
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
            let name = SourceName::parse(&key.text).ok()?;
            if let Some(source) = self.source(id, &name, node, &mut found) {
                sources.insert(name, source);
            }
        }
        let mut destinations = BTreeMap::new();
        for (key, node) in file.get("destinations").into_iter().flat_map(Node::entries) {
            let name = DestinationName::parse(&key.text).ok()?;
            if let Some(destination) = self.destination(&name, node, &mut found) {
                destinations.insert(name, destination);
            }
        }
        let sound = !found.has_errors();
        diagnostics.append(found);
        let mapping = mapping.filter(|_| sound)?;
        let mut values = mapping.values.clone();
        merge_values(&mut values, file.get("values"));
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
            language: text("language").unwrap_or("en").to_lowercase(),
            names,
            sources,
            destinations,
            triggers: mapping.policy(text("holds") != Some("off")),
            mapping,
            values,
            rules: [0; 16],
            rules_text: String::new(),
        })
    }

    fn mapping(
        &self,
        file: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<crate::merchant::Mapping>> {
        let node = file.get("mapping");
        let name = node.and_then(Node::as_str).unwrap_or("default");
        let found = self.book.mappings.get(name).cloned();
        if found.is_none() {
            let span = node.map_or(&file.span, |node| &node.span);
            diagnostics.push(unknown("mapping", name, self.book.mappings.keys(), span));
        }
        found
    }

    fn source(
        &self,
        id: &MerchantId,
        name: &SourceName,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Source> {
        let given = node.get("feed").and_then(Node::as_str);
        let feed = given.unwrap_or(name.as_str());
        if self.feeds.contains(feed) {
            return self.share(feed, node, diagnostics);
        }
        if given.is_some() {
            let span = &node.get("feed")?.span;
            diagnostics.push(unknown("feed", feed, self.feeds.iter(), span));
            return None;
        }
        let connector_name = node.get("connector").and_then(Node::as_str).unwrap_or(name.as_str());
        let connector = self.source_connector(connector_name, node, diagnostics)?;
        let settings =
            self.source_settings(&connector, node, &["connector", "secret"], diagnostics)?;
        let address = format!("{}/hooks/{id}/{name}", self.around.public_url);
        let ready = self.ready_source(&connector, settings, node, &address, diagnostics)?;
        Some(Source { ready, connector: connector_name.to_owned(), feed: None })
    }

    fn share(&self, feed: &str, node: &Node, diagnostics: &mut Diagnostics) -> Option<Source> {
        let accounts = node.get("account").map(Node::one_or_many).unwrap_or_default();
        let accounts: Vec<String> =
            accounts.iter().filter_map(Node::as_str).map(|text| text.trim().to_owned()).collect();
        if accounts.is_empty() {
            let error = Diagnostic::error(
                &node.span,
                format!("it joins the feed `{feed}` without an account"),
            );
            diagnostics.push(error.hint("add `account:`, the shop's number there, in quotes"));
            return None;
        }
        if let Some(secret) = node.entry("secret") {
            let error =
                Diagnostic::error(&secret.0.span, "a share of a feed has no secret of its own");
            diagnostics.push(error.hint(format!("it stands in the feed's file, {feed}.yaml")));
            return None;
        }
        let name = FeedName::parse(feed).ok()?;
        // A feed that is broken now has no connector yet: its shares wait with it.
        let known = self.book.feeds.get(&name)?;
        let ready = known.source.connector().share(Map::new());
        Some(Source { ready, connector: feed.to_owned(), feed: Some((name, accounts)) })
    }

    pub(super) fn source_connector(
        &self,
        name: &str,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<SourceConnector>> {
        let found = self.book.sources.get(name).cloned();
        if found.is_none() {
            let span = node.get("connector").map_or(&node.span, |node| &node.span);
            diagnostics.push(unknown("source connector", name, self.book.sources.keys(), span));
        }
        found
    }

    pub(super) fn source_settings(
        &self,
        connector: &SourceConnector,
        node: &Node,
        reserved: &[&str],
        diagnostics: &mut Diagnostics,
    ) -> Option<Map> {
        let given = self.settings(connector.settings(), node, reserved, diagnostics)?;
        let complete =
            crate::settings::check(connector.settings(), &given, self.secrets.are_real());
        tell(complete, node, diagnostics)
    }

    pub(super) fn ready_source(
        &self,
        connector: &Arc<SourceConnector>,
        settings: Map,
        node: &Node,
        address: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<source::ReadySource> {
        let method = tell(connector.method(&settings), node, diagnostics)?;
        for warning in method.warnings() {
            diagnostics.push(Diagnostic::warning(&node.span, warning));
        }
        let secrets = if self.secrets.are_real() {
            self.secrets_of(method.needs_secret(), node, diagnostics)?
        } else {
            self.secrets_of(method.needs_secret(), node, diagnostics)?;
            method.invented("check").map(|pair| pair.verifying).into_iter().collect()
        };
        if !self.secrets.are_real() && secrets.is_empty() && method.needs_secret() {
            return Some(connector.share(settings));
        }
        match connector.ready(settings, &secrets, address) {
            Ok(ready) => Some(ready),
            Err(NotReady::Settings(faults)) => tell(Err(faults), node, diagnostics),
            Err(NotReady::Secrets(problems)) => {
                let span = node.get("secret").map_or(&node.span, |node| &node.span);
                for problem in problems {
                    let error = Diagnostic::error(span, problem.fault.to_string());
                    diagnostics.push(error.hint(problem.fault.hint()));
                }
                None
            }
        }
    }

    fn secrets_of(
        &self,
        needed: bool,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<Secret>> {
        let places = node.get("secret").map(Node::one_or_many).unwrap_or_default();
        if places.is_empty() && needed {
            let error = Diagnostic::error(&node.span, "`secret` is missing");
            diagnostics
                .push(error.hint("add `secret: env:NAME` and set the variable, or `file:NAME`"));
            return None;
        }
        let found: Vec<Option<Secret>> =
            places.iter().map(|place| self.secret(place, diagnostics)).collect();
        found.into_iter().collect()
    }

    fn secret(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<Secret> {
        let place = SecretRef::parse(node.as_str()?);
        if matches!(place, SecretRef::Literal(_)) {
            let warning = Diagnostic::warning(&node.span, "a secret stands in this file");
            diagnostics
                .push(warning.hint("write env:NAME or file:NAME, and keep it out of the file"));
        }
        match self.secrets.find(&place) {
            Ok(secret) => Some(secret),
            Err(why) => {
                diagnostics.push(Diagnostic::error(&node.span, why));
                None
            }
        }
    }

    /// The connector's settings out of an instance's map; secret ones are found.
    fn settings(
        &self,
        declared: &[Setting],
        node: &Node,
        reserved: &[&str],
        diagnostics: &mut Diagnostics,
    ) -> Option<Map> {
        let mut settings = Map::new();
        let mut sound = true;
        for (key, value) in node.entries() {
            if reserved.contains(&key.text.as_str()) {
                continue;
            }
            let Some(setting) = declared.iter().find(|setting| setting.name == key.text) else {
                let known = declared.iter().map(|setting| setting.name.as_str());
                let known = known.chain(reserved.iter().copied());
                let error = Diagnostic::error(&key.span, format!("unknown setting `{}`", key.text));
                diagnostics.push(match did_you_mean(&key.text, known) {
                    Some(hint) => error.hint(hint),
                    None => error,
                });
                sound = false;
                continue;
            };
            let text = if setting.secret {
                self.secret(value, diagnostics).map(|secret| secret.expose().to_owned())
            } else {
                value.as_str().map(str::to_owned)
            };
            match text {
                Some(text) => settings.set(key.text.clone(), Value::text(text)),
                None => sound = false,
            }
        }
        sound.then_some(settings)
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
            let known = self.book.destinations.keys();
            diagnostics.push(unknown("destination connector", connector_name, known, span));
            return None;
        };
        let settings =
            self.settings(connector.settings(), node, &destination::RESERVED, diagnostics)?;
        let base_url = match node.get("base_url") {
            Some(node) => Some(self.base_url(node, diagnostics)?),
            None => None,
        };
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
            only: only.iter().filter_map(|node| Trigger::parse(node.as_str()?)).collect(),
            names: node.get("names").and_then(Node::as_str).and_then(NamesIn::parse),
        })
    }

    fn base_url(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
        let url = node.as_str()?;
        let host = url.strip_prefix("http://").map(|rest| {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let host = rest.get(..end).unwrap_or_default();
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            host.trim_matches(['[', ']']).to_owned()
        });
        match host {
            None if url.starts_with("https://") => {}
            Some(host) if self.around.allows_plain(&host) => {}
            Some(host) => {
                let error = Diagnostic::error(
                    &node.span,
                    format!("http:// to {host} would send keys unencrypted"),
                );
                diagnostics.push(error.hint("use https://, or name its network in `egress.allow`"));
                return None;
            }
            None => {
                diagnostics.push(
                    Diagnostic::error(&node.span, "this is not an address")
                        .hint("begin with https://"),
                );
                return None;
            }
        }
        Some(url.trim_end_matches('/').to_owned())
    }
}

impl Surroundings {
    /// Whether `http://` may be used to a host: an address, or `localhost`, in an allowed network.
    fn allows_plain(&self, host: &str) -> bool {
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        let Ok(address) = host.parse::<std::net::IpAddr>() else {
            return self.plain_http.iter().any(|allowed| allowed == host);
        };
        self.plain_http.iter().any(|network| {
            let (base, bits) = network.split_once('/').unwrap_or((network, ""));
            let Ok(base) = base.parse::<std::net::IpAddr>() else { return false };
            let bits = |most: u32| bits.parse::<u32>().unwrap_or(most).min(most);
            match (base, address) {
                (std::net::IpAddr::V4(base), std::net::IpAddr::V4(address)) => {
                    let shift = 32 - bits(32);
                    u32::from(base).checked_shr(shift) == u32::from(address).checked_shr(shift)
                }
                (std::net::IpAddr::V6(base), std::net::IpAddr::V6(address)) => {
                    let shift = 128 - bits(128);
                    u128::from(base).checked_shr(shift) == u128::from(address).checked_shr(shift)
                }
                _ => false,
            }
        })
    }
}

fn limits(node: Option<&Node>) -> Option<Limits> {
    let node = node?;
    match node.as_str() {
        Some("off") => Some(Limits::OFF),
        Some(_) => None,
        None => Some(destination::limits(Some(node))),
    }
}

/// Tells every fault at the instance's place.
fn tell<T>(
    result: Result<T, Vec<String>>,
    node: &Node,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(faults) => {
            for fault in faults {
                diagnostics.push(Diagnostic::error(&node.span, fault));
            }
            None
        }
    }
}

fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a String> + Clone,
    span: &crate::text::Span,
) -> Diagnostic {
    let error = Diagnostic::error(span, format!("there is no {what} `{name}`"));
    match did_you_mean(name, known.clone().map(String::as_str)) {
        Some(hint) => error.hint(hint),
        None => {
            let names: Vec<&str> = known.map(String::as_str).take(12).collect();
            error.hint(format!("known ones: {}", names.join(", ")))
        }
    }
}

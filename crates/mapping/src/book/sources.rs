//! The sources of a merchant, its shares of feeds, and the feeds themselves.

use std::{collections::BTreeMap, sync::Arc};

use parcelwire_domain::id::{FeedName, MerchantId, SourceName};

use super::{
    Feed, FileKind, SecretRef,
    merchant::{Desk, conceal_all, tell},
};
use crate::{
    blocks::verify::{MethodSpec, Secret, SecretProblem},
    merchant::Source,
    source::{self, NotReady, ReadySource, SourceConnector},
    text::{Diagnostic, Diagnostics, Node, Span},
};

/// Keys of a source that are not the connector's settings.
const OF_SOURCES: [&str; 2] = ["connector", "secret"];

/// A secret that was found, and where it is named.
struct Given {
    secret: Secret,
    span: Span,
    /// Whether it is the one that will be in use: found, or written in the file itself.
    real: bool,
}

impl Desk<'_> {
    pub(super) fn source(
        &self,
        id: &MerchantId,
        name: &SourceName,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Source> {
        let given = node.get("feed").and_then(Node::as_str);
        let feed = given.unwrap_or(name.as_str());
        if self.files.of(FileKind::Feed).has(feed) {
            return self.share(feed, node, diagnostics);
        }
        if let Some(stated) = node.get("feed").or(node.get("account")) {
            diagnostics.push(self.unknown(FileKind::Feed, feed, &stated.span));
            return None;
        }
        let connector_name = node.get("connector").and_then(Node::as_str).unwrap_or(name.as_str());
        let connector = self.source_connector(connector_name, node, diagnostics)?;
        let declared = connector.settings();
        let given = self.given(declared, node, &OF_SOURCES, diagnostics);
        let settings = self.complete(declared, &given, node, diagnostics);
        let address = format!("{}/hooks/{id}/{name}", self.around.public_url);
        let ready = self.ready_source(&connector, settings, node, &address, diagnostics)?;
        Some(Source { ready, connector: connector_name.to_owned(), feed: None })
    }

    fn share(&self, feed: &str, node: &Node, diagnostics: &mut Diagnostics) -> Option<Source> {
        let accounts = node.get("account").map(Node::one_or_many).unwrap_or_default();
        let accounts: Vec<String> =
            accounts.iter().filter_map(Node::as_str).map(|text| text.trim().to_owned()).collect();
        if accounts.is_empty() {
            let message = format!("it joins the feed `{feed}` without an account");
            let error = Diagnostic::error(&node.span, message);
            diagnostics.push(error.hint("add `account:`, the shop's number there, in quotes"));
        }
        if let Some((key, _)) = node.entry("secret") {
            let error = Diagnostic::error(&key.span, "a share of a feed has no secret of its own");
            diagnostics.push(error.hint(format!("it stands in the feed's file, {feed}.yaml")));
            return None;
        }
        let name = FeedName::parse(feed).ok()?;
        // A feed that is broken now has no connector yet: its shares wait with it.
        let known = self.book.feeds.get(&name)?;
        let connector = known.source.connector();
        let declared = connector.settings();
        let mut given = self.given(declared, node, &source::RESERVED, diagnostics);
        for (key, value) in known.settings.iter() {
            if given.settings.get(key).is_none() {
                given.settings.set(key, value.clone());
            }
        }
        let settings = self.complete(declared, &given, node, diagnostics)?;
        let ready = connector.share(settings);
        (!accounts.is_empty()).then(|| Source {
            ready,
            connector: feed.to_owned(),
            feed: Some((name, accounts)),
        })
    }

    pub(super) fn feed(
        &self,
        name: &str,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Feed> {
        let named = node.get("connector").and_then(Node::as_str).unwrap_or(name);
        let connector = self.source_connector(named, node, diagnostics)?;
        if !connector.splits() {
            let message = "this connector does not say whose a webhook is";
            let error = Diagnostic::error(&node.span, message);
            diagnostics.push(error.hint("add `account:` to the connector"));
        }
        let declared = connector.settings();
        let given = self.given(declared, node, &OF_SOURCES, diagnostics);
        let settings = self.complete(declared, &given, node, diagnostics);
        let address = format!("{}/feeds/{name}", self.around.public_url);
        let source =
            self.ready_source(&connector, settings.clone(), node, &address, diagnostics)?;
        let settings = settings.filter(|_| connector.splits())?;
        Some(Feed { source, connector: named.to_owned(), settings, accounts: BTreeMap::new() })
    }

    fn source_connector(
        &self,
        name: &str,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<SourceConnector>> {
        let found = self.book.sources.get(name).cloned();
        if found.is_none() {
            let span = node.get("connector").map_or(&node.span, |node| &node.span);
            diagnostics.push(self.unknown(FileKind::SourceConnector, name, span));
            conceal_all(node, &source::RESERVED, diagnostics);
            self.secrets_of(node, diagnostics);
        }
        found
    }

    /// Makes a source ready. Its secrets are looked at even where its settings are wrong.
    fn ready_source(
        &self,
        connector: &Arc<SourceConnector>,
        settings: Option<parcelwire_domain::Map>,
        node: &Node,
        address: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<ReadySource> {
        let given = self.secrets_of(node, diagnostics);
        let settings = settings?;
        if !connector.has_webhooks() {
            if let Some((key, _)) = node.entry("secret") {
                let message = "no webhook of this source comes in: it is polled";
                let error = Diagnostic::error(&key.span, message);
                diagnostics.push(error.hint("leave `secret` out"));
            }
            return Some(connector.share(settings));
        }
        let method = tell(connector.method(&settings), node, diagnostics)?;
        for warning in method.warnings() {
            diagnostics.push(Diagnostic::warning(&node.span, warning));
        }
        if method.needs_secret() && !node.has("secret") {
            let error = Diagnostic::error(&node.span, "`secret` is missing");
            diagnostics
                .push(error.hint("add `secret: env:NAME` and set the variable, or `file:NAME`"));
            return None;
        }
        let given = given?;
        let real: Vec<&Given> = given.iter().filter(|given| given.real).collect();
        if method.needs_secret() && !real.is_empty() {
            judge(&method, &real, diagnostics)?;
        }
        let secrets = if self.secrets.are_real() {
            given.into_iter().map(|given| given.secret).collect()
        } else {
            let invented: Vec<Secret> =
                method.invented("check").map(|pair| pair.verifying).into_iter().collect();
            if invented.is_empty() && method.needs_secret() {
                return Some(connector.share(settings));
            }
            invented
        };
        match connector.ready(settings, &secrets, address) {
            Ok(ready) => Some(ready),
            Err(NotReady::Settings(faults)) => tell(Err(faults), node, diagnostics),
            Err(NotReady::Secrets(problems)) => {
                tell_problems(&problems, &[], &node.span, diagnostics);
                None
            }
        }
    }

    /// The secrets of a source; nothing when one of them cannot be found.
    fn secrets_of(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<Given>> {
        let places = node.get("secret").map(Node::one_or_many).unwrap_or_default();
        let found: Vec<Option<Given>> = places
            .iter()
            .map(|place| {
                let secret = self.secret(place, diagnostics)?;
                let literal = matches!(SecretRef::parse(place.as_str()?), SecretRef::Literal(_));
                let real = literal || self.secrets.are_real();
                Some(Given { secret, span: place.span.clone(), real })
            })
            .collect();
        found.into_iter().collect()
    }
}

/// Whether the method can use these secrets; what is wrong or unusual is told at each.
fn judge(method: &MethodSpec, given: &[&Given], diagnostics: &mut Diagnostics) -> Option<()> {
    let secrets: Vec<Secret> = given.iter().map(|given| given.secret.clone()).collect();
    for given in given {
        if let Some(warning) = method.secret_warning(&given.secret) {
            diagnostics.push(Diagnostic::warning(&given.span, warning));
        }
    }
    let Err(problems) = method.verifier(&secrets) else { return Some(()) };
    let first = &given.first()?.span;
    tell_problems(&problems, given, first, diagnostics);
    None
}

fn tell_problems(
    problems: &[SecretProblem],
    given: &[&Given],
    whole: &Span,
    diagnostics: &mut Diagnostics,
) {
    for problem in problems {
        let own = problem.secret.and_then(|place| given.get(place));
        let span = own.map_or(whole, |given| &given.span);
        let error = Diagnostic::error(span, problem.fault.to_string());
        diagnostics.push(error.hint(problem.fault.hint()));
    }
}

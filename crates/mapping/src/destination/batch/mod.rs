//! One request for many messages: `batch:` of a file. Must not know which messages there are to
//! send, nor what becomes of those that are left for another request.

mod results;
mod run;
pub(super) mod shape;
#[cfg(test)]
mod tests;

use parcelwire_domain::Value;

use super::{Exchange, limits, slot::Slot};
use crate::{
    blocks::limits::Limits,
    draft,
    expr::{Built, Kind, Scope, Template},
    text::{Diagnostic, Diagnostics, Node},
};
use results::Results;

pub use run::{Batch, BatchStep, End};

/// Of what many messages of one destination make a request.
#[derive(Debug)]
pub(super) struct Plan {
    /// Most messages in one.
    most: usize,
    /// Most bytes of its body.
    most_bytes: usize,
    /// Those of one request have this in common.
    group: Option<Template>,
    /// What an answer calls a message; no two of one request are called the same.
    key: Option<Template>,
    pub(super) limits: Limits,
    profile: Option<Many>,
    send: Many,
}

/// A request for many, what each message adds to it, and what becomes of each.
#[derive(Debug)]
struct Many {
    slot: Slot,
    /// Left out: the body of the request for a single one.
    each: Option<Built>,
    results: Results,
}

impl Plan {
    /// Compiles `batch:`; `scope` is that of a message.
    #[expect(clippy::option_option, reason = "the outer one says whether it is sound")]
    pub(super) fn compile(
        file: &Node,
        scope: &Scope,
        settings: Kind,
        diagnostics: &mut Diagnostics,
    ) -> Option<Option<Self>> {
        let Some(node) = file.get("batch") else { return Some(None) };
        if let Some((key, _)) = file.entry("sign") {
            let message = "a request for many messages has no id that could be signed";
            diagnostics.push(Diagnostic::error(&key.span, message).hint("leave out `batch:`"));
        }
        let whole = Scope::closed()
            .with("items", Kind::list(Kind::Any))
            .with("group", Kind::Text)
            .with("settings", settings)
            .with("token", Kind::Map);
        let template = |key: &str, diagnostics: &mut Diagnostics| {
            node.get(key).and_then(|node| draft::template(node, scope, diagnostics))
        };
        let number = |key: &str| node.get(key)?.as_int().and_then(|n| usize::try_from(n).ok());
        let key = template("key", diagnostics);
        let profile = node
            .get("profile")
            .map(|node| Many::compile(node, scope, &whole, key.is_some(), diagnostics));
        Some(Some(Self {
            most: number("most").unwrap_or(1),
            most_bytes: number("most_bytes").unwrap_or(usize::MAX),
            group: template("group", diagnostics),
            limits: node
                .get("limits")
                .map_or_else(|| limits(file.get("limits")), |node| limits(Some(node))),
            send: Many::compile(node, scope, &whole, key.is_some(), diagnostics)?,
            profile: match profile {
                Some(compiled) => Some(compiled?),
                None => None,
            },
            key,
        }))
    }

    /// Most messages in one request.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The slots of its requests.
    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.profile.iter().chain([&self.send]).map(|many| &many.slot)
    }
}

impl Many {
    fn compile(
        node: &Node,
        scope: &Scope,
        whole: &Scope,
        keyed: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let slot = Slot::compile(node, whole, diagnostics);
        let scope = scope.clone().with("single", Kind::Any);
        let each = node.get("each").map(|each| draft::built(each, &scope, diagnostics));
        let results = Results::compile(node, keyed, diagnostics);
        let each = match each {
            Some(compiled) => Some(compiled?),
            None => None,
        };
        Some(Self { slot: slot?, each, results })
    }

    /// What a message adds, of which `single` is the request for it alone.
    fn item(&self, single: Option<&Slot>, exchange: &Exchange) -> Option<Value> {
        let body = single.and_then(|slot| slot.body(&mut exchange.env()));
        let Some(each) = &self.each else { return body };
        each.eval(&mut exchange.env().with("single", body.as_ref()))
    }
}

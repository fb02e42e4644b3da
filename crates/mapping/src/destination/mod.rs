//! A destination connector at work: one exchange without I/O over the slots token, lookup,
//! profile, send. Must not know: who sends the requests, when a message is tried again.

mod batch;
mod exchange;
mod frozen;
mod ids;
mod judge;
mod keep;
mod learned;
mod needs;
mod ready;
mod shape;
mod sign;
mod slot;
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{num::NonZeroU32, time::Duration};

use parcelwire_domain::{
    past::Past,
    taxonomy::{FIELDS, FieldKind},
};

use crate::{
    ask::{self, Answers, answer_scope},
    blocks::{limits::Limits, outcome::ThrottleHeader},
    draft,
    expr::{Expr, Kind, Scope, Template},
    settings::{self, Setting},
    text::{Diagnostic, Diagnostics, Node, Period, check},
};
use needs::Needs;
use sign::Sign;
pub(crate) use sign::sign as sign_request;
use slot::Slot;

pub use batch::{Batch, BatchStep, End};
pub use exchange::{Exchange, MAX_REQUESTS, Step};
pub use frozen::{Frozen, occurred_at};
pub use ids::Ids;
pub use learned::Learned;
pub use ready::{ReadyDestination, Setup};
pub use shape::{LIMITS, SHAPE};

/// Keys of a destination in a merchant's file that are not the connector's settings.
pub const RESERVED: [&str; 6] = ["connector", "base_url", "limits", "only", "names", "ids"];

/// A destination connector, checked.
#[derive(Debug)]
pub struct DestinationConnector {
    title: String,
    settings: Vec<Setting>,
    base_url: Template,
    /// The same as it is written.
    address: String,
    headers: Vec<(String, Template)>,
    limits: Limits,
    throttles: Vec<ThrottleHeader>,
    past: Past,
    ids: Option<Ids>,
    sign: Option<Sign>,
    token: Option<Slot>,
    lookup: Option<Slot>,
    profile: Option<Slot>,
    send: Slot,
    check: Option<Slot>,
    batch: Option<batch::Plan>,
    answers: Answers,
    needs: Needs,
    error: Option<Expr>,
}

/// The names of an event's fields, for expressions of mappings and destinations.
pub fn event_scope() -> Scope {
    FIELDS.iter().fold(Scope::closed(), |scope, field| {
        let kind = match field.kind {
            FieldKind::Text | FieldKind::Id | FieldKind::Time | FieldKind::Money => Kind::Text,
            FieldKind::Bool => Kind::Bool,
            FieldKind::Int => Kind::Number,
            FieldKind::List => Kind::list(Kind::Any),
            FieldKind::Map => Kind::Map,
        };
        scope.with(field.name, kind)
    })
}

impl DestinationConnector {
    /// Compiles a file; all that is wrong goes to `diagnostics`.
    pub fn compile(file: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut found = Diagnostics::default();
        // A mistake of form hides no mistake in an expression: all are told at once.
        let formed = check(&SHAPE, file, &mut found);
        let connector = Self::checked(file, &mut found);
        let sound = formed && !found.has_errors();
        diagnostics.append(found);
        connector.filter(|_| sound)
    }

    fn checked(file: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let settings = settings::compile(file, &RESERVED, diagnostics);
        let scope = event_scope()
            .with("properties", Kind::Map)
            .with("values", Kind::Map)
            .with("fields", Kind::Map)
            .with("settings", settings::kind(&settings))
            .with("token", Kind::Map)
            .with("found", Kind::Map)
            .with("trigger_id", Kind::Text);
        let base_url =
            file.get("base_url").and_then(|node| draft::template(node, &scope, diagnostics));
        let mut slot = |key: &str| {
            let node = file.get(key)?;
            Some(Slot::compile(node, &scope, diagnostics))
        };
        let slots = [slot("token"), slot("lookup"), slot("profile"), slot("send")];
        let check = file.get("check").map(|node| match node.as_str() {
            Some(_) => Slot::bare(node, &scope, diagnostics),
            None => Slot::compile(node, &scope, diagnostics),
        });
        never(file, diagnostics);
        keep::check_forgets(file, diagnostics);
        let error = file
            .get("error")
            .and_then(|node| draft::expression(node, &answer_scope(), diagnostics));
        let headers = ask::templates(file.get("headers"), &scope, diagnostics);
        let sign = Sign::compile(file, &scope, diagnostics);
        let answers = Answers::compile(file.get("answers"), diagnostics);
        let batch = batch::Plan::compile(file, &scope, settings::kind(&settings), diagnostics);
        let [token, lookup, profile, send] = slots;
        Some(Self {
            title: file.get("title").and_then(Node::as_str).unwrap_or_default().to_owned(),
            settings,
            base_url: base_url?,
            address: file.get("base_url").and_then(Node::as_str).unwrap_or_default().to_owned(),
            headers,
            limits: limits(file.get("limits")),
            throttles: ask::throttles(file),
            past: past(file, diagnostics),
            ids: Ids::of(file),
            sign,
            token: flat(token)?,
            lookup: flat(lookup)?,
            profile: flat(profile)?,
            send: send??,
            check: flat(check)?,
            batch: batch?,
            answers,
            needs: Needs::compile(file, &scope, diagnostics),
            error,
        })
    }

    /// What people call the system.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The settings that a merchant fills in.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Which ids it takes for triggers; `None` where it takes none.
    pub fn ids(&self) -> Option<&Ids> {
        self.ids.as_ref()
    }

    /// What it does with what is no news any more.
    pub fn past(&self) -> Past {
        self.past
    }
}

/// What the file says of facts that are past.
fn past(file: &Node, diagnostics: &mut Diagnostics) -> Past {
    let backfill = file.get("backfill").and_then(Node::as_bool).unwrap_or(false);
    let Some((key, node)) = file.entry("triggers_within") else {
        return if backfill { Past::Recorded } else { Past::Starts };
    };
    if backfill {
        let message = "what can be recorded at any age needs no `triggers_within`";
        diagnostics.push(Diagnostic::error(&key.span, message).hint("leave one of the two out"));
    }
    let seconds = node.as_str().and_then(|text| text.parse::<Period>().ok()?.seconds());
    if seconds.is_none() {
        let error = Diagnostic::error(&node.span, "`triggers_within` is a time, as in 72h");
        diagnostics.push(error.hint("no business days: the other system knows none"));
    }
    Past::RecordedAfter(Duration::from_secs(seconds.unwrap_or_default()))
}

/// Reads a map of limits.
pub fn limits(node: Option<&Node>) -> Limits {
    let mut limits = Limits::OFF;
    for (key, value) in node.iter().flat_map(|node| node.entries()) {
        let limit = value.as_int().and_then(|n| u32::try_from(n).ok()).and_then(NonZeroU32::new);
        if let Some(limit) = limit {
            limits.set(&key.text, limit);
        }
    }
    limits
}

/// No request of the file has a key that its `never:` names.
fn never(file: &Node, diagnostics: &mut Diagnostics) {
    let named = file.get("never").map(Node::one_or_many).unwrap_or_default();
    let named: Vec<&str> = named.iter().filter_map(Node::as_str).collect();
    let slots = ["token", "lookup", "profile", "send", "check", "batch"];
    let slots = slots.iter().filter_map(|slot| file.get(slot));
    let inner = file.get("batch").and_then(|batch| batch.get("profile"));
    for slot in slots.chain(inner) {
        for part in ["json", "form", "query", "headers", "each"] {
            if let Some(node) = slot.get(part) {
                refuse_keys(node, &named, diagnostics);
            }
        }
    }
}

fn refuse_keys(node: &Node, named: &[&str], diagnostics: &mut Diagnostics) {
    for (key, value) in node.entries() {
        if named.contains(&key.text.as_str()) {
            let message = format!("`{}` is what this file says it never sends", key.text);
            let hint = "leave it out here, or take it from `never:`";
            diagnostics.push(Diagnostic::error(&key.span, message).hint(hint));
        }
        refuse_keys(value, named, diagnostics);
    }
    for item in node.as_list().unwrap_or_default() {
        refuse_keys(item, named, diagnostics);
    }
}

/// A slot that is absent is fine; one that did not compile is not.
#[expect(clippy::option_option, reason = "the outer one says whether the slot stands there")]
fn flat(slot: Option<Option<Slot>>) -> Option<Option<Slot>> {
    match slot {
        None => Some(None),
        Some(compiled) => compiled.map(Some),
    }
}

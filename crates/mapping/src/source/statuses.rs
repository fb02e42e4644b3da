//! `statuses:`, the table that says what each code of a system means.

use std::collections::HashMap;

use parcelwire_domain::taxonomy::{FIELDS, Leg, Reason, Status};

use super::closed;
use crate::{
    draft,
    expr::{Built, Scope},
    text::{Diagnostic, Diagnostics, Node, Place, Span, did_you_mean},
};

/// What a code means.
#[derive(Debug)]
pub(super) enum Say {
    /// Known, and nothing to tell.
    Ignore,
    /// This.
    This(Box<Meaning>),
}

/// A status with what belongs to it.
#[derive(Debug)]
pub(super) struct Meaning {
    pub(super) status: Status,
    pub(super) reason: Option<Reason>,
    pub(super) leg: Option<Leg>,
    pub(super) quiet: bool,
    pub(super) fields: Vec<(String, Built)>,
    /// Its row.
    pub(super) place: Place,
}

/// The table. Codes are compared trimmed and caseless.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    rows: HashMap<String, Say>,
    /// As they are written, for the check that each has a test.
    codes: Vec<String>,
}

fn folded(code: &str) -> String {
    code.trim().to_lowercase()
}

impl Statuses {
    pub(super) fn compile(file: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Self {
        let mut table = Self::default();
        let Some(node) = file.get("statuses") else { return table };
        for (key, value) in node.entries() {
            let say = say(&key.span, value, scope, diagnostics);
            if table.rows.contains_key(&folded(&key.text)) {
                let message =
                    format!("`{}` stands here twice: codes are compared caseless", key.text);
                diagnostics.push(Diagnostic::error(&key.span, message).hint("keep one of them"));
            }
            table.codes.push(key.text.clone());
            table.rows.extend(say.map(|say| (folded(&key.text), say)));
        }
        table
    }

    pub(super) fn look_up(&self, code: &str) -> Option<&Say> {
        self.rows.get(&folded(code))
    }

    pub(super) fn meanings(&self) -> impl Iterator<Item = &Meaning> {
        self.rows.values().filter_map(|say| match say {
            Say::This(meaning) => Some(meaning.as_ref()),
            Say::Ignore => None,
        })
    }

    pub(super) fn codes(&self) -> &[String] {
        &self.codes
    }
}

fn say(row: &Span, node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Say> {
    let place = Place::from(row);
    if let Some(text) = node.as_str() {
        if text == "ignore" {
            return Some(Say::Ignore);
        }
        let (status, reason) = status_and_reason(text, node, diagnostics)?;
        return Some(Say::This(Box::new(Meaning {
            status,
            reason,
            leg: None,
            quiet: false,
            fields: Vec::new(),
            place,
        })));
    }
    let status = Status::parse(node.get("status")?.as_str()?)?;
    let reason = node.get("reason").and_then(Node::as_str).and_then(Reason::parse);
    let leg = node.get("leg").and_then(Node::as_str).and_then(Leg::parse);
    let quiet = node.get("quiet").and_then(Node::as_bool).unwrap_or(false);
    let mut fields = Vec::new();
    for (key, value) in node.entries() {
        if matches!(key.text.as_str(), "status" | "reason" | "leg" | "quiet") {
            continue;
        }
        if !FIELDS.iter().any(|field| field.name == key.text && field.stated) {
            let known = FIELDS.iter().filter(|field| field.stated).map(|field| field.name);
            let mut error =
                Diagnostic::error(&key.span, format!("`{}` is no field of an event", key.text));
            if let Some(hint) = did_you_mean(&key.text, known) {
                error = error.hint(hint);
            }
            diagnostics.push(error);
            continue;
        }
        closed::check(&key.text, value, diagnostics);
        if let Some(built) = draft::built(value, scope, diagnostics) {
            fields.push((key.text.clone(), built));
        }
    }
    Some(Say::This(Box::new(Meaning { status, reason, leg, quiet, fields, place })))
}

/// Reads `status` or `status/reason`.
pub(super) fn status_and_reason(
    text: &str,
    node: &Node,
    diagnostics: &mut Diagnostics,
) -> Option<(Status, Option<Reason>)> {
    let (status, reason) = match text.split_once('/') {
        Some((status, reason)) => (status, Some(reason)),
        None => (text, None),
    };
    let found = Status::parse(status);
    if found.is_none() {
        let known = Status::ALL.iter().map(|status| status.name());
        let error = Diagnostic::error(&node.span, format!("`{status}` is no status"));
        let hint = did_you_mean(status, known)
            .unwrap_or_else(|| "write a canonical status, `status/reason`, or `ignore`".to_owned());
        diagnostics.push(error.hint(hint));
    }
    let why = reason.map(|reason| {
        let found = Reason::parse(reason);
        if found.is_none() {
            let known = Reason::ALL.iter().map(|reason| reason.name());
            let error = Diagnostic::error(&node.span, format!("`{reason}` is no reason"));
            diagnostics.push(match did_you_mean(reason, known) {
                Some(hint) => error.hint(hint),
                None => error,
            });
        }
        found
    });
    Some((
        found?,
        match why {
            Some(why) => Some(why?),
            None => None,
        },
    ))
}

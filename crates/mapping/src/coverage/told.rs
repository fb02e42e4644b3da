//! Coverage in words, for whoever checks files.

use super::{Coverage, Never, Row};
use crate::text::{Diagnostic, Span};

/// A note on what can fire, and a warning on what is switched on and cannot.
pub fn diagnostics(coverage: &Coverage, place: &Span) -> Vec<Diagnostic> {
    let fires: Vec<String> = coverage
        .triggers
        .iter()
        .filter(|row| row.never.is_none())
        .map(|row| format!("{} from {}", row.trigger.name(), list(&row.from)))
        .collect();
    let none = "no trigger can ever fire".to_owned();
    let can = if fires.is_empty() { none } else { format!("can fire: {}", fires.join("; ")) };
    let mut told = vec![Diagnostic::note(place, can)];
    for (never, why, hint) in REASONS {
        let names: Vec<&str> = coverage
            .triggers
            .iter()
            .filter(|row| row.never == Some(never))
            .map(|row| row.trigger.name())
            .collect();
        if !names.is_empty() {
            let message = format!("on, but can never fire, {why}: {}", names.join(", "));
            told.push(Diagnostic::warning(place, message).hint(hint));
        }
    }
    let sends = coverage.triggers.iter().any(|row: &Row| row.never.is_none());
    if sends && coverage.recipients_from.is_empty() {
        let message = "no source names a recipient: all that comes in waits for one, and fails";
        let hint = "connect the shop too: its orders say whose they are";
        told.push(Diagnostic::warning(place, message).hint(hint));
    }
    told
}

/// What is worth a warning.
const REASONS: [(Never, &str, &str); 3] = [
    (
        Never::NoSource,
        "from no source",
        "connect a source that states them, or switch them off in the mapping",
    ),
    (
        Never::NotBelieved,
        "as `only_from` believes none of their sources",
        "name the party of a connected source in `only_from`",
    ),
    (
        Never::NoDestination,
        "to no destination",
        "connect a destination, or name them in its `only`",
    ),
];

fn list(names: &[impl ToString]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

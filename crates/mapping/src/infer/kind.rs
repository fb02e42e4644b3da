//! Where the kind of webhook stands, and the code that says what happened.

use super::{
    codes::{Guess, guess},
    form::Form,
    hunt::{WELL_NAMED, named},
    leaf::{Leaf, Place},
};

#[rustfmt::skip]
const TOPICS: &[&str] = &[
    "event", "event type", "event name", "topic", "webhook type", "notification type", "webhook event",
    "message type", "type", "action", "trigger", "resource type", "ereignis", "nachrichtentyp", "kind",
];

#[rustfmt::skip]
const CODES: &[&str] = &[
    "status code", "status", "parcel status", "shipment status", "tracking status", "delivery status", "state",
    "event code", "lieferstatus", "sendungsstatus", "paketstatus", "status id", "zustand", "milestone", "tag",
    "auftragsstatus", "order status", "return status", "status message", "status name", "stage", "key stage",
    "status text", "code",
];

#[rustfmt::skip]
const FINER: &[&str] = &[
    "status detail code", "status detail", "substatus code", "sub status code", "substatus", "sub status", "subtag",
    "sub tag", "sub code", "reason code", "reason", "grund", "exception code",
];

/// Words in the way to a value that make it no parcel's state.
const NOT: &[&str] = &[
    "previous",
    "old",
    "financial",
    "payment",
    "before",
    "http",
    "address",
    "country",
    "item",
    "line",
    "customer",
    "kunde",
    "user",
    "account",
];

/// Where the topic stands in the body.
pub(super) fn topic(leaves: &[Leaf]) -> Option<Leaf> {
    let fits = |leaf: &&Leaf| {
        leaf.place.local.is_none()
            && leaf.place.steps.len() == 1
            && !leaf.place.first
            && Form::Code.fits(&leaf.values)
            && leaf.values.iter().all(|value| value.as_text().is_some_and(has_letter))
    };
    let score = |leaf: &Leaf| Some(named(TOPICS, &leaf.place.words(None))?.0);
    let by_name = leaves.iter().filter(fits).filter_map(|leaf| Some((score(leaf)?, leaf)));
    let best = by_name.reduce(|best, next| if next.0 > best.0 { next } else { best });
    // `tracker.updated`, under whatever name.
    let by_look = || {
        leaves.iter().filter(fits).find(|leaf| {
            leaf.values.iter().filter_map(|value| value.as_text()).all(looks_like_topic)
        })
    };
    best.map(|(_, leaf)| leaf).or_else(by_look).cloned()
}

fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

fn looks_like_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', '/']).collect();
    parts.len() > 1
        && parts.iter().all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        })
}

/// The code, and a finer one beside it.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) coarse: Leaf,
    pub(super) finer: Option<Leaf>,
    pub(super) why: String,
}

/// The value that says what happened; `topic` is not asked again.
pub(super) fn code(
    leaves: &[Leaf],
    list: Option<&[String]>,
    topic: Option<&Place>,
) -> Option<Code> {
    let mut best: Option<(i32, &'static str, &Leaf)> = None;
    for leaf in leaves {
        let words = leaf.place.words(list);
        let is_other = words.iter().flatten().any(|word| NOT.contains(&word.as_str()));
        if is_other || Some(&leaf.place) == topic || !Form::Code.fits(&leaf.values) {
            continue;
        }
        let Some((mut score, name)) = named(CODES, &words) else { continue };
        if leaf.place.local.is_some() {
            score += 15;
        }
        if words
            .iter()
            .flatten()
            .any(|word| ["latest", "current", "newest", "aktuell"].contains(&&**word))
        {
            score += 5;
        }
        // What is known speaks for the place only where the name does, too.
        let mut known = leaf.values.iter().filter_map(|value| value.as_id());
        if score >= WELL_NAMED && known.any(|code| matches!(guess(code), Guess::Sure(..))) {
            score += 25;
        }
        if best.is_none_or(|(most, ..)| score > most) {
            best = Some((score, name, leaf));
        }
    }
    let (_, name, coarse) = best?;
    let finer = leaves.iter().find(|leaf| {
        Form::Code.fits(&leaf.values)
            && leaf.place.local == coarse.place.local
            && leaf.place.steps.starts_with(parent(&coarse.place))
            && named(FINER, &leaf.place.words(list)).is_some_and(|(score, _)| score >= 90)
    });
    Some(Code { coarse: coarse.clone(), finer: finer.cloned(), why: format!("named \"{name}\"") })
}

fn parent(place: &Place) -> &[String] {
    place.steps.split_last().map_or(&[], |(_, parent)| parent)
}

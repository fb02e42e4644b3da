//! Warns where an offer joins a trigger that is not promotional: what advertises is advertising, whatever
//! else the message says.

use std::collections::BTreeSet;

use parcelwire_domain::taxonomy::Trigger;

use super::layers::Layers;
use crate::text::{Diagnostic, Diagnostics, Key, Node, NodeKind};

/// What an offer is called, in English and German, wherever it stands in a word.
const IN_WORDS: [&str; 11] = [
    "voucher",
    "coupon",
    "discount",
    "gutschein",
    "rabatt",
    "promocode",
    "promo_code",
    "gift_card",
    "giftcard",
    "upsell",
    "cross_sell",
];

/// Words that mean an offer only when they stand alone.
const ALONE: [&str; 6] = ["offer", "offers", "promo", "promotion", "angebot", "angebote"];

/// A place where an offer joins.
struct Place<'n> {
    key: &'n Key,
    word: &'static str,
}

/// Tells of every offer in a trigger that is on and transactional.
pub(super) fn warn(layers: &Layers<'_>, diagnostics: &mut Diagnostics) {
    let is_transactional = |trigger: Trigger| {
        let rules = layers.triggers.get(&trigger);
        let on = rules.and_then(|rules| rules.on).unwrap_or(trigger.on_by_default());
        let purpose = rules.and_then(|rules| rules.get("purpose")).and_then(Node::as_str);
        on && purpose != Some("promotional")
    };
    for (trigger, rules) in &layers.triggers {
        if !is_transactional(*trigger) {
            continue;
        }
        let properties = rules.properties.iter();
        let own = properties.filter_map(|(key, value)| place(key, value.as_ref()?));
        for place in own {
            tell(&place, &[trigger.name()], diagnostics);
        }
        if let Some(name) = rules.name
            && let Some(word) = offer_in(name)
        {
            diagnostics.push(warning(&name.span, "the name", word, &[trigger.name()]));
        }
    }
    for place in layers.properties.iter().filter_map(|(key, value)| place(key, value)) {
        let has_own = |trigger: &Trigger| {
            let rules = layers.triggers.get(trigger);
            rules
                .is_some_and(|rules| rules.properties.iter().any(|(k, _)| k.text == place.key.text))
        };
        let joined =
            Trigger::all().filter(|trigger| is_transactional(*trigger) && !has_own(trigger));
        let joined: Vec<&str> = joined.map(Trigger::name).collect();
        if !joined.is_empty() {
            tell(&place, &joined, diagnostics);
        }
    }
}

fn tell(place: &Place<'_>, triggers: &[&str], diagnostics: &mut Diagnostics) {
    let what = format!("`{}`", place.key.text);
    diagnostics.push(warning(&place.key.span, &what, place.word, triggers));
}

fn warning(span: &crate::text::Span, what: &str, word: &str, triggers: &[&str]) -> Diagnostic {
    let joins = match triggers {
        [one] => format!("joins {one}, which is transactional"),
        several => format!("joins {} triggers that are transactional", several.len()),
    };
    let message = format!("{what} looks like an offer (`{word}`) and {joins}");
    let hint = "an offer makes a message advertising, which needs consent: write `purpose: promotional`, or \
                put it into a trigger of its own";
    Diagnostic::warning(span, message).hint(hint)
}

fn place<'n>(key: &'n Key, value: &Node) -> Option<Place<'n>> {
    let word = offer_word(&key.text).or_else(|| offer_in(value))?;
    Some(Place { key, word })
}

/// The word by which a value gives itself away, at any depth.
fn offer_in(value: &Node) -> Option<&'static str> {
    match &value.kind {
        NodeKind::Scalar { text, .. } => offer_word(text),
        NodeKind::List(items) => items.iter().find_map(offer_in),
        NodeKind::Map(entries) => entries
            .iter()
            .find_map(|(key, value)| offer_word(&key.text).or_else(|| offer_in(value))),
    }
}

fn offer_word(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    IN_WORDS
        .into_iter()
        .find(|word| text.contains(word))
        .or_else(|| ALONE.into_iter().find(|word| words.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_known_by_its_words_and_an_order_is_not_one() {
        for text in [
            "voucher",
            "VoucherCode",
            "=values.voucher",
            "Dein Gutschein",
            "rabattcode",
            "special_offer",
            "10 % Rabatt",
            "promo",
            "Unser Angebot",
        ] {
            assert!(offer_word(text).is_some(), "{text}");
        }
        for text in [
            "order_number",
            "offered",
            "promoter",
            "=items | limit(50)",
            "refund_amount",
            "coffers",
        ] {
            assert_eq!(offer_word(text), None, "{text}");
        }
    }
}

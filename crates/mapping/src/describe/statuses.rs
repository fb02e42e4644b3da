//! The page of what an event can say: statuses, reasons, and fields with a closed list.

use parcelwire_domain::taxonomy::{
    FIELDS, Home, Kind, Leg, Reason, Status, closed_keys, closed_words,
};

use super::page::AGAIN;

/// The page in Markdown.
pub(super) fn page() -> String {
    let mut out = format!(
        "<!-- Made from the taxonomy by `{AGAIN}`: not to be changed here. -->\n\n\
         # Statuses and reasons\n\n\
         What a row of `statuses:` or `status:` in a rule can be. A step moves its leg forward, and a lower one that comes later is no \
         news; a side status may come at any time. The leg follows from the status; where it says any, `leg:` in the rule or the row \
         tells it, else it is forward. On: told unless a merchant says otherwise.\n\n\
         | status | leg | kind | on | name in English | name in German |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for status in Status::ALL {
        let row = status.row();
        let leg = match row.home {
            Home::Order => "the order",
            Home::Leg(leg) => leg.name(),
            Home::Any => "any",
        };
        let kind = match row.kind {
            Kind::Step(rank) => format!("step {rank}"),
            Kind::Side => "side".to_owned(),
            Kind::None => "none".to_owned(),
        };
        let end = if row.terminal { ", ends it" } else { "" };
        let on = if row.on { "on" } else { "" };
        out.extend([format!(
            "| `{}` | {leg} | {kind}{end} | {on} | {} | {} |\n",
            row.name, row.en, row.de
        )]);
    }
    out.push_str("\nLegs: ");
    out.push_str(&listed(Leg::ALL.iter().map(|leg| leg.name())));
    out.push_str(".\n\n## Reasons\n\n");
    out.push_str(&listed(Reason::ALL.iter().map(|reason| reason.name())));
    out.push_str(".\n\n## Fields with a closed list\n\n");
    for field in FIELDS {
        let (words, keys) = (closed_words(field.name), closed_keys(field.name));
        if !words.is_empty() {
            out.extend([format!("- `{}`: {}\n", field.name, listed(words.iter().copied()))]);
        }
        if !keys.is_empty() {
            out.extend([format!("- `{}` has {}\n", field.name, listed(keys.iter().copied()))]);
        }
        for key in keys {
            let path = format!("{}.{key}", field.name);
            let words = closed_words(&path);
            if !words.is_empty() {
                out.extend([format!("- `{path}`: {}\n", listed(words.iter().copied()))]);
            }
        }
    }
    out
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

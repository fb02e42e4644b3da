//! The part of a page about a source.

use super::table;
use crate::describe::Source;

pub(super) fn write(source: &Source, out: &mut String) {
    out.push_str("\n### What it reads\n\n");
    for way in &source.verified_by {
        out.extend([format!("- Verified by {way}.\n")]);
    }
    if let Some(place) = &source.topic_at {
        out.extend([format!("- The topic stands in {place}.\n")]);
    }
    if !source.topics.is_empty() {
        out.extend([format!(
            "- Used topics: {}. Others are kept, and told apart as not used.\n",
            code(&source.topics)
        )]);
    }
    let repeat = if source.delivery_id { "an id together with the body" } else { "the body alone" };
    out.extend([format!("- A repeat is known by {repeat}.\n")]);
    for known in &source.handshakes {
        out.extend([format!("- Answered without effect: {known}.\n")]);
    }
    if let Some(request) = &source.lookup {
        out.extend([format!("- Asks before it reads: `{request}`.\n")]);
    }
    if let Some(request) = &source.poll {
        out.extend([format!("- Asks by itself: `{request}`.\n")]);
    }
    if source.feed {
        out.push_str(
            "- One stream can serve many merchants (a feed); the payload says whose it is.\n",
        );
    }
    if let Some(zone) = &source.timezone {
        out.extend([format!("- Times without an offset are those of {zone}.\n")]);
    }
    out.push_str("\n### What it brings\n\n");
    let say = |is: bool, yes: &str, no: &str| format!("- {}\n", if is { yes } else { no });
    out.push_str(&say(
        source.brings.recipient,
        "The recipient.",
        "**No recipient**: another source, such as the shop, must know the order.",
    ));
    out.push_str(&say(source.brings.items, "Items.", "No items."));
    out.push_str(&say(
        source.brings.tracking_link,
        "A link to follow the parcel.",
        "No tracking link.",
    ));
    out.extend([format!("- All fields: {}.\n", code(&source.fields))]);
    out.push_str("\n### What it can say\n\n");
    out.extend([format!("{}.\n\n", code(&source.statuses))]);
    if !source.codes.is_empty() {
        let rows = source.codes.iter().map(|row| [row.code.clone(), format!("`{}`", row.is)]);
        table(["its code", "becomes"], rows, out);
        out.push_str(
            "Any other code is kept, counted and shown as `unmapped_code`; nothing is guessed.\n",
        );
    }
}

fn code(words: &[impl AsRef<str>]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    words.join(", ")
}

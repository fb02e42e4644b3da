//! A connector's page in Markdown: how it is set up, what it can do, what is not sure.
//!
//! A name that is both a source and a destination has one page with two parts.

mod destination;
mod example;
mod source;

use super::{Asked, Can, Confirmed, Description};

/// The command that makes the pages again, for whoever edits one by hand.
pub(super) const AGAIN: &str = "parcelwire connectors --docs docs/connectors";

/// The page of one name; `parts` are the connectors of that name.
pub fn page(parts: &[Description]) -> String {
    let Some(first) = parts.first() else { return String::new() };
    let files: Vec<String> =
        parts.iter().map(|part| format!("connectors/{}", part.path())).collect();
    let mut out = format!(
        "<!-- Made from {} by `{AGAIN}`: change the file, not this page. -->\n\n# {}\n\n",
        files.join(" and "),
        first.title
    );
    let links: Vec<String> = files.iter().map(|file| format!("[{file}](../../{file})")).collect();
    out.extend([format!(
        "[All connectors](README.md) · [Write one](writing-one.md) · {}\n",
        links.join(" · ")
    )]);
    for part in parts {
        out.extend([format!("\n## As a {}\n\n", part.kind())]);
        out.extend([format!("It can: {}.\n", part.in_short())]);
        out.push_str(&confirmed(part));
        set_up(part, &mut out);
        match &part.can {
            Can::Source(source) => source::write(source, &mut out),
            Can::Destination(destination) => destination::write(destination, &mut out),
        }
        unverified(part, &mut out);
    }
    out
}

fn confirmed(part: &Description) -> String {
    let facts = &part.facts;
    let more = [("revision ", &facts.revision), ("read ", &facts.read)];
    let more: String = more
        .into_iter()
        .filter_map(|(word, text)| Some(format!(", {word}{}", text.as_ref()?)))
        .collect();
    let source = format!("{}{more}", facts.title.trim_end_matches('.'));
    let Some(level) = facts.confirmed else {
        return format!(
            "\nWhere its facts come from: {source}. How well they are confirmed is not stated.\n"
        );
    };
    let but = match level {
        _ if facts.unverified.is_empty() => "",
        Confirmed::Unverified => "",
        Confirmed::Live | Confirmed::Documented | Confirmed::Transcribed => {
            ", but for what is listed at the end"
        }
    };
    format!("\nIts facts are **{}** ({}){but}: {source}.\n", level.name(), level.meaning())
}

fn set_up(part: &Description, out: &mut String) {
    out.push_str("\n### Set it up\n\n");
    let address = "https://your-relay.example/hooks/MERCHANT/SOURCE";
    if let Can::Source(source) = &part.can {
        let place = match source.poll {
            Some(_) => "Nothing has to reach you: it is asked. Webhooks, where it sends any, go to",
            None => "The address to enter there is",
        };
        out.extend([format!(
            "{place} `{address}`: the merchant's and the source's names in your files.\n\n"
        )]);
    }
    for (lead, steps) in [("", &part.setup.en), ("Auf Deutsch:\n\n", &part.setup.de)] {
        if !steps.is_empty() {
            out.push_str(lead);
            for (at, step) in steps.iter().enumerate() {
                out.extend([format!("{}. {step}\n", at + 1)]);
            }
            out.push('\n');
        }
    }
    if let Some(guide) = &part.setup.guide {
        out.extend([format!("More in [{guide}]({guide}).\n\n")]);
    }
    let secret = &part.setup.secret;
    if let Some(place) = secret.en.as_ref().or(secret.de.as_ref()) {
        out.extend([format!("The secret: {place}")]);
        if let Some(place) = secret.de.as_ref().filter(|_| secret.en.is_some()) {
            out.extend([format!(" (auf Deutsch: {place})")]);
        }
        out.push_str("\n\n");
    }
    if !part.setup.scopes.is_empty() {
        let scopes: Vec<String> =
            part.setup.scopes.iter().map(|scope| format!("`{scope}`")).collect();
        out.extend([format!("The key must be allowed: {}.\n\n", scopes.join(", "))]);
    }
    settings(&part.settings, out);
    out.extend([format!("```yaml\n{}```\n", example::merchant(part))]);
}

fn settings(settings: &[Asked], out: &mut String) {
    if settings.is_empty() {
        return;
    }
    let rows = settings.iter().map(|one| {
        let mut what = vec![if one.secret {
            "secret".to_owned()
        } else if one.required {
            "required".to_owned()
        } else {
            "optional".to_owned()
        }];
        if one.form != "text" {
            what.push(format!("a {}", one.form));
        }
        what.extend(one.default.as_ref().map(|value| match value.as_str() {
            "" => "empty when left out".to_owned(),
            value => format!("`{value}` when left out"),
        }));
        if !one.one_of.is_empty() {
            what.push(format!("one of {}", one.one_of.join(", ")));
        }
        let mut place: Vec<&str> = Vec::new();
        place.extend(one.doc.as_deref());
        place.extend(one.found_at.en.as_deref());
        let german =
            one.found_at.de.as_deref().filter(|de| Some(*de) != one.found_at.en.as_deref());
        place.extend(german);
        [format!("`{}`", one.name), what.join("; "), place.join("<br>")]
    });
    table(["setting", "is", "what it is, and where you find it"], rows, out);
}

fn unverified(part: &Description, out: &mut String) {
    if part.facts.unverified.is_empty() {
        return;
    }
    out.push_str(
        "\n### Not sure\n\nUsed here although nothing, or only something weak, says so:\n\n",
    );
    for fact in &part.facts.unverified {
        out.extend([format!("- {fact}\n")]);
    }
}

/// A table, and an empty line after it.
fn table<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    out: &mut String,
) {
    let row = |cells: &[String]| {
        let cells: Vec<String> =
            cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    out.push_str(&row(&head.map(str::to_owned)));
    out.push_str(&row(&[const { String::new() }; N].map(|_| "---".to_owned())));
    for cells in rows {
        out.push_str(&row(&cells));
    }
    out.push('\n');
}

//! The pages of all connectors, and the one that lists them.

use std::collections::BTreeMap;

use super::{Can, Confirmed, Description, page, page::AGAIN, statuses};

/// One page.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// Its file's name.
    pub file: String,
    /// Its Markdown.
    pub text: String,
}

/// One page for each name, `README.md`, which lists them, and `statuses.md`: what they can say.
pub fn catalogue(described: Vec<Description>) -> Vec<Page> {
    let index = Page { file: "README.md".to_owned(), text: index(&described) };
    let mut by_name: BTreeMap<String, Vec<Description>> = BTreeMap::new();
    for one in described {
        by_name.entry(one.name.clone()).or_default().push(one);
    }
    let pages = by_name
        .into_iter()
        .map(|(name, parts)| Page { file: format!("{name}.md"), text: page(&parts) });
    let statuses = Page { file: "statuses.md".to_owned(), text: statuses::page() };
    std::iter::once(index).chain(pages).chain([statuses]).collect()
}

fn index(described: &[Description]) -> String {
    let mut out = format!(
        "<!-- Made from the files in connectors/ by `{AGAIN}`: change them, not this page. -->\n\n\
         # Connectors\n\n\
         What parcelwire can read from and send to. [writing-one.md](writing-one.md) takes you from a payload \
         to a connector of your own; [writing.md](writing.md) is the reference.\n"
    );
    let kinds: [(&str, fn(&Can) -> bool); 2] = [
        ("Sources", |can| matches!(can, Can::Source(_))),
        ("Destinations", |can| matches!(can, Can::Destination(_))),
    ];
    for (title, is_of) in kinds {
        out.extend([format!(
            "\n## {title}\n\n| connector | what it can | its facts |\n| --- | --- | --- |\n"
        )]);
        for one in described.iter().filter(|one| is_of(&one.can)) {
            let (name, title, can) = (&one.name, &one.title, one.in_short());
            let facts = one.facts.in_short();
            out.extend([format!("| [{title}]({name}.md) (`{name}`) | {can} | {facts} |\n")]);
        }
    }
    out.push_str("\nHow well facts are confirmed:\n\n");
    for level in Confirmed::ALL {
        out.extend([format!("- {}: {}\n", level.name(), level.meaning())]);
    }
    out
}

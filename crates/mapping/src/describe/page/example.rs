//! The example of a merchant's file on a connector's page.

use crate::describe::{Asked, Can, Description};

/// A file with this connector alone, as `check` accepts it.
pub(super) fn merchant(part: &Description) -> String {
    let name = &part.name;
    let (section, needs_secret) = match &part.can {
        Can::Source(source) => ("sources", source.needs_secret),
        Can::Destination(_) => ("destinations", false),
    };
    let mut lines = Vec::new();
    if needs_secret {
        lines.push(format!("secret: file:{name}"));
    }
    for setting in part.settings.iter().filter(|setting| setting.required) {
        lines.push(format!("{}: {}", setting.name, value(name, setting)));
    }
    if part.needs_ids() {
        lines.push("ids: { delivered: \"4711\" }      # the event's id there".to_owned());
    }
    let mut out = format!("# config/merchants/hey.yaml\nname: Hey Example\n{section}:\n");
    if lines.is_empty() {
        out.extend([format!("  {name}: {{}}\n")]);
        return out;
    }
    out.extend([format!("  {name}:\n")]);
    for line in lines {
        out.extend([format!("    {line}\n")]);
    }
    out
}

fn value(connector: &str, setting: &Asked) -> String {
    if setting.secret {
        return format!("file:{connector}-{}", setting.name.replace('_', "-"));
    }
    match setting.form {
        "list" => return "[a, b]".to_owned(),
        "map" => return "{ a: b }".to_owned(),
        _ => {}
    }
    let value = setting.example.as_deref().unwrap_or("…");
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:".contains(c));
    if is_plain { value.to_owned() } else { format!("{value:?}") }
}

impl Description {
    fn needs_ids(&self) -> bool {
        let Can::Destination(destination) = &self.can else { return false };
        destination.ids.as_ref().is_some_and(|ids| ids.required)
    }
}

//! A [`Shape`] as a reference page in Markdown: one table per map.
//!
//! Must not know what the files mean.

use std::collections::VecDeque;

use super::{Field, Keys, Shape};

/// The page of a file kind: a heading, then the table of each map, outermost first.
pub fn reference_markdown(shape: &Shape, title: &str) -> String {
    let mut page = Page { out: format!("# {title}\n"), queue: VecDeque::new(), refs: Vec::new() };
    page.look_into(shape, "");
    while let Some((path, fields, open)) = page.queue.pop_front() {
        page.table(&path, fields, open);
    }
    page.out
}

struct Page {
    out: String,
    queue: VecDeque<(String, &'static [Field], bool)>,
    refs: Vec<&'static str>,
}

impl Page {
    fn table(&mut self, path: &str, fields: &'static [Field], open: bool) {
        let mut lines = vec![String::new()];
        if !path.is_empty() {
            lines.push(format!("## `{path}`\n"));
        }
        lines.push("| key | value | meaning |\n|---|---|---|".to_owned());
        for field in fields {
            let doc = escaped(&meaning(field));
            let name = escaped(&field.shape.name());
            lines.push(format!("| `{}` | {name} | {doc} |", field.key));
        }
        if open {
            lines.push("\nOther keys may stand here too.".to_owned());
        }
        self.out.push_str(&lines.join("\n"));
        self.out.push('\n');
        for field in fields {
            let below = if path.is_empty() {
                field.key.to_owned()
            } else {
                format!("{path}.{}", field.key)
            };
            self.look_into(&field.shape, &below);
        }
    }

    /// Queues the maps inside of `shape`.
    fn look_into(&mut self, shape: &Shape, path: &str) {
        match shape {
            Shape::Map(fields) => self.queue.push_back((path.to_owned(), fields, false)),
            Shape::Open(fields, rest) => {
                self.queue.push_back((path.to_owned(), fields, true));
                self.look_into(rest, &format!("{path}.*"));
            }
            Shape::MapOf(keys, value) => {
                let name = match keys {
                    Keys::Any | Keys::Enum(_) => "*",
                    Keys::Format(format) => format.name.rsplit(' ').next().unwrap_or("*"),
                };
                self.look_into(value, &format!("{path}.{name}"));
            }
            Shape::List(item) => self.look_into(item, &format!("{path}[]")),
            Shape::OneOrMany(item) => self.look_into(item, path),
            Shape::OneOf(shapes) => shapes.iter().for_each(|shape| self.look_into(shape, path)),
            Shape::Ref(name, shape) => {
                if !self.refs.contains(name) {
                    self.refs.push(name);
                    self.look_into(shape(), name);
                }
            }
            Shape::Text
            | Shape::Secret
            | Shape::Format(_)
            | Shape::Bool
            | Shape::Int { .. }
            | Shape::Number { .. }
            | Shape::Duration
            | Shape::Enum(_)
            | Shape::Expression
            | Shape::Template
            | Shape::Any => {}
        }
    }
}

fn meaning(field: &Field) -> String {
    let required = if field.required { " (required)" } else { "" };
    let default = field.default.map_or_else(String::new, |text| format!("; default: `{text}`"));
    let instead =
        field.deprecated.map_or_else(String::new, |text| format!("; no longer in use: {text}"));
    format!("{}{required}{default}{instead}", field.doc)
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

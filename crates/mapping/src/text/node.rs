//! A rule file as a tree that keeps its places and the source text of every scalar.
//!
//! Nothing is typed before somebody asks: `0815`, `no`, `on` and `12:30` stay what was written.
//! Must not know what the files mean.

use parcelwire_domain::write_json_text;
use parcelwire_domain::{Map, Number, Value};

use super::span::Span;

/// One value of a file and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands; for a value left empty (`key:`) where its key stands.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// A single value, untyped.
    Scalar {
        /// The text after YAML's unescaping and folding.
        text: String,
        /// How it was written, which decides whether it may be a number, a bool or null.
        style: Style,
    },
    /// A list.
    List(Vec<Node>),
    /// A map in written order.
    Map(Vec<(Key, Node)>),
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: may be a number, a bool or null when asked for.
    Plain,
    /// In single or double quotes: always a text.
    Quoted,
    /// As `|` or `>` block: always a text.
    Block,
    /// Could not be read; an error was told already, and every shape accepts it in silence.
    Broken,
}

/// The key of a map's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// The text of a scalar as written; `None` for null, a list or a map.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } if !self.is_null() => Some(text),
            NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }

    /// The truth value of a plain `true` or `false`; `yes` and `on` are texts.
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The number of a plain scalar that is one by JSON's grammar, exact at any length.
    ///
    /// `0815` and `+49301234` are no numbers: nobody who writes them wants to lose a digit.
    pub fn as_number(&self) -> Option<Number> {
        Number::from_json(self.plain()?)
    }

    /// The whole number of a plain scalar, when it fits.
    pub fn as_int(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The elements, when this is a list; none when the value was left empty.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            NodeKind::Scalar { .. } if self.is_null() => Some(&[]),
            NodeKind::Scalar { .. } | NodeKind::Map(_) => None,
        }
    }

    /// The entries, when this is a map; none when the value was left empty.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            NodeKind::Scalar { .. } if self.is_null() => Some(&[]),
            NodeKind::Scalar { .. } | NodeKind::List(_) => None,
        }
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, &Node)> {
        self.as_map().unwrap_or(&[]).iter().map(|(key, node)| (key, node))
    }

    /// The elements of a list, or the value itself where a single one stands for a list of one.
    pub fn one_or_many(&self) -> &[Node] {
        match &self.kind {
            NodeKind::List(items) => items,
            NodeKind::Scalar { .. } if self.is_null() => &[],
            NodeKind::Scalar { .. } | NodeKind::Map(_) => std::slice::from_ref(self),
        }
    }

    /// The value under `key`, when this is a map that has it and it was not left empty.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node).filter(|node| !node.is_null())
    }

    /// The entry `key` with its place, also when its value was left empty.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.entries().find(|(name, _)| name.text == key)
    }

    /// Whether this is a map with `key`.
    pub fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Whether the value was left empty, or is a plain `null` or `~`.
    pub fn is_null(&self) -> bool {
        matches!(self.plain(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    /// Whether an error about this value was told already.
    pub fn is_broken(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar { style: Style::Broken, .. })
    }

    /// Whether this is a scalar (null and broken ones are).
    pub fn is_scalar(&self) -> bool {
        matches!(self.kind, NodeKind::Scalar { .. })
    }

    /// Whether this is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, NodeKind::Map(_))
    }

    /// Whether this is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, NodeKind::List(_))
    }

    /// What a person would call it: `a text`, `a list`, `a map`, `nothing`.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
            NodeKind::Scalar { .. } if self.is_null() => "nothing",
            NodeKind::Scalar { .. } if self.as_bool().is_some() => "true or false",
            NodeKind::Scalar { .. } if self.as_number().is_some() => "a number",
            NodeKind::Scalar { .. } => "a text",
        }
    }

    /// Where bytes `start..end` of a scalar's text stand in the file: a part of an expression.
    ///
    /// Exact for text without escapes and folds; otherwise the whole value.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Span {
        self.locate(start, end).unwrap_or_else(|| self.span.clone())
    }

    fn locate(&self, start: usize, end: usize) -> Option<Span> {
        let NodeKind::Scalar { text, style } = &self.kind else { return None };
        let source = self.span.source();
        let lead = usize::from(*style == Style::Quoted);
        if source.get(lead..lead + text.len()) == Some(text) {
            return Some(self.span.part(lead + start, lead + end));
        }
        let piece = text.get(start..end).filter(|piece| !piece.is_empty())?;
        let mut places = source.match_indices(piece);
        let (at, _) = places.next()?;
        places.next().is_none().then(|| self.span.part(at, at + piece.len()))
    }

    /// The value as literal data: plain numbers and bools typed, all else text.
    ///
    /// Null is absent: `None` for null itself, its entries and elements are left out.
    pub fn to_value(&self) -> Option<Value> {
        match &self.kind {
            NodeKind::Scalar { .. } if self.is_null() => None,
            NodeKind::Scalar { text, .. } => Some(match (self.as_bool(), self.as_number()) {
                (Some(truth), _) => Value::Bool(truth),
                (None, Some(number)) => Value::Number(number),
                (None, None) => Value::text(text.clone()),
            }),
            NodeKind::List(items) => {
                Some(Value::List(items.iter().filter_map(Self::to_value).collect()))
            }
            NodeKind::Map(entries) => Some(Value::Map(
                entries
                    .iter()
                    .filter_map(|(key, node)| Some((key.text.clone(), node.to_value()?)))
                    .collect::<Map>(),
            )),
        }
    }

    /// The value as JSON text, null included: the body of a webhook in a file's test.
    pub fn to_json_text(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match &self.kind {
            NodeKind::Scalar { .. } if self.is_null() => out.push_str("null"),
            NodeKind::Scalar { text, .. } => match (self.as_bool(), self.as_number()) {
                (Some(truth), _) => out.push_str(if truth { "true" } else { "false" }),
                (None, Some(number)) => out.push_str(number.as_str()),
                (None, None) => write_json_text(text, out),
            },
            NodeKind::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            NodeKind::Map(entries) => {
                out.push('{');
                for (at, (key, node)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_json_text(&key.text, out);
                    out.push(':');
                    node.write_json(out);
                }
                out.push('}');
            }
        }
    }

    fn plain(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, style: Style::Plain } => Some(text),
            NodeKind::Scalar { .. } | NodeKind::List(_) | NodeKind::Map(_) => None,
        }
    }
}

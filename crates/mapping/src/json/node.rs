//! The arena's nodes and the light handles through which they are read.

use std::borrow::Cow;
use std::fmt;

use parcelwire_domain::{Number, Value};

use super::{Doc, escape};

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list.
    List,
    /// A map.
    Map,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    False,
    True,
    Number,
    /// A text (or key) that stands in the document as it is.
    Plain,
    /// A text (or key) with escapes.
    Escaped,
    List,
    Map,
}

/// One value or key. A map's children alternate key, value. `next` is the node after the whole
/// subtree, so that siblings are found without looking into it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) tag: Tag,
    /// First byte in the text; for a text the one after the quote.
    pub(super) start: u32,
    /// One past the last byte; for a container the number of its elements or entries.
    pub(super) end: u32,
    pub(super) next: u32,
}

/// A value inside a [`Doc`].
#[derive(Clone, Copy)]
pub struct Json<'a> {
    doc: &'a Doc,
    at: u32,
}

impl<'a> Json<'a> {
    pub(super) fn new(doc: &'a Doc, at: u32) -> Self {
        Self { doc, at }
    }

    fn node(self) -> Node {
        self.doc.nodes[self.at as usize]
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.node().tag {
            Tag::Null => Kind::Null,
            Tag::False | Tag::True => Kind::Bool,
            Tag::Number => Kind::Number,
            Tag::Plain | Tag::Escaped => Kind::Text,
            Tag::List => Kind::List,
            Tag::Map => Kind::Map,
        }
    }

    /// The value under `key`, when this is a map that has it. Of a repeated key, the last.
    pub fn get(self, key: &str) -> Option<Self> {
        let mut found = None;
        let mut at = self.first_child(Tag::Map)?;
        for _ in 0..self.node().end {
            let name = self.doc.nodes[at as usize];
            if self.key_is(name, key) {
                found = Some(Self::new(self.doc, at + 1));
            }
            at = self.doc.nodes[at as usize + 1].next;
        }
        found
    }

    fn key_is(self, name: Node, key: &str) -> bool {
        match name.tag {
            Tag::Escaped => escape::unescape(self.doc.slice(name.start, name.end)) == key,
            // Most keys differ in length from the one that is wanted.
            _ => {
                (name.end - name.start) as usize == key.len()
                    && self.doc.slice(name.start, name.end) == key
            }
        }
    }

    /// The element at `index`, when this is a list that long.
    pub fn at(self, index: usize) -> Option<Self> {
        self.items().nth(index)
    }

    /// The number of elements or entries (repeated keys counted); 0 for anything else.
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::List | Kind::Map => self.node().end as usize,
            Kind::Null | Kind::Bool | Kind::Number | Kind::Text => 0,
        }
    }

    /// Whether it has no elements or entries.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The elements of a list; nothing for anything else.
    pub fn items(self) -> impl Iterator<Item = Self> + 'a {
        let mut at = self.first_child(Tag::List).unwrap_or(0);
        let count = if at == 0 { 0 } else { self.node().end };
        (0..count).map(move |_| {
            let item = Self::new(self.doc, at);
            at = item.node().next;
            item
        })
    }

    /// The entries of a map as they stand, repeated keys included; nothing for anything else.
    pub fn entries(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> + 'a {
        let mut at = self.first_child(Tag::Map).unwrap_or(0);
        let count = if at == 0 { 0 } else { self.node().end };
        (0..count).map(move |_| {
            let key = Self::new(self.doc, at);
            let value = Self::new(self.doc, at + 1);
            at = value.node().next;
            (key.text().unwrap_or_default(), value)
        })
    }

    fn first_child(self, container: Tag) -> Option<u32> {
        (self.node().tag == container).then_some(self.at + 1)
    }

    /// The text, when this is one; borrowed unless it has escapes.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        let raw = self.doc.slice(node.start, node.end);
        match node.tag {
            Tag::Plain => Some(Cow::Borrowed(raw)),
            Tag::Escaped => Some(Cow::Owned(escape::unescape(raw))),
            Tag::Null | Tag::False | Tag::True | Tag::Number | Tag::List | Tag::Map => None,
        }
    }

    /// The number as its text, when this is one.
    pub fn number(self) -> Option<&'a str> {
        let node = self.node();
        (node.tag == Tag::Number).then(|| self.doc.slice(node.start, node.end))
    }

    /// The truth value, when this is one.
    pub fn bool(self) -> Option<bool> {
        match self.node().tag {
            Tag::True => Some(true),
            Tag::False => Some(false),
            Tag::Null | Tag::Number | Tag::Plain | Tag::Escaped | Tag::List | Tag::Map => None,
        }
    }

    /// The value at a path of keys; a part that is a number also finds an element of a list.
    pub fn find<'k>(self, path: impl IntoIterator<Item = &'k str>) -> Option<Self> {
        path.into_iter().try_fold(self, |here, part| match here.kind() {
            Kind::Map => here.get(part),
            Kind::List => here.at(part.parse().ok()?),
            Kind::Null | Kind::Bool | Kind::Number | Kind::Text => None,
        })
    }

    /// A copy as a domain value: `None` for null, nulls left out of maps and lists.
    pub fn to_value(self) -> Option<Value> {
        // Recursion is bounded: the reader refuses documents deeper than `MAX_DEPTH`.
        match self.node().tag {
            Tag::Null => None,
            Tag::False => Some(Value::Bool(false)),
            Tag::True => Some(Value::Bool(true)),
            Tag::Number => self.number().and_then(Number::from_json).map(Value::Number),
            Tag::Plain | Tag::Escaped => self.text().map(Value::text),
            Tag::List => Some(Value::List(self.items().filter_map(Self::to_value).collect())),
            Tag::Map => Some(Value::Map(self.to_map())),
        }
    }

    fn to_map(self) -> parcelwire_domain::Map {
        // Nulls go in first and out again after: `{"a": 1, "a": null}` has no `a`.
        let (mut kept, mut gone) = (Vec::with_capacity(self.len()), Vec::new());
        for (key, value) in self.entries() {
            match value.to_value() {
                Some(value) => kept.push((key, value)),
                None => gone.push(key),
            }
        }
        let mut map: parcelwire_domain::Map = kept.into_iter().collect();
        for key in gone {
            if !map.is_empty() && self.get(&key).is_some_and(|v| v.kind() == Kind::Null) {
                map.remove(&key);
            }
        }
        map
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The kind alone: payloads hold personal data and must not reach a log by accident.
        write!(f, "Json({:?})", self.kind())
    }
}

impl PartialEq for Json<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

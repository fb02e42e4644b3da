//! A payload as it was sent: JSON read once into a flat arena, then only looked at.
//!
//! Own reader, and not `serde_json`, because numbers must stay exact whatever their length, texts
//! must be borrowed, and each way of being unreadable has its own answer to the sender.
//! Must not know what a payload means, nor how it came.

mod escape;
pub mod form;
mod node;
mod parse;
#[cfg(test)]
mod tests;
mod unreadable;

pub use node::{Json, Kind};
pub use unreadable::Unreadable;

use node::Node;

/// Deepest nesting of lists and maps that is read.
pub const MAX_DEPTH: usize = 128;

/// Largest payload that is read. The server's own limit on bodies is lower; this one keeps
/// places in the text within 32 bits.
pub const MAX_BYTES: usize = 64 << 20;

/// A JSON document with its text. The root is a map or a list.
#[derive(Debug)]
pub struct Doc {
    text: Box<str>,
    /// In the order of the text, a container before its children: see [`Node`].
    nodes: Vec<Node>,
}

impl Doc {
    /// Reads RFC 8259 JSON in UTF-8, with or without a byte order mark.
    ///
    /// A key that is repeated counts with its last value, as most readers have it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.len() > MAX_BYTES {
            return Err(Unreadable::TooLarge);
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Unreadable::Empty);
        }
        let text =
            std::str::from_utf8(bytes).map_err(|e| Unreadable::NotUtf8 { at: e.valid_up_to() })?;
        let nodes = parse::read(text)?;
        Ok(Self { text: text.into(), nodes })
    }

    /// The outermost value.
    pub fn root(&self) -> Json<'_> {
        Json::new(self, 0)
    }

    /// The text as it was read, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

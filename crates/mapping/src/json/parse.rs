//! The reader: one pass over the text with its own stack, so that depth costs no recursion.

use parcelwire_domain::plain_json_bytes;

use super::node::{Node, Tag};
use super::{MAX_DEPTH, Unreadable, escape};

/// Reads `text` into nodes, the root first.
pub(super) fn read(text: &str) -> Result<Vec<Node>, Unreadable> {
    let mut reader =
        Reader { text, bytes: text.as_bytes(), at: 0, nodes: Vec::new(), open: Vec::new() };
    // Measured on shop payloads: about one node for every ten bytes.
    reader.nodes.reserve(text.len() / 10 + 4);
    reader.document()?;
    Ok(reader.nodes)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    /// The containers not yet closed, as places in `nodes`.
    open: Vec<u32>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Unreadable> {
        self.value()?;
        while let Some(&container) = self.open.last() {
            self.after_value(container)?;
        }
        self.skip_blanks();
        if self.at < self.bytes.len() {
            return Err(self.wrong("something follows the end of the value"));
        }
        match self.nodes.first().map(|root| root.tag) {
            Some(Tag::List | Tag::Map) => Ok(()),
            _ => Err(Unreadable::NeitherObjectNorList),
        }
    }

    /// Reads one scalar, or the opening of a container up to its first value.
    fn value(&mut self) -> Result<(), Unreadable> {
        loop {
            self.skip_blanks();
            let start = self.at;
            match self.peek() {
                Some(b'"') => return self.string(),
                Some(b'{') => {
                    self.open(Tag::Map)?;
                    self.skip_blanks();
                    if self.peek() == Some(b'}') {
                        self.close();
                        return Ok(());
                    }
                    self.key()?;
                }
                Some(b'[') => {
                    self.open(Tag::List)?;
                    self.skip_blanks();
                    if self.peek() == Some(b']') {
                        self.close();
                        return Ok(());
                    }
                }
                Some(b't') => return self.word("true", Tag::True),
                Some(b'f') => return self.word("false", Tag::False),
                Some(b'n') => return self.word("null", Tag::Null),
                Some(b'-' | b'0'..=b'9') => return self.number(start),
                Some(_) => return Err(self.wrong("a value is expected here")),
                None => return Err(self.wrong("the text ends where a value is expected")),
            }
        }
    }

    /// Goes on after a finished value inside `container`: to the next one or to its end.
    fn after_value(&mut self, container: u32) -> Result<(), Unreadable> {
        let node = &mut self.nodes[container as usize];
        let is_map = node.tag == Tag::Map;
        self.skip_blanks();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                if is_map {
                    self.skip_blanks();
                    self.key()?;
                }
                self.value()
            }
            Some(b'}') if is_map => {
                self.close();
                Ok(())
            }
            Some(b']') if !is_map => {
                self.close();
                Ok(())
            }
            Some(_) if is_map => Err(self.wrong("a comma or a closing brace is expected here")),
            Some(_) => Err(self.wrong("a comma or a closing bracket is expected here")),
            None => Err(self.wrong("the text ends before everything is closed")),
        }
    }

    fn open(&mut self, tag: Tag) -> Result<(), Unreadable> {
        if self.open.len() == MAX_DEPTH {
            return Err(Unreadable::TooDeep);
        }
        let place = self.nodes.len() as u32;
        self.push(tag, self.at, 0);
        self.open.push(place);
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        if let Some(container) = self.open.pop() {
            self.nodes[container as usize].next = self.nodes.len() as u32;
        }
    }

    fn key(&mut self) -> Result<(), Unreadable> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a key in double quotes is expected here"));
        }
        let (tag, start, end) = self.quoted()?;
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { tag, start: start as u32, end: end as u32, next });
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.wrong("a colon is expected after the key"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Unreadable> {
        let (tag, start, end) = self.quoted()?;
        self.push(tag, start, end);
        Ok(())
    }

    /// Reads a quoted text; answers its kind and what stands between the quotes.
    fn quoted(&mut self) -> Result<(Tag, usize, usize), Unreadable> {
        self.at += 1;
        let start = self.at;
        let mut tag = Tag::Plain;
        loop {
            self.at += plain_json_bytes(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok((tag, start, self.at - 1));
                }
                Some(b'\\') => {
                    tag = Tag::Escaped;
                    self.escape()?;
                }
                Some(_) => return Err(self.wrong("a control character stands in a text")),
                None => return Err(self.wrong("the text ends inside a quoted text")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Unreadable> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match escape::code_point(&self.bytes[self.at + 2..]) {
                (Some(_), used) => self.at += 2 + used,
                (None, _) => return Err(self.wrong("\\u does not name a character")),
            },
            _ => return Err(self.wrong("an escape JSON does not know")),
        }
        Ok(())
    }

    fn number(&mut self, start: usize) -> Result<(), Unreadable> {
        self.at += usize::from(self.peek() == Some(b'-'));
        let whole = self.at;
        let digits = self.digits()?;
        if digits > 1 && self.bytes[whole] == b'0' {
            self.at = whole;
            return Err(self.wrong("a number begins with 0"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
            // Without an exponent a number is as long as it is written, and kept as written.
            let nearest: f64 = self.bytes_as_str(start).parse().unwrap_or(f64::INFINITY);
            if !nearest.is_finite() {
                let (line, column) = self.place(start);
                return Err(Unreadable::NumberOutOfRange { line, column });
            }
        }
        self.push(Tag::Number, start, self.at);
        Ok(())
    }

    fn bytes_as_str(&self, start: usize) -> &str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn digits(&mut self) -> Result<usize, Unreadable> {
        let count = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.wrong("a digit is expected here")) } else { Ok(count) }
    }

    fn word(&mut self, word: &str, tag: Tag) -> Result<(), Unreadable> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.wrong("a value is expected here"));
        }
        let start = self.at;
        self.at += word.len();
        self.push(tag, start, self.at);
        Ok(())
    }

    /// Adds a value's node and counts it in its container.
    fn push(&mut self, tag: Tag, start: usize, end: usize) {
        if let Some(&container) = self.open.last() {
            self.nodes[container as usize].end += 1;
        }
        let next = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { tag, start: start as u32, end: end as u32, next });
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn wrong(&self, what: &'static str) -> Unreadable {
        let (line, column) = self.place(self.at);
        Unreadable::NotJson { line, column, what }
    }

    fn place(&self, at: usize) -> (usize, usize) {
        let before = &self.bytes[..at.min(self.bytes.len())];
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        // Bytes 10xxxxxx continue a character.
        let column = before[line_start..].iter().filter(|b| **b & 0xC0 != 0x80).count() + 1;
        (line, column)
    }
}

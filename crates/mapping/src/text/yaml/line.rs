//! A line of YAML as a person sees it: key, value, comment. For blame only; the tree comes from
//! the parser.

use std::ops::Range;

/// One line of the text, by its place.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) range: Range<usize>,
}

impl Line {
    pub(super) fn around(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let after = text.get(at..).unwrap_or_default();
        let end = at + after.find(['\n', '\r']).unwrap_or(after.len());
        Self { range: start..end }
    }

    pub(super) fn source<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.range.clone()).unwrap_or_default()
    }

    pub(super) fn content<'t>(&self, text: &'t str) -> &'t str {
        without_comment(self.source(text)).trim()
    }

    /// Where the value starts: after `- ` and `key: `.
    pub(super) fn value_start(&self, text: &str) -> usize {
        let source = self.source(text);
        let mut at = source.len() - source.trim_start().len();
        while let Some(rest) = source.get(at..).and_then(|rest| rest.strip_prefix("- ")) {
            at = source.len() - rest.trim_start().len();
        }
        let rest = source.get(at..).unwrap_or_default();
        let quoted = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                rest.get(1..).and_then(|r| r.find(quote)).map_or(0, |q| q + 2)
            }
            _ => 0,
        };
        let behind = rest.get(quoted..).unwrap_or_default();
        if let Some(colon) = behind.find(": ") {
            let after = behind.get(colon + 2..).unwrap_or_default();
            at = source.len() - after.trim_start().len();
        } else if without_comment(behind).trim_end().ends_with(':') {
            at = source.len();
        }
        self.range.start + at
    }

    /// The value of the line, without a comment; `None` when it has none.
    pub(super) fn value(&self, text: &str) -> Option<Range<usize>> {
        let start = self.value_start(text);
        let rest = text.get(start..self.range.end)?;
        let value = without_comment(rest).trim_end();
        (!value.is_empty()).then(|| start..start + value.len())
    }

    pub(super) fn indent(&self, text: &str) -> usize {
        let source = self.source(text);
        source.len() - source.trim_start().len()
    }

    pub(super) fn first_tab(&self, text: &str) -> Option<usize> {
        self.source(text).find('\t').map(|at| self.range.start + at)
    }

    /// Where the comment behind a value starts, as far as a look at the quotes before it tells.
    pub(super) fn comment(&self, text: &str) -> Option<usize> {
        let (mut single, mut double, mut before) = (false, false, ' ');
        for (at, c) in self.source(text).char_indices() {
            match c {
                '\'' if !double => single = !single,
                '"' if !single => double = !double,
                '#' if before == ' ' && !single && !double => return Some(self.range.start + at),
                _ => {}
            }
            before = c;
        }
        None
    }

    /// The line below.
    pub(super) fn after(&self, text: &str) -> Option<Self> {
        let rest = text.get(self.range.end..)?;
        let newline = rest.find('\n')?;
        Some(Self::around(text, self.range.end + newline + 1))
    }

    /// The line above.
    pub(super) fn before(&self, text: &str) -> Option<Self> {
        self.range.start.checked_sub(1).map(|newline| Self::around(text, newline))
    }

    pub(super) fn value_starting_with(&self, text: &str, lead: &str) -> Option<usize> {
        let start = self.value_start(text);
        text.get(start..self.range.end)?.starts_with(lead).then_some(start)
    }
}

/// The text before ` # …`.
pub(super) fn without_comment(line: &str) -> &str {
    line.find(" #").and_then(|at| line.get(..at)).unwrap_or(line)
}

//! YAML text → [`Node`]s, every trap told in our own words.
//!
//! A subset of YAML 1.2 is read: no anchors, aliases, tags, directives or second documents. The
//! parser stops at its first error; so that one reading tells all of them, the value in error is
//! blanked (same length, so that places stay right) and the file is read again, a few times.
//! Must not know what the files mean.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::doubt;
use super::explain;
use super::node::{Key, Node, NodeKind, Style};
use super::span::{SourceFile, Span};

/// The largest file that is read; the shipped connectors are below a hundredth of it.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
/// The deepest nesting that is read; payloads in tests are the deepest things in files.
pub const MAX_NESTING: usize = 64;
/// How many syntax errors of one file are told before giving up.
pub const MAX_SYNTAX_ERRORS: usize = 20;

/// Reads a file. `None` when its structure could not be made out; what is wrong is then, as
/// always, in `diagnostics`. A tree may come with errors: values in error are [`Style::Broken`].
pub fn read(file: Arc<SourceFile>, diagnostics: &mut Diagnostics) -> Option<Node> {
    if file.text.len() > MAX_FILE_BYTES {
        diagnostics.push(
            Diagnostic::error(&file.start(), "the file is larger than 1 MiB")
                .hint("split it; a rule file rarely needs more than a few hundred lines"),
        );
        return None;
    }
    let mut text = file.text.clone();
    let mut broken: Vec<Range<usize>> = Vec::new();
    for _ in 0..MAX_SYNTAX_ERRORS {
        let mut pass = Pass::new(&file, &broken);
        let stop = match pass.run(&text) {
            Ok(()) => {
                pass.doubts.append(&mut doubt::cut_off(&file, &pass.comments, &pass.plain));
                pass.doubts.into_iter().for_each(|told| diagnostics.push(told));
                return Some(pass.root.unwrap_or_else(|| empty(&file)));
            }
            Err(stop) => stop,
        };
        let Some(range) = stop.repair.filter(|range| !range.is_empty()) else {
            diagnostics.push(stop.diagnostic);
            return None;
        };
        let place = stop.diagnostic.span.as_ref().map_or(0..0, |span| span.start..span.start);
        if broken.iter().any(|told| covers(told, &range) || covers(told, &place)) {
            // Blanking did not help, and what is wrong in this place was told already.
            return None;
        }
        diagnostics.push(stop.diagnostic);
        blank(&mut text, &range);
        broken.push(range);
    }
    diagnostics.push(
        Diagnostic::error(&file.start(), "the file has more syntax errors than are told at once")
            .hint("correct those above and check again"),
    );
    None
}

fn empty(file: &Arc<SourceFile>) -> Node {
    Node { span: file.start(), kind: NodeKind::Map(Vec::new()) }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Replaces a value by a quoted text of the same length, and a whole line by a comment.
fn blank(text: &mut String, range: &Range<usize>) {
    let before = text.get(..range.start).unwrap_or_default();
    let alone = before.rsplit('\n').next().is_some_and(|lead| lead.trim().is_empty());
    let filler = match range.len() {
        length if alone => format!("#{}", "x".repeat(length - 1)),
        1 => "x".to_owned(),
        length => format!("\"{}\"", "x".repeat(length - 2)),
    };
    text.replace_range(range.clone(), &filler);
}

/// Why a pass could not go on.
pub(super) struct Stop {
    /// What to tell.
    pub(super) diagnostic: Diagnostic,
    /// The value to blank before trying again.
    pub(super) repair: Option<Range<usize>>,
}

/// An open list or map.
enum Frame {
    List { start: usize, items: Vec<Node>, flow: bool },
    Map(OpenMap),
}

struct OpenMap {
    start: usize,
    entries: Vec<(Key, Node)>,
    places: HashMap<String, Span>,
    key: Option<Key>,
    flow: bool,
}

/// One walk over the parser's events.
struct Pass<'a> {
    file: &'a Arc<SourceFile>,
    broken: &'a [Range<usize>],
    stack: Vec<Frame>,
    root: Option<Node>,
    documents: usize,
    comments: Vec<Range<usize>>,
    plain: Vec<Range<usize>>,
    doubts: Vec<Diagnostic>,
}

impl<'a> Pass<'a> {
    fn new(file: &'a Arc<SourceFile>, broken: &'a [Range<usize>]) -> Self {
        Self {
            file,
            broken,
            stack: Vec::new(),
            root: None,
            documents: 0,
            comments: Vec::new(),
            plain: Vec::new(),
            doubts: Vec::new(),
        }
    }

    fn run(&mut self, text: &str) -> Result<(), Stop> {
        let options = granit_parser::options! {
            disallow_directives: true,
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            max_buffered_comment_events: MAX_FILE_BYTES,
            // One more than ours, so that ours speaks.
            flow_nesting_limit: MAX_NESTING + 1,
            block_nesting_limit: MAX_NESTING + 1,
        };
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, place) = next.map_err(|error| self.stop_at(text, &error))?;
            let range = place.byte_range().unwrap_or(0..0);
            if let Some(tag) = place.tag_span().and_then(|tag| tag.byte_range()) {
                let span = self.span(tag);
                self.doubts.push(explain::tag(&span));
            }
            self.take(text, event, range)?;
        }
        Ok(())
    }

    fn stop_at(&self, text: &str, error: &ScanError) -> Stop {
        let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
        let in_flow = self.stack.last().is_some_and(|frame| match frame {
            Frame::List { flow, .. } => *flow,
            Frame::Map(map) => map.flow,
        });
        explain::stop(self.file, text, error.kind(), at, in_flow)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's events are open-ended")]
    fn take(&mut self, text: &str, event: Event<'_>, range: Range<usize>) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.fatal(range, explain::second_document));
                }
            }
            Event::Comment(..) => self.comments.push(range),
            Event::Anchor(..) => {
                let span = self.span(range);
                self.doubts.push(explain::anchor(&span));
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let span = self.span(range);
                self.doubts.push(explain::alias(&span));
                self.scalar(String::new(), Style::Broken, span);
            }
            Event::Scalar(value, style, ..) => {
                self.take_scalar(text, value.into_owned(), style, range)
            }
            Event::SequenceStart(style, ..) => self.open(text, range, |start| Frame::List {
                start,
                items: Vec::new(),
                flow: style == StructureStyle::Flow,
            })?,
            Event::MappingStart(style, ..) => self.open(text, range, |start| {
                Frame::Map(OpenMap {
                    start,
                    entries: Vec::new(),
                    places: HashMap::new(),
                    key: None,
                    flow: style == StructureStyle::Flow,
                })
            })?,
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            _ => {}
        }
        Ok(())
    }

    fn open(
        &mut self,
        text: &str,
        range: Range<usize>,
        frame: impl FnOnce(usize) -> Frame,
    ) -> Result<(), Stop> {
        if text.get(range.start..).is_some_and(|rest| rest.starts_with("{{")) {
            let in_flow = !self.stack.iter().all(|frame| match frame {
                Frame::List { flow, .. } => !flow,
                Frame::Map(map) => !map.flow,
            });
            return Err(explain::braces(self.file, text, range.start, in_flow));
        }
        if let Some(Frame::Map(OpenMap { key: None, .. })) = self.stack.last() {
            return Err(self.fatal(range, explain::complex_key));
        }
        if self.stack.len() >= MAX_NESTING {
            return Err(self.fatal(range, explain::too_deep));
        }
        self.stack.push(frame(range.start));
        Ok(())
    }

    fn fatal(&self, range: Range<usize>, told: fn(&Span) -> Diagnostic) -> Stop {
        let rest = self.file.text.get(range.start..).unwrap_or_default();
        let end = range.start + rest.chars().next().map_or(0, char::len_utf8);
        Stop { diagnostic: told(&self.span(range.start..end)), repair: None }
    }

    fn take_scalar(&mut self, text: &str, value: String, style: ScalarStyle, place: Range<usize>) {
        let source = text.get(place.clone()).unwrap_or_default();
        let place = place.start..place.start + source.trim_end().len();
        let broken = self.broken.iter().any(|b| covers(b, &place) && !place.is_empty());
        let style = match style {
            _ if broken => Style::Broken,
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        if style == Style::Plain && !place.is_empty() {
            self.plain.push(place.clone());
        }
        // The parser calls a value left empty `~`.
        let empty = style == Style::Plain && place.is_empty();
        let value = if broken || empty { String::new() } else { value };
        let span = self.span(place);
        self.scalar(value, style, span);
    }

    /// A scalar is a key where one is due, and a value elsewhere.
    fn scalar(&mut self, text: String, style: Style, span: Span) {
        match self.stack.last_mut() {
            Some(Frame::Map(map)) if map.key.is_none() => {
                if style != Style::Broken {
                    self.doubts.extend(doubt::about_key(&text, style, &span));
                    if let Some(first) = map.places.get(&text) {
                        self.doubts.push(explain::duplicate(&text, first, &span));
                    } else {
                        map.places.insert(text.clone(), span.clone());
                    }
                }
                map.key = Some(Key { text, span });
            }
            _ => self.put(Node { span, kind: NodeKind::Scalar { text, style } }),
        }
    }

    fn put(&mut self, mut node: Node) {
        match self.stack.last_mut() {
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map(map)) => {
                if let Some(key) = map.key.take() {
                    if node.span.start == node.span.end {
                        node.span = key.span.clone();
                    }
                    map.entries.push((key, node));
                }
            }
            None if self.root.is_none() => {
                // `---` alone is an empty file too.
                self.root = Some(if node.is_null() { empty(self.file) } else { node });
            }
            None => {}
        }
    }

    fn close(&mut self, end: usize) {
        let node = match self.stack.pop() {
            Some(Frame::List { start, items, flow }) => {
                let last = items.last().map_or(start, |item| item.span.end);
                let span = self.span(start..if flow { end } else { last });
                Node { span, kind: NodeKind::List(items) }
            }
            Some(Frame::Map(OpenMap { start, entries, flow, .. })) => {
                let last = entries.last().map_or(start, |(_, node)| node.span.end);
                let span = self.span(start..if flow { end } else { last });
                Node { span, kind: NodeKind::Map(entries) }
            }
            None => return,
        };
        self.put(node);
    }

    fn span(&self, range: Range<usize>) -> Span {
        let end = range.end.max(range.start);
        Span { file: self.file.clone(), start: range.start, end }
    }
}

//! One walk over the parser's events: the tree, and what was met on the way.
//!
//! Must not know what the files mean.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::super::diagnostic::Diagnostic;
use super::super::node::{Key, Node, NodeKind, Style};
use super::super::span::{SourceFile, Span};
use super::blame::Scene;
use super::{MAX_FILE_BYTES, MAX_NESTING, Stop, covers, doubt, empty, refusal};

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
pub(super) struct Pass<'a> {
    file: &'a Arc<SourceFile>,
    broken: &'a [Range<usize>],
    stack: Vec<Frame>,
    pub(super) root: Option<Node>,
    documents: usize,
    pub(super) comments: Vec<Range<usize>>,
    pub(super) plain: Vec<Range<usize>>,
    pub(super) doubts: Vec<Diagnostic>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(file: &'a Arc<SourceFile>, broken: &'a [Range<usize>]) -> Self {
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

    pub(super) fn run(&mut self, text: &str) -> Result<(), Stop> {
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
                self.doubts.push(refusal::tag(&span));
            }
            self.take(text, event, range)?;
        }
        Ok(())
    }

    fn stop_at(&self, text: &str, error: &ScanError) -> Stop {
        let at = error.marker().byte_offset().unwrap_or(text.len());
        self.scene(text).blame(error.kind(), at)
    }

    fn scene<'s>(&'s self, text: &'s str) -> Scene<'s> {
        let flow = self.stack.iter().find_map(|frame| match frame {
            Frame::List { start, flow: true, .. }
            | Frame::Map(OpenMap { start, flow: true, .. }) => Some(*start),
            Frame::List { .. } | Frame::Map(_) => None,
        });
        Scene { file: self.file, text, flow }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's events are open-ended")]
    fn take(&mut self, text: &str, event: Event<'_>, range: Range<usize>) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.fatal(range, refusal::second_document));
                }
            }
            Event::Comment(..) => self.comments.push(range),
            Event::Anchor(..) => {
                let span = self.span(range);
                self.doubts.push(refusal::anchor(&span));
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let span = self.span(range);
                self.doubts.push(refusal::alias(&span));
                self.scalar(String::new(), Style::Broken, span);
            }
            Event::Scalar(value, style, ..) => {
                self.take_scalar(text, value.into_owned(), style, range);
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
            return Err(self.scene(text).braces(range.start));
        }
        if let Some(Frame::Map(OpenMap { key: None, .. })) = self.stack.last() {
            return Err(self.fatal(range, refusal::complex_key));
        }
        if self.stack.len() >= MAX_NESTING {
            return Err(self.fatal(range, refusal::too_deep));
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
                        self.doubts.push(refusal::duplicate(&text, first, &span));
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

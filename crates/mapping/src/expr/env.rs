//! What an expression sees while it runs, and how much it may still spend.

use std::cell::Cell;

use super::{index::Index, value::Val};

/// Most steps of one [`Env`]: operations, elements looked at, entries searched.
pub const MAX_STEPS: u32 = 1_000_000;

/// Most bytes of text that expressions may make in one [`Env`].
pub const MAX_MADE_BYTES: usize = 8 << 20;

/// Most bytes that one [`Env`] gives out as values: payloads are copied, and `each:` repeats.
pub const MAX_GIVEN_BYTES: usize = 32 << 20;

/// The values that the names of a [`super::Scope`] have for one event.
///
/// A name is looked up among the locals (innermost first), then the named roots, then the root
/// itself: the payload of a source, the fields of an event.
#[derive(Default)]
pub struct Env<'a> {
    locals: Vec<(&'a str, Val<'a>)>,
    named: Vec<(&'a str, Val<'a>)>,
    root: Root<'a>,
    pub(super) meter: Meter,
}

#[derive(Default)]
enum Root<'a> {
    #[default]
    Nothing,
    Val(Val<'a>),
    Index(&'a Index<'a>),
}

impl<'a> Env<'a> {
    /// Nothing but the names that are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries of a map are the root names.
    pub fn over(root: impl Into<Val<'a>>) -> Self {
        Self { root: Root::Val(root.into()), ..Self::default() }
    }

    /// The root names are found through an index: worth its making where many are asked for.
    pub fn of(index: &'a Index<'a>) -> Self {
        Self { root: Root::Index(index), ..Self::default() }
    }

    /// Adds a named root, which hides an entry of that name in the root.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: impl Into<Val<'a>>) -> Self {
        self.named.push((name, value.into()));
        self
    }

    /// Begins to count anew what is spent, for another value under the same names.
    pub fn renew(&mut self) {
        self.meter = Meter::default();
    }

    /// Adds a local name, which hides all others until it is taken away again.
    pub fn push(&mut self, name: &'a str, value: Val<'a>) {
        self.locals.push((name, value));
    }

    /// Takes the latest local name away.
    pub fn pop(&mut self) {
        self.locals.pop();
    }

    /// The value of a root or local name.
    pub fn get(&self, name: &str) -> Val<'a> {
        let known = self.locals.iter().rev().chain(self.named.iter().rev());
        if let Some((_, value)) = known.into_iter().find(|(known, _)| *known == name) {
            return value.clone();
        }
        match &self.root {
            Root::Nothing => Val::Missing,
            Root::Val(Val::Map(map)) => {
                if !self.meter.scan(map.len()) {
                    return Val::Missing;
                }
                map.get(name)
            }
            Root::Val(_) => Val::Missing,
            Root::Index(index) => index.get(name).map(Val::from).unwrap_or_default(),
        }
    }

    /// Whether a limit was reached, so that something is missing that would have been there.
    pub fn over_limit(&self) -> bool {
        self.meter.over.get() || self.meter.cut.get()
    }
}

/// Counts what is spent. Once over, every operation gives missing.
#[derive(Debug, Default)]
pub(super) struct Meter {
    steps: Cell<u32>,
    bytes: Cell<usize>,
    given: Cell<usize>,
    over: Cell<bool>,
    cut: Cell<bool>,
}

impl Meter {
    /// Takes `count` steps; `false` when they are more than are left.
    pub(super) fn steps(&self, count: usize) -> bool {
        let sum = self.steps.get().saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        self.steps.set(sum);
        self.check(sum <= MAX_STEPS)
    }

    /// Takes the steps of searching `entries` entries, which are cheaper than operations.
    pub(super) fn scan(&self, entries: usize) -> bool {
        self.steps(1 + entries / 32)
    }

    /// Takes `count` bytes of made text; ask before making it.
    pub(super) fn bytes(&self, count: usize) -> bool {
        let sum = self.bytes.get().saturating_add(count);
        self.bytes.set(sum);
        self.check(sum <= MAX_MADE_BYTES)
    }

    /// Takes the steps of looking at every byte of a text, which are cheaper still.
    pub(super) fn read(&self, bytes: usize) -> bool {
        self.steps(bytes / 64)
    }

    /// Takes `count` bytes of what is given out.
    pub(super) fn give(&self, count: usize) -> bool {
        let sum = self.given.get().saturating_add(count);
        self.given.set(sum);
        self.check(sum <= MAX_GIVEN_BYTES)
    }

    /// Notes that a limit was reached which only leaves something out: work goes on.
    pub(super) fn exceed(&self) {
        self.cut.set(true);
    }

    fn check(&self, within: bool) -> bool {
        if !within {
            self.over.set(true);
        }
        within && !self.over.get()
    }
}

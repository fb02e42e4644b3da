//! What goes wrong, and when: from a seed, or at the N-th call.

use std::sync::{Mutex, PoisonError};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// How a call of the store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was written, and it says so.
    NotApplied,
    /// Nothing was written, and it does not say so.
    UnknownBefore,
    /// It was written, and it does not say so.
    UnknownAfter,
    /// The process dies before it is written.
    CrashBefore,
    /// The process dies after it was written.
    CrashAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::NotApplied,
        Self::UnknownBefore,
        Self::UnknownAfter,
        Self::CrashBefore,
        Self::CrashAfter,
    ];
}

/// When calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Each with this chance, in thousandths.
    Often(u32),
    /// The N-th writing call, from 1, and no other; the destination never fails.
    Once(u64, Fault),
}

/// What a marketing tool does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Unavailable,
    TooMany,
    Unreachable,
    AnswerLost,
    Hangs,
}

/// The seeded source of everything that is not decided by the engine.
#[derive(Debug)]
pub(crate) struct Dice(Mutex<State>);

#[derive(Debug)]
struct State {
    random: StdRng,
    plan: Plan,
    calls: u64,
    quiet: bool,
    log: Vec<String>,
}

impl Dice {
    pub(crate) fn new(seed: u64, plan: Plan) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self(Mutex::new(State { random, plan, calls: 0, quiet: false, log: Vec::new() }))
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A number below `end`.
    pub(crate) fn below(&self, end: u64) -> u64 {
        self.with(|state| state.random.random_range(0..end))
    }

    /// Nothing fails from now on.
    pub(crate) fn be_quiet(&self) {
        self.with(|state| state.quiet = true);
    }

    /// Whether this writing call of the store fails, and how.
    pub(crate) fn call(&self, name: &str) -> Option<Fault> {
        self.with(|state| {
            state.calls += 1;
            let fault = match state.plan {
                _ if state.quiet => None,
                Plan::Once(wanted, fault) => (state.calls == wanted).then_some(fault),
                Plan::Often(chance) => {
                    let hit = state.random.random_range(0..1000) < chance;
                    let which = state.random.random_range(0..Fault::ALL.len());
                    hit.then(|| Fault::ALL[which])
                }
            };
            let calls = state.calls;
            state.log.push(format!("{calls} {name} {fault:?}"));
            fault
        })
    }

    /// What becomes of this request.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.with(|state| {
            let Plan::Often(_) = state.plan else { return None };
            if state.quiet {
                return None;
            }
            match state.random.random_range(0..12) {
                0 => Some(Trouble::Unavailable),
                1 => Some(Trouble::TooMany),
                2 => Some(Trouble::Unreachable),
                3 => Some(Trouble::AnswerLost),
                4 => Some(Trouble::Hangs),
                _ => None,
            }
        })
    }

    pub(crate) fn note(&self, line: String) {
        self.with(|state| state.log.push(line));
    }

    pub(crate) fn calls(&self) -> u64 {
        self.with(|state| state.calls)
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.with(|state| state.log.clone())
    }
}

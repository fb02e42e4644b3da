//! What goes wrong, and when: from a seed, or at the N-th call.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

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
    /// It takes seconds.
    Slow,
    /// The process stands still before it is written, for longer than a lease lasts.
    FrozenBefore,
    /// The process stands still after it was written, as long.
    FrozenAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NotApplied,
        Self::UnknownBefore,
        Self::UnknownAfter,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Slow,
        Self::FrozenBefore,
        Self::FrozenAfter,
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

/// What another system does instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 503, or a page that says so.
    Unavailable,
    /// 500.
    Broken,
    /// 429, and when to come again.
    TooMany(u64),
    /// Nobody is there.
    Unreachable,
    /// The connection is reset before the request was heard.
    Reset,
    /// The request is heard, and the connection is reset before the answer.
    AnswerLost,
    /// The request is heard, and no answer comes.
    Hangs,
    /// Neither is the request heard nor an answer given.
    Deaf,
    /// The key is refused, for so many seconds.
    KeyRefused(u64),
    /// The relay stands still before its request arrives.
    FrozenBefore,
    /// The relay stands still before it reads the answer.
    FrozenAfter,
}

/// What becomes of the renewal of a process's leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trip {
    Fine,
    Slow(Duration),
    Fails,
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

impl State {
    /// Whether something happens that has this chance, in thousandths, as long as anything may fail.
    fn happens(&mut self, chance: u32) -> bool {
        !self.quiet && self.random.random_range(0..1000) < chance
    }
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

    /// A time up to, not including, so many milliseconds.
    pub(crate) fn millis(&self, end: u64) -> Duration {
        Duration::from_millis(self.below(end))
    }

    /// How long a process stands still: longer than a lease lasts.
    pub(crate) fn standstill(&self) -> Duration {
        Duration::from_secs(11) + self.millis(30_000)
    }

    /// Nothing fails from now on.
    pub(crate) fn be_quiet(&self) {
        self.with(|state| {
            state.quiet = true;
            state.log.push("nothing fails any more".to_owned());
        });
    }

    /// Whether anything may still fail by chance.
    pub(crate) fn is_wild(&self) -> bool {
        self.with(|state| !state.quiet && matches!(state.plan, Plan::Often(chance) if chance > 0))
    }

    /// Whether this writing call of the store fails, and how.
    pub(crate) fn call(&self, process: &str, name: &str) -> Option<Fault> {
        self.with(|state| {
            state.calls += 1;
            let fault = match state.plan {
                _ if state.quiet => None,
                Plan::Once(wanted, fault) => (state.calls == wanted).then_some(fault),
                Plan::Often(chance) => {
                    let hit = state.happens(chance);
                    let which = state.random.random_range(0..Fault::ALL.len());
                    hit.then(|| Fault::ALL[which])
                }
            };
            let calls = state.calls;
            state.log.push(match fault {
                Some(fault) => format!("{calls} {process} {name} {fault:?}"),
                None => format!("{calls} {process} {name}"),
            });
            fault
        })
    }

    /// How long a reading call takes that is slow.
    pub(crate) fn slow_read(&self) -> Option<Duration> {
        self.with(|state| {
            let Plan::Often(chance) = state.plan else { return None };
            let is_slow = state.happens(chance / 12);
            is_slow.then(|| Duration::from_millis(state.random.random_range(0..4000)))
        })
    }

    /// What becomes of a renewal of leases.
    pub(crate) fn trip(&self) -> Trip {
        self.with(|state| {
            let Plan::Often(chance) = state.plan else { return Trip::Fine };
            if !state.happens(chance / 2) {
                return Trip::Fine;
            }
            match state.random.random_range(0..3) {
                0 => Trip::Slow(Duration::from_millis(state.random.random_range(0..14_000))),
                _ => Trip::Fails,
            }
        })
    }

    /// What becomes of this request.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.with(|state| {
            let Plan::Often(_) = state.plan else { return None };
            if state.quiet {
                return None;
            }
            if state.happens(2) {
                return Some(Trouble::KeyRefused(state.random.random_range(1..60)));
            }
            match state.random.random_range(0..24) {
                0 | 1 => Some(Trouble::Unavailable),
                2 => Some(Trouble::Broken),
                3 => Some(Trouble::TooMany(state.random.random_range(0..40))),
                4 => Some(Trouble::Unreachable),
                5 => Some(Trouble::Reset),
                6 | 7 => Some(Trouble::AnswerLost),
                8 => Some(Trouble::Hangs),
                9 => Some(Trouble::Deaf),
                10 => match state.random.random_range(0..6) {
                    0 => Some(Trouble::FrozenBefore),
                    1 => Some(Trouble::FrozenAfter),
                    _ => None,
                },
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

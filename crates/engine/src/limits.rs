//! How often each credential may be used: destinations with the same key share its turns, on all instances.
//! Who waits here for the same credential asks the store together, so that a fast destination costs few
//! questions; without limits none is asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_mapping::blocks::limits::Limits as Rates;
use tokio::sync::Notify;

use crate::{
    engine::Shared,
    metrics::Metrics,
    ports::{LedgerResult, TurnWish, Turns},
};

/// A store that did not answer is asked again after this; nothing is sent that nobody counted.
const NO_ANSWER: Duration = Duration::from_secs(1);

/// Most turns of one wish.
const MOST: u32 = 64;

/// As patient as somebody who waits in any case.
const ANY_TIME: Duration = Duration::from_hours(1);

/// The counters of all credentials that were used.
#[derive(Default)]
pub(crate) struct Limits(Mutex<BTreeMap<[u8; 16], Arc<Counter>>>);

/// What this instance does with one credential.
#[derive(Default)]
struct Counter {
    state: Mutex<State>,
    /// Rings when the store has answered.
    told: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Who wants a turn just now.
    waiting: u32,
    /// Requests under way, turns that nobody took yet included.
    under_way: u32,
    /// Turns that were granted and nobody took yet, and when.
    granted: u32,
    granted_at: Option<Timestamp>,
    /// There is no turn before, as the store said.
    closed_until: Option<Timestamp>,
    /// The destination asked for a rest.
    rests_until: Option<Timestamp>,
    /// Somebody asks the store.
    is_asking: bool,
    /// Something ended meanwhile that others may wait for.
    has_news: bool,
}

/// What somebody who wants a turn does next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Go,
    Closed(Timestamp),
    /// Asks the store, for all who wait.
    Ask,
    /// Waits for the answer to somebody else's question.
    Wait,
}

impl Shared {
    /// Comes back when a request may be made, and each such turn is answered by [`Shared::turn_ended`].
    /// Where that is later than `patience` from now: says when to come again.
    pub(crate) async fn turn(
        &self,
        credential: [u8; 16],
        rates: Rates,
        patience: Duration,
    ) -> Result<(), Timestamp> {
        if rates.is_off() {
            return Ok(());
        }
        let counter = self.limits.counter(credential);
        let late = self.clock.now() + patience;
        let _waits = Waits::at(&counter);
        loop {
            // Registered before the look, so that an answer between the two is not missed.
            let told = counter.told.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            let step = counter.state().step(self.clock.now());
            match step {
                Step::Go => return Ok(()),
                Step::Closed(until) if until > late => return Err(until),
                Step::Closed(until) => self.clock.until(until).await,
                Step::Ask => self.ask_for_turns(&counter, credential, rates).await,
                Step::Wait => told.await,
            }
        }
    }

    /// The same, however long it takes.
    pub(crate) async fn turn_at_last(&self, credential: [u8; 16], rates: Rates) {
        while let Err(until) = self.turn(credential, rates, ANY_TIME).await {
            self.clock.until(until).await;
        }
    }

    /// A request has ended, however it did. Only where their number is limited somebody waits for that.
    pub(crate) async fn turn_ended(&self, credential: [u8; 16], rates: Rates) {
        if rates.is_off() {
            return;
        }
        if rates.is_off() {
            return;
        }
        let counter = self.limits.counter(credential);
        let asks = {
            let mut state = counter.state();
            state.under_way = state.under_way.saturating_sub(1);
            let is_told = rates.concurrent.is_some();
            state.has_news |= is_told && state.is_asking;
            let asks = is_told && !state.is_asking;
            state.is_asking |= asks;
            asks
        };
        if asks {
            self.ask_for_turns(&counter, credential, rates).await;
        }
    }

    /// The destination asked for a rest: nobody with this credential calls before `until`.
    pub(crate) async fn rest(&self, credential: [u8; 16], rates: Rates, until: Timestamp) {
        if rates.is_off() {
            return;
        }
        {
            let counter = self.limits.counter(credential);
            let mut state = counter.state();
            state.rests_until = state.rests_until.max(Some(until));
        }
        let now = self.clock.now();
        let span = Duration::try_from(until.duration_since(now)).unwrap_or_default();
        if let Err(error) = self.ledger.rest(credential, rates, span, now).await {
            Metrics::count(&self.metrics.store_errors, "turns");
            tracing::warn!(%error, "other instances do not know that a destination asked for a rest");
        }
    }

    /// Asks for all who wait by now, until nothing has ended meanwhile. Whoever calls has said that it asks.
    async fn ask_for_turns(&self, counter: &Counter, credential: [u8; 16], limits: Rates) {
        let asks = Asks(counter);
        loop {
            let wish = {
                let mut state = counter.state();
                state.has_news = false;
                let turns = state.waiting.min(MOST).saturating_sub(state.granted);
                TurnWish { credential, limits, under_way: state.under_way, turns }
            };
            let answer = self.ledger.turns(wish, self.clock.now()).await;
            if let Err(error) = &answer {
                Metrics::count(&self.metrics.store_errors, "turns");
                tracing::warn!(%error, "the store did not count a request: it waits");
            }
            let is_over = counter.state().answered(&answer, self.clock.now());
            if is_over {
                break;
            }
            counter.told.notify_waiters();
        }
        drop(asks);
    }
}

impl Limits {
    fn counter(&self, credential: [u8; 16]) -> Arc<Counter> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counters.entry(credential).or_default())
    }
}

impl Counter {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn step(&mut self, now: Timestamp) -> Step {
        if self.granted_at.is_none_or(|at| at + Turns::LAST < now) {
            // Nobody took them in time.
            self.under_way = self.under_way.saturating_sub(self.granted);
            self.granted = 0;
        }
        let ahead = |until: Option<Timestamp>| until.filter(|until| *until > now);
        if let Some(until) = ahead(self.rests_until) {
            return Step::Closed(until);
        }
        if self.granted > 0 {
            self.granted -= 1;
            return Step::Go;
        }
        if self.is_asking {
            return Step::Wait;
        }
        if let Some(until) = ahead(self.closed_until) {
            return Step::Closed(until);
        }
        self.is_asking = true;
        Step::Ask
    }

    /// Takes an answer; whether there is nothing more to be told.
    fn answered(&mut self, answer: &LedgerResult<Turns>, now: Timestamp) -> bool {
        let Ok(turns) = answer else {
            self.closed_until = Some(now + NO_ANSWER);
            return true;
        };
        self.granted += turns.granted;
        self.under_way += turns.granted;
        if turns.granted > 0 {
            self.granted_at = Some(now);
        }
        self.closed_until = turns.wait.map(|wait| now + wait);
        !self.has_news
    }
}

/// One that wants a turn, for as long as it does.
struct Waits<'a>(&'a Counter);

impl<'a> Waits<'a> {
    fn at(counter: &'a Counter) -> Self {
        counter.state().waiting += 1;
        Self(counter)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

/// One that asks: whoever comes next may ask, also when this one was dropped.
struct Asks<'a>(&'a Counter);

impl Drop for Asks<'_> {
    fn drop(&mut self) {
        self.0.state().is_asking = false;
        self.0.told.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).expect("in range")
    }

    fn turns(granted: u32, wait_ms: Option<u64>) -> Turns {
        Turns { granted, wait: wait_ms.map(Duration::from_millis) }
    }

    #[test]
    fn one_asks_and_the_others_wait_for_the_answer() {
        let mut state = State::default();
        assert_eq!(state.step(at(0)), Step::Ask);
        assert_eq!(state.step(at(0)), Step::Wait);
        assert!(state.answered(&Ok(turns(1, Some(500))), at(1)));
        state.is_asking = false;
        assert_eq!(state.step(at(1)), Step::Go);
        assert_eq!((state.granted, state.under_way), (0, 1));
        assert_eq!(state.step(at(1)), Step::Closed(at(501)));
        assert_eq!(state.step(at(501)), Step::Ask);
    }

    #[test]
    fn a_turn_that_nobody_takes_in_time_is_given_up() {
        let mut state = State::default();
        assert!(state.answered(&Ok(turns(2, None)), at(0)));
        assert_eq!(state.step(at(50)), Step::Go);
        assert_eq!(state.step(at(51)), Step::Ask);
        assert_eq!((state.granted, state.under_way), (0, 1));
    }

    #[test]
    fn a_rest_holds_back_turns_that_were_granted_and_a_silent_store_all() {
        let mut state = State::default();
        assert!(state.answered(&Ok(turns(1, None)), at(0)));
        state.rests_until = Some(at(40));
        assert_eq!(state.step(at(1)), Step::Closed(at(40)));
        assert_eq!(state.step(at(40)), Step::Go);
        let silent = Err(crate::ports::PortError::Unknown { why: "it is away".to_owned() });
        assert!(state.answered(&silent, at(41)));
        assert_eq!(state.step(at(42)), Step::Closed(at(1041)));
    }

    #[test]
    fn an_end_during_a_question_is_told_by_the_next_one() {
        let mut state = State { has_news: true, ..State::default() };
        assert!(!state.answered(&Ok(turns(0, Some(50))), at(0)));
        state.has_news = false;
        assert!(state.answered(&Ok(turns(0, Some(50))), at(0)));
    }
}

//! How often a destination may be called: several windows at once, and a cap on calls at a time.
//!
//! Pure arithmetic over times that are passed in. Must not know the clock, or which credential a
//! meter belongs to; who owns the meter saves nothing of it: after a restart it starts empty.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// What `limits:` of a connector or destination says. All that are set hold together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests in any second.
    pub per_second: Option<NonZeroU32>,
    /// Requests in any minute.
    pub per_minute: Option<NonZeroU32>,
    /// Requests in any hour.
    pub per_hour: Option<NonZeroU32>,
    /// Requests in any 24 hours.
    pub per_day: Option<NonZeroU32>,
    /// Requests at a time.
    pub concurrent: Option<NonZeroU32>,
}

impl Limits {
    /// The keys in files.
    pub const KEYS: [&'static str; 5] =
        ["per_second", "per_minute", "per_hour", "per_day", "concurrent"];

    /// `limits: off`.
    pub const OFF: Self = Self {
        per_second: None,
        per_minute: None,
        per_hour: None,
        per_day: None,
        concurrent: None,
    };

    /// Sets the limit called `key`; answers false if there is none of that name.
    pub fn set(&mut self, key: &str, limit: NonZeroU32) -> bool {
        let field = match key {
            "per_second" => &mut self.per_second,
            "per_minute" => &mut self.per_minute,
            "per_hour" => &mut self.per_hour,
            "per_day" => &mut self.per_day,
            "concurrent" => &mut self.concurrent,
            _ => return false,
        };
        *field = Some(limit);
        true
    }

    /// Whether nothing is limited.
    pub fn is_off(&self) -> bool {
        *self == Self::OFF
    }

    /// How long each window is, and how many requests it takes.
    pub fn windows(&self) -> impl Iterator<Item = (Duration, u32)> {
        let windows = [
            (self.per_second, 1),
            (self.per_minute, 60),
            (self.per_hour, 3600),
            (self.per_day, 86_400),
        ];
        windows
            .into_iter()
            .filter_map(|(limit, seconds)| Some((Duration::from_secs(seconds), limit?.get())))
    }
}

/// A clock that goes back by more was set.
const SET_BACK: SignedDuration = SignedDuration::from_secs(10);

/// Why a request has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until then at least.
    Until(Timestamp),
    /// Until one of the requests that are under way has ended.
    ForAnEnd,
    /// For ever: so many at once do not fit into a window. This many do.
    AtMost(u32),
}

/// Counts the requests of one credential against its [`Limits`].
#[derive(Debug, Clone)]
pub struct Meter {
    limits: Limits,
    windows: Vec<Window>,
    under_way: u32,
    paused_until: Option<Timestamp>,
    latest: Timestamp,
}

impl Meter {
    /// A meter that has counted nothing yet.
    pub fn new(limits: Limits) -> Self {
        let windows = limits.windows().map(|(length, limit)| Window::new(length, limit)).collect();
        Self { limits, windows, under_way: 0, paused_until: None, latest: Timestamp::MIN }
    }

    /// The limits it counts against.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes room for `requests` at `now`, in all windows or in none. Every success must be
    /// answered by as many [`Meter::ended`]. A clock that goes back a little stands still here; one
    /// that was set back has nothing to do with what was counted before.
    pub fn try_take(&mut self, now: Timestamp, requests: u32) -> Result<(), Wait> {
        if now < self.latest && self.latest.duration_since(now) > SET_BACK {
            self.windows.iter_mut().for_each(|window| window.counts.clear());
            (self.paused_until, self.latest) = (None, now);
        }
        let now = self.latest.max(now);
        self.latest = now;
        let most = self.windows.iter().map(|window| window.limit);
        let most = most.chain(self.limits.concurrent.map(NonZeroU32::get)).min();
        if let Some(most) = most.filter(|most| requests > *most) {
            return Err(Wait::AtMost(most));
        }
        let under_way = self.under_way.saturating_add(requests);
        if self.limits.concurrent.is_some_and(|most| under_way > most.get()) {
            return Err(Wait::ForAnEnd);
        }
        let free = self.windows.iter_mut().filter_map(|window| window.full_until(now, requests));
        let until = free.chain(self.paused_until.filter(|until| *until > now)).max();
        if let Some(until) = until {
            return Err(Wait::Until(until));
        }
        self.windows.iter_mut().for_each(|window| window.count(now, requests));
        self.under_way = under_way;
        Ok(())
    }

    /// Counts against other limits from now on, without forgetting what was counted: rule files
    /// are read again while requests are under way.
    pub fn adjust(&mut self, limits: Limits) {
        let mut windows: Vec<Window> =
            limits.windows().map(|(length, limit)| Window::new(length, limit)).collect();
        for window in &mut windows {
            if let Some(old) = self.windows.iter_mut().find(|old| old.slot == window.slot) {
                window.counts = std::mem::take(&mut old.counts);
            }
        }
        self.windows = windows;
        self.limits = limits;
    }

    /// So many requests are under way by now, as somebody knows who counts them.
    pub fn under_way(&mut self, requests: u32) {
        self.under_way = requests;
    }

    /// A request that was taken has ended, however it did.
    pub fn ended(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Lets nothing through before `until`: the destination asked for a rest.
    pub fn pause(&mut self, until: Timestamp) {
        self.paused_until = self.paused_until.max(Some(until));
    }
}

/// Into how many slots a window is divided. More slots waste less of the limit (a slot counts
/// until its end has left the window: at most a twentieth of the rate is lost), fewer cost less.
const SLOTS: i128 = 20;

/// A sliding window: in no stretch of `length` are there more than `limit`.
///
/// A token bucket would be shorter, but lets twice the limit through in one window when it was full
/// before; a list of times would be exact, but per day it may be long.
#[derive(Debug, Clone)]
struct Window {
    limit: u32,
    /// Nanoseconds of one slot.
    slot: i128,
    /// The number of a slot since 1970 and what was counted in it, oldest first; at most
    /// `SLOTS + 1` of them.
    counts: VecDeque<(i128, u32)>,
}

impl Window {
    fn new(length: Duration, limit: u32) -> Self {
        let slot = i128::try_from(length.as_nanos()).expect("a day has few nanoseconds") / SLOTS;
        Self { limit, slot, counts: VecDeque::new() }
    }

    /// When there is room for `requests` (at most the limit), if not now.
    fn full_until(&mut self, now: Timestamp, requests: u32) -> Option<Timestamp> {
        let current = self.number(now);
        // What was counted last in a slot may have been at its very end: a slot still counts while
        // any part of it is less than a window old.
        while self.counts.front().is_some_and(|(slot, _)| slot + SLOTS < current) {
            self.counts.pop_front();
        }
        let room = self.limit.saturating_sub(requests);
        let mut counted: u32 = self.counts.iter().map(|(_, count)| count).sum();
        let mut until = None;
        for (slot, count) in &self.counts {
            if counted <= room {
                break;
            }
            counted -= count;
            until = Some(slot + SLOTS + 1);
        }
        until.map(|slot| Timestamp::from_nanosecond(slot * self.slot).unwrap_or(Timestamp::MAX))
    }

    fn count(&mut self, now: Timestamp, requests: u32) {
        let current = self.number(now);
        match self.counts.back_mut() {
            Some((slot, count)) if *slot == current => *count += requests,
            Some(_) | None => self.counts.push_back((current, requests)),
        }
    }

    fn number(&self, time: Timestamp) -> i128 {
        time.as_nanosecond().div_euclid(self.slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).expect("in range")
    }

    fn limits(of: &[(&str, u32)]) -> Limits {
        let mut limits = Limits::OFF;
        for (key, limit) in of {
            assert!(limits.set(key, NonZeroU32::new(*limit).expect("not zero")), "{key}");
        }
        limits
    }

    #[test]
    fn without_limits_everything_passes() {
        let mut meter = Meter::new(Limits::OFF);
        for _ in 0..10_000 {
            assert_eq!(meter.try_take(at(0), 1000), Ok(()));
        }
        assert!(meter.limits().is_off());
    }

    #[test]
    fn a_full_window_tells_when_there_is_room_again() {
        let mut meter = Meter::new(limits(&[("per_second", 3)]));
        for _ in 0..3 {
            assert_eq!(meter.try_take(at(0), 1), Ok(()));
        }
        assert_eq!(meter.try_take(at(10), 1), Err(Wait::Until(at(1050))));
        assert_eq!(meter.try_take(at(1049), 1), Err(Wait::Until(at(1050))));
        assert_eq!(meter.try_take(at(1050), 3), Ok(()));
    }

    #[test]
    fn the_narrowest_window_decides_and_a_refusal_counts_nothing() {
        let mut meter = Meter::new(limits(&[("per_second", 2), ("per_minute", 3)]));
        assert_eq!(meter.try_take(at(0), 2), Ok(()));
        assert_eq!(meter.try_take(at(0), 1), Err(Wait::Until(at(1050))));
        // The slots of a minute are 3 s long and start at whole multiples since 1970.
        assert_eq!(meter.try_take(at(1050), 2), Err(Wait::Until(at(61_000))));
        assert_eq!(meter.try_take(at(1050), 1), Ok(()));
    }

    #[test]
    fn requests_under_way_are_capped_until_one_ends() {
        let mut meter = Meter::new(limits(&[("concurrent", 2)]));
        assert_eq!(meter.try_take(at(0), 2), Ok(()));
        assert_eq!(meter.try_take(at(0), 1), Err(Wait::ForAnEnd));
        meter.ended();
        assert_eq!(meter.try_take(at(0), 1), Ok(()));
    }

    #[test]
    fn more_at_once_than_any_window_holds_is_told_apart_from_waiting() {
        let mut meter = Meter::new(limits(&[("per_second", 10), ("per_hour", 5)]));
        assert_eq!(meter.try_take(at(0), 6), Err(Wait::AtMost(5)));
        assert_eq!(meter.try_take(at(0), 5), Ok(()));
    }

    #[test]
    fn changed_limits_hold_at_once_and_forget_nothing() {
        let mut meter = Meter::new(limits(&[("per_second", 10), ("concurrent", 5)]));
        assert_eq!(meter.try_take(at(0), 4), Ok(()));
        meter.adjust(limits(&[("per_second", 4), ("per_hour", 100), ("concurrent", 4)]));
        assert_eq!(meter.try_take(at(0), 1), Err(Wait::ForAnEnd));
        meter.ended();
        assert_eq!(meter.try_take(at(0), 1), Err(Wait::Until(at(1050))));
        meter.adjust(Limits::OFF);
        assert_eq!(meter.try_take(at(0), 1000), Ok(()));
    }

    #[test]
    fn a_pause_holds_everything_back_and_is_never_shortened() {
        let mut meter = Meter::new(limits(&[("per_second", 10)]));
        meter.pause(at(5000));
        meter.pause(at(3000));
        assert_eq!(meter.try_take(at(4999), 1), Err(Wait::Until(at(5000))));
        assert_eq!(meter.try_take(at(5000), 1), Ok(()));
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nothing_up() {
        let mut meter = Meter::new(limits(&[("per_minute", 2)]));
        assert_eq!(meter.try_take(at(7_200_000), 2), Ok(()));
        meter.pause(at(7_300_000));
        assert!(meter.try_take(at(7_190_000), 1).is_err(), "it may only have been set right");
        assert_eq!(meter.try_take(at(0), 2), Ok(()));
        let soon = meter.try_take(at(0), 1);
        assert!(matches!(soon, Err(Wait::Until(until)) if until <= at(63_000)), "{soon:?}");
    }

    proptest! {
        #[test]
        fn no_window_is_ever_exceeded_and_waiting_always_helps(
            per_second in 1u32..8,
            per_minute in 1u32..40,
            steps in prop::collection::vec((-500i64..4000, 1u32..4), 1..200),
        ) {
            let mut meter =
                Meter::new(limits(&[("per_second", per_second), ("per_minute", per_minute)]));
            let (mut clock, mut taken): (i64, Vec<(Timestamp, u32)>) = (0, Vec::new());
            let mut latest = Timestamp::MIN;
            for (step, requests) in steps {
                clock += step;
                latest = latest.max(at(clock));
                match meter.try_take(at(clock), requests) {
                    Ok(()) => taken.push((latest, requests)),
                    Err(Wait::AtMost(most)) => {
                        prop_assert!(requests > most && most == per_second.min(per_minute));
                    }
                    Err(Wait::ForAnEnd) => prop_assert!(false, "nothing limits this"),
                    Err(Wait::Until(until)) => {
                        prop_assert!(until > latest);
                        prop_assert_eq!(meter.clone().try_take(until, requests), Ok(()));
                    }
                }
            }
            for (length, limit) in [(1, per_second), (60, per_minute)] {
                let length = jiff::SignedDuration::from_secs(length);
                for (start, _) in &taken {
                    let inside = taken
                        .iter()
                        .filter(|(time, _)| time >= start && time.duration_since(*start) < length);
                    let inside: u32 = inside.map(|(_, requests)| requests).sum();
                    prop_assert!(inside <= limit, "{inside} in {length:?}, {limit} allowed");
                }
            }
        }

        #[test]
        fn almost_all_of_the_limit_can_be_used(limit in 1u32..50) {
            let mut meter = Meter::new(limits(&[("per_second", limit)]));
            let taken = (0..100_000).filter(|ms| meter.try_take(at(*ms), 1).is_ok()).count();
            prop_assert!(taken as u32 >= 95 * limit, "{taken} of {}", 100 * limit);
        }
    }
}

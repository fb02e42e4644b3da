//! When somebody was away, and what that means for what was missed.

use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::{Heard, Suspension};

/// A time in which nothing was heard of somebody who usually speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// When they were last heard.
    pub from: Timestamp,
    /// When they were heard again.
    pub to: Timestamp,
    /// How long that is, free days left out where somebody works on others only.
    pub hours: i64,
}

/// Senders repeat for about two days what they could not tell: what was missed in a longer time may be
/// lost.
pub(super) const LOST_AFTER_HOURS: i64 = 48;

/// The least time for catching up.
const CATCHING_UP_HOURS: i64 = 1;

/// Most outages that are remembered.
const MOST: usize = 8;

/// The relay is looked after every minute: a longer time without a sign is an outage.
const SIGNS_EVERY_MINUTES: i64 = 10;

impl Outage {
    /// One in which every hour counts.
    pub(super) fn whole(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to, hours: (to.as_second() - from.as_second()) / 3600 }
    }

    /// As long as it lasted, whoever was away catches up: at least an hour, at most two days.
    pub(super) fn caught_up(&self) -> Timestamp {
        let hours = self.hours.clamp(CATCHING_UP_HOURS, LOST_AFTER_HOURS);
        super::later(self.to, hours.hours())
    }
}

/// What outages mean for something that was not heard of since `since`.
pub(super) fn after(
    outages: &[Outage],
    since: Timestamp,
    now: Timestamp,
    why: impl Fn() -> Suspension,
) -> Heard {
    let missed = outages.iter().filter(|outage| since < outage.to && outage.from <= now);
    missed.fold(Heard::Well, |worst, outage| {
        let until = outage.caught_up();
        worst.or_worse(if outage.hours >= LOST_AFTER_HOURS {
            Heard::Void(why())
        } else if now < until {
            Heard::Suspended { why: why(), until }
        } else {
            Heard::Well
        })
    })
}

pub(super) fn remember(outages: &mut Vec<Outage>, outage: Outage) {
    outages.push(outage);
    if outages.len() > MOST {
        outages.remove(0);
    }
}

/// When the relay itself was last alive, and when it was away. Written every minute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alive {
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    away: Vec<Outage>,
}

impl Alive {
    /// A sign of life at `now`. A long time since the last one, or a clock that went back, is an
    /// outage.
    pub fn sign(&mut self, now: Timestamp) {
        let quiet = SIGNS_EVERY_MINUTES.minutes();
        match self.at {
            Some(last) if now > super::later(last, quiet) => {
                remember(&mut self.away, Outage::whole(last, now));
            }
            // What the clock said before is worth nothing: neither are the outages that lie ahead.
            Some(last) if last > super::later(now, quiet) => {
                self.away.retain(|outage| outage.to <= now);
                remember(&mut self.away, Outage::whole(now, now));
            }
            Some(_) | None => {}
        }
        self.at = Some(now);
    }

    /// It was there all the time until `now`, on a clock that jumps.
    pub fn stay(&mut self, now: Timestamp) {
        self.at = Some(now);
    }

    /// When it was away.
    pub fn away(&self) -> &[Outage] {
        &self.away
    }

    /// Reads what [`Alive::write`] wrote; what cannot be read is as good as nothing.
    pub fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// As it is kept.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it has only texts for keys")
    }
}

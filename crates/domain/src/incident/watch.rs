//! What is watched of one merchant, or of the relay as a whole.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Condition, Incident, Kind, News, Owed, Pace, Stage, Thing, since};
use crate::{id::IncidentId, silence::Flow};

/// Whatever begins again so soon is a relapse, and must be over for longer.
const RELAPSE_WITHIN: Duration = Duration::from_hours(24);

/// With each relapse it must be over for four times as long, at most this.
const LONGEST_QUIET: Duration = Duration::from_hours(6);

/// Most incidents of one owner; what is beyond is not told.
const MOST: usize = 200;

/// Its incidents, and what they follow from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    #[serde(default)]
    pub(super) incidents: Vec<Incident>,
    /// Whether webhooks come in.
    #[serde(default)]
    pub flow: Flow,
    /// Messages that were given up.
    #[serde(default)]
    pub dead: Dead,
}

/// Messages that were given up, by the counter that only rises.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    #[serde(default)]
    counted: Option<u64>,
    /// How many came since they began to.
    #[serde(default)]
    fresh: u64,
    #[serde(default)]
    first_at: Option<Timestamp>,
    #[serde(default)]
    last_at: Option<Timestamp>,
}

impl Dead {
    /// So many there are; answers whether there are more than before. What was there at the first look
    /// is no news.
    pub fn count(&mut self, dead: u64, now: Timestamp) -> bool {
        let before = self.counted.replace(dead).unwrap_or(dead);
        let more = dead.saturating_sub(before);
        if more > 0 {
            self.fresh += more;
            self.first_at = self.first_at.or(Some(now));
            self.last_at = Some(now);
        }
        more > 0
    }

    /// As it was counted last; nothing before the first look.
    pub fn counted(&self) -> Option<u64> {
        self.counted
    }

    /// Since when, and how many, while the last one was given up less than `window` ago.
    pub fn recent(&mut self, window: Duration, now: Timestamp) -> Option<(Timestamp, u64)> {
        if self.last_at.is_none_or(|last| since(last, now) >= window) {
            (self.fresh, self.first_at, self.last_at) = (0, None, None);
        }
        Some((self.first_at?, self.fresh))
    }
}

/// One look at an owner.
pub struct Look<'a> {
    /// The owner's name; empty for the relay itself.
    pub owner: &'a str,
    /// What is wrong.
    pub seen: Vec<Condition>,
    /// Of what it is not known now whether it is wrong.
    pub unsure: &'a dyn Fn(Kind, &Thing) -> bool,
    /// Who is to be told of such a thing.
    pub lines: &'a dyn Fn(Kind) -> Vec<String>,
    /// How long things must hold.
    pub pace: Pace,
    /// Now.
    pub now: Timestamp,
}

impl Watch {
    /// Its incidents, those that are over and not forgotten included.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// Whether one of this kind is open.
    pub fn is_open(&self, kind: Kind) -> bool {
        self.incidents.iter().any(|known| known.kind == kind && known.open_since().is_some())
    }

    /// Takes in what is seen now.
    pub fn look(&mut self, look: &Look<'_>) {
        self.incidents.retain_mut(|known| {
            let seen = look.seen.iter().find(|seen| seen.is_of(known));
            if seen.is_none() && (look.unsure)(known.kind, &known.thing) {
                return true;
            }
            known.step(seen, look);
            !known.is_forgotten(seen.is_some(), look.now)
        });
        for seen in &look.seen {
            if self.incidents.len() < MOST && !self.incidents.iter().any(|one| one.is_alive(seen)) {
                let mut fresh = self.suspect(seen, look.now);
                fresh.step(Some(seen), look);
                self.incidents.push(fresh);
            }
        }
    }

    fn suspect(&self, seen: &Condition, now: Timestamp) -> Incident {
        let before = self.incidents.iter().filter(|known| seen.is_of(known));
        let relapses = before.map(|known| known.relapses + 1).max().unwrap_or(0);
        Incident {
            id: IncidentId::from_bits(0),
            kind: seen.kind,
            thing: seen.thing.clone(),
            since: seen.since.unwrap_or(now),
            stage: Stage::Suspected { seen_at: now },
            facts: seen.facts.clone(),
            relapses,
            told: Vec::new(),
            owed: Vec::new(),
        }
    }

    /// Reads what [`Watch::write`] wrote; what cannot be read is as good as nothing.
    pub fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// As it is kept.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it has only texts for keys")
    }
}

impl Condition {
    fn is_of(&self, incident: &Incident) -> bool {
        self.kind == incident.kind && self.thing == incident.thing
    }
}

impl Incident {
    /// Whether it is what is seen, and not over.
    fn is_alive(&self, seen: &Condition) -> bool {
        seen.is_of(self) && self.ended_at().is_none()
    }

    fn step(&mut self, seen: Option<&Condition>, look: &Look<'_>) {
        let now = look.now;
        if let Some(seen) = seen
            && self.ended_at().is_none()
        {
            self.facts = seen.facts.clone();
        }
        match (self.stage, seen) {
            (Stage::Suspected { seen_at }, Some(_)) => {
                let held = self.kind.happened() || since(seen_at, now) >= look.pace.opens_after;
                if held {
                    self.open(look);
                }
            }
            (Stage::Open { at, quiet_since: Some(_) }, Some(_)) => {
                self.stage = Stage::Open { at, quiet_since: None };
            }
            (Stage::Open { at, quiet_since }, None) => {
                let quiet = quiet_since.unwrap_or(now);
                self.stage = Stage::Open { at, quiet_since: Some(quiet) };
                if since(quiet, now) >= self.quiet_for(look.pace) {
                    self.end(at, quiet, now);
                }
            }
            (Stage::Open { quiet_since: None, .. }, Some(_))
            | (Stage::Suspected { .. }, None)
            | (Stage::Ended { .. }, _) => {}
        }
    }

    fn open(&mut self, look: &Look<'_>) {
        let thing = self.thing.what().unwrap_or_default();
        let opened = look.now.as_microsecond().to_be_bytes();
        let parts: [&[u8]; 5] = [
            look.owner.as_bytes(),
            self.kind.name().as_bytes(),
            thing.as_bytes(),
            self.thing.name().as_bytes(),
            &opened,
        ];
        self.id = IncidentId::derived(&parts);
        self.stage = Stage::Open { at: look.now, quiet_since: None };
        self.told = (look.lines)(self.kind);
        let owed = |line: &String| Owed::new(line.clone(), News::Opened, look.now);
        self.owed = self.told.iter().map(owed).collect();
    }

    /// Whoever was told that it began, or will be, is told that it is over.
    fn end(&mut self, opened_at: Timestamp, at: Timestamp, now: Timestamp) {
        self.stage = Stage::Ended { opened_at, at };
        let told = std::mem::take(&mut self.told).into_iter();
        self.owed.extend(told.map(|line| Owed::new(line, News::Ended, now)));
    }

    /// How long it must not be seen before it is over.
    fn quiet_for(&self, pace: Pace) -> Duration {
        let factor = 4_u32.saturating_pow(self.relapses.min(8));
        let longest = pace.ends_after.max(LONGEST_QUIET);
        pace.ends_after.saturating_mul(factor).min(longest)
    }

    fn is_forgotten(&self, is_seen: bool, now: Timestamp) -> bool {
        match self.stage {
            // It passed by itself.
            Stage::Suspected { .. } => !is_seen,
            Stage::Open { .. } => false,
            Stage::Ended { at, .. } => self.owed.is_empty() && since(at, now) >= RELAPSE_WITHIN,
        }
    }
}

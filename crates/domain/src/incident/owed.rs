//! Notices that are still to be taken by somebody: in order, each tried again until it is taken or too old.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Incident, Stage, Watch, since};
use crate::{id::IncidentId, retry::wait_after};

/// What is told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// That it began.
    Opened,
    /// That it is over.
    Ended,
}

impl News {
    /// The word for it in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Ended => "ended",
        }
    }
}

/// One notice for one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Whom: a mailbox or an address, by a name that tells neither.
    pub line: String,
    /// What.
    pub news: News,
    /// Since when it is owed.
    pub since: Timestamp,
    /// Not to be tried before.
    pub due: Timestamp,
    /// How often it was tried.
    #[serde(default)]
    pub tries: u32,
}

/// A notice whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Of which incident, as it was when this was asked for.
    pub incident: Incident,
    /// To whom.
    pub line: String,
    /// What.
    pub news: News,
}

impl Due {
    /// The notice's own id: the same whenever, and however often, it is told.
    pub fn id(&self) -> String {
        format!("{}-{}", self.incident.id, self.news.name())
    }
}

impl Owed {
    pub(super) fn new(line: String, news: News, now: Timestamp) -> Self {
        Self { line, news, since: now, due: now, tries: 0 }
    }
}

impl Watch {
    /// The notices whose turn it is: of each incident and line the first.
    pub fn due(&self, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        for incident in &self.incidents {
            for (place, owed) in incident.owed.iter().enumerate() {
                let is_first =
                    incident.owed.iter().take(place).all(|before| before.line != owed.line);
                if is_first && owed.due <= now {
                    let (line, news) = (owed.line.clone(), owed.news);
                    due.push(Due { incident: incident.clone(), line, news });
                }
            }
        }
        due
    }

    /// When the next notice may be tried.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.incidents.iter().flat_map(|known| &known.owed).map(|owed| owed.due).min()
    }

    /// It was taken, or nobody is there any more to take it.
    pub fn settled(&mut self, id: IncidentId, line: &str, news: News) {
        if let Some(incident) = self.incidents.iter_mut().find(|known| known.id == id) {
            incident.owed.retain(|owed| owed.line != line || owed.news != news);
        }
    }

    /// It was not taken: once more later, or, after days, never; then that it is over is not told to this
    /// line either. Answers whether it was given up. `chance` in 0..1 spreads the tries.
    pub fn failed(
        &mut self,
        id: IncidentId,
        line: &str,
        news: News,
        now: Timestamp,
        chance: f64,
    ) -> bool {
        let Some(incident) = self.incidents.iter_mut().find(|known| known.id == id) else {
            return false;
        };
        let is_meant = |owed: &&mut Owed| owed.line == line && owed.news == news;
        let Some(owed) = incident.owed.iter_mut().find(is_meant) else { return false };
        owed.tries += 1;
        if let Some(wait) = wait_after(owed.tries, since(owed.since, now), chance) {
            owed.due = now + wait.min(LONGEST_WAIT);
            return false;
        }
        incident.owed.retain(|owed| owed.line != line);
        incident.told.retain(|told| told != line);
        true
    }
}

/// Whoever is to be told of trouble is not left waiting longer.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

impl Incident {
    /// When it was told first.
    pub fn opened_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Suspected { .. } => None,
            Stage::Open { at, .. } | Stage::Ended { opened_at: at, .. } => Some(at),
        }
    }
}

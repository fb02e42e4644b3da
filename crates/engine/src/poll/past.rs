//! One round over what was before, asked for once: nothing is remembered of it but its receipts.

use jiff::Timestamp;
use parcelwire_domain::id::SourceName;
use parcelwire_mapping::source::ReadySource;

use super::{
    place::Place,
    round::{Came, Rounder},
};
use crate::{Engine, ports::Owner};

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    pub(crate) owner: Owner,
    pub(crate) source: SourceName,
    pub(crate) since: Timestamp,
    /// How its receipts are marked.
    pub(crate) verified: &'static str,
}

/// What came.
#[derive(Debug, Clone)]
pub(crate) struct PastCame {
    pub(crate) accepted: usize,
    pub(crate) known: usize,
    /// From where to go on, where more follows.
    pub(crate) reached: Option<Timestamp>,
}

/// Why it did not.
#[derive(Debug, Clone)]
pub(crate) enum PastError {
    /// It cannot be asked for.
    Cannot(String),
    /// It was asked for.
    Failed(String),
}

impl Engine {
    pub(crate) async fn past(
        &self,
        ready: &ReadySource,
        past: Past,
    ) -> Result<PastCame, PastError> {
        let round = ready.poll_past(past.since, self.shared.clock.now());
        let round = round.map_err(PastError::Cannot)?;
        let rounder = Rounder { shared: self.shared.clone(), asker: self.asker.clone() };
        let place = Place { owner: past.owner, source: past.source };
        let mut came = Came { verified: past.verified, ..Came::default() };
        let is_cut = rounder.walk(&place, ready, round, &mut came).await;
        let is_cut = is_cut.map_err(|failed| PastError::Failed(failed.why))?;
        let cursor = came.cursor.as_deref().and_then(|cursor| ready.reached(cursor));
        let Came { accepted, known, .. } = came;
        let reached = cursor.filter(|reached| is_cut && *reached > past.since);
        if is_cut && reached.is_none() {
            let why = "there are more pages than `most` allows, and not the oldest first (hint: ask for the oldest first, or for more)";
            return Err(PastError::Failed(why.to_owned()));
        }
        Ok(PastCame { accepted, known, reached })
    }
}

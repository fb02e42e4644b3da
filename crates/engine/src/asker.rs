//! One question to another system, for a lookup or a poll: within the limits of its credential, and
//! within the room that all answers share.

use std::sync::Arc;

use parcelwire_mapping::{
    blocks::limits::Limits as Rates,
    http::{HttpAnswer, HttpRequest},
    source::ReadySource,
};

use crate::{
    engine::Shared,
    ports::TransportError,
    room::{Room, Share},
};

/// So much of an answer is read whatever others hold: most answers are small, and have to get
/// through beside hosts that send much and slowly.
const ALWAYS: usize = 64 * 1024;

/// Asks; the same one for all who ask, so that a credential has one limit.
pub(crate) struct Asker {
    shared: Arc<Shared>,
    room: Room,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The address is one that may not be asked, or is none: the operator's or the connector's fault.
    Refused(String),
    /// Others hold too much: nobody's fault, and soon over.
    NoRoom,
    /// It did not answer.
    Failed(String),
}

impl Asker {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let settings = &shared.settings;
        // The largest one fits in any case.
        let most = settings.max_answers_bytes.max(settings.max_answer_bytes);
        Self { shared: Arc::clone(shared), room: Room::new(most) }
    }

    /// Room for the answers that somebody is going to hold.
    pub(crate) fn share(&self) -> Share<'_> {
        self.room.share(ALWAYS)
    }

    /// Asks once. The answer counts in `share` until that gives it back.
    pub(crate) async fn ask(
        &self,
        source: &ReadySource,
        rates: Rates,
        request: HttpRequest,
        share: &mut Share<'_>,
    ) -> Result<HttpAnswer, Unanswered> {
        let credential = source.credential();
        self.shared.turn_at_last(credential, rates).await;
        let most = self.shared.settings.max_answer_bytes;
        let answer = self.shared.transport.fetch(request, most, share).await;
        self.shared.turn_ended(credential, rates).await;
        answer.map_err(|error| match error {
            TransportError::NoRoom => Unanswered::NoRoom,
            TransportError::Forbidden { .. } | TransportError::BadUrl(_) => {
                Unanswered::Refused(source.mask(&error.to_string()))
            }
            TransportError::NotConnected(_)
            | TransportError::Broken(_)
            | TransportError::TimedOut(_) => Unanswered::Failed(source.mask(&error.to_string())),
        })
    }
}

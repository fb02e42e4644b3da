//! Why: one line for each event and each wake-up, with what it came to at each destination.

use jiff::Timestamp;
use parcelwire_domain::{
    Map,
    id::{AggregateId, DestinationName, MessageId, ReceiptId},
    taxonomy::Trigger,
};
use serde::{Deserialize, Serialize};

/// Lines of this index or a higher one tell what followed from a receipt's event when its time had come,
/// sixteen for each event.
pub const FOLLOWED: u16 = 0x8000;

/// The field of a line that names the line of the connector's file which gave the event its status.
pub const CONNECTOR_LINE: &str = "connector_line";

/// The field of a line that says how many orders its event showed to be the same as another.
pub const ORDERS_JOINED: &str = "orders_joined";

/// One line of explanation for one event of a receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryLine {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Which of its events, from 0. From [`FOLLOWED`] on: what followed from it later.
    pub index: u16,
    /// The aggregate it was joined with.
    pub aggregate: Option<AggregateId>,
    /// Canonical status.
    pub status: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What became of it: `forwarded`, `filtered`, `parked`, `failed`.
    pub outcome: String,
    /// The rule that decided, e.g. `late`, `off`, `when`, `repeated`.
    pub rule: String,
    /// The event's flat fields with its source, [`CONNECTOR_LINE`] and [`ORDERS_JOINED`].
    pub fields: Map,
    /// Per trigger and destination: what was decided and why.
    pub decisions: Vec<StoryDecision>,
}

/// What one trigger came to at one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryDecision {
    /// The trigger.
    pub trigger: Trigger,
    /// The destination; `None` when it fell for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<DestinationName>,
    /// `message`, or the rule that stopped it.
    pub decision: String,
    /// Plain words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The line of the rule files that says so, as `path:line`; none where a default holds. It is kept
    /// here because the files change, and because it is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// A message is held until then; what is suspended is looked at again then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The message that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

impl StoryDecision {
    /// What a trigger came to, at one destination or at all.
    pub fn of(trigger: Trigger, destination: Option<&DestinationName>, decision: &str) -> Self {
        Self {
            trigger,
            destination: destination.cloned(),
            decision: decision.to_owned(),
            detail: String::new(),
            line: None,
            until: None,
            message: None,
        }
    }

    /// In plain words.
    #[must_use]
    pub fn because(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// By a line of a file.
    #[must_use]
    pub fn by(self, line: Option<String>) -> Self {
        Self { line, ..self }
    }
}

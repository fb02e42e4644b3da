//! The traces of receipts that are decided: handed on to their messages, and told where they are wanted.

use jiff::Timestamp;
use parcelwire_domain::id::ReceiptId;

use super::{Made, Share};
use crate::{
    engine::Shared,
    ports::Commit,
    trace::{Took, text},
};

/// Lets messages keep the trace that the sender of their receipt told. Those of other receipts (parked ones,
/// orders that woke) have the trace that follows from their receipt's id.
pub(super) fn hand_on(share: &Share, commit: &mut Commit, made: &mut Made) {
    for read in &share.reads {
        let Some(told) = read.receipt.told_trace() else { continue };
        for message in commit.messages.iter_mut().filter(|one| one.receipt == read.receipt.id) {
            let words = made.words.iter_mut().find(|(id, _)| *id == message.id);
            if let Some((_, frozen)) = words {
                frozen.trace = Some(told.to_string());
                message.frozen = frozen.write().into();
            }
        }
    }
}

impl Shared {
    /// Tells that receipts were decided, and how.
    pub(super) fn decided<'e>(
        &self,
        share: &Share,
        ends: impl Iterator<Item = (&'e ReceiptId, &'e String)> + Clone,
        began: Timestamp,
    ) {
        if self.settings.tracing.spans.is_none() {
            return;
        }
        let ended = self.clock.now();
        for read in &share.reads {
            let id = read.receipt.id;
            let trace = self.trace(id, read.receipt.told_trace());
            let Some((_, end)) = ends.clone().find(|(of, _)| **of == id) else { continue };
            if self.records(&trace) {
                let details = vec![
                    ("receipt.id", text(id)),
                    ("merchant.id", text(&share.merchant.id)),
                    ("source.name", text(&read.receipt.source)),
                    ("outcome", text(end)),
                ];
                self.processed(&trace, Took { began, ended, details, failed: end == "failed" });
            }
        }
    }
}

//! The sweeper: walks, a part at a time, over what is unfinished, and counts what nobody would ever have
//! come to. The store finds it and puts it back; that there is any is a mistake of ours, or of who wrote
//! into the store.

use crate::{engine::Shared, metrics::Metrics};

/// Most parts of one turn: the store has other things to do.
const PARTS_PER_TURN: usize = 10;

impl Shared {
    /// Looks at the next parts, behind where the last turn ended; answers where this one did.
    pub(crate) async fn sweep(&self, mut after: Option<String>) -> Option<String> {
        for _ in 0..PARTS_PER_TURN {
            let Some(held) = self.held().await else { return after };
            let swept = match self.ledger.sweep(&held, self.clock.now(), after.clone()).await {
                Ok(swept) => swept,
                Err(error) => {
                    Metrics::count(&self.metrics.store_errors, "sweep");
                    tracing::warn!(%error, "what is unfinished could not be looked through");
                    return after;
                }
            };
            for orphan in swept.found {
                let what = orphan.kind.name();
                self.metrics.orphan(orphan.kind);
                tracing::warn!(what, id = orphan.id, "nobody would have come to it: put back");
            }
            after = swept.next;
            if after.is_none() {
                break;
            }
        }
        after
    }
}

//! Orders that wake: when they cannot be looked at, and when it must not be believed that nothing came.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::{id::MerchantId, order::Order};

use super::{PER_MERCHANT, Process, Read, Share};
use crate::ports::{AggregateWrite, Commit, Held, WakeUp};

/// An order whose merchant is not served is looked at again after so long.
const PUT_OFF: Duration = Duration::from_hours(1);

/// A receipt that waits for longer is a backlog: the facts in it may be the ones that are missed.
const BACKLOG_SECONDS: u64 = 60;

impl Process {
    /// Orders of merchants whose files are gone or broken sleep on, else they would be found in every
    /// turn, before those of others.
    pub(super) async fn put_off(&self, held: &Held, orphans: Vec<(WakeUp, Order)>, now: Timestamp) {
        if orphans.is_empty() {
            return;
        }
        let put_off = |(wake, order): (WakeUp, Order)| Commit {
            merchant: wake.merchant,
            looked_up: Vec::new(),
            outcomes: Vec::new(),
            aggregates: vec![AggregateWrite {
                id: wake.aggregate.id,
                read: Some(wake.aggregate.version),
                blob: Some(wake.aggregate.blob),
                aliases: order.aliases(now),
                wake_at: Some(now + PUT_OFF),
                merged_into: None,
            }],
            messages: Vec::new(),
            revisions: Vec::new(),
            story: Vec::new(),
            unmapped: Vec::new(),
            at: now,
        };
        // What could not be written is found again.
        drop(self.shared.ledger.commit(held, orphans.into_iter().map(put_off).collect()).await);
    }

    /// Looks which merchants have facts that wait: those in hand are old or many, or, where orders wake,
    /// there are others.
    pub(super) async fn look_for_backlogs(
        &self,
        shares: &mut BTreeMap<MerchantId, Share>,
        now: Timestamp,
    ) {
        for (merchant, share) in shares.iter_mut() {
            let is_old = |read: &Read| {
                let waits = now.as_second() - read.receipt.received_at.as_second();
                u64::try_from(waits).is_ok_and(|waits| waits >= BACKLOG_SECONDS)
            };
            share.backlog = share.reads.len() >= PER_MERCHANT || share.reads.iter().any(is_old);
            if share.backlog || share.wakes.is_empty() {
                continue;
            }
            let stats = self.shared.archive.stats(Some(merchant.clone()), now).await;
            // Of a store that does not answer nothing is known.
            let is_clear = stats.is_ok_and(|stats| stats.oldest_waiting_seconds < BACKLOG_SECONDS);
            share.backlog = !is_clear;
        }
    }
}

//! A feed's webhook → one receipt for each merchant it speaks of. Repeatable: ids and dedupe keys
//! follow from the feed's receipt.

use std::collections::BTreeMap;

use parcelwire_domain::id::{MerchantId, ReceiptId, SourceName};
use parcelwire_mapping::{
    book::{Book, Entry},
    source::Useless,
};
use sha2::{Digest as _, Sha256};

use super::Process;
use crate::{
    metrics::Metrics,
    ports::{Body, NewReceipt, Outcome, Owner, StoredReceipt},
    trace::HEADER,
};

impl Process {
    /// Splits one feed receipt; it stays waiting until all shares are durable.
    pub(super) async fn split(&self, book: &Book, receipt: StoredReceipt) {
        let Owner::Feed(name) = &receipt.owner else { return };
        let Some(feed) = book.feeds.get(name) else {
            self.keep_stuck(vec![receipt.id]);
            return;
        };
        let accounts = match feed.source.accounts(&receipt.received()) {
            Ok(accounts) => accounts,
            Err(useless) => return self.conclude(&receipt, why(&useless), Vec::new()).await,
        };
        let mut shares: BTreeMap<(MerchantId, SourceName), Vec<String>> = BTreeMap::new();
        let mut unclaimed = Vec::new();
        for account in accounts {
            match feed.accounts.get(&account) {
                Some(owner) => shares.entry(owner.clone()).or_default().push(account),
                None => unclaimed.push(account),
            }
        }
        // A merchant whose files are broken may be the one that has it: its share waits for them.
        let waits = !unclaimed.is_empty()
            && book.merchants.values().any(|entry| matches!(entry, Entry::Misconfigured));
        if shares.is_empty() && waits {
            return self.keep_stuck(vec![receipt.id]);
        }
        if shares.is_empty() {
            return self.conclude(&receipt, Outcome::Unclaimed, unclaimed).await;
        }
        let batch = shares
            .into_iter()
            .map(|((merchant, source), accounts)| {
                let mut share = share(&receipt, merchant, source, accounts);
                // Its own id would begin another trace.
                if receipt.told_trace().is_none() {
                    let trace = self.shared.trace(receipt.id, None);
                    share.headers.push((HEADER.to_owned(), trace.handed_on()));
                }
                share
            })
            .collect();
        let accepted = self.shared.ledger.accept(batch).await;
        if let Some(error) = accepted.into_iter().find_map(Result::err) {
            self.store_failed("accept", &error);
            return self.shared.ledger.release(vec![receipt.id], Vec::new()).await;
        }
        if waits {
            return self.keep_stuck(vec![receipt.id]);
        }
        self.conclude(&receipt, Outcome::Split, unclaimed).await;
    }

    async fn conclude(&self, receipt: &StoredReceipt, outcome: Outcome, unclaimed: Vec<String>) {
        let is_unclaimed = outcome == Outcome::Unclaimed;
        let settled = self.shared.ledger.settle_feed(receipt.id, outcome, unclaimed).await;
        if settled.is_ok() && is_unclaimed {
            Metrics::count(&self.shared.metrics.processed, "unclaimed");
        }
        if let Err(error) = settled {
            self.store_failed("settle_feed", &error);
            self.shared.ledger.release(vec![receipt.id], Vec::new()).await;
        }
    }
}

fn why(useless: &Useless) -> Outcome {
    match useless.outcome() {
        ("failed", rule) => Outcome::Failed(rule.to_owned()),
        (_, rule) => Outcome::Filtered(rule.to_owned()),
    }
}

fn share(
    receipt: &StoredReceipt,
    merchant: MerchantId,
    source: SourceName,
    accounts: Vec<String>,
) -> NewReceipt {
    let whole = receipt.id.bits().to_be_bytes();
    let derived = ReceiptId::derived(&[&whole, merchant.as_str().as_bytes()]).bits();
    // The time of the whole stays in front: receipts sort by it.
    let low = (1 << 80) - 1;
    let mut hash = Sha256::new();
    hash.update(whole);
    hash.update(merchant.as_str().as_bytes());
    hash.update([0]);
    hash.update(source.as_str().as_bytes());
    let mut dedupe = [0; 16];
    dedupe.copy_from_slice(&hash.finalize()[..16]);
    NewReceipt {
        id: ReceiptId::from_bits((receipt.id.bits() & !low) | (derived & low)),
        owner: Owner::Merchant(merchant),
        source,
        topic: receipt.topic.clone(),
        received_at: receipt.received_at,
        dedupe,
        headers: receipt.headers.clone(),
        query: receipt.query.clone(),
        verified: "share of a feed".to_owned(),
        accounts,
        body: Body::SameAs(receipt.id),
    }
}

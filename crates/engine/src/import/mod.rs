//! What was before the relay was connected, brought in to teach: rows in canonical words, or what a
//! source lists when it is asked. It goes the way of every receipt, and is marked, so that nothing of it
//! is told.

mod listed;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use parcelwire_domain::{
    Map, Party,
    id::{MerchantId, ReceiptId, SourceName},
};
use parcelwire_mapping::{
    import::{self, By, Fault},
    merchant::Merchant,
    text::did_you_mean,
};

use crate::{
    Engine,
    metrics::Metrics,
    ports::{Accepted, Body, IMPORTED_ROW, NewReceipt, Owner, PortError},
    receive::dedupe,
};

pub use listed::{Listed, ListedError};

/// Most rows of one call.
pub const MAX_ROWS: usize = 1000;

/// Longest row.
const MAX_ROW_BYTES: usize = 64 * 1024;

/// Most receipts that are made durable at once.
const MAX_BATCH: usize = 100;

/// Rows to learn from.
#[derive(Debug, Clone)]
pub struct Import {
    /// Whose.
    pub merchant: MerchantId,
    /// As whose word they count; where left out, the merchant's only shop, or only source.
    pub source: Option<String>,
    /// The rows.
    pub rows: Vec<Map>,
    /// Only to be looked at.
    pub dry_run: bool,
}

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// As whose word the rows count.
    pub source: SourceName,
    /// Rows that are durable now; in a dry run, that would be.
    pub accepted: usize,
    /// Rows that were here before.
    pub known: usize,
    /// Rows that were left out, each with all that is wrong with it.
    pub faults: Vec<(usize, Vec<Fault>)>,
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The merchant's files are not in order.
    #[error("the files of this merchant are not in order")]
    Misconfigured,
    /// The source that is named is none, or none is named and several could be meant.
    #[error("{why}")]
    Source {
        /// Why.
        why: String,
        /// The sources that there are.
        known: Vec<String>,
    },
    /// The store does not answer. What was accepted before is known the next time.
    #[error(transparent)]
    Store(#[from] PortError),
}

impl Engine {
    /// Learns from rows. The good ones go through, whatever the others are; once more the same changes
    /// nothing.
    pub async fn import(&self, import: Import) -> Result<Imported, ImportError> {
        let merchant = self.merchant_of(&import.merchant)?;
        let source = source_of(&merchant, import.source.as_deref())?;
        let now = self.shared.clock.now();
        let mut imported =
            Imported { source: source.clone(), accepted: 0, known: 0, faults: Vec::new() };
        let mut receipts = Vec::new();
        for (place, row) in import.rows.iter().enumerate() {
            let bits = self.shared.chance.bits();
            match receipt(&merchant, &source, row, now, bits) {
                Ok(receipt) => receipts.push(receipt),
                Err(faults) => imported.faults.push((place, faults)),
            }
        }
        if import.dry_run {
            imported.accepted = receipts.len();
            return Ok(imported);
        }
        let (accepted, known) = self.keep(receipts).await?;
        (imported.accepted, imported.known) = (accepted, known);
        Ok(imported)
    }

    fn merchant_of(&self, id: &MerchantId) -> Result<Arc<Merchant>, ImportError> {
        let book = self.shared.rules.book();
        book.merchant(id.as_str()).cloned().ok_or(ImportError::Misconfigured)
    }

    /// Makes receipts durable; answers how many are new, and how many were here before.
    async fn keep(&self, receipts: Vec<NewReceipt>) -> Result<(usize, usize), PortError> {
        let (mut accepted, mut known) = (0, 0);
        let mut receipts = receipts.into_iter().peekable();
        while receipts.peek().is_some() {
            let batch = receipts.by_ref().take(MAX_BATCH).collect();
            for answer in self.shared.ledger.accept(batch).await {
                match answer {
                    Ok(Accepted::New(_)) => accepted += 1,
                    Ok(Accepted::Duplicate(_)) => known += 1,
                    Err(error) => {
                        Metrics::count(&self.shared.metrics.store_errors, "accept");
                        return Err(error);
                    }
                }
            }
        }
        Ok((accepted, known))
    }
}

/// The receipt of one row; or all that is wrong with it.
pub fn receipt(
    merchant: &Merchant,
    source: &SourceName,
    row: &Map,
    now: Timestamp,
    bits: u128,
) -> Result<NewReceipt, Vec<Fault>> {
    let known = merchant.sources.get(source);
    let party = known.map_or(Party::Shop, |known| known.ready.connector().party());
    import::read(row, &By { source, party, zone: &merchant.seat.zone, received_at: now })?;
    let body = import::body(row);
    if body.len() > MAX_ROW_BYTES {
        let message = format!("the row is longer than {MAX_ROW_BYTES} bytes");
        let hint = "leave out what no message needs".to_owned();
        return Err(vec![Fault { field: String::new(), message, hint }]);
    }
    let owner = Owner::Merchant(merchant.id.clone());
    Ok(NewReceipt {
        id: ReceiptId::at(u64::try_from(now.as_millisecond()).unwrap_or(0), bits),
        dedupe: dedupe(&owner, source, Some(IMPORTED_ROW), None, body.as_bytes()),
        owner,
        source: source.clone(),
        topic: None,
        received_at: now,
        headers: Vec::new(),
        query: String::new(),
        verified: IMPORTED_ROW.to_owned(),
        accounts: Vec::new(),
        body: Body::Bytes(body.into()),
    })
}

/// The source that is named; without a name the only shop, or the only source: ids and numbers are
/// those of whoever gave them.
fn source_of(merchant: &Merchant, name: Option<&str>) -> Result<SourceName, ImportError> {
    let parties: BTreeMap<&SourceName, Party> = merchant
        .sources
        .iter()
        .map(|(name, source)| (name, source.ready.connector().party()))
        .collect();
    let known: Vec<String> = parties.keys().map(|name| name.to_string()).collect();
    if let Some(name) = name {
        let found = parties.keys().find(|known| known.as_str() == name);
        return found.map(|found| (*found).clone()).ok_or_else(|| {
            let hint = did_you_mean(name, known.iter().map(String::as_str));
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            ImportError::Source { why: format!("there is no source `{name}`{hint}"), known }
        });
    }
    let shops = parties.iter().filter(|(_, party)| **party == Party::Shop).map(|(name, _)| *name);
    let shops: Vec<&SourceName> = shops.collect();
    match (&shops[..], &known[..]) {
        ([only], _) => Ok((*only).clone()),
        ([], [_]) => parties.keys().next().map(|name| (*name).clone()).ok_or_else(|| {
            ImportError::Source { why: "the merchant has no source".to_owned(), known: Vec::new() }
        }),
        ([], []) => {
            let why = "the merchant has no source as whose word an import could count".to_owned();
            Err(ImportError::Source { why, known })
        }
        _ => {
            let why = "several sources could have said it: name the one that gave these numbers";
            Err(ImportError::Source { why: why.to_owned(), known })
        }
    }
}

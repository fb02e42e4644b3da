//! How polling goes, for whoever looks at it.

use std::time::Duration;

use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, SourceName};

use super::{
    place::{self, Place, Wanted},
    schedule::LONGEST,
};
use crate::{
    Engine,
    ports::{LedgerResult, Owner, Polled},
};

/// How polling goes at one source, or feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollState {
    /// Whose it is.
    pub owner: Owner,
    /// The source: of a feed its own name, or, in a merchant's list, the name of the share.
    pub source: SourceName,
    /// The connector's name.
    pub connector: String,
    /// How often it is asked.
    pub every: Duration,
    /// What is kept of the last round; nothing before the first has ended.
    pub polled: Option<Polled>,
    /// How far it came, where the connector's cursor is a time. What another system gave for next
    /// time is nobody's to see.
    pub reached: Option<Timestamp>,
}

impl Engine {
    /// How polling goes, by the files in force: at all sources and feeds, or at those that tell one
    /// merchant something. Always in the same order.
    pub async fn polls(&self, merchant: Option<&MerchantId>) -> LedgerResult<Vec<PollState>> {
        let book = self.shared.rules.book();
        let wanted: Vec<(Place, (Wanted, SourceName))> = match merchant {
            Some(merchant) => place::of_merchant(&book, merchant).into_iter().collect(),
            None => {
                let named = |(place, wanted): (Place, Wanted)| {
                    let name = place.source.clone();
                    (place, (wanted, name))
                };
                place::all(&book).into_iter().map(named).collect()
            }
        };
        let of = wanted.iter().map(|(place, _)| (place.owner.clone(), place.source.clone()));
        let polled = self.shared.ledger.polled(of.collect()).await?;
        let state = |((place, (wanted, source)), polled): ((Place, (Wanted, SourceName)), _)| {
            let polled: Option<Polled> = polled;
            let cursor = polled.as_ref().and_then(|polled| polled.cursor.as_deref());
            PollState {
                owner: place.owner,
                source,
                connector: wanted.connector,
                every: wanted.ready.connector().polls_every().unwrap_or(LONGEST),
                reached: cursor.and_then(|cursor| wanted.ready.reached(cursor)),
                polled,
            }
        };
        Ok(wanted.into_iter().zip(polled).map(state).collect())
    }
}

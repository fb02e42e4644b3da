//! An import of what a source lists itself when it is asked: the pages of its polling, from a time on.

use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, SourceName};

use super::{ImportError, source_of};
use crate::{
    Engine,
    poll::{Past, PastError},
    ports::{IMPORTED_ITEM, Owner},
};

/// What a source listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The source.
    pub source: SourceName,
    /// Items that are durable now.
    pub accepted: usize,
    /// Items that were here before, by an import or as news.
    pub known: usize,
    /// From where to go on, where there is more than one round may ask for.
    pub reached: Option<Timestamp>,
}

/// Why a source could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListedError {
    /// As with rows.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Its connector does not say how.
    #[error("{0}")]
    Cannot(String),
    /// It was asked, and did not answer as it should.
    #[error("{0}")]
    Failed(String),
}

impl Engine {
    /// Asks a source for what was since then, and learns from it: one round.
    pub async fn import_listed(
        &self,
        merchant: &MerchantId,
        source: &str,
        since: Timestamp,
    ) -> Result<Listed, ListedError> {
        let found = self.merchant_of(merchant)?;
        let source = source_of(&found, Some(source))?;
        let known = &found.sources[&source];
        if let Some((feed, _)) = &known.feed {
            let why = format!(
                "`{source}` is a share of the feed `{feed}`, which lists all its merchants' parcels at once"
            );
            return Err(ListedError::Cannot(why));
        }
        if known.ready.connector().polls_every().is_none() {
            let why = format!(
                "the connector `{}` does not say how open orders are listed",
                known.connector
            );
            return Err(ListedError::Cannot(why));
        }
        let owner = Owner::Merchant(merchant.clone());
        let past = Past { owner, source: source.clone(), since, verified: IMPORTED_ITEM };
        match self.past(&known.ready, past).await {
            Ok(came) => {
                let (accepted, known) = (came.accepted, came.known);
                Ok(Listed { source, accepted, known, reached: came.reached })
            }
            Err(PastError::Cannot(why)) => Err(ListedError::Cannot(format!("`{source}`: {why}"))),
            Err(PastError::Failed(why)) => Err(ListedError::Failed(known.ready.mask(&why))),
        }
    }
}

//! What is polled: a source of a merchant, or a feed.

use std::{collections::BTreeMap, fmt};

use parcelwire_domain::id::{MerchantId, SourceName};
use parcelwire_mapping::{book::Book, source::ReadySource};

use crate::ports::Owner;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) owner: Owner,
    /// Of a feed its own name.
    pub(super) source: SourceName,
}

/// What the files say of it.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) ready: ReadySource,
    pub(super) connector: String,
}

impl Place {
    /// What the files in force say of it, where they know it.
    pub(super) fn find(&self, book: &Book) -> Option<ReadySource> {
        match &self.owner {
            Owner::Merchant(merchant) => {
                let merchant = book.merchant(merchant.as_str())?;
                Some(merchant.sources.get(&self.source)?.ready.clone())
            }
            Owner::Feed(feed) => Some(book.feeds.get(feed)?.source.clone()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Owner::Merchant(merchant) => write!(f, "{merchant}/{}", self.source),
            Owner::Feed(feed) => write!(f, "feed {feed}"),
        }
    }
}

/// All that is polled by the files in force.
pub(super) fn all(book: &Book) -> BTreeMap<Place, Wanted> {
    let mut all = BTreeMap::new();
    for merchant in book.merchants.keys().filter_map(|id| book.merchant(id.as_str())) {
        for (source, known) in &merchant.sources {
            // A share is not asked for by itself: its feed is.
            if known.feed.is_none() && known.ready.connector().polls_every().is_some() {
                let place =
                    Place { owner: Owner::Merchant(merchant.id.clone()), source: source.clone() };
                let (ready, connector) = (known.ready.clone(), known.connector.clone());
                all.insert(place, Wanted { ready, connector });
            }
        }
    }
    for (name, feed) in &book.feeds {
        if feed.source.connector().polls_every().is_some() {
            let source = SourceName::parse(name.as_str()).expect("both keep to one alphabet");
            let place = Place { owner: Owner::Feed(name.clone()), source };
            let (ready, connector) = (feed.source.clone(), feed.connector.clone());
            all.insert(place, Wanted { ready, connector });
        }
    }
    all
}

/// The feeds that are polled, each under its own name.
pub(crate) fn polled_feeds(book: &Book) -> Vec<(Owner, SourceName)> {
    let places = all(book).into_keys().map(|place| (place.owner, place.source));
    places.filter(|(owner, _)| matches!(owner, Owner::Feed(_))).collect()
}

/// The same as far as it tells one merchant something: its own sources, and feeds that it shares,
/// under the name that its file gives them.
pub(super) fn of_merchant(book: &Book, id: &MerchantId) -> BTreeMap<Place, (Wanted, SourceName)> {
    let Some(merchant) = book.merchant(id.as_str()) else { return BTreeMap::new() };
    let own_name = |place: &Place| match &place.owner {
        Owner::Merchant(owner) => (owner == id).then(|| place.source.clone()),
        Owner::Feed(feed) => merchant.sources.iter().find_map(|(name, source)| {
            let (shared, _) = source.feed.as_ref()?;
            (shared == feed).then(|| name.clone())
        }),
    };
    let known = all(book).into_iter();
    known.filter_map(|(place, wanted)| Some((place.clone(), (wanted, own_name(&place)?)))).collect()
}

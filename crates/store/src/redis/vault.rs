//! The port [`Vault`], on Redis: a hash for each shelf of an owner, with its keys in their order beside it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use parcelwire_domain::id::{MerchantId, Partition};
use parcelwire_engine::ports::{LedgerResult, Place, Shelf, Vault};

use super::{
    Redis,
    answer::{bytes, list, misfit, text},
    connect::Arguments,
    keys, scripts,
};

#[async_trait]
impl Vault for Redis {
    async fn kept(&self, places: Vec<Place>) -> LedgerResult<Vec<Option<Bytes>>> {
        let looks = places.iter().map(|place| async move {
            let (begin, owner) = whose(place.of.as_ref());
            let key = format!("{begin}v:{}:{owner}", place.shelf.name());
            let value = self.inner.link.ask(redis::cmd("HGET").arg(key).arg(&place.key)).await?;
            Ok(bytes(value)?.map(Bytes::from))
        });
        join_all(looks).await.into_iter().collect()
    }

    async fn keep(&self, things: Vec<(Place, Option<Bytes>)>) -> LedgerResult<()> {
        let mut owners: BTreeMap<Option<MerchantId>, Vec<(Place, Option<Bytes>)>> = BTreeMap::new();
        for (place, value) in things {
            owners.entry(place.of.clone()).or_default().push((place, value));
        }
        for (of, things) in owners {
            let (begin, owner) = whose(of.as_ref());
            let mut arguments = Arguments::default();
            arguments.add(owner).number(things.len());
            for (place, value) in things {
                arguments.add(place.shelf.name()).add(place.key);
                arguments.number(u8::from(value.is_some())).add(value.unwrap_or_default());
            }
            self.inner.link.run(&scripts::KEEP, &begin, &arguments).await?;
        }
        Ok(())
    }

    async fn shelf(
        &self,
        shelf: Shelf,
        of: Option<MerchantId>,
        after: Option<String>,
        limit: usize,
    ) -> LedgerResult<Vec<(String, Bytes)>> {
        let (begin, owner) = whose(of.as_ref());
        let mut arguments = Arguments::default();
        // The sign in front tells an empty key from none.
        let after = after.map(|after| format!("({after}")).unwrap_or_default();
        arguments.add(shelf.name()).add(owner).add(after).number(limit);
        let found = self.inner.link.run(&scripts::SHELF, &begin, &arguments).await?;
        let mut found = list(found)?.into_iter();
        let mut things = Vec::new();
        while let (Some(key), Some(value)) = (found.next(), found.next()) {
            let value = bytes(value)?.ok_or_else(|| misfit("a thing without a value"))?;
            things.push((text(key)?, Bytes::from(value)));
        }
        Ok(things)
    }
}

/// The beginning of the keys, and the name in them; the relay itself has none.
fn whose(of: Option<&MerchantId>) -> (String, &str) {
    match of {
        Some(merchant) => (keys::of(Partition::of(merchant)), merchant.as_str()),
        None => (keys::META.to_owned(), ""),
    }
}

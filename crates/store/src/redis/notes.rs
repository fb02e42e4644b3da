//! Small notes of the relay and of merchants.

use bytes::Bytes;
use futures_util::future::join_all;
use parcelwire_domain::id::{MerchantId, Partition};
use parcelwire_engine::ports::LedgerResult;

use super::{answer::bytes, connect::Link, keys};

fn key(of: Option<&MerchantId>) -> String {
    match of {
        Some(merchant) => format!("{}note:{merchant}", keys::of(Partition::of(merchant))),
        None => format!("{}note", keys::META),
    }
}

pub(super) async fn read(
    link: &Link,
    of: &[Option<MerchantId>],
) -> LedgerResult<Vec<Option<Bytes>>> {
    let looks = of.iter().map(|of| async move {
        let note = link.ask(redis::cmd("GET").arg(key(of.as_ref()))).await?;
        Ok(bytes(note)?.map(Bytes::from))
    });
    join_all(looks).await.into_iter().collect()
}

pub(super) async fn keep(link: &Link, of: Option<&MerchantId>, note: &[u8]) -> LedgerResult<()> {
    link.ask(redis::cmd("SET").arg(key(of)).arg(note)).await.map(|_| ())
}

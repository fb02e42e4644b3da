//! Making receipts durable, and noting what was refused. One call for each partition.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use parcelwire_domain::id::{Partition, ReceiptId};
use parcelwire_engine::ports::{
    Accepted, Body, LedgerResult, NewReceipt, Owner, PortError, Refused,
};

use super::{
    Inner,
    answer::{Fields, bytes, misfit, texts},
    connect::Arguments,
    hands::Kind,
    keys,
    records::{ReceiptHead, json},
    scripts,
};
use crate::{
    moment::micros,
    packed::{pack, unpack},
    shown::RefusedRow,
};

/// Dedupe keys are kept so long: senders repeat for days.
pub(super) const DEDUPE_MS: u64 = 8 * 86_400_000;

/// Refused requests that are kept of each owner, the newest; counted are all.
const MAX_REFUSED: u32 = 1_000;

/// A receipt's packed body, and its length before; nothing where what it shares is gone.
type Packed = Option<(Vec<u8>, i64)>;

impl Inner {
    /// Writes a batch; each item is new or a repeat, or failed with its partition's call.
    pub(super) async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>> {
        let count = batch.len();
        let mut parts: BTreeMap<Partition, Vec<(usize, NewReceipt)>> = BTreeMap::new();
        for (place, receipt) in batch.into_iter().enumerate() {
            parts.entry(keys::partition(&receipt.owner)).or_default().push((place, receipt));
        }
        let webhooks = self.way.webhooks();
        let written = join_all(parts.into_iter().map(|(partition, part)| async move {
            let (places, receipts): (Vec<_>, Vec<_>) = part.into_iter().unzip();
            let ended = self.accept_part(partition, &receipts).await;
            self.note(&ended);
            self.hands().stir(Kind::Waiting, partition);
            (partition, places, ended)
        }));
        let mut results: Vec<LedgerResult<Accepted>> =
            (0..count).map(|_| Err(misfit("an answer is missing"))).collect();
        let mut foreign = false;
        for (partition, places, ended) in written.await {
            foreign |= self.leases.epoch(partition).is_none();
            match ended {
                Ok(answers) => {
                    for (place, answer) in places.into_iter().zip(answers) {
                        results[place] = answer;
                    }
                }
                Err(error) => {
                    for place in places {
                        results[place] = Err(error.clone());
                    }
                }
            }
        }
        drop(webhooks);
        self.news.notify_waiters();
        if foreign {
            self.tell("receipts").await;
        }
        results
    }

    async fn accept_part(
        &self,
        partition: Partition,
        receipts: &[NewReceipt],
    ) -> LedgerResult<Vec<LedgerResult<Accepted>>> {
        let mut arguments = Arguments::default();
        arguments.number(receipts.len());
        for receipt in receipts {
            let (body, length) = self.packed(&receipt.body).await?.unwrap_or_default();
            arguments
                .add(receipt.id.to_string())
                .add(keys::owner(&receipt.owner))
                .add(format!("{:032x}", u128::from_be_bytes(receipt.dedupe)))
                .number(micros(receipt.received_at))
                .add(json(&ReceiptHead::of(receipt, length))?)
                .add(body)
                .number(DEDUPE_MS);
        }
        let key = keys::of(partition);
        let replicas = self.settings.replicas;
        let link = self.waits.as_ref().unwrap_or(&self.link);
        let answer = link.run_replicated(&scripts::ACCEPT, &key, &arguments, replicas).await?;
        let told = texts(answer)?;
        Ok(receipts.iter().zip(told).map(|(receipt, told)| accepted(receipt, &told)).collect())
    }

    async fn packed(&self, body: &Body) -> LedgerResult<Packed> {
        let whole = match body {
            Body::Bytes(bytes) => return Ok(Some((pack(bytes), bytes.len() as i64))),
            Body::SameAs(whole) => *whole,
        };
        // The feed's webhook is in another slot than this share: the share has a copy of its body.
        let known = self.hands().receipts.get(&whole).map(|(partition, _)| *partition);
        let places = known.map_or_else(|| Partition::all().collect(), |known| vec![known]);
        let looks = places.into_iter().map(|partition| async move {
            let key = format!("{}rb:{whole}", keys::of(partition));
            bytes(self.link.ask(redis::cmd("GET").arg(key)).await?)
        });
        let mut found = None;
        for look in join_all(looks).await {
            found = found.or(look?);
        }
        Ok(found.map(|kept| {
            let length = unpack(&kept).map_or(0, |body| body.len());
            (kept, length as i64)
        }))
    }

    /// Counts refused requests and keeps the newest.
    pub(super) async fn refuse(&self, batch: Vec<Refused>) -> LedgerResult<()> {
        let mut parts: BTreeMap<Partition, Vec<Refused>> = BTreeMap::new();
        for refused in batch {
            parts.entry(keys::partition(&refused.owner)).or_default().push(refused);
        }
        for (partition, part) in parts {
            let mut arguments = Arguments::default();
            arguments.number(MAX_REFUSED).number(part.len());
            for refused in part {
                let (id, owner, at) =
                    (refused.id.to_string(), keys::owner(&refused.owner), micros(refused.at));
                arguments
                    .add(id.as_str())
                    .add(owner)
                    .number(at)
                    .add(json(&refused_row(refused).json())?);
            }
            self.run(&scripts::REFUSE, partition, &arguments).await?;
        }
        Ok(())
    }

    /// Whole receipts in a state, those that are still in it; with how often something was asked.
    pub(super) async fn receipts(
        &self,
        partition: Partition,
        state: i64,
        ids: &[String],
    ) -> LedgerResult<Vec<(parcelwire_engine::ports::StoredReceipt, u32)>> {
        let mut arguments = Arguments::default();
        arguments.number(state).number(ids.len());
        for id in ids {
            arguments.add(id.as_str());
        }
        let mut rows = Fields::of(self.run(&scripts::RECEIPTS, partition, &arguments).await?)?;
        rows.rest().map(super::records::receipt).collect()
    }
}

fn accepted(receipt: &NewReceipt, told: &str) -> LedgerResult<Accepted> {
    match told {
        "new" => Ok(Accepted::New(receipt.id)),
        "gone" => {
            let why = "the webhook that this is a share of has no body any more".to_owned();
            Err(PortError::NotApplied { why })
        }
        known => match ReceiptId::parse(known) {
            Ok(known) => Ok(Accepted::Duplicate(known)),
            Err(_) => Err(misfit("not a receipt's id")),
        },
    }
}

fn refused_row(refused: Refused) -> RefusedRow {
    let (feed, owner) = match refused.owner {
        Owner::Merchant(id) => (false, id.to_string()),
        Owner::Feed(name) => (true, name.to_string()),
    };
    RefusedRow {
        id: refused.id,
        feed,
        owner,
        source: refused.source.to_string(),
        at: refused.at,
        code: refused.code,
        detail: refused.detail,
        client: refused.client,
        body_bytes: i64::try_from(refused.body_bytes).unwrap_or(i64::MAX),
    }
}

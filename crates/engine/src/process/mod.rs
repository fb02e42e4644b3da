//! Receipt → events → order → messages. Load → decide → commit, for many merchants at a time.

pub(crate) mod decide;
mod derive;
mod orders;
mod outcome;
mod revise;
mod sleeping;
mod split;
mod traced;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use parcelwire_domain::{
    Alias,
    id::{MerchantId, MerchantKey, MessageId, ReceiptId},
    objection::Person,
    order::{Fact, Order},
    silence::Hearing,
};
use parcelwire_mapping::{
    book::Book,
    destination::Frozen,
    import,
    merchant::Merchant,
    source::{Reading, Useless},
};
use tokio::sync::watch;

use crate::{
    engine::{Shared, stopped},
    hearing::Word,
    metrics::Metrics,
    objections::Objected,
    patience::Patience,
    ports::{
        Commit, CommitError, Held, Origin, Owner, Recalled, ReceiptLines, Revision, StoredReceipt,
        Want,
    },
};
use decide::{Case, Decide};

/// Most receipts of one merchant in a turn: one that floods does not delay the others.
const PER_MERCHANT: usize = 32;

/// Most receipts of a turn.
const PER_TURN: usize = 512;

/// Most aggregates looked after in a turn.
const WAKES_PER_TURN: usize = 128;

/// Turns under load begin no closer than this: what gathers meanwhile shares a commit.
const PACE: Duration = Duration::from_millis(8);

/// How often a step is decided anew because something else was written in between.
const MAX_STALE: u32 = 10;

/// Looks at least so often, whatever the store says of news.
const POLL: Duration = Duration::from_secs(1);

/// The processing stage.
pub(crate) struct Process {
    shared: Arc<Shared>,
    /// Receipts whose merchant's files are broken or gone: they wait for other files.
    stuck: Mutex<Vec<ReceiptId>>,
}

/// A receipt with what it says.
struct Read {
    receipt: StoredReceipt,
    reading: Reading,
}

/// All of one merchant in a turn.
struct Share {
    merchant: Arc<Merchant>,
    key: MerchantKey,
    reads: Vec<Read>,
    wakes: Vec<Order>,
    /// Whether facts are received that cannot be settled in this turn.
    backlog: bool,
}

/// What a step made that is worth knowing once it is written.
struct Made {
    /// Messages with their words.
    words: Vec<(MessageId, Frozen)>,
    /// Who spoke.
    heard: Vec<Word>,
    /// Rules by which triggers were not wanted.
    unwanted: Vec<&'static str>,
}

impl Process {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, stuck: Mutex::new(Vec::new()) }
    }

    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut changes = self.shared.rules.changes();
        loop {
            if *stop.borrow() {
                return;
            }
            let next = self.shared.clock.now() + PACE;
            if self.turn().await > 0 {
                self.shared.keep_pace(next, PACE).await;
                continue;
            }
            let soon = self.shared.clock.now() + POLL;
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                _ = changes.changed() => self.unstick().await,
                () = self.shared.ledger.news() => {}
                () = self.shared.clock.until(soon) => {}
            }
        }
    }

    /// Works on what waits; answers how much that was.
    pub(crate) async fn turn(&self) -> usize {
        let Some(held) = self.shared.held().await else { return 0 };
        let now = self.shared.clock.now();
        // A sign of life in every turn: a long time without one is an outage.
        if let Err(error) = self.shared.listen(&held, std::iter::empty(), now).await {
            self.store_failed("notes", &error);
            return 0;
        }
        let waiting = match self.shared.ledger.waiting(&held, PER_MERCHANT, PER_TURN).await {
            Ok(waiting) => waiting,
            Err(error) => {
                self.store_failed("waiting", &error);
                return 0;
            }
        };
        let awake = self.shared.ledger.awake(&held, now, WAKES_PER_TURN).await.unwrap_or_default();
        let count = waiting.len() + awake.len();
        if count == 0 {
            return 0;
        }
        let book = self.shared.rules.book();
        let mut shares: BTreeMap<MerchantId, Share> = BTreeMap::new();
        let mut feeds = Vec::new();
        let (mut stuck, mut to_ask) = (Vec::new(), Vec::new());
        for receipt in waiting {
            match &receipt.owner {
                Owner::Feed(_) => feeds.push(receipt),
                Owner::Merchant(id) => match self.share(&book, id, &mut shares) {
                    Some(share) if crate::lookup::waits(&share.merchant, &receipt) => {
                        to_ask.push(receipt.id);
                    }
                    Some(share) if share.merchant.sources.contains_key(&receipt.source) => {
                        let reading = read(&share.merchant, &receipt);
                        share.reads.push(Read { receipt, reading });
                    }
                    _ => stuck.push(receipt.id),
                },
            }
        }
        let mut orphans = Vec::new();
        for wake in awake {
            match (
                self.share(&book, &wake.merchant, &mut shares),
                Order::read(&wake.aggregate.blob),
            ) {
                (Some(share), Ok(order)) => share.wakes.push(order),
                (None, Ok(order)) => orphans.push((wake, order)),
                (_, Err(error)) => tracing::error!(%error, "an order cannot be woken"),
            }
        }
        self.put_off(&held, orphans, now).await;
        if let Err(error) = self.shared.listen(&held, shares.keys(), now).await {
            self.store_failed("notes", &error);
        }
        self.look_for_backlogs(&mut shares, now).await;
        let merchants = shares.keys().cloned().collect();
        if let Err(error) = self.shared.look_for_objections(merchants, now).await {
            self.store_failed("objections", &error);
        }
        let done = count - stuck.len();
        self.keep_stuck(stuck);
        self.shared.ask(to_ask).await;
        for receipt in feeds {
            self.split(&book, receipt).await;
        }
        self.settle(&held, shares).await;
        done
    }

    fn share<'s>(
        &self,
        book: &Book,
        id: &MerchantId,
        shares: &'s mut BTreeMap<MerchantId, Share>,
    ) -> Option<&'s mut Share> {
        if !shares.contains_key(id) {
            let merchant = Arc::clone(book.merchant(id.as_str())?);
            let key = MerchantKey::of(&self.shared.instance_key, id);
            let share =
                Share { merchant, key, reads: Vec::new(), wakes: Vec::new(), backlog: false };
            shares.insert(id.clone(), share);
        }
        shares.get_mut(id)
    }

    fn keep_stuck(&self, receipts: Vec<ReceiptId>) {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        stuck.extend(receipts);
        self.shared.metrics.stuck.set(i64::try_from(stuck.len()).unwrap_or(i64::MAX));
    }

    async fn unstick(&self) {
        let stuck = std::mem::take(&mut *self.stuck.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.metrics.stuck.set(0);
        if !stuck.is_empty() {
            self.shared.ledger.release(stuck, Vec::new()).await;
        }
    }

    /// Recalls, decides and commits until everything is written, or belongs to somebody else.
    async fn settle(&self, held: &Held, mut shares: BTreeMap<MerchantId, Share>) {
        let (mut stale, mut patience) = (0, Patience::new());
        while !shares.is_empty() {
            let results = match self.attempt(held, &shares).await {
                Ok(results) => results,
                Err(error) => {
                    self.store_failed("recall", &error);
                    patience.wait(self.shared.clock.as_ref()).await;
                    continue;
                }
            };
            let mut failed = false;
            for (id, result) in results {
                match result {
                    Ok(outcomes) => {
                        shares.remove(&id);
                        for outcome in outcomes {
                            Metrics::count(&self.shared.metrics.processed, &outcome);
                        }
                    }
                    // Somebody else has it now, or all of it is settled already.
                    Err(CommitError::NotOwner) => self.let_go(&id, &mut shares).await,
                    Err(CommitError::Stale) if stale < MAX_STALE => stale += 1,
                    Err(CommitError::Stale) => self.let_go(&id, &mut shares).await,
                    Err(CommitError::Port(error)) => {
                        self.store_failed("commit", &error);
                        failed = true;
                    }
                }
            }
            if failed {
                patience.wait(self.shared.clock.as_ref()).await;
            }
        }
    }

    async fn let_go(&self, id: &MerchantId, shares: &mut BTreeMap<MerchantId, Share>) {
        if let Some(share) = shares.remove(id) {
            let receipts = share.reads.iter().map(|read| read.receipt.id).collect();
            self.shared.ledger.release(receipts, Vec::new()).await;
        }
    }

    fn store_failed(&self, call: &str, error: &crate::ports::PortError) {
        Metrics::count(&self.shared.metrics.store_errors, call);
        tracing::warn!(%error, call, "the store failed; the step is repeated");
    }

    async fn attempt(
        &self,
        held: &Held,
        shares: &BTreeMap<MerchantId, Share>,
    ) -> Result<Vec<(MerchantId, Result<Vec<String>, CommitError>)>, crate::ports::PortError> {
        let wants: Vec<Want> = shares.iter().map(|(id, share)| want(id, share)).collect();
        let recalled = self.shared.ledger.recall(wants).await?;
        let lines = self.lines(shares.keys(), &recalled).await?;
        let mut objected = self.objections(shares, &recalled).await?.into_iter();
        let now = self.shared.clock.now();
        let mut commits: Vec<(MerchantId, Commit, Made)> = Vec::with_capacity(shares.len());
        let mut results = Vec::new();
        for ((id, share), recalled) in shares.iter().zip(recalled) {
            let objected = objected.next().unwrap_or_default();
            let (mut commit, mut made) = self.decide(share, &recalled, &lines, objected, now);
            traced::hand_on(share, &mut commit, &mut made);
            if commit.outcomes.is_empty() && commit.aggregates.is_empty() {
                results.push((id.clone(), Ok(Vec::new())));
            } else {
                commits.push((id.clone(), commit, made));
            }
        }
        let (mut named, mut batch) = (Vec::new(), Vec::new());
        for (id, commit, made) in commits {
            let names = outcome::names(&commit.outcomes);
            let receipts: Vec<ReceiptId> = commit.outcomes.iter().map(|(id, _)| *id).collect();
            named.push((id, names, receipts, made));
            self.forget_words(&commit);
            batch.push(commit);
        }
        let written = self.shared.ledger.commit(held, batch).await;
        for ((id, names, receipts, made), result) in named.into_iter().zip(written) {
            if result.is_ok() {
                for rule in made.unwanted {
                    Metrics::count(&self.shared.metrics.unwanted, rule);
                }
                self.shared.fresh.keep(made.words);
                if let Some(share) = shares.get(&id) {
                    self.shared.hearing.hear(&share.merchant, &made.heard);
                    self.shared.decided(share, receipts.iter().zip(&names), now);
                }
            }
            results.push((id, result.map(|()| names)));
        }
        Ok(results)
    }

    /// What is said otherwise from this step on is read from the store again.
    fn forget_words(&self, commit: &Commit) {
        for revision in &commit.revisions {
            match revision {
                Revision::Refill { message, .. } => drop(self.shared.fresh.take(*message)),
                Revision::Cancel { .. } | Revision::Backfill { .. } => {}
            }
        }
    }

    /// What became so far of receipts that have parked facts in the recalled orders.
    async fn lines<'m>(
        &self,
        merchants: impl Iterator<Item = &'m MerchantId>,
        recalled: &[Recalled],
    ) -> Result<Vec<ReceiptLines>, crate::ports::PortError> {
        let mut receipts = BTreeSet::new();
        for (merchant, recalled) in merchants.zip(recalled) {
            for stored in &recalled.aggregates {
                if let Ok(order) = Order::read(&stored.blob) {
                    let parked = order.parked_receipts().into_iter();
                    receipts.extend(parked.map(|receipt| (merchant.clone(), receipt)));
                }
            }
        }
        if receipts.is_empty() {
            return Ok(Vec::new());
        }
        self.shared.ledger.lines(receipts.into_iter().collect()).await
    }

    /// Who of those whom the steps may speak to has objected. Of merchants with nobody on their lists it
    /// is not asked.
    async fn objections(
        &self,
        shares: &BTreeMap<MerchantId, Share>,
        recalled: &[Recalled],
    ) -> Result<Vec<Objected>, crate::ports::PortError> {
        let step = |(share, recalled): (&'_ Share, &Recalled)| {
            if !self.shared.asks_of_objections(&share.merchant) {
                return Vec::new();
            }
            people(share, recalled)
        };
        let steps = shares.values().zip(recalled);
        let steps =
            steps.map(|(share, recalled)| (share.merchant.as_ref(), step((share, recalled))));
        self.shared.objected(steps.collect()).await
    }

    fn decide(
        &self,
        share: &Share,
        recalled: &Recalled,
        lines: &[ReceiptLines],
        objected: Objected,
        now: jiff::Timestamp,
    ) -> (Commit, Made) {
        let messages = &self.shared.settings.messages;
        let pulse = self.shared.hearing.pulse(&share.merchant);
        let away = self.shared.hearing.away();
        let hearing = Hearing { pulse: pulse.as_ref(), away: &away, backlog: share.backlog };
        let begin = || {
            Decide::new(&share.merchant, &share.key, messages, hearing, recalled, lines, now)
                .heeding(objected.clone())
        };
        let case = |read: &'_ Read| (read.receipt.id, read.receipt.source.clone());
        let whole = catch_unwind(AssertUnwindSafe(|| {
            share.reads.iter().fold(begin(), |decide, read| {
                let (receipt, source) = case(read);
                decide.receipt(&Case { receipt, source: &source }, &read.reading)
            })
        }));
        // One receipt that trips over a mistake of ours must not stop the others: one at a time.
        let mut decide = whole.unwrap_or_else(|_| {
            let mut decide = begin();
            for read in &share.reads {
                let (receipt, source) = case(read);
                let next = catch_unwind(AssertUnwindSafe(|| {
                    decide.clone().receipt(&Case { receipt, source: &source }, &read.reading)
                }));
                match next {
                    Ok(next) => decide = next,
                    Err(_) => decide.internal_error(receipt),
                }
            }
            decide
        });
        for order in &share.wakes {
            decide.wake(order.id());
        }
        let (words, heard) = (decide.made(), decide.words());
        let commit = decide.finish();
        let unwanted = outcome::unwanted(&commit);
        (commit, Made { words, heard, unwanted })
    }
}

/// Everybody whom a merchant's step may speak to: whom its facts name, and its orders know.
fn people(share: &Share, recalled: &Recalled) -> Vec<Person> {
    let mut people = BTreeSet::new();
    for event in share.reads.iter().flat_map(|read| &read.reading.events) {
        people.extend(share.key.people(&event.fields));
    }
    for stored in &recalled.aggregates {
        if let Ok(order) = Order::read(&stored.blob) {
            people.extend(order.people(&share.key));
        }
    }
    people.into_iter().collect()
}

/// Everything a merchant's receipts may lead to.
fn want(id: &MerchantId, share: &Share) -> Want {
    let mut aliases = BTreeSet::new();
    for read in &share.reads {
        for (index, event) in read.reading.events.iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let fact = Fact { receipt: read.receipt.id, index, event: event.clone() };
            aliases.extend(fact.aliases().into_iter().filter(Alias::joins));
        }
    }
    let aggregates = share.wakes.iter().map(Order::id).collect();
    Want { merchant: id.clone(), aliases: aliases.into_iter().collect(), aggregates }
}

fn read(merchant: &Merchant, receipt: &StoredReceipt) -> Reading {
    let Some(source) = merchant.sources.get(&receipt.source) else { return Reading::default() };
    let received = receipt.received();
    let origin = receipt.origin();
    if origin == Origin::ImportedRow {
        let party = source.ready.connector().party();
        let (source, zone) = (&receipt.source, &merchant.seat.zone);
        let by = import::By { source, party, zone, received_at: receipt.received_at };
        return import::reading(&receipt.body, &by);
    }
    let answered = receipt.answer.as_ref().map(crate::lookup::answered);
    let read = catch_unwind(AssertUnwindSafe(|| source.ready.read_with(&received, answered)));
    let mut read = read.unwrap_or_else(|_| Reading {
        useless: Some(Useless::Unreadable("reading it failed inside the relay".to_owned())),
        ..Reading::default()
    });
    for event in &mut read.events {
        event.imported = origin == Origin::ImportedItem;
    }
    read
}

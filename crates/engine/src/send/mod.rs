//! Messages → destinations: lanes in order, destinations side by side, every end written down.

mod attempt;
mod verdict;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_domain::id::{DestinationName, MerchantId, MessageId};
use parcelwire_mapping::destination::Learned;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use self::verdict::MAX_HELD;
use crate::{
    engine::{Shared, stopped},
    metrics::Metrics,
    patience::Patience,
    ports::{CommitError, Conclusion, HandOut, Held, Next, Owner, Pause, ReadyMessage},
};

/// Looks at least so often, whatever the store says of news.
const POLL: Duration = Duration::from_secs(1);

/// Looks under load begin no closer than this: what ends meanwhile shares a commit.
const PACE: Duration = Duration::from_millis(8);

/// A message waits in hand for its turn for no longer than this: others want the place.
const PATIENCE: Duration = Duration::from_secs(1);

/// A message whose attempt ended in a panic is tried again after this.
const AFTER_A_PANIC: Duration = Duration::from_mins(15);

/// Most ends written in one batch.
const MAX_BATCH: usize = 256;

/// How an attempt came back.
enum End {
    /// To be written.
    Of(Box<Conclusion>),
    /// As it was handed out: there is no turn for it.
    Untouched(MessageId),
}

/// All ends that are there by now, this one first.
fn gather(first: End, ends: &mut mpsc::Receiver<End>) -> Vec<End> {
    let mut batch = vec![first];
    while batch.len() < MAX_BATCH
        && let Ok(end) = ends.try_recv()
    {
        batch.push(end);
    }
    batch
}

/// The sending stage.
pub(crate) struct Send {
    desk: Arc<Desk>,
}

/// What one attempt is made under.
#[derive(Debug, Clone, Copy)]
struct Terms {
    /// How long it waits for its first turn.
    patience: Duration,
    /// The lease under which its message was handed out.
    epoch: Option<u64>,
}

/// What attempts share.
struct Desk {
    shared: Arc<Shared>,
    /// Tokens, and what lookups found: of each destination, under the settings of this fingerprint.
    learned: Mutex<BTreeMap<(MerchantId, DestinationName), (String, Learned)>>,
    /// Destinations that are paused, or were until just now; until when.
    paused: Mutex<BTreeMap<(MerchantId, DestinationName), Timestamp>>,
    /// Destinations for which there is no turn before then.
    resting: Mutex<BTreeMap<(MerchantId, DestinationName), Timestamp>>,
}

impl Send {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let desk = Desk {
            shared,
            learned: Mutex::new(BTreeMap::new()),
            paused: Mutex::new(BTreeMap::new()),
            resting: Mutex::new(BTreeMap::new()),
        };
        Self { desk: Arc::new(desk) }
    }

    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        let shared = &self.desk.shared;
        self.desk.remember_pauses().await;
        let mut under_way = JoinSet::new();
        let (ended, mut ends) = mpsc::channel::<End>(MAX_BATCH);
        loop {
            while under_way.try_join_next().is_some() {}
            if *stop.borrow() {
                break;
            }
            let next = shared.clock.now() + PACE;
            let begun = self.begin(&mut under_way, &ended, PATIENCE).await;
            // What has ended is written first; only then is it worth asking when to look again.
            if begun == 0 && ends.is_empty() {
                let soon = self.next_look().await;
                tokio::select! {
                    biased;
                    () = stopped(&mut stop) => break,
                    Some(end) = ends.recv() => self.write(gather(end, &mut ends)).await,
                    () = shared.ledger.news() => {}
                    () = shared.wait(soon, POLL) => {}
                }
            }
            shared.wait(next, PACE).await;
            // Never while something is handed out: what ends meanwhile could be handed out once more.
            if let Ok(end) = ends.try_recv() {
                self.write(gather(end, &mut ends)).await;
            }
        }
        drop(ended);
        self.finish(under_way, ends).await;
    }

    /// What is under way is finished and written before the stop.
    async fn finish(&self, mut under_way: JoinSet<()>, mut ends: mpsc::Receiver<End>) {
        loop {
            tokio::select! {
                biased;
                Some(end) = ends.recv() => self.write(gather(end, &mut ends)).await,
                joined = under_way.join_next() => {
                    if joined.is_none() {
                        break;
                    }
                }
            }
        }
        while let Some(end) = ends.recv().await {
            self.write(vec![end]).await;
        }
    }

    /// When to look again: at the next thing that is due, or soon.
    async fn next_look(&self) -> Timestamp {
        let shared = &self.desk.shared;
        let Some(held) = shared.held().await else { return shared.clock.now() + POLL };
        let due = shared.ledger.next_due(&held).await;
        // Asked last: the clock may have been set back meanwhile.
        let now = shared.clock.now();
        let soon = match due {
            Ok(Some(due)) if due > now => due.min(now + POLL),
            Ok(_) | Err(_) => now + POLL,
        };
        let resting = self.desk.resting(now);
        resting.into_values().fold(soon, Timestamp::min)
    }

    /// Begins attempts for what is ready; answers how many.
    async fn begin(
        &self,
        under_way: &mut JoinSet<()>,
        ended: &mpsc::Sender<End>,
        patience: Duration,
    ) -> usize {
        let shared = &self.desk.shared;
        let room = shared.settings.sending.saturating_sub(under_way.len());
        if room == 0 {
            return 0;
        }
        let Some(held) = shared.held().await else { return 0 };
        let now = shared.clock.now();
        let room = HandOut {
            each: shared.settings.sending_each,
            limit: room,
            resting: self.desk.resting(now),
        };
        let ready = match shared.ledger.ready(&held, now, &room).await {
            Ok(ready) => ready,
            Err(error) => {
                Metrics::count(&shared.metrics.store_errors, "ready");
                tracing::warn!(%error, "the store failed; messages wait");
                return 0;
            }
        };
        let merchants = ready.iter().map(|ready| ready.message.merchant.clone()).collect();
        if let Err(error) = shared.look_for_objections(merchants, now).await {
            Metrics::count(&shared.metrics.store_errors, "objections");
            tracing::warn!(%error, "it is not known who has objected; what was known counts");
        }
        let count = ready.len();
        for message in ready {
            let owner = Owner::Merchant(message.message.merchant.clone());
            let terms = Terms { patience, epoch: held.epoch(&owner) };
            let (desk, ended) = (Arc::clone(&self.desk), ended.clone());
            under_way.spawn(async move {
                desk.shared.metrics.sending.inc();
                let end = match unbroken(desk.attempt(&message, terms)).await {
                    Some(Ok(conclusion)) => End::Of(Box::new(conclusion)),
                    Some(Err(until)) => desk.no_turn(&message, until),
                    None => desk.broke(&message),
                };
                desk.shared.metrics.sending.dec();
                // Without a receiver the stage has stopped: the message is found again at the start.
                drop(ended.send(end).await);
            });
        }
        count
    }

    /// One round for tests: everything that is ready is attempted and its end written.
    pub(crate) async fn turn_and_wait(&self) -> usize {
        self.desk.remember_pauses().await;
        let mut under_way = JoinSet::new();
        let (ended, mut ends) = mpsc::channel::<End>(MAX_BATCH);
        // Nobody else wants the place; what has no turn yet waits for it.
        let count = self.begin(&mut under_way, &ended, MAX_HELD).await;
        drop(ended);
        while let Some(end) = ends.recv().await {
            self.write(vec![end]).await;
        }
        while under_way.join_next().await.is_some() {}
        count
    }

    /// Writes ends, and gives back what was left as it is.
    async fn write(&self, ends: Vec<End>) {
        let (mut conclusions, mut untouched) = (Vec::new(), Vec::new());
        for end in ends {
            match end {
                End::Of(conclusion) => conclusions.push(*conclusion),
                End::Untouched(message) => untouched.push(message),
            }
        }
        if !untouched.is_empty() {
            self.desk.shared.ledger.release(Vec::new(), untouched).await;
        }
        self.conclude(conclusions).await;
    }

    /// Writes ends until they are written, or belong to somebody else.
    async fn conclude(&self, mut batch: Vec<Conclusion>) {
        let shared = &self.desk.shared;
        let mut patience = Patience::new();
        while !batch.is_empty() {
            let held: Held = shared.held().await.unwrap_or_default();
            let results = shared.ledger.conclude(&held, batch.clone()).await;
            let mut again = Vec::new();
            for (conclusion, result) in batch.into_iter().zip(results) {
                match result {
                    Ok(()) => self.desk.concluded(&conclusion),
                    Err(CommitError::NotOwner | CommitError::Stale) => {
                        let message: Vec<MessageId> = vec![conclusion.message];
                        shared.ledger.release(Vec::new(), message).await;
                    }
                    Err(CommitError::Port(error)) => {
                        Metrics::count(&shared.metrics.store_errors, "conclude");
                        tracing::warn!(%error, "the end of an attempt could not be written yet");
                        again.push(conclusion);
                    }
                }
            }
            batch = again;
            if !batch.is_empty() {
                patience.wait(shared.clock.as_ref()).await;
            }
        }
    }
}

/// What an attempt comes to; nothing when it ends in a panic: the message would stay in hand for ever.
async fn unbroken<T>(attempt: impl Future<Output = T>) -> Option<T> {
    let mut attempt = std::pin::pin!(attempt);
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| attempt.as_mut().poll(context)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
    })
    .await
}

impl Desk {
    /// A mistake of ours in an attempt: the message waits, and does not stand in the way of others.
    fn broke(&self, ready: &ReadyMessage) -> End {
        tracing::error!(message.id = %ready.message.id, "an attempt ended in a panic: it is tried later");
        let now = self.shared.clock.now();
        let later = Next::Again { at: now + AFTER_A_PANIC, counts: false };
        End::Of(Box::new(attempt::not_tried(ready, later, now)))
    }

    /// Nothing of this destination is handed out before `until`: it would only stand in others' places.
    fn no_turn(&self, ready: &ReadyMessage, until: Timestamp) -> End {
        let message = &ready.message;
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.insert((message.merchant.clone(), message.destination.clone()), until);
        End::Untouched(message.id)
    }

    /// Destinations without a turn, and until when.
    fn resting(&self, now: Timestamp) -> BTreeMap<(MerchantId, DestinationName), Timestamp> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|_, until| *until > now);
        resting.clone()
    }

    async fn remember_pauses(&self) {
        if let Ok(pauses) = self.shared.archive.pauses().await {
            let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
            let until = |(merchant, to, pause): (_, _, Pause)| ((merchant, to), pause.until);
            *paused = pauses.into_iter().map(until).collect();
        }
    }

    fn concluded(&self, conclusion: &Conclusion) {
        use crate::ports::PauseChange;
        let key = (conclusion.merchant.clone(), conclusion.destination.clone());
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        match &conclusion.pause {
            Some(PauseChange::Pause(pause)) => {
                paused.insert(key, pause.until);
            }
            Some(PauseChange::Resume) => {
                paused.remove(&key);
            }
            None => {}
        }
        let verdict = match (&conclusion.attempt, &conclusion.next) {
            (Some(attempt), _) => attempt.verdict.as_str(),
            (None, Next::Cancelled { .. }) => "cancelled",
            (None, _) => "not_tried",
        };
        Metrics::count(&self.shared.metrics.attempts, verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_no_end_of_who_waits_for_it() {
        assert_eq!(unbroken(async { 7 }).await, Some(7));
        let later = async {
            tokio::task::yield_now().await;
            panic!("a mistake of ours")
        };
        assert_eq!(unbroken::<u8>(later).await, None);
    }
}

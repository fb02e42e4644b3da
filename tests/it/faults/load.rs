//! Shops that send, and repeat what is not answered with 2xx, as shops do. What was accepted is noted.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Interval, MissedTickBehavior},
};

use super::PATIENCE;
use crate::{
    harness::{client_that_waits, next},
    process::{heavy_parcel, parcel, signed},
};

/// A sender waits so long for an answer, as the strictest of shops do.
const ANSWER: Duration = Duration::from_secs(5);

/// Every so many-th fact is told again in other words.
const REWORDED: u64 = 3;

/// The shops, and what became of their webhooks.
pub(super) struct Load {
    shared: Shared,
    senders: Crowd,
}

/// Some senders, until they are told to end.
pub(super) struct Crowd {
    tasks: JoinSet<()>,
    goes_on: watch::Sender<bool>,
}

/// What all senders look at.
#[derive(Clone)]
struct Shared {
    noted: Arc<Mutex<Noted>>,
    /// Where the relays are.
    places: watch::Sender<Vec<u16>>,
    /// Bytes that are added to each body.
    weight: Arc<AtomicUsize>,
}

/// What the senders know.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    /// Whom the facts are about that were answered 2xx.
    pub(super) facts: BTreeSet<String>,
    /// Webhooks that were answered 2xx, facts told again in other words among them.
    pub(super) webhooks: u64,
    /// Tries that were answered 503.
    pub(super) refused: u64,
    /// Answers that nobody should get who signs rightly.
    pub(super) odd: BTreeSet<String>,
}

impl Load {
    /// So many senders, each with a pace. Where to is told later.
    pub(super) fn start(senders: usize, pace: Duration) -> Self {
        let shared = Shared {
            noted: Arc::default(),
            places: watch::Sender::new(Vec::new()),
            weight: Arc::default(),
        };
        let senders = shared.crowd(senders, pace);
        Self { shared, senders }
    }

    /// More of them, for a while.
    pub(super) fn more(&self, senders: usize, pace: Duration) -> Crowd {
        self.shared.crowd(senders, pace)
    }

    /// The relays are on these ports now.
    pub(super) fn move_to(&self, ports: Vec<u16>) {
        self.shared.places.send_replace(ports);
    }

    /// Bodies are this much longer from now on.
    pub(super) fn weigh(&self, bytes: usize) {
        self.shared.weight.store(bytes, Ordering::Relaxed);
    }

    /// How many webhooks were accepted so far.
    pub(super) fn accepted(&self) -> u64 {
        self.shared.noted().webhooks
    }

    /// How many were answered 503 so far.
    pub(super) fn refused(&self) -> u64 {
        self.shared.noted().refused
    }

    /// Notes what somebody else sent who was answered 2xx.
    pub(super) fn note(&self, email: String) {
        let mut noted = self.shared.noted();
        noted.facts.insert(email);
        noted.webhooks += 1;
    }

    /// Sends no more than what is under way, until that is accepted too.
    pub(super) async fn end(&mut self) -> Noted {
        let has_ended = self.senders.end().await;
        let mut noted = self.shared.noted().clone();
        if !has_ended {
            noted.odd.insert("a webhook was refused for ever".to_owned());
        }
        noted
    }
}

impl Crowd {
    /// Each ends with what it has under way; whether all did.
    pub(super) async fn end(&mut self) -> bool {
        self.goes_on.send_replace(false);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, all).await.is_ok()
    }
}

impl Shared {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn crowd(&self, senders: usize, pace: Duration) -> Crowd {
        let (goes_on, going) = watch::channel(true);
        let mut tasks = JoinSet::new();
        for number in 0..senders {
            let mut pace = tokio::time::interval(pace);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let client = client_that_waits(ANSWER);
            let sender = Sender { client, pace, turn: number, shared: self.clone() };
            tasks.spawn(sender.run(going.clone()));
        }
        Crowd { tasks, goes_on }
    }
}

/// One of them.
struct Sender {
    client: reqwest::Client,
    pace: Interval,
    /// Counts tries: each goes to another relay.
    turn: usize,
    shared: Shared,
}

impl Sender {
    async fn run(mut self, going: watch::Receiver<bool>) {
        while *going.borrow() {
            let number = next();
            let (body, email) = match self.shared.weight.load(Ordering::Relaxed) {
                0 => parcel(number),
                bytes => heavy_parcel(number, bytes),
            };
            if number.is_multiple_of(REWORDED) {
                let reworded = body.replacen('{', r#"{"remark":"in other words","#, 1);
                self.until_accepted(&reworded, &email).await;
            }
            self.until_accepted(&body, &email).await;
        }
    }

    async fn until_accepted(&mut self, body: &str, email: &str) {
        loop {
            self.pace.tick().await;
            self.turn += 1;
            let port = {
                let places = self.shared.places.borrow();
                places.get(self.turn % places.len().max(1)).copied()
            };
            let Some(port) = port else { continue };
            let url = format!("http://127.0.0.1:{port}/hooks/hey/shop");
            let Ok(answer) = signed(&self.client, url, body.to_owned()).send().await else {
                continue;
            };
            let mut noted = self.shared.noted();
            match answer.status().as_u16() {
                200 | 202 => {
                    noted.facts.insert(email.to_owned());
                    noted.webhooks += 1;
                    return;
                }
                503 => noted.refused += 1,
                other => drop(noted.odd.insert(format!("answered {other}"))),
            }
        }
    }
}

//! Public keys of senders, fetched from where they publish them: kept for a time, asked for by one
//! request at a time, and never more often than a minute lets, whatever ids are invented.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_mapping::{
    blocks::verify::{KeySet, KnownKeys, WantedKey},
    http::HttpRequest,
};
use tokio::sync::watch;

use crate::ports::{Clock, Transport};

/// A set that was fetched is not asked for again within this, whatever is not in it.
const AGAIN: Duration = Duration::from_secs(60);

/// After a failure sooner: nothing can be verified meanwhile, and senders give up.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Most addresses that are remembered: connectors' files name them, so that there are few.
const MAX_SETS: usize = 256;

#[derive(Clone)]
pub(super) struct Keys(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    sets: Mutex<BTreeMap<String, Entry>>,
}

/// What is known of one address.
#[derive(Default)]
struct Entry {
    set: Option<Arc<KeySet>>,
    /// When the set was asked for.
    set_at: Timestamp,
    /// When the latest question was put, and whether it failed.
    asked: Option<(Timestamp, bool)>,
    /// Told when the question that is under way has its answer.
    under_way: Option<watch::Receiver<bool>>,
}

impl Keys {
    pub(super) fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { transport, clock, sets: Mutex::default() }))
    }

    /// What is known of the keys, once the one that is wanted is there, or it is clear that it will
    /// not be before `deadline`. `now` is when the request came in.
    pub(super) async fn known(
        &self,
        wanted: WantedKey<'_>,
        now: Timestamp,
        deadline: Timestamp,
    ) -> KnownKeys {
        let url = &wanted.keys.url;
        let waits = self.0.look(url, |entry| {
            let has = entry.set.as_ref().is_some_and(|set| set.has(wanted.id));
            let is_fresh = now.duration_since(entry.set_at).unsigned_abs() < wanted.keys.cache;
            if has && is_fresh {
                return None;
            }
            if let Some(under_way) = &entry.under_way {
                // A key that was good yesterday is good until somebody says otherwise.
                return (!has).then(|| under_way.clone());
            }
            entry.may_ask(now).then(|| self.0.ask(url, entry, now))
        });
        if let Some(mut answered) = waits {
            // Half of the time is for storing what is verified.
            let half = now + deadline.duration_since(now).unsigned_abs() / 2;
            tokio::select! {
                biased;
                // An error is a question that was dropped: it has no answer.
                _ = answered.wait_for(|answered| *answered) => {}
                () = self.0.clock.until(half) => {}
            }
        }
        self.0.look(url, |entry| KnownKeys {
            set: entry.set.clone(),
            is_current: entry.set.is_some() && entry.set_at >= now,
        })
    }
}

impl Entry {
    fn may_ask(&self, now: Timestamp) -> bool {
        self.asked.is_none_or(|(at, failed)| {
            let rest = if failed { AFTER_FAILURE } else { AGAIN };
            now.duration_since(at).unsigned_abs() >= rest
        })
    }
}

impl Inner {
    fn look<T>(&self, url: &str, with: impl FnOnce(&mut Entry) -> T) -> T {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if !sets.contains_key(url) && sets.len() >= MAX_SETS {
            sets.retain(|_, entry| entry.under_way.is_some());
        }
        with(sets.entry(url.to_owned()).or_default())
    }

    /// Puts the question. It goes on when those who wait for it have gone.
    fn ask(
        self: &Arc<Self>,
        url: &str,
        entry: &mut Entry,
        now: Timestamp,
    ) -> watch::Receiver<bool> {
        let (tell, told) = watch::channel(false);
        entry.asked = Some((now, false));
        entry.under_way = Some(told.clone());
        let (inner, url) = (Arc::clone(self), url.to_owned());
        drop(tokio::spawn(async move {
            let fetched = inner.fetch(&url).await;
            inner.look(&url, |entry| {
                entry.under_way = None;
                entry.asked = Some((inner.clock.now(), fetched.is_none()));
                if let Some(set) = fetched {
                    entry.set = Some(Arc::new(set));
                    entry.set_at = now;
                }
            });
            tell.send_replace(true);
        }));
        told
    }

    async fn fetch(&self, url: &str) -> Option<KeySet> {
        let request = HttpRequest {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: Bytes::new(),
        };
        let answer = match self.transport.send(request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(keys.url = url, %error, "keys could not be fetched");
                return None;
            }
        };
        let set = (answer.status == 200 && !answer.truncated)
            .then(|| KeySet::read(&answer.body))
            .flatten();
        if set.is_none() {
            let status = answer.status;
            tracing::warn!(keys.url = url, http.status = status, "the answer holds no keys");
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::atomic::{AtomicI64, AtomicUsize, Ordering},
    };

    use async_trait::async_trait;
    use parcelwire_mapping::{blocks::verify::FetchedKeysSpec, http::HttpAnswer};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::ports::TransportError;

    /// A vendor, and the time at which it is asked.
    struct World {
        now: AtomicI64,
        asked: AtomicUsize,
        /// The ids of the set that each question is answered with; none is a failure.
        answers: Mutex<VecDeque<Option<&'static [&'static str]>>>,
        /// Each answer needs one.
        may_answer: Semaphore,
    }

    #[async_trait]
    impl Transport for World {
        async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
            assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", URL));
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.may_answer.acquire().await.expect("it is open").forget();
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let ids = answers.pop_front().expect("it is asked no more often");
            let ids = ids.ok_or_else(|| TransportError::NotConnected("down".to_owned()))?;
            let key = |id| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"AAAA"}}"#);
            let keys: Vec<String> = ids.iter().map(key).collect();
            Ok(HttpAnswer {
                status: 200,
                headers: Vec::new(),
                body: format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into(),
                truncated: false,
                took: Duration::ZERO,
            })
        }
    }

    #[async_trait]
    impl Clock for World {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(self.now.load(Ordering::SeqCst)).expect("a time")
        }

        async fn until(&self, at: Timestamp) {
            if at > self.now() {
                std::future::pending::<()>().await;
            }
        }
    }

    const URL: &str = "https://keys.example.test/jwks";

    fn world(answers: &[Option<&'static [&'static str]>]) -> (Arc<World>, Keys) {
        let world = Arc::new(World {
            now: AtomicI64::new(1_800_000_000),
            asked: AtomicUsize::new(0),
            answers: Mutex::new(answers.iter().copied().collect()),
            may_answer: Semaphore::new(answers.len()),
        });
        let keys = Keys::new(
            Arc::clone(&world) as Arc<dyn Transport>,
            Arc::clone(&world) as Arc<dyn Clock>,
        );
        (world, keys)
    }

    /// Asks for a key some seconds after the last time: whether it is there, whether the set is
    /// current, and how often the vendor was asked so far.
    async fn after(
        seconds: i64,
        id: &str,
        (world, keys): &(Arc<World>, Keys),
    ) -> (bool, bool, usize) {
        world.now.fetch_add(seconds, Ordering::SeqCst);
        let spec = FetchedKeysSpec {
            url: URL.to_owned(),
            by: "x-key-id".to_owned(),
            cache: Duration::from_secs(3600),
        };
        let now = world.now();
        let wanted = WantedKey { keys: &spec, id };
        let known = keys.known(wanted, now, now + Duration::from_secs(2)).await;
        let has = known.set.is_some_and(|set| set.has(id));
        (has, known.is_current, world.asked.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn a_new_key_is_asked_for_once_a_minute() {
        let world = world(&[Some(&["a"]), Some(&["a", "b"])]);
        assert_eq!(after(0, "a", &world).await, (true, true, 1));
        assert_eq!(after(10, "a", &world).await, (true, false, 1));
        for n in 0..40 {
            assert_eq!(after(1, &format!("invented-{n}"), &world).await, (false, false, 1));
        }
        assert_eq!(after(9, "b", &world).await, (false, false, 1));
        assert_eq!(after(1, "invented", &world).await, (false, true, 2));
        assert_eq!(after(0, "b", &world).await, (true, true, 2));
    }

    #[tokio::test]
    async fn old_keys_hold_while_the_vendor_is_down() {
        let world = world(&[Some(&["a"]), None, None, Some(&["b"])]);
        assert_eq!(after(0, "a", &world).await, (true, true, 1));
        // An hour old: asked again, in vain, and not at once again.
        assert_eq!(after(3600, "a", &world).await, (true, false, 2));
        assert_eq!(after(4, "a", &world).await, (true, false, 2));
        assert_eq!(after(1, "b", &world).await, (false, false, 3));
        assert_eq!(after(5, "a", &world).await, (false, true, 4));
    }

    #[tokio::test]
    async fn one_question_is_put_for_all_who_wait() {
        let world = world(&[Some(&["a"])]);
        let ask = || after(0, "a", &world);
        let (first, second, third) = tokio::join!(ask(), ask(), ask());
        assert_eq!([first, second, third], [(true, true, 1); 3]);
    }

    #[tokio::test]
    async fn who_waits_waits_no_longer_than_may_be() {
        let (world, keys) = world(&[Some(&["a"])]);
        world.may_answer.forget_permits(1);
        let spec = FetchedKeysSpec {
            url: URL.to_owned(),
            by: "x-key-id".to_owned(),
            cache: Duration::from_secs(3600),
        };
        let now = world.now();
        let known = keys.known(WantedKey { keys: &spec, id: "a" }, now, now).await;
        assert!(known.set.is_none() && !known.is_current);
        // The question goes on, for those who come after.
        world.may_answer.add_permits(1);
        assert_eq!(after(0, "a", &(world, keys)).await, (true, true, 1));
    }
}

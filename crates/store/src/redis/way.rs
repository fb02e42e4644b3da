//! Who goes first on the way to the server. It does one thing at a time, in the order in which it is asked:
//! what nobody outside waits for queues here, so that a webhook does not queue behind it there.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// Calls that are under way at once beside webhooks: as many as keep the server busy while answers travel.
const PLACES: u32 = 4;

/// For so long after a webhook the next ones are expected.
const EXPECTED: Duration = Duration::from_millis(5);

pub(super) struct Way {
    places: Semaphore,
    webhooks: AtomicUsize,
    last: Mutex<Option<Instant>>,
}

/// Webhooks are on their way for as long as this lives.
pub(super) struct Webhooks<'w>(&'w Way);

impl Default for Way {
    fn default() -> Self {
        let places = Semaphore::new(PLACES as usize);
        Self { places, webhooks: AtomicUsize::new(0), last: Mutex::new(None) }
    }
}

impl Way {
    /// Webhooks never wait.
    pub(super) fn webhooks(&self) -> Webhooks<'_> {
        self.webhooks.fetch_add(1, Ordering::AcqRel);
        Webhooks(self)
    }

    /// Comes back when there is a place for another call: for one alone while webhooks are on their way.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        let wanted = if self.is_busy() { PLACES } else { 1 };
        // It is never closed.
        self.places.acquire_many(wanted).await.ok()
    }

    fn is_busy(&self) -> bool {
        let last = || *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.webhooks.load(Ordering::Acquire) > 0
            || last().is_some_and(|last| last.elapsed() < EXPECTED)
    }
}

impl Drop for Webhooks<'_> {
    fn drop(&mut self) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.0.webhooks.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_free(way: &Way) -> bool {
        let place = way.place();
        tokio::pin!(place);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::future::Future::poll(place, &mut context).is_ready()
    }

    #[tokio::test(start_paused = true)]
    async fn calls_go_one_by_one_while_webhooks_are_on_their_way() {
        let way = Way::default();
        let one = way.place().await;
        assert!(is_free(&way), "there are several places");
        let webhooks = way.webhooks();
        assert!(!is_free(&way), "one is under way already");
        drop(one);
        let one = way.place().await;
        assert!(!is_free(&way), "one at a time");
        drop((one, webhooks));
        assert!(is_free(&way));
        let held = way.place().await;
        assert!(!is_free(&way), "more webhooks are expected");
        tokio::time::advance(EXPECTED).await;
        drop(held);
        let some: Vec<_> = [way.place().await, way.place().await].into_iter().flatten().collect();
        assert_eq!(some.len(), 2, "no more are expected");
    }
}

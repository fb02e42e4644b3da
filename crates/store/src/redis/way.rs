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

/// What is asked of the server beside webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// It takes the server milliseconds: steps of *process*.
    Heavy,
    /// It takes it much less.
    Light,
}

/// Heavy calls that are under way at once: the server works on one while the other one travels.
const HEAVY: u32 = 2;

/// Light calls that are under way at once: enough to keep the server busy while answers travel.
const LIGHT: u32 = 16;

/// The same while webhooks are on their way.
const LIGHT_BESIDE_WEBHOOKS: u32 = 4;

/// For so long after a webhook the next ones are expected.
const EXPECTED: Duration = Duration::from_millis(5);

pub(super) struct Way {
    heavy: Semaphore,
    light: Semaphore,
    webhooks: AtomicUsize,
    last: Mutex<Option<Instant>>,
}

/// Webhooks are on their way for as long as this lives.
pub(super) struct Webhooks<'w>(&'w Way);

impl Default for Way {
    fn default() -> Self {
        let (heavy, light) = (Semaphore::new(HEAVY as usize), Semaphore::new(LIGHT as usize));
        Self { heavy, light, webhooks: AtomicUsize::new(0), last: Mutex::new(None) }
    }
}

impl Way {
    /// Webhooks never wait.
    pub(super) fn webhooks(&self) -> Webhooks<'_> {
        self.webhooks.fetch_add(1, Ordering::AcqRel);
        Webhooks(self)
    }

    /// Comes back when there is a place for another call; fewer have one while webhooks are on their way.
    pub(super) async fn place(&self, load: Load) -> Option<SemaphorePermit<'_>> {
        let (places, wanted) = match (load, self.is_busy()) {
            (Load::Heavy, false) => (&self.heavy, 1),
            (Load::Heavy, true) => (&self.heavy, HEAVY),
            (Load::Light, false) => (&self.light, 1),
            (Load::Light, true) => (&self.light, LIGHT / LIGHT_BESIDE_WEBHOOKS),
        };
        // They are never closed.
        places.acquire_many(wanted).await.ok()
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

    /// How many calls get a place now.
    fn free(way: &Way, load: Load) -> usize {
        let mut held = Vec::new();
        loop {
            let mut place = Box::pin(way.place(load));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            match Future::poll(place.as_mut(), &mut context) {
                std::task::Poll::Ready(place) => held.push(place),
                std::task::Poll::Pending => return held.len(),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fewer_calls_have_a_place_while_webhooks_are_on_their_way() {
        let way = Way::default();
        let places = || (free(&way, Load::Heavy), free(&way, Load::Light));
        assert_eq!(places(), (2, 16));
        let webhooks = way.webhooks();
        assert_eq!(places(), (1, 4));
        drop(webhooks);
        assert_eq!(places(), (1, 4), "more are expected");
        tokio::time::advance(EXPECTED).await;
        assert_eq!(places(), (2, 16));
    }

    #[tokio::test(start_paused = true)]
    async fn steps_do_not_take_the_places_of_what_is_light() {
        let way = Way::default();
        let steps = [way.place(Load::Heavy).await, way.place(Load::Heavy).await];
        assert_eq!((free(&way, Load::Heavy), free(&way, Load::Light)), (0, 16));
        drop(steps);
        assert_eq!(free(&way, Load::Heavy), 2);
    }
}

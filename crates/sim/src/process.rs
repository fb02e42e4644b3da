//! One process of the relay: it may die, or stand still for a while and go on as if nothing had been.
//! Each of its ports asks here first.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

#[derive(Debug)]
pub(crate) struct Process {
    /// No other process of this world has it.
    pub(crate) name: String,
    state: Mutex<State>,
    died: Notify,
}

#[derive(Debug, Default)]
struct State {
    is_dead: bool,
    frozen_until: Option<Instant>,
    freezes: u64,
}

impl Process {
    pub(crate) fn new(name: String) -> Self {
        Self { name, state: Mutex::default(), died: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes back when it can go on: never when it is dead, and when it stands still not before it
    /// goes on again.
    pub(crate) async fn alive(&self) {
        loop {
            let until = {
                let state = self.state();
                if state.is_dead { None } else { Some(state.frozen_until) }
            };
            match until {
                None => std::future::pending().await,
                Some(Some(until)) if until > Instant::now() => sleep_until(until).await,
                Some(_) => return,
            }
        }
    }

    /// Comes back when it has died.
    pub(crate) async fn died(&self) {
        let died = self.died.notified();
        tokio::pin!(died);
        died.as_mut().enable();
        if !self.state().is_dead {
            died.await;
        }
    }

    pub(crate) async fn die<T>(&self) -> T {
        self.state().is_dead = true;
        self.died.notify_waiters();
        std::future::pending().await
    }

    /// Stands still for so long.
    pub(crate) fn freeze(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.state();
        state.frozen_until = Some(state.frozen_until.map_or(until, |known| known.max(until)));
        state.freezes += 1;
    }

    /// How often it stood still.
    pub(crate) fn freezes(&self) -> u64 {
        self.state().freezes
    }
}

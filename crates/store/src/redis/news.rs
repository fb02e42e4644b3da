//! Instances tell each other that there is something new. A hint only: polls are the truth.

use std::{sync::Weak, time::Duration};

use futures_util::StreamExt as _;
use parcelwire_domain::id::Partition;

use super::{Inner, hands::Kind, keys};

/// How long to wait before listening again after the connection broke.
const AGAIN: Duration = Duration::from_secs(1);

impl Inner {
    /// Tells the others.
    pub(super) async fn tell(&self, what: &str) {
        let told = self.link.ask(redis::cmd("PUBLISH").arg(keys::NEWS).arg(what)).await;
        if let Err(error) = told {
            tracing::debug!(%error, "the others find what is new when they look");
        }
    }

    fn heard(&self, what: &[u8]) {
        match what {
            b"leases" => self.leases.stir(),
            b"messages" => self.stir(Kind::Ready, &Partition::all().collect::<Vec<_>>()),
            _ => self.stir(Kind::Waiting, &Partition::all().collect::<Vec<_>>()),
        }
        self.news.notify_waiters();
    }
}

/// Listens for as long as the store is there.
pub(super) async fn listen(store: Weak<Inner>) {
    loop {
        let Some(inner) = store.upgrade() else { return };
        let listening = inner.link.listen(keys::NEWS).await;
        drop(inner);
        if let Ok(mut heard) = listening {
            while let Some(message) = heard.next().await {
                let Some(inner) = store.upgrade() else { return };
                inner.heard(message.get_payload_bytes());
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

//! Senders that are a burden: too many, too slow, gone in the middle, or silent.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Mutex,
    task::JoinSet,
};

use super::{PATIENCE, world::World};
use crate::{
    connections::open_files,
    harness::{SHOP_SECRET, hmac_base64, next},
    process::parcel,
};

/// A slow sender says so much at once.
const MORSEL: usize = 24;

/// And then nothing for so long.
const PAUSE: Duration = Duration::from_millis(100);

/// A sender in a flood comes again at once.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Connections that are held, where this process may have so many.
const CONNECTIONS: usize = 10_000;

/// One world at a time has that many: they count against a limit of this process.
static MANY: Mutex<()> = Mutex::const_new(());

impl World {
    /// As many webhooks as come through, for a while.
    pub(super) async fn flood(&self) {
        let mut crowd = self.load.more(self.size.crowd, AT_ONCE);
        self.last_for_a_while().await;
        assert!(crowd.end().await, "the flood is accepted in the end");
    }

    /// Every second one gives up in the middle.
    pub(super) async fn slow_senders(&self) {
        let port = self.relays[0].port;
        let mut senders = JoinSet::new();
        for number in 0..self.size.crowd {
            senders.spawn(slowly(port, number % 2 == 0));
        }
        while let Some(ended) = senders.join_next().await {
            if let Some(email) = ended.expect("it ends") {
                self.load.note(email);
            }
        }
    }

    /// Connections that say nothing; the usual senders come through beside them.
    pub(super) async fn many_connections(&self) {
        let _alone = MANY.lock().await;
        let held = (open_files() / 2).min(CONNECTIONS);
        let mut idle = Vec::with_capacity(held);
        for _ in 0..held {
            let connecting = TcpStream::connect(("127.0.0.1", self.relays[0].port));
            let connected = tokio::time::timeout(PATIENCE, connecting).await;
            idle.push(connected.expect("nobody waits to get in").expect("it connects"));
        }
        self.more_events(self.size.events).await;
    }
}

/// A webhook in morsels; whom it is about, if it was accepted.
async fn slowly(port: u16, to_the_end: bool) -> Option<String> {
    let (body, email) = parcel(next());
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes());
    let head = format!(
        "POST /hooks/hey/shop HTTP/1.1\r\nHost: relay\r\nX-Shopify-Topic: fulfillments/create\r\n\
         X-Shopify-Hmac-Sha256: {signature}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let said = [head.as_bytes(), body.as_bytes()].concat();
    let said = if to_the_end { &said[..] } else { &said[..said.len() - MORSEL] };
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("it connects");
    let mut pause = tokio::time::interval(PAUSE);
    for morsel in said.chunks(MORSEL) {
        pause.tick().await;
        stream.write_all(morsel).await.expect("it is heard");
    }
    if !to_the_end {
        return None;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    Some(email)
}

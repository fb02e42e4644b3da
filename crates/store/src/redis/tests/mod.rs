//! The laws of all stores on a real Redis, and what is special to it.

mod checks;
mod cluster;
mod emptied;
mod faults;
mod instances;
mod moving;
mod rights;
mod sentinel;
mod server;
mod sweep;
mod turns;

use std::cell::Cell;

use async_trait::async_trait;
use parcelwire_domain::id::Partition;

use super::*;
use crate::contract::{Books, Host};
use server::Server;

/// A server of its own, and stores on it.
struct OnServer {
    server: Server,
    /// How many stores were opened: each has a name of its own.
    opened: Cell<u8>,
}

impl OnServer {
    fn new() -> Self {
        Self { server: Server::start(&[]), opened: Cell::new(0) }
    }
}

pub(super) fn settings(url: String) -> Settings {
    Settings {
        url,
        cluster: false,
        sentinel_master: None,
        sentinel_password: None,
        ca_file: None,
        fsync: Fsync::Always,
        unchecked: false,
        replicas: 0,
    }
}

#[async_trait(?Send)]
impl Host for OnServer {
    async fn open(&self) -> Arc<dyn Books> {
        self.opened.set(self.opened.get() + 1);
        let name = format!("instance {}", self.opened.get());
        Arc::new(open(settings(self.server.url()), name, [7; 32]).await.expect("it opens"))
    }

    async fn after_a_crash(&self, before: Arc<dyn Books>) -> Arc<dyn Books> {
        drop(before);
        run_out(&self.server);
        self.open().await
    }
}

/// Ten seconds later: what anybody held who fell over has run out.
fn run_out(server: &Server) {
    for partition in Partition::all() {
        server.ask(&["HSET", &format!("{}lease", keys::of(partition)), "ends", "0"]);
    }
    server.ask(&["DEL", &format!("{}seen", keys::INSTANCES)]);
}

mod on_server {
    crate::contract::all_laws!(super::OnServer::new());
}

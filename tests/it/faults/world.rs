//! Where a fault happens: a store, relays as processes of their own, the marketing API, and shops that send.

use std::{path::Path, time::Duration};

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    PATIENCE, Size,
    clock::Clock,
    list::{Act, Fault, Setting, Whose},
    load::Load,
    proxy::{Other, Proxy},
    room::Room,
    servers::Servers,
};
use crate::{
    harness::{merchant, write},
    process::Relay,
};

/// How often it is looked whether something has come about.
const LOOK: Duration = Duration::from_millis(10);

/// All that a fault may touch.
pub(super) struct World {
    pub(super) directory: tempfile::TempDir,
    pub(super) size: Size,
    pub(super) setting: Setting,
    pub(super) room: Room,
    /// A clock that jumps, and whose it is.
    pub(super) clock: Clock,
    whose_clock: Option<Whose>,
    pub(super) servers: Servers,
    pub(super) sandbox: Sandbox,
    /// The way from the relays to the sandbox.
    pub(super) sink: Proxy,
    pub(super) relays: Vec<Relay>,
    pub(super) load: Load,
    random: StdRng,
}

impl World {
    /// Starts everything; comes back once messages arrive.
    pub(super) async fn start(fault: &Fault, size: Size) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let sandbox =
            Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
        let sink = Proxy::start(Other::Port(sandbox.port())).await;
        write_merchant(directory.path(), &sink, "pk_test_0001");
        let clock = Clock::start(directory.path());
        let whose_clock = fault.act.clock();
        let room = Room::of(fault, directory.path()).await;
        let mut alone = room.alone();
        if whose_clock == Some(Whose::Redis) {
            alone.surroundings.environment = clock.environment();
        }
        let setting = fault.setting;
        let mut world = Self {
            directory,
            size,
            setting,
            room,
            clock,
            whose_clock,
            servers: Servers::start(setting, alone).await,
            sandbox,
            sink,
            relays: Vec::new(),
            load: Load::start(size.senders, size.pace),
            random: StdRng::from_os_rng(),
        };
        // Of several instances any may have the merchant.
        let relays = if setting == Setting::Embedded { 1 } else { 2 };
        for _ in 0..relays {
            world.start_relay().await;
        }
        world.more_events(size.events).await;
        world
    }

    /// A further relay; the senders know of it.
    pub(super) async fn start_relay(&mut self) {
        let mut command = self.room.relay();
        command.envs(self.servers.environment());
        if self.whose_clock == Some(Whose::Relay) {
            command.envs(self.clock.environment());
        }
        self.relays.push(Relay::start_by(&mut command, self.directory.path()).await);
        self.tell_ports();
    }

    /// The senders go where the relays are.
    pub(super) fn tell_ports(&self) {
        self.load.move_to(self.relays.iter().map(|relay| relay.port).collect());
    }

    /// A number below `end` that nobody foresees.
    pub(super) fn chance(&mut self, end: u64) -> u64 {
        self.random.random_range(0..end)
    }

    /// Comes back once so many more events have arrived.
    pub(super) async fn more_events(&self, more: u64) {
        let wanted = self.events() + more;
        self.wait("messages arrive", || self.events() >= wanted).await;
    }

    /// Events that arrived so far, each once.
    pub(super) fn events(&self) -> u64 {
        self.sandbox.received().sums().events
    }

    /// Waits until it is so; fails if it never is.
    pub(super) async fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let waited = tokio::time::timeout(PATIENCE, until(is_so)).await;
        assert!(waited.is_ok(), "{what}: never; {}", self.logs());
    }

    /// What the relays said last.
    fn logs(&self) -> String {
        self.relays.iter().map(|relay| last_lines(&relay.log())).collect::<Vec<_>>().join("\n--\n")
    }

    /// What was due by a clock that was ahead comes when it is that late: nobody waits so long here.
    pub(super) fn later(&self, act: Act) {
        if let Act::ClockOff(_, hours @ 1..) = act {
            self.clock.be_off(hours * 3600);
        }
    }

    /// How long after `ended` a webhook was accepted again, and a message told again.
    pub(super) async fn recovered(&self, ended: Instant) -> Duration {
        let (accepted, events) = (self.load.accepted(), self.events());
        self.wait("it recovers", || self.load.accepted() > accepted && self.events() > events)
            .await;
        ended.elapsed()
    }

    /// The books, once nothing waits any more; and what is wrong with them.
    pub(super) async fn settled(&self, webhooks: u64, may_lose: bool) -> (Value, Vec<String>) {
        let mut look = tokio::time::interval(LOOK * 5);
        let (mut books, mut wrong) = (Value::Null, Vec::new());
        let settled = async {
            loop {
                look.tick().await;
                books = self.relays[0].get("/api/v1/stats").await.body;
                let accepted = books["receipts"]["accepted"].as_u64();
                let is_settled = books["receipts"]["waiting"] == 0
                    && books["messages"]["pending"] == 0
                    && (may_lose || accepted >= Some(webhooks));
                if is_settled || books["balanced"] != true {
                    return;
                }
            }
        };
        if tokio::time::timeout(PATIENCE, settled).await.is_err() {
            wrong.push("not everything settles".to_owned());
        }
        if books["balanced"] != true {
            wrong.push("the books do not balance".to_owned());
        }
        if !wrong.is_empty() {
            wrong.extend([books.to_string(), self.logs()]);
        }
        (books, wrong)
    }
}

/// Comes back once it is so.
pub(super) async fn until(is_so: impl Fn() -> bool) {
    let mut look = tokio::time::interval(LOOK);
    while !is_so() {
        look.tick().await;
    }
}

/// The merchant, whose messages go through the sink's proxy.
pub(super) fn write_merchant(directory: &Path, sink: &Proxy, key: &str) {
    let url = format!("http://127.0.0.1:{}", sink.port());
    let file = merchant(&url).replace("pk_test_0001", &format!("{key}, limits: off"));
    write(directory, "config/merchants/hey.yaml", &file);
}

/// The end of a log: enough to see what went on last.
fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

//! What is done to relays, servers and the other system. Each comes back when it is over, with the moment at
//! which it was.

use parcelwire::sandbox::Fault as Failing;
use rustix::process::Signal;
use tokio::time::Instant;

use super::{
    LEASE,
    list::{Act, Setting, Sink},
    proxy::{Proxy, Side, State},
    world::{World, write_merchant},
};

/// Bodies that soon fill a disk.
const HEAVY: usize = 40_000;

/// What a server without an end to its answers begins with.
const ENDLESS: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n";

/// A redirect to where nobody should be led.
const INSIDE: &str = "http://169.254.169.254/latest/meta-data";

/// Later than what waits for settings is tried again.
const A_QUARTER_OF_AN_HOUR: i64 = 16 * 60;

/// A piece that is cut is cut after this.
const CUT_AFTER: usize = 20;

impl World {
    /// Does it.
    pub(super) async fn suffer(&mut self, act: Act) -> Instant {
        match act {
            Act::RelayKilled => self.kill_relays().await,
            Act::RelayFrozen => self.freeze_relay().await,
            Act::RedisKilled => {
                self.servers.all[0].kill().await;
                self.last_for_a_while().await;
                self.servers.all[0].start_again().await;
            }
            Act::RedisRestarted => {
                self.servers.all[0].stop().await;
                self.servers.all[0].start_again().await;
            }
            Act::RedisSilent => {
                self.servers.all[0].signal(Signal::STOP);
                self.last_for_a_while().await;
                self.last_for_a_while().await;
                self.servers.all[0].signal(Signal::CONT);
            }
            Act::RedisFull => self.fill_memory().await,
            Act::RedisSlow(each) => {
                let slow = State::Slow(std::time::Duration::from_millis(each));
                self.disturb(self.servers.way(), slow).await;
            }
            Act::RedisCut(side) => {
                let cut = State::Cut { side, every: 5, after: CUT_AFTER };
                self.disturb(self.servers.way(), cut).await;
            }
            Act::FailOver => return self.fail_over().await,
            Act::DiskFull => self.fill_disk().await,
            Act::ClockOff(_, hours) => {
                self.clock.be_off(hours * 3600);
                // It works on while the clock is wrong.
                self.more_events(self.size.events).await;
                self.last_for_a_while().await;
                self.clock.be_off(0);
            }
            Act::Sink(sink) => self.fail_sink(sink).await,
            Act::Flood => self.flood().await,
            Act::SlowSenders => self.slow_senders().await,
            Act::Connections => self.many_connections().await,
        }
        Instant::now()
    }

    /// A fault that has a length, and nothing that ends it.
    pub(super) async fn last_for_a_while(&self) {
        tokio::time::sleep(self.size.lasts).await;
    }

    /// Kills one at a time, at moments that nobody foresees.
    async fn kill_relays(&mut self) {
        for _ in 0..self.size.kills {
            let some = self.chance(20);
            self.more_events(some).await;
            self.relays.remove(0).kill().await;
            self.tell_ports();
            self.start_relay().await;
        }
    }

    async fn freeze_relay(&mut self) {
        self.relays[0].signal(Signal::STOP);
        if self.setting == Setting::Embedded {
            self.last_for_a_while().await;
        } else {
            // The other one goes on with everything once the lease has run out; half of all tries are in vain.
            tokio::time::sleep(LEASE).await;
            self.more_events(self.size.hits).await;
        }
        self.relays[0].signal(Signal::CONT);
    }

    async fn fill_memory(&mut self) {
        let refused = self.load.refused();
        self.servers.all[0].ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
        let wanted = refused + self.size.hits;
        self.wait("webhooks are refused", || self.load.refused() >= wanted).await;
        self.last_for_a_while().await;
        self.servers.all[0].ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    }

    /// The master dies when what it answered last is on no replica, unless that was waited for. Where another
    /// replica is left nobody has to do anything; else the old master comes back as one.
    async fn fail_over(&mut self) -> Instant {
        let (master, replicas) = self.servers.busiest().await;
        // With a password that no master knows they do not come back to theirs.
        for replica in &replicas {
            self.servers.all[*replica].ask(&["CONFIG", "SET", "masterauth", "wrong"]).await;
            self.servers.all[*replica].ask(&["CLIENT", "KILL", "TYPE", "master"]).await;
        }
        self.last_for_a_while().await;
        self.servers.all[master].kill().await;
        let died = Instant::now();
        for replica in &replicas {
            self.servers.all[*replica].ask(&["CONFIG", "SET", "masterauth", ""]).await;
        }
        self.servers.is_succeeded(&replicas).await;
        if replicas.len() > 1 {
            return died;
        }
        self.servers.all[master].start_again().await;
        Instant::now()
    }

    async fn fill_disk(&mut self) {
        let wanted = self.load.refused() + self.size.hits;
        self.load.weigh(HEAVY);
        let mut crowd = self.load.more(8, self.size.pace / 4);
        self.wait("it is full", || self.load.refused() >= wanted).await;
        self.load.weigh(0);
        // A server that may answer only what is on disk ends when it cannot be.
        let has_ended = self.setting == Setting::Always;
        if has_ended {
            self.servers.all[0].ended().await;
        }
        self.last_for_a_while().await;
        self.room.give_back(&self.relays[0], self.directory.path()).await;
        if has_ended {
            self.servers.all[0].start_again().await;
        }
        assert!(crowd.end().await, "what was refused is accepted in the end");
    }

    async fn fail_sink(&mut self, sink: Sink) {
        match sink {
            Sink::Says(status) => self.fail_with(status).await,
            Sink::RefusesKey => {
                self.fail_with(401).await;
                write_merchant(self.directory.path(), &self.sink, "pk_live_0001");
            }
            Sink::Redirects => {
                self.fail_with(302).await;
                self.clock.be_off(A_QUARTER_OF_AN_HOUR);
            }
            Sink::Hangs => {
                self.sink.be(State::Silent);
                tokio::time::sleep(self.size.hangs).await;
                self.sink.be(State::Open);
            }
            Sink::Resets => self.disturb(&self.sink, State::Closed).await,
            Sink::Truncates => {
                let cut = State::Cut { side: Side::Answer, every: 2, after: CUT_AFTER };
                self.disturb(&self.sink, cut).await;
            }
            Sink::Endless => self.disturb(&self.sink, State::Endless(ENDLESS)).await,
        }
    }

    /// Every request is answered with this status, for a while.
    async fn fail_with(&self, status: u16) {
        let failed = || self.sandbox.received().sums().failed;
        // A key that is refused is not tried again and again.
        let wanted = failed() + if status == 401 { 1 } else { self.size.hits };
        self.sandbox.faults().order(Failing {
            status,
            times: u64::MAX,
            retry_after: (status == 429).then_some(1),
            location: (status == 302).then(|| INSIDE.to_owned()),
            ..Failing::default()
        });
        self.wait("requests fail", || failed() >= wanted).await;
        self.last_for_a_while().await;
        self.sandbox.faults().clear();
    }

    /// It is like this on the way, until enough have met it.
    async fn disturb(&self, way: &Proxy, state: State) {
        let wanted = way.hurt() + self.size.hits;
        way.be(state);
        self.wait("the fault is met", || way.hurt() >= wanted).await;
        self.last_for_a_while().await;
        way.be(State::Open);
    }
}

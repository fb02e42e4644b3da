//! A Redis server as the store, synced every second and always, beside the embedded store.

use crate::{
    Baselines, line, load, per_second,
    redis_server::RedisServer,
    system::{self, Relay, Store, cpu_of},
    verdict,
};

/// What one store reaches.
struct Reached {
    accepted: f64,
    sent: f64,
}

pub(crate) fn measure(beside: &Baselines) {
    println!("\nThe same relay on each store: 256 connections, then 64 end to end");
    let embedded = reached(beside, Store::Embedded, None);
    let mut on_redis = Vec::new();
    for fsync in ["everysec", "always"] {
        let directory = tempfile::tempdir().expect("a directory");
        let server = RedisServer::start(directory.path(), fsync);
        let store = Store::redis(fsync, server.socket());
        on_redis.push(reached(beside, store, Some(&server)));
    }
    let [everysec, always] = &on_redis[..] else { unreachable!("two settings") };
    println!("\nBounds");
    let accept = everysec.accepted / beside.bare[2];
    verdict("accept, everysec / verify and answer", accept, 0.20, accept >= 0.20, "");
    let whole = everysec.sent / embedded.sent;
    verdict("end to end, everysec / embedded", whole, 0.8, whole >= 0.8, "");
    let whole = always.sent / embedded.sent;
    verdict("end to end, always / embedded", whole, 0.4, whole >= 0.4, "");
}

fn reached(beside: &Baselines, store: Store, server: Option<&RedisServer>) -> Reached {
    let name = match &store {
        Store::Embedded => "embedded",
        Store::Redis { fsync, .. } => fsync,
    };
    let directory = tempfile::tempdir().expect("a directory");
    system::write_files(directory.path(), beside.sink);
    let port = system::free_ports(1)[0];
    let relay = Relay::start(directory.path(), port, store);
    let accepted = load(port, 256, beside.seconds, 0, 2048);
    line(&format!("accept, {name}"), &accepted);
    relay.drain(beside.sink);
    system::ask(beside.sink, "/reset");
    let cpu = || {
        let of_server = server.map(|server| cpu_of(server.pid())).unwrap_or_default();
        [relay.cpu(), of_server]
    };
    let before = cpu();
    load(port, 64, beside.seconds, 0, 2048);
    relay.drain(beside.sink);
    let report = system::ask(beside.sink, "/report");
    line(&format!("webhook to sink, {name}"), &report);
    let events = report["events"].as_f64().unwrap_or(0.0).max(1.0);
    let spent = cpu();
    let us = |at: usize| spent[at].saturating_sub(before[at]).as_micros() as f64 / events;
    println!("  {:<44} {:>6.0} us relay, {:.0} us Redis", "  CPU per event", us(0), us(1));
    Reached { accepted: per_second(&accepted), sent: per_second(&report) }
}

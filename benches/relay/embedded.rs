//! The embedded store: accepting, end to end, lag, memory and start.

use std::time::Duration;

use crate::{
    Baselines, line, load, per_second,
    system::{self, Relay, Store},
    verdict,
};

/// What one event may cost, in requests that the relay's client posts to the sink: 200 us on a machine of two
/// cores that posts 58,000 a second, so that other machines can be held to it.
const POSTS_PER_EVENT: f64 = 5.8;

pub(crate) fn measure(beside: &Baselines) {
    let Baselines { seconds, sink, .. } = *beside;
    let port = system::free_ports(1)[0];
    system::ask(sink, "/reset");
    let mut relay = Relay::start(beside.directory.path(), port, Store::Embedded);
    std::thread::sleep(Duration::from_secs(2));
    let idle = relay.anonymous_bytes();
    println!("\nAccept, durable before the answer, while the pipeline works behind it");
    let mut accepts = Vec::new();
    for (connections, bytes) in [(16, 2048), (64, 2048), (256, 2048), (64, 6144)] {
        let measured = load(port, connections, seconds, 0, bytes);
        line(&format!("{connections} connections, {bytes} bytes"), &measured);
        accepts.push(measured);
        relay.drain(sink);
    }

    println!("\nEnd to end, one call per event");
    system::ask(sink, "/reset");
    let cpu = relay.cpu();
    let whole = load(port, 64, (seconds * 3).min(60), 0, 2048);
    let full = relay.anonymous_bytes();
    let waiting = relay.drain(sink);
    let report = system::ask(sink, "/report");
    let events = report["events"].as_f64().unwrap_or(0.0);
    let sent = per_second(&report);
    let cpu_us = relay.cpu().saturating_sub(cpu).as_micros() as f64 / events.max(1.0);
    println!(
        "  accepted {:.0}/s, sent {sent:.0}/s ({events} events, backlog drained in {waiting:.1} s), {cpu_us:.0} us CPU per event",
        per_second(&whole)
    );
    system::ask(sink, "/reset");
    let half = load(port, 64, seconds, (sent / 2.0) as u64, 2048);
    relay.drain(sink);
    let lag = system::ask(sink, "/report");
    line("webhook to sink at half of that load", &lag);
    line("accept at half of that load", &half);

    let took = relay.restart();
    let stored = relay.accepted();
    println!("\nMemory and start");
    println!("  idle {:.1} MB, at full load {:.1} MB", mb(idle), mb(full));
    println!(
        "  ready {:.0} ms after a kill, with {stored} stored receipts",
        took.as_secs_f64() * 1e3
    );

    println!("\nBounds");
    let accept = per_second(&accepts[2]) / beside.bare[2];
    verdict("accept at 256 connections / verify and answer", accept, 0.25, accept >= 0.25, "");
    let p99 = accepts[1]["p99_ms"].as_f64().unwrap_or(f64::MAX);
    verdict("accept p99 at 64 connections", p99, 15.0, p99 < 15.0, " ms");
    let ratio = sent / beside.posted;
    verdict("end to end / the posting client", ratio, 0.10, ratio >= 0.10, "");
    verdict("CPU per event", cpu_us, 200.0, cpu_us <= 200.0, " us");
    // Client and sink have both cores for a post.
    let posts = cpu_us / (2e6 / beside.posted);
    verdict("CPU per event, in posts", posts, POSTS_PER_EVENT, posts <= POSTS_PER_EVENT, "");
    let lag = lag["p99_ms"].as_f64().unwrap_or(f64::MAX);
    verdict("lag p99 at half load", lag, 50.0, lag < 50.0, " ms");
    verdict("idle memory", mb(idle), 40.0, mb(idle) < 40.0, " MB");
    verdict("memory at full load", mb(full), 150.0, mb(full) < 150.0, " MB");
    let ready_s = took.as_secs_f64();
    verdict("ready after a kill", ready_s, 1.0, ready_s < 1.0, " s");
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

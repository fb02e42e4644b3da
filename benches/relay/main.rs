//! Speed beside two baselines of the same run: the same server verifying and answering without
//! storing, and the same client posting to the sink as fast as it can. Sink, relay, baseline and
//! load are processes of their own; what counts are the ratios, since machines are noisy.
//!
//! `PARCELWIRE_BENCH_SECONDS` sets how long each measurement takes (20).

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock, the environment, and prints"
)]

mod baseline;
mod load;
mod sink;
mod system;

use std::{path::Path, process::Command, time::Duration};

use serde_json::Value;
use system::{Child, Relay, ready};

/// Merchants that share the load.
pub(crate) const MERCHANTS: usize = 64;

/// The secret of all of them.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwQUJDREVGR0g=";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["sink", port] => sink::run(number(port) as u16),
        ["baseline", port, directory] => baseline::run(number(port) as u16, Path::new(directory)),
        ["load", port, connections, seconds, rate, bytes] => {
            load::run(&load::Load {
                port: number(port) as u16,
                connections: number(connections) as usize,
                seconds: number(seconds),
                rate: number(rate),
                bytes: number(bytes) as usize,
            });
        }
        ["post", port, seconds] => load::post(number(port) as u16, number(seconds)),
        _ => measure(),
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// One process of this program in another role; its last line is JSON.
fn role(arguments: &[String]) -> Value {
    let own = std::env::current_exe().expect("it runs");
    let output = Command::new(own).args(arguments).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it answers in JSON")
}

fn load(port: u16, connections: usize, seconds: u64, rate: u64, bytes: usize) -> Value {
    let [port, connections, seconds, rate, bytes] = [
        port.to_string(),
        connections.to_string(),
        seconds.to_string(),
        rate.to_string(),
        bytes.to_string(),
    ];
    role(&["load".to_owned(), port, connections, seconds, rate, bytes])
}

fn per_second(measured: &Value) -> f64 {
    measured["per_second"].as_f64().unwrap_or(0.0)
}

fn line(name: &str, measured: &Value) {
    println!(
        "  {name:<44} {:>8.0}/s   p50 {:>7.2} ms   p99 {:>7.2} ms",
        per_second(measured),
        measured["p50_ms"].as_f64().unwrap_or(0.0),
        measured["p99_ms"].as_f64().unwrap_or(0.0),
    );
}

fn verdict(name: &str, value: f64, bound: f64, fits: bool, unit: &str) {
    let mark = if fits { "reached" } else { "MISSED" };
    println!("  {mark:<8} {name:<58} {value:>8.2}{unit} (bound {bound}{unit})");
}

fn measure() {
    let seconds = std::env::var("PARCELWIRE_BENCH_SECONDS").map_or(20, |text| number(&text));
    let directory = tempfile::tempdir().expect("a directory");
    let ports = system::free_ports(3);
    let (sink_port, base_port, relay_port) = (ports[0], ports[1], ports[2]);
    let _sink = Child::role(&["sink".to_owned(), sink_port.to_string()]);
    system::write_files(directory.path(), sink_port, relay_port);
    let at = directory.path().to_string_lossy().into_owned();
    let base = Child::role(&["baseline".to_owned(), base_port.to_string(), at]);
    ready(sink_port, "/report");
    ready(base_port, "/readyz");

    println!("Baselines, {seconds} s each");
    let mut bare = Vec::new();
    for connections in [16, 64, 256] {
        let measured = load(base_port, connections, seconds, 0, 2048);
        line(&format!("verify and answer, {connections} connections"), &measured);
        bare.push(per_second(&measured));
    }
    drop(base);
    let posted = role(&["post".to_owned(), sink_port.to_string(), seconds.to_string()]);
    line("the client posts to the sink", &posted);
    system::ask(sink_port, "/reset");

    let mut relay = Relay::start(directory.path(), relay_port);
    std::thread::sleep(Duration::from_secs(2));
    let idle = relay.anonymous_bytes();
    println!("\nAccept, durable before the answer, while the pipeline works behind it");
    let mut accepts = Vec::new();
    for (connections, bytes) in [(16, 2048), (64, 2048), (256, 2048), (64, 6144)] {
        let measured = load(relay_port, connections, seconds, 0, bytes);
        line(&format!("{connections} connections, {bytes} bytes"), &measured);
        accepts.push((connections, bytes, measured));
        relay.drain(sink_port);
    }

    println!("\nEnd to end, one call per event");
    system::ask(sink_port, "/reset");
    let cpu = relay.cpu();
    let whole = load(relay_port, 64, (seconds * 3).min(60), 0, 2048);
    let full = relay.anonymous_bytes();
    let waiting = relay.drain(sink_port);
    let report = system::ask(sink_port, "/report");
    let events = report["events"].as_f64().unwrap_or(0.0);
    let sent = per_second(&report);
    let cpu_us = relay.cpu().saturating_sub(cpu).as_micros() as f64 / events.max(1.0);
    println!(
        "  accepted {:.0}/s, sent {sent:.0}/s ({events} events, backlog drained in {waiting:.1} s), {cpu_us:.0} us CPU per event",
        per_second(&whole)
    );
    system::ask(sink_port, "/reset");
    let half = load(relay_port, 64, seconds, (sent / 2.0) as u64, 2048);
    relay.drain(sink_port);
    let lag = system::ask(sink_port, "/report");
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
    let accept = per_second(&accepts[2].2) / bare[2];
    verdict("accept at 256 connections / verify and answer", accept, 0.25, accept >= 0.25, "");
    let p99 = accepts[1].2["p99_ms"].as_f64().unwrap_or(f64::MAX);
    verdict("accept p99 at 64 connections", p99, 15.0, p99 < 15.0, " ms");
    let ratio = sent / per_second(&posted);
    verdict("end to end / the posting client", ratio, 0.10, ratio >= 0.10, "");
    verdict("CPU per event", cpu_us, 200.0, cpu_us <= 200.0, " us");
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

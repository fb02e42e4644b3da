//! Speed beside two baselines of the same run: the same server verifying and answering without
//! storing, and the same client posting to the sink as fast as it can. Sink, relay, baseline and
//! load are processes of their own; what counts are the ratios, since machines are noisy.
//!
//! `PARCELWIRE_BENCH_SECONDS` sets how long each measurement takes (20). Arguments choose: `embedded`,
//! `redis` (beside the embedded store), `instances`; without any, all.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the clock, the environment, and prints"
)]

mod baseline;
mod embedded;
mod instances;
mod load;
mod redis;
#[path = "../redis_server.rs"]
mod redis_server;
mod sink;
mod system;
mod throttle;

use std::{path::Path, process::Command};

use serde_json::Value;
use system::{Child, ready};

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
        wanted => measure(wanted),
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

pub(crate) fn load(port: u16, connections: usize, seconds: u64, rate: u64, bytes: usize) -> Value {
    let [port, connections, seconds, rate, bytes] = [
        port.to_string(),
        connections.to_string(),
        seconds.to_string(),
        rate.to_string(),
        bytes.to_string(),
    ];
    role(&["load".to_owned(), port, connections, seconds, rate, bytes])
}

pub(crate) fn per_second(measured: &Value) -> f64 {
    measured["per_second"].as_f64().unwrap_or(0.0)
}

pub(crate) fn line(name: &str, measured: &Value) {
    println!(
        "  {name:<44} {:>8.0}/s   p50 {:>7.2} ms   p99 {:>7.2} ms",
        per_second(measured),
        measured["p50_ms"].as_f64().unwrap_or(0.0),
        measured["p99_ms"].as_f64().unwrap_or(0.0),
    );
}

pub(crate) fn verdict(name: &str, value: f64, bound: f64, fits: bool, unit: &str) {
    let mark = if fits { "reached" } else { "MISSED" };
    println!("  {mark:<8} {name:<58} {value:>8.2}{unit} (bound {bound}{unit})");
}

/// What everything is measured beside: the machine as it is now.
pub(crate) struct Baselines {
    pub(crate) seconds: u64,
    pub(crate) sink: u16,
    pub(crate) directory: tempfile::TempDir,
    /// Verified and answered a second, without storing anything: at 16, 64 and 256 connections.
    pub(crate) bare: Vec<f64>,
    /// Requests a second that the relay's client posts to the sink.
    pub(crate) posted: f64,
    _sink: Child,
}

impl Baselines {
    fn measure(seconds: u64) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let ports = system::free_ports(2);
        let (sink, base_port) = (ports[0], ports[1]);
        let sinking = Child::role(&["sink".to_owned(), sink.to_string()]);
        system::write_files(directory.path(), sink);
        let at = directory.path().to_string_lossy().into_owned();
        let base = Child::role(&["baseline".to_owned(), base_port.to_string(), at]);
        ready(sink, "/report");
        ready(base_port, "/readyz");
        println!("Baselines, {seconds} s each");
        let mut bare = Vec::new();
        for connections in [16, 64, 256] {
            let measured = load(base_port, connections, seconds, 0, 2048);
            line(&format!("verify and answer, {connections} connections"), &measured);
            bare.push(per_second(&measured));
        }
        drop(base);
        let posted = role(&["post".to_owned(), sink.to_string(), seconds.to_string()]);
        line("the client posts to the sink", &posted);
        Self { seconds, sink, directory, bare, posted: per_second(&posted), _sink: sinking }
    }
}

fn measure(wanted: &[&str]) {
    let wants = |name: &str| {
        let mut chosen = wanted.iter().filter(|word| !word.starts_with("--")).peekable();
        chosen.peek().is_none() || chosen.any(|word| *word == name)
    };
    let seconds = std::env::var("PARCELWIRE_BENCH_SECONDS").map_or(20, |text| number(&text));
    let beside = Baselines::measure(seconds);
    if wants("embedded") {
        embedded::measure(&beside);
    }
    if wants("redis") {
        redis::measure(&beside);
    }
    if wants("instances") {
        instances::measure(&beside);
    }
}

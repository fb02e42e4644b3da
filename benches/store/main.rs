//! What a store with much in it costs: a million open parcels with wake-ups, and a million stored receipts,
//! on a SQLite file and on a real redis-server, each beside the same with a thousand. What counts are the
//! ratios: both are measured in turns in one process, with the real engine and without HTTP.
//!
//! `PARCELWIRE_BENCH_MANY` says how many (1000000), `PARCELWIRE_BENCH_TURN_SECONDS` how long a turn of load
//! lasts (3). Arguments choose: `embedded`, `redis`, `parcels`, `receipts`; without any, all.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the clock, the environment, and prints"
)]

mod lists;
mod parcels;
mod place;
mod receipts;
#[path = "../redis_server.rs"]
mod redis_server;
mod seed;
mod world;

/// So many are few.
pub(crate) const FEW: u64 = 1_000;

/// Merchants that share everything.
pub(crate) const MERCHANTS: u64 = 64;

/// Measurements of each store, in turns.
pub(crate) const TURNS: usize = 5;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let wants = |name: &str, other: &str| {
        wanted.iter().any(|word| word == name) || !wanted.iter().any(|word| word == other)
    };
    let many = setting("PARCELWIRE_BENCH_MANY", 1_000_000).max(FEW);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("threads").block_on(async {
        for (kind, other) in [(place::Kind::Embedded, "redis"), (place::Kind::Redis, "embedded")] {
            if !wants(kind.name(), other) {
                continue;
            }
            if wants("parcels", "receipts") {
                parcels::measure(kind, many).await;
            }
            if wants("receipts", "parcels") {
                receipts::measure(kind, many).await;
            }
        }
    });
}

pub(crate) fn setting(name: &str, default: u64) -> u64 {
    let parse = |text: String| text.parse().unwrap_or_else(|_| panic!("{name} is a number"));
    std::env::var(name).map_or(default, parse)
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

pub(crate) fn verdict(name: &str, value: f64, bound: f64, fits: bool, unit: &str) {
    let mark = if fits { "reached" } else { "MISSED" };
    println!("  {mark:<8} {name:<58} {value:>8.2}{unit} (bound {bound}{unit})");
}

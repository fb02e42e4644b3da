//! Several relays on one Redis, each held to a tenth of a core: what another one adds.

use std::time::Duration;

use crate::{
    Baselines,
    redis_server::RedisServer,
    system::{self, Child, Relay, Store},
    throttle::Throttle,
    verdict,
};

/// How many relays share the work.
const COUNTS: [usize; 4] = [1, 2, 4, 8];

/// Senders of each relay: few, so that accepting takes the same share of its tenth at any count.
const CONNECTIONS: usize = 4;

/// Time in which leases settle among the relays.
const SETTLING: Duration = Duration::from_secs(12);

pub(crate) fn measure(beside: &Baselines) {
    println!(
        "\nRelays on one Redis, 64 merchants, each relay held to a tenth of a core by {}",
        Throttle::how()
    );
    let rates: Vec<f64> = COUNTS.iter().map(|count| events_per_second(beside, *count)).collect();
    println!("\nBounds");
    let gain = rates[2] / rates[0];
    verdict("four relays / one", gain, 3.2, gain >= 3.2, "");
}

/// What the sink gets a second while all relays have more to do than they can.
fn events_per_second(beside: &Baselines, count: usize) -> f64 {
    let server_directory = tempfile::tempdir().expect("a directory");
    let server = RedisServer::start(server_directory.path(), "everysec");
    let directory = tempfile::tempdir().expect("a directory");
    system::write_files(directory.path(), beside.sink);
    let ports = system::free_ports(count);
    let start = |port: &u16| {
        let store = Store::redis("everysec", server.socket());
        let relay = Relay::start(directory.path(), *port, store);
        (Throttle::on(relay.pid()), relay)
    };
    let relays: Vec<(Throttle, Relay)> = ports.iter().map(start).collect();
    let seconds = beside.seconds + 2 * SETTLING.as_secs();
    let load = |port: &u16| {
        let (connections, seconds) = (CONNECTIONS.to_string(), seconds.to_string());
        let (rate, bytes) = ("0".to_owned(), "2048".to_owned());
        Child::quiet_role(&["load".to_owned(), port.to_string(), connections, seconds, rate, bytes])
    };
    let loads: Vec<Child> = ports.iter().map(load).collect();
    std::thread::sleep(SETTLING);
    system::ask(beside.sink, "/reset");
    std::thread::sleep(Duration::from_secs(beside.seconds));
    let report = system::ask(beside.sink, "/report");
    drop((loads, relays));
    let rate = report["events"].as_f64().unwrap_or(0.0) / beside.seconds as f64;
    println!("  {:<44} {rate:>8.0} events/s", format!("{count} relays"));
    rate
}

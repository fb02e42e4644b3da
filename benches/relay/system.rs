//! Processes, files, and what the kernel says of a process.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{MERCHANTS, SECRET, sink::request};

/// Ticks of /proc/PID/stat in a second: the kernel's USER_HZ, 100 on every Linux of today.
const TICKS: u64 = 100;

/// A process that ends with its handle.
pub(crate) struct Child(std::process::Child);

impl Child {
    pub(crate) fn role(arguments: &[String]) -> Self {
        let own = std::env::current_exe().expect("it runs");
        Self(Command::new(own).args(arguments).spawn().expect("it starts"))
    }

    /// The same where nobody reads what it says, and it is ended before it would end.
    pub(crate) fn quiet_role(arguments: &[String]) -> Self {
        let own = std::env::current_exe().expect("it runs");
        let quiet = Command::new(own).args(arguments).stdout(Stdio::null()).spawn();
        Self(quiet.expect("it starts"))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    sockets.iter().map(|socket| socket.local_addr().expect("it has one").port()).collect()
}

pub(crate) fn settings_file(directory: &Path) -> PathBuf {
    directory.join("parcelwire.yaml")
}

pub(crate) fn write_files(directory: &Path, sink: u16) {
    let merchants = directory.join("config/merchants");
    fs::create_dir_all(&merchants).expect("it is made");
    for merchant in 0..MERCHANTS {
        let text = format!(
            "holds: off\nmapping: one_call\nsources: {{ warehouse: {{ connector: webhook, secret: \"{SECRET}\" }} }}\n\
             destinations: {{ klaviyo: {{ api_key: pk_bench_0001, limits: off, base_url: \"http://127.0.0.1:{sink}\" }} }}\n"
        );
        fs::write(merchants.join(format!("m{merchant:02}.yaml")), text).expect("it is written");
    }
    // A parcel that is all of its order would be told of twice.
    let mappings = directory.join("mappings");
    fs::create_dir_all(&mappings).expect("it is made");
    let one_call = "extends: default\ntriggers: { order_fully_delivered: off }\n";
    fs::write(mappings.join("one_call.yaml"), one_call).expect("it is written");
    let settings =
        "admin: { token: bench }\negress: { allow: [127.0.0.0/8] }\nlog: { level: error }\n";
    fs::write(settings_file(directory), settings).expect("it is written");
}

/// Processor time of a process so far.
pub(crate) fn cpu_of(pid: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("Linux");
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 1000 / TICKS)
}

/// A GET on a connection of its own.
fn get(port: u16, path: &str) -> Option<(u16, Value)> {
    let mut wire = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let mut asked = String::new();
    write!(
        asked,
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer bench\r\nconnection: close\r\n\r\n"
    )
    .ok()?;
    wire.write_all(asked.as_bytes()).ok()?;
    let (mut answer, mut chunk) = (Vec::new(), [0; 4096]);
    let body = loop {
        if let Some((head, whole)) = request(&answer) {
            break &answer[head..whole];
        }
        match wire.read(&mut chunk).ok()? {
            0 => return None,
            read => answer.extend_from_slice(&chunk[..read]),
        }
    };
    let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
    Some((status, serde_json::from_slice(body).unwrap_or(Value::Null)))
}

pub(crate) fn ask(port: u16, path: &str) -> Value {
    get(port, path).expect("it answers").1
}

/// Waits until it answers 200; says how long that took.
pub(crate) fn ready(port: u16, path: &str) -> Duration {
    let began = Instant::now();
    while get(port, path).is_none_or(|(status, _)| status != 200) {
        assert!(began.elapsed() < Duration::from_secs(60), "port {port} does not answer");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

/// The real binary.
pub(crate) struct Relay {
    child: Child,
    directory: PathBuf,
    port: u16,
    store: Store,
}

/// Where a relay keeps everything.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Embedded,
    /// How durable it is, and where.
    Redis {
        fsync: &'static str,
        url: String,
    },
}

impl Store {
    pub(crate) fn redis(fsync: &'static str, socket: &Path) -> Self {
        Self::Redis { fsync, url: format!("redis+unix://{}", socket.display()) }
    }
}

fn start(directory: &Path, port: u16, store: &Store) -> Child {
    let binary = Path::new(env!("CARGO_BIN_EXE_parcelwire"));
    let mut serve = Command::new(binary);
    serve.arg("serve").arg("--config").arg(settings_file(directory));
    serve.env("PARCELWIRE__HTTP__PORT", port.to_string());
    if let Store::Redis { fsync, url } = store {
        serve.env("PARCELWIRE__STORE__KIND", "redis").env("PARCELWIRE__STORE__URL", url);
        serve.env("PARCELWIRE__STORE__FSYNC", fsync);
    }
    let child = serve.current_dir(directory).stdin(Stdio::null()).spawn();
    Child(child.expect("it starts"))
}

impl Relay {
    pub(crate) fn start(directory: &Path, port: u16, store: Store) -> Self {
        let child = start(directory, port, &store);
        ready(port, "/readyz");
        Self { child, directory: directory.to_owned(), port, store }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Kills it, starts it again; how long until it is ready.
    pub(crate) fn restart(&mut self) -> Duration {
        drop(self.child.0.kill());
        drop(self.child.0.wait());
        let began = Instant::now();
        self.child = start(&self.directory, self.port, &self.store);
        ready(self.port, "/readyz");
        began.elapsed()
    }

    pub(crate) fn accepted(&self) -> u64 {
        ask(self.port, "/api/v1/stats")["receipts"]["accepted"].as_u64().unwrap_or(0)
    }

    /// Waits until nothing waits any more; says how many seconds that took.
    pub(crate) fn drain(&self, sink: u16) -> f64 {
        let began = Instant::now();
        loop {
            let stats = ask(self.port, "/api/v1/stats");
            let left = |list: &str, name: &str| stats[list][name].as_u64().unwrap_or(u64::MAX);
            if left("receipts", "waiting") == 0 && left("messages", "pending") == 0 {
                assert_eq!(stats["balanced"], true, "{stats}");
                ask(sink, "/report");
                return began.elapsed().as_secs_f64();
            }
            assert!(began.elapsed() < Duration::from_secs(600), "it does not drain: {stats}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Processor time so far.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.pid())
    }

    /// Anonymous memory now.
    pub(crate) fn anonymous_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.0.id());
        let text = fs::read_to_string(path).expect("Linux");
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0");
        let kib = line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }
}

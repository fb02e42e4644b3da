//! The Redis servers of a setting, and what a relay must know to use them.

use std::time::Duration;

use super::{
    PATIENCE,
    list::Setting,
    proxy::{Other, Proxy},
};
use crate::redis_server::{RedisServer, Surroundings, free_port};

/// The name by which a sentinel knows the group.
const GROUP: &str = "relay";

/// How often it is looked whether servers are ready.
const LOOK: Duration = Duration::from_millis(50);

/// Masters of a Cluster; each has one replica.
const MASTERS: usize = 3;

/// None, or as many as the setting needs.
pub(super) struct Servers {
    setting: Setting,
    /// Masters first.
    pub(super) all: Vec<RedisServer>,
    /// The way to a server that is alone.
    pub(super) way: Option<Proxy>,
    /// Whoever looks after the others; there as long as they are.
    _sentinel: Option<RedisServer>,
    url: String,
}

impl Servers {
    /// The servers of a setting; one that is alone may be in other surroundings.
    pub(super) async fn start(setting: Setting, alone: Alone) -> Self {
        match setting {
            Setting::Embedded => {
                let (all, url) = (Vec::new(), String::new());
                Self { setting, all, way: None, _sentinel: None, url }
            }
            Setting::Always | Setting::Everysec => Self::one(setting, alone).await,
            Setting::Sentinel { .. } => Self::watched(setting).await,
            Setting::Cluster { .. } => Self::cluster(setting).await,
        }
    }

    async fn one(setting: Setting, alone: Alone) -> Self {
        let mut more = vec!["--appendfsync", fsync(setting)];
        more.extend(alone.arguments.iter().map(String::as_str));
        let directory = tempfile::tempdir().expect("a directory");
        let server = RedisServer::start_within(directory, &more, alone.surroundings).await;
        let way = Proxy::start(Other::Socket(server.socket())).await;
        let url = format!("redis://127.0.0.1:{}", way.port());
        Self { setting, all: vec![server], way: Some(way), _sentinel: None, url }
    }

    async fn watched(setting: Setting) -> Self {
        let ports: Vec<String> = (0..3).map(|_| free_port().to_string()).collect();
        let master = &ports[0];
        let mut all = vec![start(&ports[0], &[]).await];
        for port in &ports[1..] {
            all.push(start(port, &["--replicaof", "127.0.0.1", master]).await);
        }
        told(&all[0], &["INFO", "replication"], "connected_slaves:2").await;
        for replica in &all[1..] {
            told(replica, &["INFO", "replication"], "master_link_status:up").await;
        }
        let port = free_port();
        let sentinel = RedisServer::sentinel(port, master.parse().expect("a port")).await;
        told(&sentinel, &["INFO", "sentinel"], "status=ok,address=127.0.0.1").await;
        told(&sentinel, &["INFO", "sentinel"], "slaves=2").await;
        let url = format!("redis://127.0.0.1:{port}");
        Self { setting, all, way: None, _sentinel: Some(sentinel), url }
    }

    async fn cluster(setting: Setting) -> Self {
        let (mut all, mut places) = (Vec::new(), Vec::new());
        for _ in 0..MASTERS * 2 {
            let (port, bus) = (free_port().to_string(), free_port().to_string());
            let cluster = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            let patience = ["--cluster-node-timeout", "1500"];
            all.push(start(&port, &[&cluster[..], &patience].concat()).await);
            places.push((port, bus));
        }
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (node, (first, last)) in all.iter().zip(ranges) {
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", first, last]).await;
        }
        for (port, bus) in &places[1..] {
            all[0].ask(&["CLUSTER", "MEET", "127.0.0.1", port, bus]).await;
        }
        for node in &all {
            told(node, &["CLUSTER", "INFO"], "cluster_known_nodes:6").await;
            told(node, &["CLUSTER", "INFO"], "cluster_state:ok").await;
        }
        for (master, replica) in all[..MASTERS].iter().zip(&all[MASTERS..]) {
            let id = master.ask(&["CLUSTER", "MYID"]).await;
            told(replica, &["CLUSTER", "REPLICATE", &id], "OK").await;
        }
        for (master, replica) in all[..MASTERS].iter().zip(&all[MASTERS..]) {
            told(replica, &["INFO", "replication"], "master_link_status:up").await;
            told(master, &["INFO", "replication"], "state=online").await;
        }
        let urls: Vec<String> =
            places.iter().map(|(port, _)| format!("redis://127.0.0.1:{port}")).collect();
        Self { setting, all, way: None, _sentinel: None, url: urls.join(",") }
    }

    /// The settings of a relay on them.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = match self.setting {
            Setting::Embedded => return Vec::new(),
            Setting::Always | Setting::Everysec => Vec::new(),
            Setting::Sentinel { replicas } => vec![
                ("PARCELWIRE__STORE__SENTINEL__MASTER", GROUP.to_owned()),
                ("PARCELWIRE__STORE__REPLICAS", replicas.to_string()),
            ],
            Setting::Cluster { replicas } => vec![
                ("PARCELWIRE__STORE__CLUSTER", "true".to_owned()),
                ("PARCELWIRE__STORE__REPLICAS", replicas.to_string()),
            ],
        };
        environment.extend([
            ("PARCELWIRE__STORE__KIND", "redis".to_owned()),
            ("PARCELWIRE__STORE__URL", self.url.clone()),
            ("PARCELWIRE__STORE__FSYNC", fsync(self.setting).to_owned()),
        ]);
        environment
    }

    /// The way to the one server.
    pub(super) fn way(&self) -> &Proxy {
        self.way.as_ref().expect("it is alone")
    }

    /// The master that has most, and its replicas.
    pub(super) async fn busiest(&self) -> (usize, Vec<usize>) {
        if self.setting == Setting::Always || self.all.len() <= MASTERS {
            return (0, (1..self.all.len()).collect());
        }
        let mut busiest = (0, 0);
        for (place, master) in self.all[..MASTERS].iter().enumerate() {
            let keys = master.ask(&["DBSIZE"]).await.parse().unwrap_or(0);
            busiest = busiest.max((keys, place));
        }
        let (_, place) = busiest;
        (place, vec![place + MASTERS])
    }

    /// Comes back once one of these has become a master.
    pub(super) async fn is_succeeded(&self, replicas: &[usize]) {
        let mut look = tokio::time::interval(LOOK);
        let succeeded = async {
            loop {
                look.tick().await;
                for replica in replicas {
                    let told = self.all[*replica].ask(&["INFO", "replication"]).await;
                    if told.contains("role:master") {
                        return;
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, succeeded).await.expect("a replica takes over");
    }
}

/// How a server that is alone is started.
#[derive(Debug, Clone, Default)]
pub(super) struct Alone {
    pub(super) arguments: Vec<String>,
    pub(super) surroundings: Surroundings,
}

fn fsync(setting: Setting) -> &'static str {
    if setting == Setting::Everysec { "everysec" } else { "always" }
}

/// One of several, on a port.
async fn start(port: &str, more: &[&str]) -> RedisServer {
    let own = ["--bind", "127.0.0.1", "--port", port, "--appendfsync", "always"];
    // Copies begin at once instead of after seconds.
    let soon = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"];
    RedisServer::start_with(&[&own[..], &soon, more].concat()).await
}

/// Asks until the answer contains it.
async fn told(server: &RedisServer, command: &[&str], wanted: &str) {
    let mut look = tokio::time::interval(LOOK);
    let told = async {
        while !server.ask(command).await.contains(wanted) {
            look.tick().await;
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await;
    told.unwrap_or_else(|_| panic!("{command:?}: `{wanted}` never"));
}

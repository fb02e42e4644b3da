//! Every script on a real Cluster of three masters: a key in another slot is refused there.

use parcelwire_engine::ports::Ledger as _;

use super::{
    server::{Server, free_port},
    *,
};
use crate::contract::{held, receipt};

/// Three masters that share the slots.
pub(super) struct Cluster {
    nodes: Vec<Server>,
}

impl Cluster {
    pub(super) fn start() -> Self {
        let nodes: Vec<Server> = (0..3)
            .map(|_| {
                let (port, bus) = (free_port().to_string(), free_port().to_string());
                Server::start_on(
                    &["--port", &port, "--cluster-port", &bus, "--cluster-enabled", "yes"],
                    &format!("redis://127.0.0.1:{port}"),
                )
            })
            .collect();
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (node, (first, last)) in nodes.iter().zip(ranges) {
            node.ask(&["CLUSTER", "ADDSLOTSRANGE", first, last]);
        }
        for node in &nodes[1..] {
            let (port, bus) = (node.argument("--port"), node.argument("--cluster-port"));
            nodes[0].ask(&["CLUSTER", "MEET", "127.0.0.1", port, bus]);
        }
        let cluster = Self { nodes };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(cluster.is_whole());
        cluster
    }

    /// Each node knows of all slots.
    async fn is_whole(&self) {
        for node in &self.nodes {
            server::wait_until("the cluster is whole", || {
                let redis::Value::BulkString(told) = node.ask(&["CLUSTER", "INFO"]) else {
                    return false;
                };
                let told = String::from_utf8_lossy(&told).into_owned();
                told.contains("cluster_state:ok") && told.contains("cluster_known_nodes:3")
            })
            .await;
        }
    }

    fn each(&self, command: &[&str]) -> Vec<redis::Value> {
        self.nodes.iter().map(|node| node.ask(command)).collect()
    }

    fn settings(&self) -> Settings {
        let urls: Vec<String> = self.nodes.iter().map(Server::url).collect();
        Settings { cluster: true, ..settings(urls.join(",")) }
    }
}

#[async_trait(?Send)]
impl Host for Cluster {
    async fn open(&self) -> Arc<dyn Books> {
        self.each(&["FLUSHALL"]);
        let made = open(self.settings(), "first".to_owned(), [7; 32]).await;
        Arc::new(made.expect("it opens"))
    }

    async fn after_a_crash(&self, before: Arc<dyn Books>) -> Arc<dyn Books> {
        drop(before);
        for partition in Partition::all() {
            let key = format!("{}lease", keys::of(partition));
            let node = usize::from(keys::slot(&key)) * 3 / 16_384;
            self.nodes[node].ask(&["HSET", &key, "ends", "0"]);
        }
        let key = format!("{}seen", keys::INSTANCES);
        let node = usize::from(keys::slot(&key)) * 3 / 16_384;
        self.nodes[node].ask(&["DEL", &key]);
        Arc::new(open(self.settings(), "second".to_owned(), [8; 32]).await.expect("it opens"))
    }
}

/// What no replica has is not decided: there is none here.
async fn undecided(settings: Settings) {
    let wanted = Settings { replicas: 1, ..settings };
    let store = open(wanted, "third".to_owned(), [7; 32]).await.expect("it opens");
    let held = held(&store).await;
    let alone = store.accept(vec![receipt(1, "undecided", "{}")]).await;
    assert!(matches!(alone[..], [Err(PortError::Unknown { .. })]), "{alone:?}");
    assert_eq!(store.waiting(&held, 9, 9).await, Ok(Vec::new()));
}

#[test]
fn every_law_and_every_script_holds_on_a_cluster() {
    let cluster = Cluster::start();
    crate::contract::every_law!(&cluster);
    cluster.each(&["FLUSHALL"]);
    crate::contract::on(&cluster, async |_| moving::through(cluster.settings()).await);
    crate::contract::on(&cluster, async |_| undecided(cluster.settings()).await);
    for (name, hash) in scripts::all() {
        let known = cluster.each(&["SCRIPT", "EXISTS", hash]);
        let ran = known.contains(&redis::Value::Array(vec![redis::Value::Int(1)]));
        assert!(ran, "{name} did not run");
    }
}

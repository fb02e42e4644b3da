//! A master that dies under a sentinel's eyes: its replica goes on with everything.

use parcelwire_engine::ports::Ledger as _;

use super::{
    server::{Server, free_port, wait_until},
    *,
};
use crate::contract::{balanced, receipt};

fn told(value: &redis::Value, what: &str) -> bool {
    matches!(value, redis::Value::BulkString(told) if String::from_utf8_lossy(told).contains(what))
}

#[tokio::test]
async fn the_store_goes_on_at_the_new_master() {
    let ports: Vec<String> = (0..3).map(|_| free_port().to_string()).collect();
    let url = |port: &str| format!("redis://127.0.0.1:{port}");
    let mut master = Server::start_on(&["--port", &ports[0]], &url(&ports[0]));
    let replica = Server::start_on(
        &["--port", &ports[1], "--replicaof", "127.0.0.1", &ports[0]],
        &url(&ports[1]),
    );
    wait_until("the replica is there", || {
        told(&replica.ask(&["INFO", "replication"]), "master_link_status:up")
    })
    .await;
    let sentinel = Server::sentinel(&ports[2], &ports[0]);
    wait_until("the sentinel knows both", || {
        told(&sentinel.ask(&["INFO", "sentinel"]), "status=ok,address=127.0.0.1")
            && told(&sentinel.ask(&["INFO", "sentinel"]), "slaves=1")
    })
    .await;
    let settings =
        Settings { sentinel_master: Some("relay".to_owned()), ..settings(url(&ports[2])) };
    let store = open(settings, "one".to_owned(), [7; 32]).await.expect("it opens");
    assert!(store.accept(vec![receipt(1, "hey", "{}")]).await[0].is_ok());
    wait_until("the replica has it", || {
        let first = format!(
            "{}r:{}",
            keys::of(Partition::of(&crate::contract::merchant("hey"))),
            receipt(1, "hey", "").id
        );
        replica.ask(&["EXISTS", &first]) == redis::Value::Int(1)
    })
    .await;
    master.kill();
    let accepts = async {
        while store.accept(vec![receipt(2, "hey", "{}")]).await[0].is_err() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), accepts).await;
    assert!(waited.is_ok(), "the new master takes it");
    assert_eq!(balanced(&store).await.receipts.accepted, 2);
    assert!(told(&replica.ask(&["INFO", "replication"]), "role:master"));
}

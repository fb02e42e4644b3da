//! A server that may lose what it is told is refused, and the refusal says what to set.

use super::{server::Server, *};

async fn refused(server: &Server, change: impl FnOnce(&mut Settings)) -> Option<String> {
    let mut settings = settings(server.url());
    change(&mut settings);
    open(settings, "one".to_owned(), [7; 32]).await.err().map(|error| error.to_string())
}

#[tokio::test]
async fn a_server_without_a_file_is_refused() {
    let server = Server::start(&["--appendonly", "no"]);
    let told = refused(&server, |_| {}).await.expect("it is refused");
    assert!(told.contains("set `appendonly yes`"), "{told}");
    assert_eq!(refused(&server, |settings| settings.unchecked = true).await, None);
}

#[tokio::test]
async fn a_server_that_syncs_later_than_asked_is_refused() {
    let server = Server::start(&["--appendfsync", "everysec"]);
    let told = refused(&server, |_| {}).await.expect("it is refused");
    assert!(told.contains("set `appendfsync always`"), "{told}");
    assert!(told.contains("store.fsync: everysec"), "{told}");
    assert_eq!(refused(&server, |settings| settings.fsync = Fsync::Everysec).await, None);
    server.ask(&["CONFIG", "SET", "appendfsync", "no"]);
    let told = refused(&server, |settings| settings.fsync = Fsync::Everysec).await;
    assert!(told.is_some_and(|told| told.contains("set `appendfsync everysec`")));
    server.ask(&["CONFIG", "SET", "appendfsync", "always"]);
    let stricter = refused(&server, |settings| settings.fsync = Fsync::Everysec).await;
    assert_eq!(stricter, None, "stricter is fine");
}

#[tokio::test]
async fn a_server_that_drops_data_is_refused() {
    let server = Server::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let told = refused(&server, |_| {}).await.expect("it is refused");
    assert!(told.contains("`maxmemory-policy allkeys-lru`"), "{told}");
    assert!(told.contains("set `maxmemory-policy noeviction`"), "{told}");
    assert_eq!(refused(&server, |settings| settings.unchecked = true).await, None);
}

#[tokio::test]
async fn a_server_that_does_not_say_is_refused() {
    let server = Server::start(&["--rename-command", "CONFIG", "hidden"]);
    let told = refused(&server, |_| {}).await.expect("it is refused");
    assert!(told.contains("+config|get") && told.contains("store.unchecked: true"), "{told}");
    assert_eq!(refused(&server, |settings| settings.unchecked = true).await, None);
}

#[tokio::test]
async fn data_of_a_newer_version_are_left_alone() {
    let server = Server::start(&[]);
    assert_eq!(refused(&server, |_| {}).await, None);
    server.ask(&["SET", &format!("{}schema", keys::META), "99"]);
    let told = refused(&server, |_| {}).await.expect("it is refused");
    assert!(told.contains("newer version (schema 99"), "{told}");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_says_so() {
    let mut server = Server::start(&[]);
    server.kill();
    let told = refused(&server, |_| {}).await.expect("nobody is there");
    assert!(told.contains("check store.url"), "{told}");
    for url in ["", "http://x", "redis://a:6379,redis://b:6379"] {
        let told = refused(&server, |settings| settings.url = url.to_owned()).await;
        assert!(told.is_some_and(|told| told.contains("`store.url`")), "{url}");
    }
}

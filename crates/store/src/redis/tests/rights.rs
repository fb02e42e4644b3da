//! A user with the rights that the documentation names, and TLS with a private authority.

use std::{path::Path, process::Command};

use parcelwire_engine::ports::Ledger as _;

use super::{
    server::{Server, free_port},
    *,
};
use crate::contract::receipt;

/// What the operator is told to write.
fn documented() -> Vec<String> {
    let told = include_str!("../../../../../docs/OPERATIONS.md");
    let line = told.lines().find(|line| line.starts_with("user relay on "));
    let line = line.expect("the rights are documented");
    line.split_whitespace().skip(1).map(str::to_owned).collect()
}

/// A server on which only that user may do anything.
struct WithRights {
    server: Server,
    settings: Settings,
}

impl WithRights {
    fn start() -> Self {
        let server = Server::start(&[]);
        let rights = documented();
        let password = rights.iter().find_map(|word| word.strip_prefix('>')).expect("a password");
        let url = format!("{}?user=relay&pass={password}", server.url());
        let mut command = vec!["ACL", "SETUSER"];
        command.extend(rights.iter().map(String::as_str));
        server.ask(&command);
        Self { settings: settings(url), server }
    }
}

#[async_trait(?Send)]
impl Host for WithRights {
    async fn open(&self) -> Arc<dyn Books> {
        self.server.ask(&["FLUSHALL"]);
        let made = open(self.settings.clone(), "first".to_owned(), [7; 32]).await;
        Arc::new(made.expect("it opens"))
    }

    async fn after_a_crash(&self, before: Arc<dyn Books>) -> Arc<dyn Books> {
        drop(before);
        run_out(&self.server);
        let made = open(self.settings.clone(), "second".to_owned(), [8; 32]).await;
        Arc::new(made.expect("it opens"))
    }
}

#[test]
fn the_documented_rights_are_enough_for_every_law_and_for_no_other_key() {
    let host = WithRights::start();
    crate::contract::every_law!(&host);
    let client = redis::Client::open(&*host.settings.url).expect("an address");
    let mut connection = client.get_connection().expect("it answers");
    for command in [["GET", "others"], ["FLUSHALL", "ASYNC"], ["KEYS", "*"], ["ACL", "LIST"]] {
        let mut asked = redis::cmd(command[0]);
        let told = asked.arg(command[1]).query::<redis::Value>(&mut connection);
        assert!(told.is_err_and(|error| error.code() == Some("NOPERM")), "{command:?}");
    }
}

#[tokio::test]
async fn a_user_who_may_not_ask_is_told_what_to_allow() {
    let host = WithRights::start();
    host.server.ask(&["ACL", "SETUSER", "relay", "-config|get"]);
    let refused = open(host.settings.clone(), "one".to_owned(), [7; 32]).await;
    assert!(matches!(refused, Err(OpenError::ConfigForbidden { .. })), "{refused:?}");
    let wrong = settings(format!("{}?user=relay&pass=falsch", host.server.url()));
    let refused = open(wrong, "one".to_owned(), [7; 32]).await;
    assert!(matches!(refused, Err(OpenError::Unreachable(_))), "{refused:?}");
}

fn openssl(directory: &Path, arguments: &str) {
    let told = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .output()
        .expect("openssl is installed (hint: `make packages`)");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[tokio::test]
async fn a_server_with_a_certificate_is_reached_by_whoever_trusts_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let ca = format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority");
    openssl(directory.path(), &ca);
    openssl(
        directory.path(),
        &format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"),
    );
    let names = directory.path().join("names");
    std::fs::write(&names, "subjectAltName=DNS:localhost").expect("it is written");
    openssl(
        directory.path(),
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    );
    let file = |name: &str| directory.path().join(name).to_str().expect("a path").to_owned();
    let port = free_port().to_string();
    let url = format!("rediss://localhost:{port}");
    let _server = Server::start_on(
        &[
            "--port",
            "0",
            "--tls-port",
            &port,
            "--tls-auth-clients",
            "no",
            "--tls-cert-file",
            &file("server.pem"),
            "--tls-key-file",
            &file("server.key"),
            "--tls-ca-cert-file",
            &file("ca.pem"),
            "--bind",
            "127.0.0.1",
            "::1",
        ],
        &url,
    );
    let trusting = Settings { ca_file: Some(file("ca.pem").into()), ..settings(url.clone()) };
    let store = open(trusting, "one".to_owned(), [7; 32]).await.expect("it opens");
    assert!(store.accept(vec![receipt(1, "hey", "{}")]).await[0].is_ok());
    let strange = open(settings(url), "two".to_owned(), [7; 32]).await;
    assert!(matches!(strange, Err(OpenError::Unreachable(_))), "{strange:?}");
}

//! A relay in a process of its own: in any surroundings, stopped in any way.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStderr, Command},
};

use crate::harness::{
    Answer, PATIENCE, SHOP_SECRET, TOKEN, answer, client, fulfilment, hmac_base64, until,
};

pub(crate) struct Relay {
    child: Child,
    pub(crate) port: u16,
    pub(crate) client: reqwest::Client,
    log: Arc<Mutex<String>>,
}

/// A shell that ends as `parcelwire serve`: what it does before is the surroundings.
pub(crate) fn shell(before: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{before}\nexec \"$0\" serve"), env!("CARGO_BIN_EXE_parcelwire")]);
    command
}

impl Relay {
    pub(crate) async fn start(directory: &Path) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_parcelwire")).arg("serve"), directory).await
    }

    /// Starts it by a command; comes back once it listens.
    pub(crate) async fn start_by(command: &mut Command, directory: &Path) -> Self {
        let mut child = command
            .current_dir(directory)
            .env("PARCELWIRE__HTTP__PORT", "0")
            .env("PARCELWIRE__HTTP__WORKERS", "1")
            .env("PARCELWIRE__ADMIN__TOKEN", TOKEN)
            .env("PARCELWIRE__EGRESS__ALLOW", "127.0.0.0/8")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let log = Arc::new(Mutex::new(String::new()));
        let errors = child.stderr.take().expect("it is piped");
        let listening = tokio::time::timeout(PATIENCE, port_of(errors, Arc::clone(&log)));
        let port = listening.await.ok().flatten();
        let port = port.unwrap_or_else(|| panic!("it listens: {}", text(&log)));
        Self { child, port, client: client(), log }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub(crate) fn log(&self) -> String {
        text(&self.log)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(self.url(path)).bearer_auth(TOKEN).send().await).await
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until(path, async || self.get(path).await.body, |body| wanted(body)).await
    }

    /// Posts a signed webhook of the merchant's shop.
    pub(crate) async fn post(&self, body: String) -> Answer {
        answer(signed(&self.client, self.url("/hooks/hey/shop"), body).send().await).await
    }

    /// Waits until nothing waits any more; the books.
    pub(crate) async fn settled(&self) -> Value {
        let asked = async {
            loop {
                // The books are those of merchants: a feed's webhook may wait beside them.
                let waiting = self.get("/api/v1/receipts?status=waiting&limit=1").await.body;
                // Asked for afterwards: what no longer waits is in it.
                let stats = self.get("/api/v1/stats").await.body;
                assert_eq!(stats["balanced"], true, "{stats}");
                let none = waiting["items"].as_array().is_some_and(Vec::is_empty);
                if none && stats["messages"]["pending"] == 0 {
                    return stats;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE * 2, asked).await.expect("everything settles")
    }

    /// SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it is killed");
    }

    /// SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("it hears");
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it ends: {}", self.log())).expect("it is waited for")
    }
}

/// The port that the log tells; what follows is kept by a task.
async fn port_of(errors: ChildStderr, log: Arc<Mutex<String>>) -> Option<u16> {
    let mut lines = BufReader::new(errors).lines();
    let mut next = async || {
        let line = lines.next_line().await.ok()??;
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&line);
        log.push('\n');
        Some(line)
    };
    let port = loop {
        let line = next().await?;
        if let Some(port) = told_port(&line) {
            break Some(port);
        }
    };
    drop(tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(&line);
            log.push('\n');
        }
    }));
    port
}

/// The port in the line that says that it serves, in either form of the log.
fn told_port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("serving port=").or_else(|| {
        line.split_once("\"message\":\"serving\"")
            .and_then(|(_, rest)| rest.split_once("\"port\":"))
    })?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

fn text(log: &Mutex<String>) -> String {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A webhook as the shop signs it, and the feed of [`crate::feeds`] too.
pub(crate) fn signed(
    client: &reqwest::Client,
    url: String,
    body: String,
) -> reqwest::RequestBuilder {
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes());
    client
        .post(url)
        .header("x-shopify-topic", "fulfillments/create")
        .header("x-shopify-hmac-sha256", &signature)
        .header("x-lager-sig", signature)
        .body(body)
}

/// A parcel that brings its own recipient, and who that is.
pub(crate) fn parcel(number: u64) -> (String, String) {
    let email = format!("kim.{number}@example.test");
    let mut body = fulfilment(number);
    body["email"] = email.clone().into();
    (body.to_string(), email)
}

/// The same, with so many bytes that no packing makes smaller.
pub(crate) fn heavy_parcel(number: u64, bytes: usize) -> (String, String) {
    use rand::{Rng as _, SeedableRng as _, distr::Alphanumeric, rngs::StdRng};
    let random = StdRng::seed_from_u64(number).sample_iter(Alphanumeric);
    let (body, email) = parcel(number);
    let note: String = random.take(bytes).map(char::from).collect();
    let mut body: Value = serde_json::from_str(&body).expect("JSON");
    body["note"] = note.into();
    (body.to_string(), email)
}

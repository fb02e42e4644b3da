//! Another system: an HTTP API on this machine that answers as a test says, and remembers what it was
//! asked.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};

use crate::harness::PATIENCE;

/// What it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Path and query.
    pub(crate) path: String,
    /// The `Authorization` header.
    pub(crate) key: String,
    /// All headers, names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// When.
    pub(crate) at: Instant,
}

impl Question {
    /// The value of this header (small letters), if there is one.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

/// What it answers.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: &'static str,
    pub(crate) body: String,
    /// Answered only once this is true.
    pub(crate) hold: Option<watch::Receiver<bool>>,
    /// Of an answer that is held, so many bytes come before.
    pub(crate) after: usize,
}

/// A fine answer.
pub(crate) fn json(body: impl Into<String>) -> Reply {
    Reply { status: 200, headers: "", body: body.into(), hold: None, after: 0 }
}

/// An answer without anything in it.
pub(crate) fn status(status: u16, headers: &'static str) -> Reply {
    Reply { status, headers, body: "{}".to_owned(), hold: None, after: 0 }
}

pub(crate) struct Other {
    pub(crate) port: u16,
    asked: watch::Sender<Vec<Question>>,
}

type Script = Arc<Mutex<Box<dyn FnMut(&Question) -> Reply + Send>>>;

impl Other {
    /// Answers each question as the script says.
    pub(crate) async fn start(script: impl FnMut(&Question) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = watch::Sender::new(Vec::new());
        let script: Script = Arc::new(Mutex::new(Box::new(script)));
        let told = asked.clone();
        drop(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(tokio::spawn(answer(stream, Arc::clone(&script), told.clone())));
            }
        }));
        Self { port, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<Question> {
        self.asked.borrow().clone()
    }

    /// Waits until it was asked so often; all questions.
    pub(crate) async fn was_asked(&self, times: usize) -> Vec<Question> {
        let mut asked = self.asked.subscribe();
        let all = asked.wait_for(|asked| asked.len() >= times);
        let all = tokio::time::timeout(PATIENCE, all).await;
        all.unwrap_or_else(|_| panic!("asked {times} times: {:?}", self.asked()))
            .expect("it runs")
            .clone()
    }
}

async fn answer(stream: TcpStream, script: Script, told: watch::Sender<Vec<Question>>) {
    let mut stream = BufReader::new(stream);
    let (mut path, mut headers) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.is_err() || line.trim().is_empty() {
            break;
        }
        if path.is_empty() {
            path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
    }
    let of = |name: &str| headers.iter().find(|(known, _)| known == name);
    let length = of("content-length").and_then(|(_, length)| length.parse().ok()).unwrap_or(0);
    let key = of("authorization").map(|(_, key)| key.clone()).unwrap_or_default();
    let mut body = vec![0; length];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let question = Question { path, key, headers, body, at: Instant::now() };
    let reply = script.lock().unwrap_or_else(PoisonError::into_inner)(&question);
    told.send_modify(|asked| asked.push(question));
    let Reply { status, headers, body, hold, after } = reply;
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    let whole = format!("{head}{body}").into_bytes();
    let (first, rest) = whole.split_at(if after > 0 { head.len() + after } else { 0 });
    drop(stream.write_all(first).await);
    if let Some(mut hold) = hold {
        drop(hold.wait_for(|open| *open).await);
    }
    drop(stream.write_all(rest).await);
    drop(stream.shutdown().await);
}

//! `send`: signs a payload as a source would, and posts it.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Args;
use parcelwire_domain::{Map, Value};
use parcelwire_mapping::{
    blocks::verify::{Headers, Incoming, Secret},
    book::{Book, Invented, SecretRef, Secrets as _},
    settings,
};

use super::{Done, Failure, chain, now, print, runtime, say};
use crate::config::{RealSecrets, RuleFiles, Settings};

/// `parcelwire send`
#[derive(Debug, Args)]
pub(super) struct Send {
    /// Where to, as in http://127.0.0.1:8080/hooks/hey/shop
    #[arg(long)]
    url: String,
    /// As which system
    #[arg(long)]
    connector: String,
    /// Its secret; env:NAME and file:NAME work too
    #[arg(long)]
    secret: String,
    /// The webhook's topic
    #[arg(long)]
    topic: Option<String>,
    /// The delivery id; a new one is made when left out
    #[arg(long)]
    id: Option<String>,
    /// A setting of the source, as in scheme=hmac
    #[arg(long = "setting", value_name = "K=V")]
    settings: Vec<String>,
    /// The payload; - for stdin
    file: PathBuf,
}

/// Reads a payload; `-` is stdin.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut body).map(|_| ())
    } else {
        std::fs::read(path).map(|bytes| body = bytes)
    };
    read.map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", path.display())))?;
    Ok(body)
}

impl Send {
    pub(super) fn run(&self, own: &Settings) -> Done {
        let files = RuleFiles::of(own);
        let (found, _) = files.read();
        let (book, _) = Book::compile(&found, &Invented, &files.around, None);
        let Some(connector) = book.sources.get(&self.connector) else {
            let names: Vec<&str> = book.sources.keys().map(String::as_str).collect();
            return Err(Failure::Usage(format!(
                "there is no source connector `{}`; known: {}",
                self.connector,
                names.join(", ")
            )));
        };
        let mut given = Map::new();
        for pair in &self.settings {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| Failure::Usage(format!("--setting {pair} is not K=V")))?;
            given.set(name, Value::text(value));
        }
        let wrong = |faults: Vec<String>| Failure::Usage(faults.join("; "));
        let complete = settings::check(connector.settings(), &given, true).map_err(wrong)?;
        let method = connector.method(&complete).map_err(wrong)?;
        let secret: Secret = RealSecrets { directory: own.secrets.path.clone() }
            .find(&SecretRef::parse(&self.secret))
            .map_err(Failure::Usage)?;
        let signer = method
            .signer(&secret)
            .map_err(|fault| Failure::Usage(format!("the secret: {fault}")))?;
        let body = read(&self.file)?;
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(topic) = &self.topic {
            match connector.topic_header() {
                Some(name) => headers.push((name.to_owned(), topic.clone())),
                None => say("this connector finds its topic in the body: --topic is not used"),
            }
        }
        let now = now();
        let id = self.id.clone().unwrap_or_else(|| format!("send-{}", now.as_nanosecond()));
        for name in connector.delivery_headers() {
            headers.push((name, id.clone()));
        }
        let lines: Vec<(&str, &str)> =
            headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let request = Incoming { url: &self.url, ..Incoming::post(Headers::new(&lines), &body) };
        let signed =
            signer.sign(&request, &id, now).map_err(|fault| Failure::Usage(fault.to_string()))?;
        let url = signed.address(&self.url);
        for (name, value) in signed.headers {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            headers.push((name, value));
        }
        runtime()?.block_on(post(&url, &headers, body))
    }
}

async fn post(url: &str, headers: &[(String, String)], body: Vec<u8>) -> Done {
    let client = super::client::http()?;
    let mut request = client.post(url).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(|error| Failure::Unreachable(chain(&error)))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| Failure::Unreachable(chain(&error)))?;
    say(&format!("answered {status}"));
    print(&text);
    if status.is_success() { Ok(()) } else { Err(Failure::Wrong(String::new())) }
}

//! `send`: signs a payload as a source would, and posts it.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use parcelwire_domain::{Map, Value};
use parcelwire_mapping::{
    blocks::{
        sign::{Signed, Signer},
        verify::{Headers, Incoming},
    },
    book::{Book, Invented, SecretRef, Secrets as _},
    json::Doc,
    settings,
    source::SourceConnector,
};

use super::{
    Done, Failure, chain,
    client::{http, unreached},
    header, now, print, runtime, say,
};
use crate::config::{RealSecrets, RuleFiles, Settings};

/// How long the relay may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// `parcelwire send`
#[derive(Debug, Args)]
pub(super) struct Send {
    /// Where to, as in http://127.0.0.1:8080/hooks/hey/shop
    #[arg(long)]
    url: String,
    /// As which system
    #[arg(long)]
    connector: String,
    /// Its secret, or the private key; env:NAME and file:NAME work too
    #[arg(long)]
    secret: Option<String>,
    /// The webhook's topic
    #[arg(long)]
    topic: Option<String>,
    /// The delivery id; a new one is made when left out
    #[arg(long)]
    id: Option<String>,
    /// A setting of the source, as in scheme=hmac
    #[arg(long = "setting", value_name = "K=V")]
    settings: Vec<String>,
    /// Another header, as in 'X-Shop: hey'; those that are signed as well
    #[arg(long = "header", value_name = "K: V")]
    headers: Vec<String>,
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

/// A request, ready to be posted.
#[derive(Debug)]
struct Request {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
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
        let signer = self.signer(connector, own)?;
        let known_as = public(&own.http.public_url, &self.url);
        let request = self.request(connector, &signer, &known_as, read(&self.file)?)?;
        runtime()?.block_on(post(&self.url, request))
    }

    /// The connector's method with the settings and the secret that were given.
    fn signer(&self, connector: &SourceConnector, own: &Settings) -> Result<Signer, Failure> {
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
        let secret = match &self.secret {
            Some(text) => SecretRef::parse(text),
            None if method.needs_secret() => {
                return Err(Failure::Usage(format!(
                    "`{}` signs with a secret: --secret is missing",
                    self.connector
                )));
            }
            // Nothing is signed, so that any will do.
            None => SecretRef::Literal("-".to_owned()),
        };
        let secret = RealSecrets { directory: own.secrets.path.clone() }
            .find(&secret)
            .map_err(Failure::Usage)?;
        method.signer(&secret).map_err(|fault| Failure::Usage(format!("the secret: {fault}")))
    }

    fn request(
        &self,
        connector: &SourceConnector,
        signer: &Signer,
        known_as: &str,
        body: Vec<u8>,
    ) -> Result<Request, Failure> {
        let now = now();
        let id = self.id.clone().unwrap_or_else(|| format!("send-{}", now.as_nanosecond()));
        let headers = self.unsigned_headers(connector, &id)?;
        let lines: Vec<(&str, &str)> =
            headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let doc = Doc::parse(&body).ok();
        let field = |path: &str| {
            let found = doc.as_ref()?.root().find(path.split('.'))?;
            found.text().map(Into::into).or_else(|| found.number().map(str::to_owned))
        };
        let (path, query) = path_and_query(&self.url);
        let request = Incoming {
            url: known_as,
            path,
            query,
            body_field: Some(&field),
            ..Incoming::post(Headers::new(&lines), &body)
        };
        let signed =
            signer.sign(&request, &id, now).map_err(|fault| Failure::Usage(fault.to_string()))?;
        let url = signed.address(&self.url);
        let body = with_fields(body, &signed)?;
        let mut headers = headers;
        for (name, value) in signed.headers {
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            headers.push((name, value));
        }
        Ok(Request { url, headers, body })
    }

    /// All headers but those that the signature adds.
    fn unsigned_headers(
        &self,
        connector: &SourceConnector,
        id: &str,
    ) -> Result<Vec<(String, String)>, Failure> {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(topic) = &self.topic {
            match connector.topic_header() {
                Some(name) => headers.push((name.to_owned(), topic.clone())),
                None => say("this connector has no header for its topic: --topic is not used"),
            }
        }
        for name in connector.delivery_headers() {
            headers.push((name, id.to_owned()));
        }
        for text in &self.headers {
            let (name, value) = header(text)?;
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
        }
        Ok(headers)
    }
}

/// The address as the world knows it, which is what some sign: the settings' own, where they have
/// one, with the path and query of the request.
fn public(public_url: &str, url: &str) -> String {
    if public_url.is_empty() {
        return url.to_owned();
    }
    let (path, query) = path_and_query(url);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{path}{mark}{query}", public_url.trim_end_matches('/'))
}

/// What stands behind the host, and behind the `?`, as it will be sent.
fn path_and_query(url: &str) -> (&str, &str) {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let behind = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = behind.find('/').and_then(|at| behind.get(at..)).unwrap_or("/");
    (path, query)
}

/// The body with what the signature puts into it; otherwise byte for byte what it was.
fn with_fields(body: Vec<u8>, signed: &Signed) -> Result<Vec<u8>, Failure> {
    if signed.body_fields.is_empty() {
        return Ok(body);
    }
    let mut whole = Doc::parse(&body).ok().and_then(|doc| doc.root().to_value());
    for (path, text) in &signed.body_fields {
        whole = whole.and_then(|whole| placed(whole, path, text));
    }
    whole.map(|whole| whole.to_json().into_bytes()).ok_or_else(|| {
        let problem = "the signature stands in the body, which must be a JSON object";
        Failure::Usage(problem.to_owned())
    })
}

fn placed(into: Value, path: &str, text: &str) -> Option<Value> {
    let Value::Map(mut map) = into else { return None };
    match path.split_once('.') {
        None => map.set(path, Value::text(text)),
        Some((first, rest)) => {
            let inner = map.remove(first).unwrap_or_else(|| Value::Map(Map::new()));
            map.set(first, placed(inner, rest, text)?);
        }
    }
    Some(Value::Map(map))
}

/// Posts it. What is told of a failure names the address without what a signature added to it.
async fn post(shown: &str, signed: Request) -> Done {
    let client = http(PATIENCE)?;
    let mut request = client.post(&signed.url).body(signed.body);
    for (name, value) in &signed.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(|error| unreached(shown, &error))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| Failure::Unreachable(chain(&error)))?;
    say(&format!("answered {status}"));
    print(&text);
    if status.is_success() { Ok(()) } else { Err(Failure::Wrong(String::new())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_query_are_those_of_the_request() {
        for (url, path, query) in [
            ("http://h:1/hooks/a/b", "/hooks/a/b", ""),
            ("http://h/hooks/a/b?x=1&y=%20", "/hooks/a/b", "x=1&y=%20"),
            ("http://h", "/", ""),
            ("http://h?x=/y", "/", "x=/y"),
        ] {
            assert_eq!(path_and_query(url), (path, query), "{url}");
        }
    }

    #[test]
    fn an_address_is_signed_as_the_world_knows_it() {
        let here = "http://127.0.0.1:8080/hooks/a/b?x=1";
        assert_eq!(public("", here), here);
        let there = "https://relay.example/base/hooks/a/b?x=1";
        assert_eq!(public("https://relay.example/base/", here), there);
        assert_eq!(public("https://r.example", "http://h/hooks/a"), "https://r.example/hooks/a");
    }

    #[test]
    fn a_signature_is_put_into_the_body_and_numbers_stay_exact() {
        let signed = |fields: &[(&str, &str)]| Signed {
            body_fields: fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..Signed::default()
        };
        let body = br#"{"id": 12345678901234567890123, "meta": {"a": 1}}"#.to_vec();
        let same = with_fields(body.clone(), &signed(&[])).expect("nothing to do");
        assert_eq!(same, body);
        let put = with_fields(body, &signed(&[("meta.sig", "ab"), ("at", "7")])).expect("a map");
        let put = String::from_utf8(put).expect("text");
        assert!(put.contains("12345678901234567890123"), "{put}");
        assert!(put.contains(r#""sig":"ab""#) && put.contains(r#""at":"7""#), "{put}");
        assert!(with_fields(b"[1]".to_vec(), &signed(&[("sig", "ab")])).is_err());
    }
}

//! The only HTTP client: one for everything, no redirects, capped reads, and no way into private
//! networks.

mod egress;

use std::{error::Error as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use parcelwire_engine::{
    ports::{Transport, TransportError},
    room::{Room, Share},
};
use parcelwire_mapping::http::{HttpAnswer, HttpRequest};
use reqwest::{
    Client, Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect,
};

use egress::Refused;
pub use egress::{Guard, Network};

/// Most bytes of a destination's answer that are read.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(60);

/// Most connections to one host that are kept for the next request.
const MAX_IDLE: usize = 256;

/// Sends requests over HTTP.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    /// For https: to public networks, and those that the operator names.
    encrypted: Way,
    /// For http: to those that the operator names, and no others.
    plain: Way,
    timeout: Duration,
}

/// A client, and where it may go.
#[derive(Debug, Clone)]
struct Way {
    client: Client,
    guard: Arc<Guard>,
}

impl HttpTransport {
    /// A client that reaches public networks, and these.
    pub fn new(allow: &[String]) -> anyhow::Result<Self> {
        Self::with_timeout(allow, TIMEOUT)
    }

    /// The same with another time-out.
    pub fn with_timeout(allow: &[String], timeout: Duration) -> anyhow::Result<Self> {
        // Already installed is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        Ok(Self {
            encrypted: Way::new(Guard::new(allow), timeout)?,
            plain: Way::new(Guard::only(allow), timeout)?,
            timeout,
        })
    }

    /// The address, once it is one that may be asked, and the client that asks.
    fn way(&self, url: &str) -> Result<(Url, &Client), TransportError> {
        let url: Url = url.parse().map_err(|error| TransportError::BadUrl(format!("{error}")))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let way = match url.scheme() {
            "https" if !host.is_empty() => &self.encrypted,
            "http" if !host.is_empty() => &self.plain,
            _ => return Err(TransportError::BadUrl("it must begin with https://".to_owned())),
        };
        if !way.guard.allows_some() {
            let only = "http:// is only for networks in egress.allow";
            return Err(TransportError::BadUrl(only.to_owned()));
        }
        // Names are judged when they are resolved; addresses never are.
        let literal = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        if let Ok(address) = literal
            && !way.guard.allows(address)
        {
            return Err(TransportError::Forbidden { host, address: address.to_string() });
        }
        Ok((url, &way.client))
    }
}

impl Way {
    fn new(guard: Guard, timeout: Duration) -> anyhow::Result<Self> {
        let guard = Arc::new(guard);
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .tcp_nodelay(true)
            .no_proxy()
            .user_agent(concat!("parcelwire/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::clone(&guard))
            .build()?;
        Ok(Self { client, guard })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let own = Room::new(MAX_ANSWER_BYTES);
        self.fetch(request, MAX_ANSWER_BYTES, &mut own.share(0)).await
    }

    async fn fetch(
        &self,
        request: HttpRequest,
        most_bytes: usize,
        share: &mut Share<'_>,
    ) -> Result<HttpAnswer, TransportError> {
        let (url, client) = self.way(&request.url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let method: Method = request
            .method
            .parse()
            .map_err(|_| TransportError::BadUrl(format!("`{}` is no method", request.method)))?;
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for (name, value) in &request.headers {
            let name = HeaderName::try_from(name.as_str());
            let value = HeaderValue::try_from(value.as_str());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(TransportError::BadUrl("a header cannot be sent as it is".to_owned()));
            };
            headers.insert(name, value);
        }
        let began = tokio::time::Instant::now();
        let sent = client.request(method, url).headers(headers).body(request.body).send().await;
        let answer = sent.map_err(|error| self.classify(&host, &error))?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let (body, truncated) = self.read(answer, &host, most_bytes, share).await?;
        Ok(HttpAnswer { status, headers, body, truncated, took: began.elapsed() })
    }
}

impl HttpTransport {
    async fn read(
        &self,
        mut answer: reqwest::Response,
        host: &str,
        most_bytes: usize,
        share: &mut Share<'_>,
    ) -> Result<(Bytes, bool), TransportError> {
        let mut body = BytesMut::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => {
                    let left = most_bytes.saturating_sub(body.len());
                    let part = chunk.get(..left).unwrap_or(&chunk);
                    // Dropping the answer closes the connection: nobody waits for its end.
                    if !share.grow(part.len()) {
                        return Err(TransportError::NoRoom);
                    }
                    body.extend_from_slice(part);
                    if part.len() < chunk.len() {
                        return Ok((body.freeze(), true));
                    }
                }
                Ok(None) => return Ok((body.freeze(), false)),
                Err(error) => return Err(self.classify(host, &error)),
            }
        }
    }

    fn classify(&self, host: &str, error: &reqwest::Error) -> TransportError {
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(Refused(address)) = inner.downcast_ref::<Refused>() {
                return TransportError::Forbidden {
                    host: host.to_owned(),
                    address: address.clone(),
                };
            }
            cause = inner.source();
        }
        if error.is_connect() {
            return TransportError::NotConnected(innermost(error));
        }
        if error.is_timeout() {
            return TransportError::TimedOut(self.timeout);
        }
        if error.is_builder() {
            return TransportError::BadUrl(innermost(error));
        }
        TransportError::Broken(innermost(error))
    }
}

/// The last cause: the one that names what happened. Never the address, which may hold a token.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = "the request failed".to_owned();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}

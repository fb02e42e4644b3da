//! Asking a running relay: where it is, who asks, and what its answers mean for the exit code.

use std::{net::IpAddr, time::Duration};

use clap::Args;
use parcelwire_mapping::blocks::encode::percent_encode;
use serde_json::Value;

use super::{Failure, chain, runtime};
use crate::config::{Http, RealSecrets, Settings};

/// Where the relay is, and who asks. What is left out is taken from the settings, so that a
/// command beside a relay needs neither.
#[derive(Debug, Args)]
pub(super) struct At {
    /// The relay's address [default: that of the settings]
    #[arg(long, env = "PARCELWIRE_URL")]
    url: Option<String>,
    /// A token of it [default: the admin's of the settings, for their own relay]
    #[arg(long, env = "PARCELWIRE_ADMIN_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// A relay that can be asked.
#[derive(Debug)]
pub(super) struct Relay {
    url: String,
    token: String,
}

/// How settings are read, where they are needed.
pub(super) type Lazy<'a> = &'a dyn Fn() -> Result<Settings, Failure>;

impl At {
    /// Completes what was given by the settings. Their token is for their own relay: another one,
    /// named by its address, does not get it.
    pub(super) fn relay(&self, settings: Lazy<'_>) -> Result<Relay, Failure> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (url, own_token) = match given(&self.url) {
            Some(url) => (url, String::new()),
            None => {
                let settings = settings()?;
                (own_address(&settings.http), token_of(&settings)?)
            }
        };
        let token = given(&self.token).unwrap_or(own_token);
        Ok(Relay { url: url.trim_end_matches('/').to_owned(), token })
    }
}

/// Where a relay with these settings answers on this machine.
pub(super) fn own_address(http: &Http) -> String {
    let bind = http.bind.trim_matches(['[', ']']);
    let host = match bind.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        Ok(IpAddr::V4(_)) | Err(_) => bind.to_owned(),
    };
    format!("http://{host}:{}", http.port)
}

/// The token that stands in the settings; empty where the relay made one of its own.
fn token_of(settings: &Settings) -> Result<String, Failure> {
    let secrets = RealSecrets { directory: settings.secrets.path.clone() };
    let secret = secrets.optional(&settings.admin.token).map_err(Failure::Configuration)?;
    Ok(secret.map(|secret| secret.expose().to_owned()).unwrap_or_default())
}

/// A client without limits on where it may go: commands are run by the operator.
pub(super) fn http(timeout: Duration) -> Result<reqwest::Client, Failure> {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::Unreachable(chain(&error)))
}

/// Why nothing came back: an address or a header that is none is the caller's fault.
pub(super) fn unreached(url: &str, error: &reqwest::Error) -> Failure {
    if let Err(fault) = url.parse::<reqwest::Url>() {
        let hint = "(hint: as in http://127.0.0.1:8080)";
        return Failure::Usage(format!("`{url}` is not an address: {fault} {hint}"));
    }
    if error.is_builder() {
        return Failure::Usage(format!("the request cannot be made: {}", innermost(error)));
    }
    Failure::Unreachable(format!("{url} does not answer: {}", innermost(error)))
}

/// The last cause: the one that names what happened.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// How long a command waits for an answer; test events are sent one after the other.
const PATIENCE: Duration = Duration::from_secs(120);

impl Relay {
    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Asks for what is at this path below `/api/v1`, or posts a body there.
    pub(super) fn ask(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let method = if body.is_some() { reqwest::Method::POST } else { reqwest::Method::GET };
        self.request(method, path, body)
    }

    /// Removes what is at this path below `/api/v1`.
    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.request(reqwest::Method::DELETE, path, None)
    }

    fn request(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let url = format!("{}/api/v1{path}", self.url);
        let (status, text) = runtime()?.block_on(async {
            let client = http(PATIENCE)?;
            let request = client.request(method, &url);
            let request = match body {
                Some(body) => {
                    request.header("content-type", "application/json").body(body.to_string())
                }
                None => request,
            };
            let lost = |error| unreached(&self.url, &error);
            let answer = request.bearer_auth(&self.token).send().await.map_err(lost)?;
            let status = answer.status().as_u16();
            let text = answer.text().await.map_err(lost)?;
            Ok::<_, Failure>((status, text))
        })?;
        match serde_json::from_str::<Value>(&text) {
            Ok(value) if status == 200 => Ok(value),
            Ok(problem) if problem["code"].is_string() => Err(refused(status, &problem)),
            Ok(_) | Err(_) => {
                let text = format!("{} answered {status}, but not as a relay does", self.url);
                Err(Failure::Unreachable(format!("{text} (hint: check --url)")))
            }
        }
    }
}

impl Relay {
    /// A whole list, of one merchant or over all.
    pub(super) fn all(&self, merchant: Option<&str>, list: &str) -> Result<Vec<Value>, Failure> {
        let base = of_merchant(merchant);
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let page = self.ask(&format!("{base}/{list}?limit=500{next}"), None)?;
            items.extend(page["items"].as_array().into_iter().flatten().cloned());
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return Ok(items),
            }
        }
    }
}

/// Whose fault a problem is.
fn refused(status: u16, problem: &Value) -> Failure {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let told = format!("{} (hint: {})", text("detail"), text("hint"));
    match (status, text("code")) {
        (401, _) => Failure::Configuration(
            "the token is missing or wrong (hint: --token, or PARCELWIRE_ADMIN_TOKEN)".to_owned(),
        ),
        (403, _) => Failure::Configuration(told),
        (400 | 404, _) => Failure::Usage(told),
        (_, "merchant_misconfigured") => Failure::Configuration(told),
        _ => Failure::Unreachable(format!("answered {status}: {told}")),
    }
}

/// The path below which a merchant's own lists are; nothing for those over all.
pub(super) fn of_merchant(merchant: Option<&str>) -> String {
    merchant.map_or_else(String::new, |merchant| format!("/merchants/{}", percent_encode(merchant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_asked_where_it_listens() {
        let mut http = Settings::defaults().expect("they are in order").http;
        for (bind, url) in [
            ("127.0.0.1", "http://127.0.0.1:8080"),
            ("0.0.0.0", "http://127.0.0.1:8080"),
            ("10.1.2.3", "http://10.1.2.3:8080"),
            ("::", "http://[::1]:8080"),
            ("[::1]", "http://[::1]:8080"),
            ("localhost", "http://localhost:8080"),
        ] {
            http.bind = bind.to_owned();
            assert_eq!(own_address(&http), url, "{bind}");
        }
    }

    #[test]
    fn a_merchants_name_cannot_lead_elsewhere() {
        assert_eq!(of_merchant(None), "");
        assert_eq!(of_merchant(Some("hey-de")), "/merchants/hey-de");
        assert_eq!(of_merchant(Some("../a b")), "/merchants/..%2Fa%20b");
    }
}

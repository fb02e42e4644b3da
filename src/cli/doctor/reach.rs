//! What is looked at over the network: the running relay, its public address, destinations and their keys.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use parcelwire_engine::ports::{Transport as _, TransportError};
use parcelwire_mapping::{
    blocks::outcome::Verdict,
    book::Book,
    destination::{MAX_REQUESTS, ReadyDestination, Step},
    http::HttpRequest,
};
use serde_json::Value;

use super::{finding::Finding, judge};
use crate::{
    cli::{chain, client::http, now},
    config::{Settings, proxy},
    transport::HttpTransport,
};

/// How long somebody may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many are asked at the same time.
const AT_ONCE: usize = 8;

/// A destination of a merchant.
pub(super) struct Target {
    /// `merchant/destination`.
    name: String,
    ready: ReadyDestination,
}

/// How far this clock is behind others, as their answers said.
pub(super) type Skews = Vec<SignedDuration>;

/// The destinations that messages go to, as the settings say.
pub(super) fn targets(settings: &Settings, book: &Book, merchant: Option<&str>) -> Vec<Target> {
    let names = book.merchants.keys().filter(|id| merchant.is_none_or(|name| name == id.as_str()));
    let mut targets = Vec::new();
    for merchant in names.filter_map(|id| book.merchant(id.as_str())) {
        for (name, destination) in &merchant.destinations {
            let ready = match settings.messages.as_str() {
                "sandbox" => destination.ready.at(&settings.sandbox.url),
                _ => destination.ready.clone(),
            };
            targets.push(Target { name: format!("{}/{name}", merchant.id), ready });
        }
    }
    targets
}

/// The client that the relay would use; a failure says why it could not start.
pub(super) fn transport(settings: &Settings) -> Result<HttpTransport, Box<Finding>> {
    let mut allow = settings.egress.allow.clone();
    if settings.messages == "sandbox" {
        allow.push("127.0.0.0/8".to_owned());
    }
    HttpTransport::with_timeout(&allow, PATIENCE).map_err(|error| {
        let detail = format!("no client for TLS: {}", chain(error.as_ref()));
        let hint = "install the system's certificates (ca-certificates)";
        Box::new(Finding::fail("egress", detail, hint))
    })
}

/// Whether each host that messages go to can be reached, without any key.
pub(super) async fn egress(transport: &HttpTransport, targets: &[Target]) -> (Vec<Finding>, Skews) {
    let mut findings = Vec::new();
    if let Some(name) = proxy() {
        let detail = format!("{name} is set, and is not used: destinations are asked directly");
        let hint =
            "let this machine out to their hosts without a proxy; or unset it, if it is not meant";
        findings.push(Finding::warn("egress", detail, hint));
    }
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for target in targets {
        places.entry(target.ready.base_url().to_owned()).or_default().push(&target.name);
    }
    let asked = places.into_iter().map(|(url, names)| async move {
        let request = HttpRequest {
            method: "HEAD".to_owned(),
            url: url.clone(),
            headers: Vec::new(),
            body: bytes::Bytes::new(),
        };
        let before = now();
        let answer = transport.send(request).await;
        (origin(&url), names, before, answer)
    });
    let mut skews = Skews::new();
    let mut answers = stream::iter(asked).buffered(AT_ONCE);
    while let Some((place, names, before, answer)) = answers.next().await {
        let finding = match answer {
            Ok(answer) => {
                skews.extend(answer.header("date").and_then(|date| skew(date, before, now())));
                Finding::ok("egress", format!("it answers, after {} ms", answer.took.as_millis()))
            }
            Err(error) => unreached(&error),
        };
        findings.push(finding.of(format!("{place} ({})", some(&names))));
    }
    (findings, skews)
}

/// Scheme and host alone: a path may hold a secret.
fn origin(url: &str) -> String {
    let url = reqwest::Url::parse(url);
    url.map_or_else(|_| "an address".to_owned(), |url| url.origin().ascii_serialization())
}

fn some(names: &[&str]) -> String {
    match names {
        [first, _, more @ ..] if !more.is_empty() => format!("{first} and {} more", more.len() + 1),
        few => few.join(", "),
    }
}

fn unreached(error: &TransportError) -> Finding {
    let hint = match error {
        TransportError::Forbidden { .. } => {
            "if it is meant, add its network to egress.allow; else correct base_url, or the name server"
        }
        TransportError::BadUrl(_) => "correct base_url of the destination",
        TransportError::NotConnected(_) => {
            "check the name, the name server, the firewall and the certificate; no proxy is used"
        }
        TransportError::Broken(_) | TransportError::NoRoom | TransportError::TimedOut(_) => {
            "the other system, or something between, is slow or down: try again"
        }
    };
    Finding::fail("egress", error.to_string(), hint)
}

/// How far our clock is behind a date that was told between two moments; dates have whole seconds.
fn skew(date: &str, before: Timestamp, after: Timestamp) -> Option<SignedDuration> {
    let told = rfc2822::parse(date).ok()?.timestamp() + SignedDuration::from_millis(500);
    let middle = before + after.duration_since(before) / 2;
    Some(told.duration_since(middle))
}

/// What the dates of all answers together say of our clock.
pub(super) fn clock(mut skews: Skews) -> Finding {
    skews.sort_unstable();
    match skews.get(skews.len() / 2) {
        Some(middle) => judge::clock("the servers that answered", *middle),
        None => Finding::warn(
            "clock",
            "nobody answered with a date to compare with",
            "see that NTP is on: `timedatectl` says so",
        ),
    }
}

/// Whether each key is taken, by the request that the connector has for it.
pub(super) async fn keys(transport: &HttpTransport, targets: &[Target]) -> Vec<Finding> {
    let asked = targets
        .iter()
        .map(|target| async move { key(transport, &target.ready).await.of(target.name.as_str()) });
    stream::iter(asked).buffered(AT_ONCE).collect().await
}

async fn key(transport: &HttpTransport, ready: &ReadyDestination) -> Finding {
    let Some(mut exchange) = ready.check() else {
        return Finding::ok("key", "the connector has no way to ask without sending something");
    };
    let mut step = exchange.start(now());
    for _ in 0..=MAX_REQUESTS {
        let request = match step {
            Step::Done { verdict, detail } => return judged(&verdict, &ready.mask(&detail)),
            Step::Send(request) => request,
        };
        match transport.send(request).await {
            Ok(answer) => step = exchange.on(&answer, now()),
            Err(error) => {
                let detail = format!("it could not be asked: {}", ready.mask(&error.to_string()));
                return Finding::warn("key", detail, "see egress above");
            }
        }
    }
    Finding::warn("key", "the check did not come to an end", "`parcelwire check` the connector")
}

fn judged(verdict: &Verdict, detail: &str) -> Finding {
    let told = if detail.is_empty() { verdict.name() } else { detail };
    match verdict {
        Verdict::Sent => Finding::ok("key", "it is taken"),
        Verdict::KeyWrong => Finding::fail(
            "key",
            format!("it is refused: {told}"),
            "make a key in the other system with the rights that docs/connectors names, and put it where the \
             merchant's file says; the relay takes it within seconds",
        ),
        Verdict::Again { .. } => Finding::warn(
            "key",
            format!("not now: {told}"),
            "the other system is busy or down: try again",
        ),
        Verdict::Rejected
        | Verdict::Partial(_)
        | Verdict::SettingsWrong
        | Verdict::VersionRetired => Finding::fail(
            "key",
            format!("the check was not understood: {told}"),
            "compare the destination's settings with its page in docs/connectors",
        ),
    }
}

/// Whether a relay answers at its own address, and the name by which it is known again.
pub(super) async fn relay(url: &str) -> (Finding, Option<String>) {
    let alive = match get(&format!("{url}/healthz")).await {
        Ok((_, answer)) => answer["relay"].as_str().map(str::to_owned),
        Err(_) => None,
    };
    let Some(name) = alive else {
        let detail = format!("none answers at {url}");
        let hint = "start it with `parcelwire serve`, or name it by --url";
        return (Finding::warn("relay", detail, hint), None);
    };
    let finding = match get(&format!("{url}/readyz")).await {
        Ok((200, _)) => Finding::ok("relay", format!("ready at {url}")),
        Ok(_) | Err(_) => {
            let hint = "look into its log: the store does not take writes";
            Finding::fail("relay", format!("it runs at {url}, and is not ready"), hint)
        }
    };
    (finding, Some(name))
}

/// Whether senders who use the public address come to this relay. `name` is that of the running one.
pub(super) async fn public_url(url: &str, name: Option<&str>) -> Finding {
    let finding = match public(url) {
        Ok(parsed) => match get(&format!("{}/healthz", parsed.trim_end_matches('/'))).await {
            Ok((status, answer)) => arrived(status, &answer, name),
            Err(why) => nowhere(&why, name),
        },
        Err(finding) => *finding,
    };
    if url.is_empty() { finding } else { finding.of(url) }
}

fn public(url: &str) -> Result<&str, Box<Finding>> {
    const UNSET: &str = "set http.public_url to the address that shops call: sources that sign over it, and addresses \
        to copy, need it";
    if url.is_empty() {
        return Err(Box::new(Finding::warn("public_url", "it is not set", UNSET)));
    }
    let wrong =
        |why: &str| Box::new(Finding::fail("public_url", why, "write it as https://relay.example"));
    let parsed = reqwest::Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
    match parsed.scheme() {
        "https" => Ok(url),
        "http" if is_own(&parsed) => Ok(url),
        "http" => {
            Err(wrong("it is not encrypted: webhooks would cross the net for everybody to read"))
        }
        _ => Err(wrong("it is no address of the web")),
    }
}

/// Whether it leads to this machine, where nothing has to be encrypted.
fn is_own(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn arrived(status: u16, answer: &Value, name: Option<&str>) -> Finding {
    match (answer["relay"].as_str(), name) {
        (Some(there), Some(here)) if there == here => {
            Finding::ok("public_url", "it leads to this relay")
        }
        (Some(_), Some(_)) => Finding::fail(
            "public_url",
            "it leads to another relay",
            "correct http.public_url, or where its name and its proxy lead",
        ),
        (Some(_), None) => Finding::warn(
            "public_url",
            "it leads to a relay; whether to this one is not known while this one does not run",
            "start the relay and ask again",
        ),
        (None, _) => Finding::fail(
            "public_url",
            format!("something else answers there ({status} to /healthz)"),
            "let the proxy pass all paths on to the relay; correct http.public_url",
        ),
    }
}

fn nowhere(why: &str, name: Option<&str>) -> Finding {
    let hint = "check the name, the proxy in front and its certificate, and the firewall; some networks do not let a \
        machine reach its own public address: then try from outside";
    let detail = format!("nothing answers: {why}");
    match name {
        Some(_) => Finding::fail("public_url", detail, hint),
        None => Finding::warn("public_url", detail, "start the relay and ask again"),
    }
}

async fn get(url: &str) -> Result<(u16, Value), String> {
    let client = http(PATIENCE).map_err(|_| "no client".to_owned())?;
    let answer = client.get(url).send().await.map_err(|error| innermost(&error))?;
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(|error| innermost(&error))?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::doctor::finding::Level;

    #[test]
    fn a_date_between_two_moments_tells_how_far_the_clock_is_behind() {
        let at = |second: i64| Timestamp::from_second(1_795_341_600 + second).expect("a time");
        let date = "Sun, 22 Nov 2026 10:00:30 GMT";
        let behind = skew(date, at(0), at(1)).expect("a date");
        assert_eq!(behind, SignedDuration::from_secs(30));
        assert_eq!(skew("soon", at(0), at(1)), None);
        let one_is_wrong = [0, 0, 7200].map(SignedDuration::from_secs).to_vec();
        assert_eq!(clock(one_is_wrong).level, Level::Ok);
        assert_eq!(clock(Skews::new()).level, Level::Warn);
    }

    #[test]
    fn a_public_address_has_to_be_encrypted_and_to_lead_here() {
        for (url, level) in [
            ("", Level::Warn),
            ("relay.example", Level::Fail),
            ("http://relay.example", Level::Fail),
            ("ftp://relay.example", Level::Fail),
        ] {
            assert_eq!(public(url).expect_err(url).level, level, "{url}");
        }
        for url in ["https://relay.example", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert!(public(url).is_ok(), "{url}");
        }
        let relay = json!({ "status": "alive", "relay": "a1" });
        assert_eq!(arrived(200, &relay, Some("a1")).level, Level::Ok);
        assert_eq!(arrived(200, &relay, Some("b2")).level, Level::Fail);
        assert_eq!(arrived(200, &relay, None).level, Level::Warn);
        assert_eq!(arrived(404, &Value::Null, Some("a1")).level, Level::Fail);
    }

    #[test]
    fn each_verdict_of_a_key_has_its_remedy() {
        assert_eq!(judged(&Verdict::Sent, "").level, Level::Ok);
        for (verdict, level) in [
            (Verdict::KeyWrong, Level::Fail),
            (Verdict::AGAIN, Level::Warn),
            (Verdict::Rejected, Level::Fail),
            (Verdict::VersionRetired, Level::Fail),
        ] {
            let found = judged(&verdict, "no");
            assert!(found.level == level && !found.hint.is_empty(), "{found:?}");
        }
    }

    #[test]
    fn of_many_merchants_one_is_named() {
        assert_eq!(some(&["a/x"]), "a/x");
        assert_eq!(some(&["a/x", "b/x"]), "a/x, b/x");
        assert_eq!(some(&["a/x", "b/x", "c/x"]), "a/x and 2 more");
        assert_eq!(origin("https://a.example/hooks/secret?x=1"), "https://a.example");
    }
}

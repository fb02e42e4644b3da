//! Commands that ask a running relay: `stats`, `events`, `try`, `healthcheck`.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::{Done, Failure, chain, print, runtime, say};
use crate::config::Settings;

/// Where the relay is, and who asks.
#[derive(Debug, Args)]
pub(super) struct At {
    /// The relay's address
    #[arg(long, env = "PARCELWIRE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The admin token
    #[arg(long, env = "PARCELWIRE_ADMIN_TOKEN", hide_env_values = true, default_value = "")]
    token: String,
}

/// `parcelwire stats`
#[derive(Debug, Args)]
pub(super) struct Stats {
    #[command(flatten)]
    at: At,
    /// Of this merchant only
    #[arg(long)]
    merchant: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// `parcelwire events`
#[derive(Debug, Args)]
pub(super) struct Events {
    #[command(flatten)]
    at: At,
    /// Of this merchant only
    #[arg(long)]
    merchant: Option<String>,
    /// Of this order
    #[arg(long)]
    order: Option<String>,
    /// Of orders of this recipient
    #[arg(long)]
    email: Option<String>,
    /// Of the order with this parcel
    #[arg(long)]
    tracking_number: Option<String>,
    /// With this canonical status
    #[arg(long)]
    status: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// `parcelwire try`
#[derive(Debug, Args)]
pub(super) struct Try {
    #[command(flatten)]
    at: At,
    /// The merchant
    #[arg(long)]
    merchant: String,
    /// To whom
    #[arg(long)]
    to: String,
    /// Only this trigger; may be repeated
    #[arg(long = "trigger")]
    triggers: Vec<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// `parcelwire healthcheck`
#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    /// The relay's address [default: that of the settings]
    #[arg(long)]
    url: Option<String>,
}

/// A client without limits on where it may go: commands are run by the operator.
pub(super) fn http() -> Result<reqwest::Client, Failure> {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::Unreachable(chain(&error)))
}

impl At {
    fn ask(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        runtime()?.block_on(async {
            let url = format!("{}/api/v1{path}", self.url.trim_end_matches('/'));
            let client = http()?;
            let request = match body {
                Some(body) => client
                    .post(&url)
                    .header("content-type", "application/json")
                    .body(body.to_string()),
                None => client.get(&url),
            };
            let answer = request.bearer_auth(&self.token).send().await;
            let answer = answer.map_err(|error| {
                Failure::Unreachable(format!(
                    "{url} does not answer: {} (hint: is the relay running? --url)",
                    chain(&error)
                ))
            })?;
            let status = answer.status().as_u16();
            let text = answer.text().await.map_err(|error| Failure::Unreachable(chain(&error)))?;
            let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
            match status {
                200 => Ok(value),
                401 => Err(Failure::Configuration(
                    "the token is missing or wrong (hint: --token, or PARCELWIRE_ADMIN_TOKEN)"
                        .to_owned(),
                )),
                _ => Err(Failure::Wrong(format!(
                    "answered {status}: {}",
                    value["detail"].as_str().unwrap_or("")
                ))),
            }
        })
    }

    fn base(merchant: Option<&str>) -> String {
        merchant.map_or_else(String::new, |merchant| format!("/merchants/{merchant}"))
    }
}

impl Stats {
    pub(super) fn run(&self) -> Done {
        let stats = self.at.ask(&format!("{}/stats", At::base(self.merchant.as_deref())), None)?;
        if self.json {
            print(&stats.to_string());
            return Ok(());
        }
        for part in ["receipts", "messages"] {
            let counts = stats[part].as_object().cloned().unwrap_or_default();
            let counts: Vec<String> =
                counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
            print(&format!("{part:9} {}", counts.join("  ")));
        }
        print(&format!(
            "oldest waiting {} s, balanced: {}",
            stats["oldest_waiting_seconds"], stats["balanced"]
        ));
        Ok(())
    }
}

impl Events {
    pub(super) fn run(&self) -> Done {
        let pairs = [
            ("order", &self.order),
            ("email", &self.email),
            ("tracking_number", &self.tracking_number),
            ("status", &self.status),
        ];
        let query: Vec<String> = pairs
            .iter()
            .filter_map(|(name, value)| {
                let value = parcelwire_mapping::blocks::encode::percent_encode(value.as_deref()?);
                Some(format!("{name}={value}"))
            })
            .collect();
        let page = self.at.ask(
            &format!("{}/events?{}", At::base(self.merchant.as_deref()), query.join("&")),
            None,
        )?;
        if self.json {
            print(&page.to_string());
            return Ok(());
        }
        for event in page["items"].as_array().unwrap_or(&Vec::new()) {
            let text = |name: &str| event[name].as_str().unwrap_or("").to_owned();
            print(&format!(
                "{}  {:24} {:10} {:14} {}",
                text("at"),
                text("status"),
                text("outcome"),
                text("rule"),
                text("receipt")
            ));
        }
        Ok(())
    }
}

impl Try {
    pub(super) fn run(&self) -> Done {
        let wish = json!({ "to": self.to, "triggers": self.triggers });
        let answer =
            self.at.ask(&format!("/merchants/{}/test-events", self.merchant), Some(&wish))?;
        if self.json {
            print(&answer.to_string());
        }
        let mut fine = true;
        for outcome in answer["items"].as_array().unwrap_or(&Vec::new()) {
            let text = |name: &str| outcome[name].as_str().unwrap_or("").to_owned();
            fine &= outcome["verdict"] == "sent";
            if !self.json {
                print(&format!(
                    "{:28} {:12} {:10} {} {}",
                    text("trigger"),
                    text("destination"),
                    text("verdict"),
                    text("name"),
                    text("detail")
                ));
            }
        }
        if fine { Ok(()) } else { Err(Failure::Wrong("not all test events were taken".to_owned())) }
    }
}

impl Healthcheck {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let own = format!("http://127.0.0.1:{}", settings.http.port);
        let url = format!("{}/readyz", self.url.as_deref().unwrap_or(&own).trim_end_matches('/'));
        runtime()?.block_on(async {
            let answer = http()?.get(&url).send().await;
            let answer = answer
                .map_err(|error| Failure::Unreachable(format!("{url}: {}", chain(&error))))?;
            if answer.status().is_success() {
                say("ready");
                return Ok(());
            }
            Err(Failure::Wrong(format!("{url} answered {}", answer.status())))
        })
    }
}

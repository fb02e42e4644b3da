//! `parcelwire demo`: relay, sandbox and two senders in one process, on loopback, with nothing to
//! set up. Shows each webhook and what became of it, then the books.

mod judge;
mod screen;
mod shop;
mod story;

use std::{path::Path, time::Duration};

use anyhow::{Context as _, bail};
use rand::{TryRngCore as _, rngs::OsRng};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    app::App,
    config::Settings,
    sandbox::{Sandbox, SandboxSettings},
};
use screen::Screen;
use shop::{Post, Secrets};
use story::{Answer, Expected, Step};

/// How the demo is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Ends after one round.
    pub once: bool,
    /// No pauses between the steps.
    pub fast: bool,
}

/// Between two steps, so that one can follow.
const PAUSE: Duration = Duration::from_millis(1500);

/// What became of a webhook must be known by then.
const PATIENCE: Duration = Duration::from_secs(20);

const TOKEN: &str = "demo-admin-token";

/// Runs the demo; answers whether everything arrived exactly once.
pub async fn run(options: &Options, stop: watch::Receiver<bool>) -> anyhow::Result<bool> {
    let directory = tempfile::tempdir().context("no temporary directory can be made")?;
    let mut chance = [0_u8; 64];
    OsRng.try_fill_bytes(&mut chance).context("the machine has no randomness")?;
    let secrets = Secrets::from_chance(chance);
    let sandbox =
        Sandbox::start("127.0.0.1:0", &SandboxSettings { webhook_secret: None, workers: 1 })?;
    let app = App::build(settings(directory.path(), &secrets, &sandbox.url())?).await?;
    let port = app.port();
    let (end, ended) = watch::channel(false);
    let relay = tokio::spawn(app.run_until_stopped(ended));
    let stage = Stage { port, client: client()?, sandbox: &sandbox, options, stop };
    let fine = stage.play(&secrets).await;
    end.send_replace(true);
    relay.await.context("the relay ended in a panic")??;
    sandbox.stop().await;
    fine
}

fn client() -> anyhow::Result<reqwest::Client> {
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?)
}

/// Settings of a relay that lives in a temporary directory.
fn settings(directory: &Path, secrets: &Secrets, sandbox: &str) -> anyhow::Result<Settings> {
    let merchants = directory.join("merchants");
    std::fs::create_dir_all(&merchants)?;
    let merchant = format!(
        "name: Demo Shop\nlanguage: de\nnames: en\nholds: off\nsources:\n  shop:\n    connector: shopify\n    secret: \"{}\"\n\
         \x20 warehouse:\n    connector: webhook\n    secret: \"{}\"\ndestinations:\n  klaviyo:\n    api_key: pk_demo_0001\n    base_url: {sandbox}\n",
        secrets.shop, secrets.warehouse
    );
    std::fs::write(merchants.join("demo.yaml"), merchant)?;
    let nowhere = directory.join("none");
    let mut settings = Settings::defaults()?;
    settings.http.bind = "127.0.0.1".to_owned();
    settings.http.port = 0;
    settings.http.workers = 1;
    settings.store.path = directory.join("data");
    settings.admin.token = TOKEN.to_owned();
    settings.paths.merchants = merchants;
    for path in [
        &mut settings.paths.feeds,
        &mut settings.paths.templates,
        &mut settings.paths.connectors,
        &mut settings.paths.mappings,
    ] {
        path.clone_from(&nowhere);
    }
    settings.messages = "live".to_owned();
    settings.egress.allow = vec!["127.0.0.0/8".to_owned()];
    Ok(settings)
}

/// Everything that plays.
struct Stage<'a> {
    port: u16,
    client: reqwest::Client,
    sandbox: &'a Sandbox,
    options: &'a Options,
    stop: watch::Receiver<bool>,
}

impl Stage<'_> {
    async fn play(&self, secrets: &Secrets) -> anyhow::Result<bool> {
        let screen = Screen::new();
        screen.welcome(self.port, self.sandbox.port());
        let mut expected: Vec<Expected> = Vec::new();
        let mut fine = true;
        for round in 0.. {
            let steps = story::steps(secrets, crate::cli::now(), round);
            let count = steps.len();
            for (place, step) in steps.into_iter().enumerate() {
                if *self.stop.borrow() {
                    return Ok(fine);
                }
                fine &= self.step(&screen, place + 1, count, &step).await?;
                expected.extend(step.expects);
                if !self.options.fast {
                    self.pause().await;
                }
            }
            let differences = judge::differences(&expected, &self.sandbox.received().events());
            fine &= differences.is_empty();
            screen.books(&self.books().await?, expected.len(), &differences);
            if self.options.once {
                return Ok(fine);
            }
            screen.again();
        }
        Ok(fine)
    }

    async fn pause(&self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// One webhook: posted, answered, followed to its end.
    async fn step(
        &self,
        screen: &Screen,
        place: usize,
        count: usize,
        step: &Step,
    ) -> anyhow::Result<bool> {
        screen.webhook(place, count, step);
        let before = self.sandbox.received().sums().events;
        let (status, body) = self.post(&step.post).await?;
        let answer = match status {
            202 => Answer::Accepted,
            200 => Answer::Duplicate,
            _ => Answer::Refused,
        };
        let mut fine = answer == step.answer;
        let mut outcome =
            body["code"].as_str().or(body["status"].as_str()).unwrap_or("").to_owned();
        if answer == Answer::Accepted {
            let id = body["id"].as_str().unwrap_or_default();
            outcome = self.outcome(id).await?;
        }
        if step.expects.is_some() {
            let arrived =
                self.sandbox.received().wait_for(|received| received.sums().events > before);
            fine &= tokio::time::timeout(PATIENCE, arrived).await.is_ok();
        }
        screen.came_to(status, &outcome, step.expects.as_ref(), fine);
        Ok(fine)
    }

    async fn post(&self, post: &Post) -> anyhow::Result<(u16, Value)> {
        let url = format!("http://127.0.0.1:{}/hooks/demo/{}", self.port, post.source);
        let mut request = self.client.post(url).body(post.body.clone());
        for (name, value) in &post.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.context("the relay does not answer")?;
        let status = answer.status().as_u16();
        let body = serde_json::from_str(&answer.text().await?).unwrap_or(Value::Null);
        Ok((status, body))
    }

    /// Asks until the receipt is settled.
    async fn outcome(&self, id: &str) -> anyhow::Result<String> {
        let asked = async {
            loop {
                let story = self.ask(&format!("/receipts/{id}")).await?;
                let status = story["status"].as_str().unwrap_or_default();
                if status != "waiting" {
                    let why =
                        story["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
                    return anyhow::Ok(format!("{status}{why}"));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(outcome) => outcome,
            Err(_) => bail!("the receipt {id} is still waiting"),
        }
    }

    async fn books(&self) -> anyhow::Result<Value> {
        self.ask("/stats").await
    }

    async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.port);
        let answer = self.client.get(url).bearer_auth(TOKEN).send().await?;
        Ok(serde_json::from_str(&answer.text().await?)?)
    }
}

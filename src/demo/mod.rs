//! `parcelwire demo`: relay, sandbox and two senders in one process, on loopback, with nothing to
//! set up. Shows each webhook and what became of it, then the books.

mod judge;
mod screen;
mod shop;
mod stage;
mod story;
#[cfg(test)]
mod tests;

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use rand::{TryRngCore as _, rngs::OsRng};
use tokio::sync::watch;

use crate::{
    app::App,
    config::Settings,
    sandbox::{Sandbox, SandboxSettings},
};
use shop::Secrets;
use stage::Stage;

/// How the demo is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Ends after one round.
    pub once: bool,
    /// No pauses between the steps.
    pub fast: bool,
}

const TOKEN: &str = "demo-admin-token";

/// Runs the demo; answers whether everything arrived exactly once.
pub async fn run(options: &Options, stop: watch::Receiver<bool>) -> anyhow::Result<bool> {
    let sandbox =
        Sandbox::start("127.0.0.1:0", &SandboxSettings { webhook_secret: None, workers: 1 })?;
    let fine = before(&sandbox, options, stop).await;
    sandbox.stop().await;
    fine
}

/// Plays before a sandbox that is there already.
async fn before(
    sandbox: &Sandbox,
    options: &Options,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<bool> {
    let directory = tempfile::tempdir().context("no temporary directory can be made")?;
    let mut chance = [0_u8; 64];
    OsRng.try_fill_bytes(&mut chance).context("the machine has no randomness")?;
    let secrets = Secrets::from_chance(chance);
    let app = App::build(settings(directory.path(), &secrets, &sandbox.url())?).await?;
    let port = app.port();
    let (end, ended) = watch::channel(false);
    let relay = tokio::spawn(app.run_until_stopped(ended));
    let fine = Stage { port, client: client()?, sandbox, options, stop }.play(&secrets).await;
    end.send_replace(true);
    relay.await.context("the relay ended in a panic")??;
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

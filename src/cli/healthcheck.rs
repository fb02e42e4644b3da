//! `healthcheck`: whether a relay is ready; what a container's engine asks every few seconds.

use std::time::Duration;

use clap::Args;

use super::{
    Done, Failure,
    client::{Lazy, http, own_address, unreached},
    runtime, say,
};

/// A container's engine waits three seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// `parcelwire healthcheck`
#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    /// The relay's address [default: that of the settings]
    #[arg(long, env = "PARCELWIRE_URL")]
    url: Option<String>,
}

impl Healthcheck {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let base = match self.url.clone().filter(|url| !url.trim().is_empty()) {
            Some(url) => url,
            None => own_address(&settings()?.http),
        };
        let url = format!("{}/readyz", base.trim_end_matches('/'));
        let status = runtime()?.block_on(async {
            let answer = http(PATIENCE)?.get(&url).send().await;
            answer.map(|answer| answer.status()).map_err(|error| unreached(&url, &error))
        })?;
        if status.is_success() {
            say("ready");
            return Ok(());
        }
        Err(Failure::Wrong(format!("{url} answered {status}")))
    }
}

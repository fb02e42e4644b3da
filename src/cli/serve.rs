//! `serve`, `sandbox` and `demo`: what runs until it is stopped.

use clap::Args;
use parcelwire_store::redis::OpenError;
use tokio::sync::watch;

use super::{Done, Failure, chain, print, runtime, say};
use crate::{
    app::{App, StartError},
    config::Settings,
    sandbox::{Fault, Sandbox, SandboxError, SandboxSettings},
    telemetry,
};

/// `parcelwire demo`
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after one round; exit 0 only if every expected trigger arrived exactly once
    #[arg(long)]
    once: bool,
    /// No pauses between the steps
    #[arg(long)]
    fast: bool,
}

/// `parcelwire sandbox`
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    bind: String,
    /// The port to listen on
    #[arg(long, default_value_t = 8090)]
    port: u16,
    /// Check webhook signatures against this secret (whsec_…)
    #[arg(long, value_name = "SECRET")]
    webhook_secret: Option<String>,
    /// Fail at first, as JSON: {"status":503,"times":3}
    #[arg(long, value_name = "JSON")]
    fail: Vec<String>,
}

/// Runs the relay.
pub(super) fn serve(settings: Settings) -> Done {
    telemetry::start(&settings.log);
    let as_json = settings.log.is_json();
    let ended = stepping_back()?.block_on(async {
        // First of all: whoever stops it while it starts stops it cleanly, too.
        let stop = signals()?;
        let app = App::build(settings).await.map_err(start_failure)?;
        app.run_until_stopped(stop).await.map_err(start_failure)
    });
    // Whoever reads the log reads the last word there, too.
    ended.map_err(|failure| if as_json { failure.logged() } else { failure })
}

/// How far the threads of the pipeline step back: senders that wait for an answer, and the store that
/// makes their webhooks durable, have threads of their own and come first where processors are scarce.
const NICE: i32 = 5;

/// The runtime of the pipeline.
fn stepping_back() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(|| {
            // On Linux this is the priority of the calling thread alone.
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%error, "a thread of the pipeline keeps its priority");
            }
        })
        .build()
        .map_err(|error| Failure::Unreachable(format!("no threads can be started: {error}")))
}

fn start_failure(error: StartError) -> Failure {
    let text = chain(&error);
    match error {
        StartError::Redis(OpenError::Unreachable(_)) | StartError::Other(_) => {
            Failure::Unreachable(text)
        }
        StartError::Listen { .. }
        | StartError::Store(_)
        | StartError::Redis(_)
        | StartError::Setting(_) => Failure::Configuration(text),
    }
}

/// Turns true at the first SIGTERM or SIGINT from now on.
fn signals() -> Result<watch::Receiver<bool>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let deaf = |error| Failure::Unreachable(format!("signals cannot be heard: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(deaf)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(deaf)?;
    let (stop, stopped) = watch::channel(false);
    drop(tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.send_replace(true);
        stop.closed().await;
    }));
    Ok(stopped)
}

/// Runs the sandbox alone.
pub(super) fn sandbox(arguments: &SandboxArgs) -> Done {
    let mut faults = Vec::new();
    for text in &arguments.fail {
        let fault = Fault::read(text.as_bytes())
            .map_err(|problem| Failure::Usage(format!("--fail {text}: {problem}")))?;
        faults.push(fault);
    }
    runtime()?.block_on(async {
        let settings =
            SandboxSettings { webhook_secret: arguments.webhook_secret.clone(), workers: 1 };
        let host = match arguments.bind.trim_matches(['[', ']']) {
            address if address.contains(':') => format!("[{address}]"),
            name => name.to_owned(),
        };
        let sandbox = Sandbox::start(&format!("{host}:{}", arguments.port), &settings)
            .map_err(|error| sandbox_failure(&error))?;
        for fault in faults {
            sandbox.faults().order(fault);
        }
        print(&format!("http://{host}:{}", sandbox.port()));
        say("The sandbox takes POST /api/events (as a marketing API does) and POST /webhook…");
        say("What it was told: GET /_sandbox/events, /_sandbox/sums; failing: POST /_sandbox/faults");
        let mut stop = signals()?;
        drop(stop.wait_for(|stop| *stop).await);
        sandbox.stop().await;
        Ok(())
    })
}

fn sandbox_failure(error: &SandboxError) -> Failure {
    let text = chain(error);
    match error {
        SandboxError::Listen { .. } => Failure::Configuration(text),
        SandboxError::Secret(_) => Failure::Usage(text),
    }
}

/// Runs the demo.
pub(super) fn demo(arguments: &Demo) -> Done {
    let log = crate::config::Log { level: "error".to_owned(), format: "text".to_owned() };
    telemetry::start(&log);
    let options = crate::demo::Options { once: arguments.once, fast: arguments.fast };
    runtime()?.block_on(async {
        let stop = signals()?;
        match crate::demo::run(&options, stop).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::Wrong("not everything arrived as it should".to_owned())),
            Err(error) => Err(Failure::Unreachable(format!("{error:#}"))),
        }
    })
}

//! The composition root: settings → parts → a running relay.

use std::{
    io::Write as _,
    net::TcpListener,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use actix_web::web::Data;
use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_engine::{
    Engine, Parts,
    ports::{Archive, Clock, Ledger},
    rules::Rules,
};
use parcelwire_mapping::{
    book::Book,
    text::{Diagnostics, RenderFormat, Severity, render},
};
use parcelwire_store::embedded::{self, Embedded, OpenError};
use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::{
    config::{RuleFiles, Settings},
    http::{self, Shared},
    transport::HttpTransport,
};

/// Files are looked at so often: works with mounted volumes too.
const LOOK_AT_FILES: Duration = Duration::from_secs(2);

/// Why the relay does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} (hint: {hint})")]
    Listen {
        /// Which.
        address: String,
        /// What to do.
        hint: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The data cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// Something else of the machine failed.
    #[error("the relay cannot start")]
    Other(#[from] anyhow::Error),
}

/// A relay, ready to run.
pub struct App {
    engine: Engine,
    store: Arc<Embedded>,
    files: RuleFiles,
    seen: [u8; 32],
    socket: TcpListener,
    port: u16,
    settings: Settings,
    admin: [u8; 32],
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the edge where time enters")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn until(&self, at: Timestamp) {
        let left = Duration::try_from(at.duration_since(self.now())).unwrap_or(Duration::ZERO);
        tokio::time::sleep(left).await;
    }
}

impl App {
    /// Puts everything together: files, store, socket.
    pub async fn build(settings: Settings) -> Result<Self, StartError> {
        let address = format!("{}:{}", settings.http.bind, settings.http.port);
        let socket = listen(&address)?;
        let port = socket.local_addr().map_err(anyhow::Error::from)?.port();
        let store = Arc::new(embedded::open(&settings.store.path)?);
        let files = RuleFiles::of(&settings);
        let (found, mut told) = files.read();
        let seen = files.digest(&found);
        let (book, more) = Book::compile(&found, &files.secrets, &files.around, None);
        told.append(more);
        report(&told);
        if book.merchants.is_empty() && book.feeds.is_empty() {
            let folder = settings.paths.merchants.display();
            tracing::warn!(
                "there is no merchant yet: write {folder}/NAME.yaml (see the README: a first connection)"
            );
        }
        let admin = admin_token(&settings, &files, &store).await?;
        let mut seed = [0; 32];
        OsRng.try_fill_bytes(&mut seed).map_err(anyhow::Error::from)?;
        let mut allow = settings.egress.allow.clone();
        if settings.messages == "sandbox" {
            allow.push("127.0.0.0/8".to_owned());
        }
        let transport = HttpTransport::new(&allow)?;
        let engine = Engine::new(Parts {
            ledger: Arc::clone(&store) as Arc<dyn Ledger>,
            archive: Arc::clone(&store) as Arc<dyn Archive>,
            transport: Arc::new(transport),
            clock: Arc::new(SystemClock),
            rules: Arc::new(Rules::new(book)),
            instance_key: store.instance_key(),
            seed,
            settings: settings.engine(),
        });
        Ok(Self { engine, store, files, seen, socket, port, settings, admin })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The engine, for tests.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Runs until `stop` turns true; what is in flight is finished.
    pub async fn run_until_stopped(
        self,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), StartError> {
        let shared = Data::new(Shared {
            engine: self.engine.clone(),
            max_body_bytes: self.settings.http.max_body_bytes,
            request_timeout: Duration::from_millis(self.settings.http.request_timeout_ms.max(1)),
            admin: self.admin,
            ready: AtomicBool::new(true),
        });
        let server =
            http::server(self.socket, &self.settings.http, shared).map_err(anyhow::Error::from)?;
        let handle = server.handle();
        let serving = tokio::spawn(server);
        tracing::info!(port = self.port, "serving");
        let (stop_engine, engine_stop) = watch::channel(false);
        let engine = self.engine.clone();
        let working = tokio::spawn(async move { engine.run(engine_stop).await });
        let watching = watch_files(self.engine.clone(), self.files, self.seen);
        tokio::select! {
            biased;
            () = stopped(&mut stop) => {}
            () = watching => {}
        }
        // First no new webhooks, then what was taken in is brought to its place.
        handle.stop(true).await;
        drop(serving.await);
        stop_engine.send_replace(true);
        if working.await.is_err() {
            tracing::error!("the engine ended in a panic");
        }
        self.store.close();
        tracing::info!("stopped");
        Ok(())
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the kinds of errors are not ours to list")]
fn listen(address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|source| {
        let hint = match source.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program uses this port: stop it, or set http.port"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need rights: set http.port to a higher one"
            }
            _ => "check http.bind and http.port",
        };
        StartError::Listen { address: address.to_owned(), hint, source }
    })
}

/// The hash of the admin token; one is made, shown once and kept hashed if none is set.
async fn admin_token(
    settings: &Settings,
    files: &RuleFiles,
    store: &Embedded,
) -> Result<[u8; 32], StartError> {
    let set = files.secrets.optional(&settings.admin.token).map_err(StartError::Setting)?;
    if let Some(token) = set {
        return Ok(Sha256::digest(token.expose().as_bytes()).into());
    }
    let kept = store.meta("admin_token").await.map_err(anyhow::Error::from)?;
    if let Some(kept) = kept.and_then(|kept| <[u8; 32]>::try_from(kept).ok()) {
        return Ok(kept);
    }
    let mut bytes = [0_u8; 24];
    OsRng.try_fill_bytes(&mut bytes).map_err(anyhow::Error::from)?;
    let token = format!("pwa_{}", hex::encode(bytes));
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    store.set_meta("admin_token", &digest).await.map_err(anyhow::Error::from)?;
    let shown = writeln!(
        std::io::stderr(),
        "The admin token, shown this once: {token}\nKeep it; `parcelwire stats --token …` and the API ask for it."
    );
    drop(shown);
    Ok(digest)
}

/// Reads rule files again when they change; what is broken keeps its last good version.
async fn watch_files(engine: Engine, files: RuleFiles, mut seen: [u8; 32]) {
    loop {
        let clock = engine.clock();
        clock.until(clock.now() + LOOK_AT_FILES).await;
        let (found, mut told) = files.read();
        let digest = files.digest(&found);
        if digest == seen {
            continue;
        }
        seen = digest;
        let last = engine.rules().book();
        let (book, more) = Book::compile(&found, &files.secrets, &files.around, Some(&last));
        told.append(more);
        report(&told);
        engine.rules().swap(book);
        tracing::info!(errors = told.has_errors(), "rule files were read again");
    }
}

/// Tells what is wrong with rule files, each with its place.
fn report(told: &Diagnostics) {
    for diagnostic in told.iter() {
        let text = render([diagnostic], RenderFormat::Text { colour: false }, &[]);
        match diagnostic.severity {
            Severity::Error => tracing::error!("{}", text.trim_end()),
            Severity::Warning => tracing::warn!("{}", text.trim_end()),
        }
    }
}

/// Comes back when it is time to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

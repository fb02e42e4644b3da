//! The composition root: settings → parts → a running relay.

mod machine;
mod rules;
mod store;

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
    Engine, Parts, Settings as EngineSettings,
    ports::{Clock, Mailer},
    rules::Rules,
};
use parcelwire_store::{embedded, redis};
use rand::{TryRngCore as _, rngs::OsRng};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::{
    config::{RealSecrets, RuleFiles, Settings},
    http::{self, Shared},
    mail::SmtpMailer,
    transport::HttpTransport,
};
use rules::Watched;
use store::Store;

/// What is under way at the end has so long to come to its place. What does not is found again at
/// the next start.
const STOP: Duration = Duration::from_secs(5);

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
    Store(#[from] embedded::OpenError),
    /// The Redis server cannot be used.
    #[error(transparent)]
    Redis(#[from] redis::OpenError),
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
    store: Store,
    watched: Watched,
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
        machine::outlive_full_files().map_err(anyhow::Error::from)?;
        let socket = machine::listen(&settings.http.bind, settings.http.port)?;
        let port = socket.local_addr().map_err(anyhow::Error::from)?.port();
        let (watched, book) = Watched::read(&settings);
        let store = Store::open(&settings, &watched.files.secrets).await?;
        if book.merchants.is_empty() && book.feeds.is_empty() {
            let folder = settings.paths.merchants.display();
            tracing::warn!(
                "there is no merchant yet: write {folder}/NAME.yaml (see the README: a first connection)"
            );
        }
        let admin = admin_token(&settings, &watched.files, &store).await?;
        let mut seed = [0; 32];
        OsRng.try_fill_bytes(&mut seed).map_err(anyhow::Error::from)?;
        let mut allow = settings.egress.allow.clone();
        if settings.messages == "sandbox" {
            allow.push("127.0.0.0/8".to_owned());
        }
        let transport = HttpTransport::new(&allow)?;
        let secrets = &watched.files.secrets;
        let alerts = settings.alerts.engine(secrets).map_err(StartError::Setting)?;
        let mailer = mailer(&settings, secrets)?;
        let engine = Engine::new(Parts {
            ledger: store.ledger(),
            archive: store.archive(),
            vault: store.vault(),
            transport: Arc::new(transport),
            mailer,
            clock: Arc::new(SystemClock),
            rules: Arc::new(Rules::new(book)),
            instance_key: store.instance_key(),
            seed,
            settings: EngineSettings { alerts: Some(alerts), ..settings.engine() },
        });
        Ok(Self { engine, store, watched, socket, port, settings, admin })
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
            bodies: http::room_for_bodies(&self.settings.http),
            request_timeout: Duration::from_millis(self.settings.http.request_timeout_ms.max(1)),
            admin: self.admin,
            ready: AtomicBool::new(true),
        });
        let most = machine::room_for_connections(self.settings.http.max_connections);
        let server = http::server(self.socket, &self.settings.http, most, shared)
            .map_err(anyhow::Error::from)?;
        let handle = server.handle();
        let serving = tokio::spawn(server);
        tracing::info!(port = self.port, "serving");
        let (stop_engine, engine_stop) = watch::channel(false);
        let engine = self.engine.clone();
        let mut working = tokio::spawn(async move { engine.run(engine_stop).await });
        let watching = self.watched.watch(self.engine.clone());
        tokio::select! {
            biased;
            () = stopped(&mut stop) => {}
            () = watching => {}
        }
        // First no new webhooks, then what was taken in is brought to its place; other instances take
        // over meanwhile what nothing is under way in.
        tokio::join!(handle.stop(true), self.store.leave());
        drop(serving.await);
        stop_engine.send_replace(true);
        match tokio::time::timeout(STOP, &mut working).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!("the engine ended in a panic"),
            Err(_) => {
                tracing::warn!("what no destination has answered by now is sent at the next start");
                working.abort();
            }
        }
        self.store.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Who sends mail, where a server is set.
fn mailer(
    settings: &Settings,
    secrets: &RealSecrets,
) -> Result<Option<Arc<dyn Mailer>>, StartError> {
    let smtp = settings.alerts.mail(secrets, &settings.egress.allow);
    let Some(smtp) = smtp.map_err(StartError::Setting)? else { return Ok(None) };
    let mailer = SmtpMailer::new(smtp).map_err(|error| StartError::Setting(error.to_string()))?;
    Ok(Some(Arc::new(mailer) as Arc<dyn Mailer>))
}

/// The hash of the admin token; one is made, shown once and kept hashed if none is set.
async fn admin_token(
    settings: &Settings,
    files: &RuleFiles,
    store: &Store,
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

/// Comes back when it is time to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

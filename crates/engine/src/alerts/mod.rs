//! What is wrong is looked for, told once, and told once more when it is over. A small loop of its own:
//! a mail server that fails delays nothing but mail.
//!
//! What is owed to whom is durable before it is told, and told under one id: a crash between telling and
//! noting repeats that notice at worst.

mod channels;
mod desk;
mod facts;
mod look;
mod notice;
mod refusals;
mod settings;
mod tell;
mod words;

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{
    id::MerchantId,
    incident::{Incident, News, Watch},
};
use serde::Serialize;
use tokio::sync::watch;

use crate::{
    Engine,
    engine::{Shared, stopped},
    ports::LedgerResult,
};

pub(crate) use desk::AlertDesk;
pub(crate) use refusals::Refusals;
pub use settings::AlertSettings;
pub use tell::TestNotice;

/// The stage.
pub(crate) struct Alerts {
    shared: Arc<Shared>,
}

impl Alerts {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    /// Runs until it is time to stop.
    pub(crate) async fn run(&self, stop: watch::Receiver<bool>) {
        let Some(settings) = &self.shared.settings.alerts else { return };
        tokio::join!(self.look(settings, stop.clone()), self.tell(settings, stop));
        self.shared.keep_watches(true).await;
    }

    async fn look(&self, settings: &AlertSettings, mut stop: watch::Receiver<bool>) {
        let clock = &self.shared.clock;
        loop {
            let next = clock.now() + settings.look;
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = self.shared.look_for_incidents(settings) => {}
            }
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = self.shared.keep_pace(next, settings.look) => {}
            }
        }
    }

    async fn tell(&self, settings: &AlertSettings, mut stop: watch::Receiver<bool>) {
        let clock = &self.shared.clock;
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = self.shared.tell_what_is_due(settings) => {}
            }
            let next = clock.now() + settings.look;
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = self.shared.alerts.something_to_tell() => {}
                () = clock.until(next) => {}
            }
        }
    }

    /// One round for tests.
    pub(crate) async fn turn(&self) {
        if let Some(settings) = &self.shared.settings.alerts {
            self.shared.look_for_incidents(settings).await;
            self.shared.tell_what_is_due(settings).await;
        }
    }
}

/// An incident that is open, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenIncident {
    /// Its id.
    pub id: String,
    /// Whose it is; nothing for the relay's own.
    pub merchant: Option<MerchantId>,
    /// Its kind.
    pub kind: &'static str,
    /// With what: `source`, `destination`, `carrier`, `feed`; nothing for the whole.
    pub what: Option<&'static str>,
    /// Its name.
    pub name: Option<String>,
    /// Since when.
    pub since: String,
    /// When it was told.
    pub opened_at: String,
    /// In one line.
    pub title: String,
    /// What to do next.
    pub next: String,
    /// Notices of it that nobody has taken yet.
    pub untold: usize,
}

impl Engine {
    /// The incidents that are open, of all or of one merchant, the relay's own first.
    pub async fn incidents(
        &self,
        merchant: Option<&MerchantId>,
    ) -> LedgerResult<Vec<OpenIncident>> {
        let book = self.shared.rules.book();
        let owners: Vec<Option<MerchantId>> = match merchant {
            Some(merchant) => vec![Some(merchant.clone())],
            None => std::iter::once(None).chain(book.merchants.keys().cloned().map(Some)).collect(),
        };
        let watches = self.shared.kept_watches(&owners).await?;
        let mut open = Vec::new();
        if merchant.is_none() {
            open.extend(self.shown(None, &self.shared.alerts.local()));
        }
        for (owner, watch) in owners.into_iter().zip(watches) {
            open.extend(self.shown(owner.as_ref(), &watch));
        }
        Ok(open)
    }

    fn shown(&self, owner: Option<&MerchantId>, watch: &Watch) -> Vec<OpenIncident> {
        let book = self.shared.rules.book();
        let merchant = owner.and_then(|id| book.merchant(id.as_str()));
        let open = watch.incidents().iter().filter_map(|incident| {
            let opened_at = incident.open_since()?;
            Some(self.row(incident, owner, merchant.map(AsRef::as_ref), opened_at))
        });
        open.collect()
    }

    fn row(
        &self,
        incident: &Incident,
        owner: Option<&MerchantId>,
        merchant: Option<&parcelwire_mapping::merchant::Merchant>,
        opened_at: Timestamp,
    ) -> OpenIncident {
        let words = words::words(&facts::Case::of(incident, merchant), <_>::default());
        let name = Some(incident.thing.name()).filter(|name| !name.is_empty());
        let untold = incident.owed.iter().filter(|owed| owed.news == News::Opened).count();
        OpenIncident {
            id: incident.id.to_string(),
            merchant: owner.cloned(),
            kind: incident.kind.name(),
            what: incident.thing.what(),
            name: name.map(str::to_owned),
            since: incident.since.to_string(),
            opened_at: opened_at.to_string(),
            title: words.title,
            next: words.next,
            untold,
        }
    }
}

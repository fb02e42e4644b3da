//! Telling: each notice to each of its lines, side by side, until it is taken.

use std::sync::Arc;

use parcelwire_domain::{
    id::{IncidentId, MerchantId},
    incident::{Due, Facts, Incident, Kind, News, Stage, Thing},
};
use parcelwire_mapping::merchant::Merchant;
use serde::Serialize;
use tokio::task::JoinSet;

use super::{
    channels::{Channel, Target, channels},
    desk::Of,
    notice,
    settings::AlertSettings,
};
use crate::{Engine, engine::Shared, metrics::Metrics, ports::MailError};

/// What a test notice came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestNotice {
    /// `mail` or `webhook`.
    pub channel: &'static str,
    /// Where it went, as far as it is shown: `o***@hey.example`, or a host.
    pub to: String,
    /// `sent` or `failed`.
    pub outcome: &'static str,
    /// Why, for the operator.
    pub detail: String,
}

/// Why a notice was not taken: `Display` may be logged.
struct Untold {
    /// For logs.
    why: String,
    /// For whoever asked.
    detail: String,
}

impl Untold {
    fn new(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { detail: why.clone(), why }
    }
}

/// What became of one notice.
enum Came {
    Taken,
    /// The settings name nobody of this line any more.
    Nobody,
    Failed(Untold),
}

impl Shared {
    /// Tells what is due, and notes it.
    pub(super) async fn tell_what_is_due(self: &Arc<Self>, settings: &AlertSettings) {
        let due = self.alerts.due(self.clock.now());
        if due.is_empty() {
            return;
        }
        let mut under_way = JoinSet::new();
        for (is_local, of, due) in due {
            let (shared, settings) = (Arc::clone(self), settings.clone());
            under_way.spawn(async move {
                let came = shared.tell(&settings, of.as_ref(), &due).await;
                (is_local, of, due, came)
            });
        }
        while let Some(joined) = under_way.join_next().await {
            match joined {
                Ok((is_local, of, due, came)) => self.note(is_local, &of, &due, came),
                Err(_) => tracing::error!("telling of an incident ended in a panic"),
            }
        }
        self.keep_watches(false).await;
    }

    async fn tell(&self, settings: &AlertSettings, of: Option<&MerchantId>, due: &Due) -> Came {
        let book = self.rules.book();
        let merchant = of.and_then(|id| book.merchant(id.as_str())).map(AsRef::as_ref);
        let mut channels = channels(settings, &self.settings.messages, merchant).into_iter();
        let Some(channel) = channels.find(|channel| channel.line == due.line) else {
            return Came::Nobody;
        };
        match self.tell_to(&channel, of, merchant, due).await {
            Ok(()) => Came::Taken,
            Err(untold) => Came::Failed(untold),
        }
    }

    async fn tell_to(
        &self,
        channel: &Channel<'_>,
        of: Option<&MerchantId>,
        merchant: Option<&Merchant>,
        due: &Due,
    ) -> Result<(), Untold> {
        match &channel.target {
            Target::Mail(to) => {
                let Some(mailer) = &self.mailer else {
                    return Err(Untold::new("no mail server is set (hint: alerts.smtp.url)"));
                };
                let mail = notice::mail(due, merchant, to, channel.language);
                mailer.send(mail).await.map_err(|error: MailError| Untold {
                    why: error.to_string(),
                    detail: error.detail(),
                })
            }
            Target::Webhook(webhook) => {
                let body = notice::envelope(due, of, merchant, channel.language);
                let request = webhook.request(&due.id(), body, self.clock.now());
                let answer = self.transport.send(request.map_err(Untold::new)?).await;
                let answer = answer.map_err(|error| Untold::new(error.to_string()))?;
                match answer.status {
                    200..=299 => Ok(()),
                    status => Err(Untold::new(format!("the webhook's receiver answered {status}"))),
                }
            }
        }
    }

    fn note(&self, is_local: bool, of: &Of, due: &Due, came: Came) {
        let (now, id) = (self.clock.now(), due.incident.id);
        let (outcome, failed) = match came {
            Came::Taken => ("sent", None),
            Came::Nobody => ("nobody", None),
            Came::Failed(untold) => ("again", Some(untold.why)),
        };
        let chance = self.chance.fraction();
        let mut gave_up = false;
        let mut work = |watch: &mut parcelwire_domain::incident::Watch| match failed {
            None => watch.settled(id, &due.line, due.news),
            Some(_) => gave_up = watch.failed(id, &due.line, due.news, now, chance),
        };
        if is_local {
            self.alerts.with_local(&mut work);
        } else {
            self.alerts.with(of, now, &mut work);
        }
        let outcome = if gave_up { "given_up" } else { outcome };
        Metrics::count(&self.metrics.alerts, outcome);
        match failed {
            None => {
                tracing::info!(incident.id = %id, news = due.news.name(), outcome, "an incident was told");
            }
            Some(why) if gave_up => {
                tracing::error!(incident.id = %id, why, "telling of an incident was given up");
            }
            Some(why) => {
                tracing::warn!(incident.id = %id, why, "an incident could not be told; it is tried again");
            }
        }
    }
}

impl Engine {
    /// Sends a test notice to all who would be told of something that happens to this merchant, or to the
    /// relay; outside of all books.
    pub async fn test_alerts(&self, merchant: Option<&MerchantId>) -> Vec<TestNotice> {
        let shared = &self.shared;
        let Some(settings) = &shared.settings.alerts else { return Vec::new() };
        let book = shared.rules.book();
        let known = merchant.and_then(|id| book.merchant(id.as_str())).map(AsRef::as_ref);
        let now = shared.clock.now();
        let due = Due { incident: self.a_test(now), line: String::new(), news: News::Opened };
        let mut outcomes = Vec::new();
        for channel in channels(settings, &shared.settings.messages, known) {
            let told = shared.tell_to(&channel, merchant, known, &due).await;
            let (channel, to) = channel.shown();
            let (outcome, detail) = match told {
                Ok(()) => ("sent", String::new()),
                Err(untold) => ("failed", untold.detail),
            };
            outcomes.push(TestNotice { channel, to, outcome, detail });
        }
        outcomes
    }

    /// An incident that nobody has.
    fn a_test(&self, now: jiff::Timestamp) -> Incident {
        Incident {
            // Another one each time: a receiver may drop a repeated one.
            id: IncidentId::from_bits(self.shared.chance.bits()),
            kind: Kind::Test,
            thing: Thing::Whole,
            since: now,
            stage: Stage::Open { at: now, quiet_since: None },
            facts: Facts::default(),
            relapses: 0,
            told: Vec::new(),
            owed: Vec::new(),
        }
    }
}

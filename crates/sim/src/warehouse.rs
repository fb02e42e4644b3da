//! Whoever sends the webhooks, to any of the relays that run.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use parcelwire_engine::{Answer, Engine, Hook, Target};
use tokio::time::sleep;

use crate::{fleet::Fleet, rules::KEY, story::Webhook};

/// So long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// And so long before it comes again.
const REST: Duration = Duration::from_millis(500);

/// Sends every webhook until it is answered 2xx, as shops do.
pub(crate) async fn tell_all(webhooks: Vec<Webhook>, fleet: &Fleet) -> BTreeSet<String> {
    let mut accepted = BTreeSet::new();
    for webhook in webhooks {
        sleep(webhook.pause).await;
        loop {
            // Nobody is there, the relay died, or could not write: the webhook comes again.
            if let Some(id) = try_once(&webhook, fleet).await {
                let said = String::from_utf8_lossy(&webhook.body);
                fleet.world.dice.note(format!("accepted {said}"));
                accepted.insert(id);
                break;
            }
            sleep(REST).await;
        }
    }
    accepted
}

/// The receipt's id, if it is answered 2xx.
async fn try_once(webhook: &Webhook, fleet: &Fleet) -> Option<String> {
    let (engine, process) = fleet.any()?;
    let answer = tokio::select! {
        biased;
        answer = post(&engine, webhook) => answer,
        () = process.died() => return None,
        () = sleep(PATIENCE) => return None,
    };
    match answer {
        Answer::Accepted { id, .. } | Answer::Duplicate { id, .. } => Some(id.to_string()),
        Answer::StoreUnavailable => None,
        refused @ (Answer::Handshake { .. }
        | Answer::Refused { .. }
        | Answer::UnknownSource
        | Answer::TooManyFailures { .. }
        | Answer::Misconfigured
        | Answer::MethodNotAllowed) => panic!("a good webhook was answered {refused:?}"),
    }
}

async fn post(engine: &Engine, webhook: &Webhook) -> Answer {
    let path = format!("/hooks/{}/depot", webhook.merchant);
    engine
        .receive(Hook {
            target: Target::Source { merchant: webhook.merchant, source: "depot" },
            method: "POST",
            path: &path,
            query: "",
            headers: &[("x-depot-key", KEY), ("content-type", "application/json")],
            body: webhook.body.clone(),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
        .await
}

//! A real relay, killed with SIGKILL again and again under load; the sandbox judges: everything
//! that was accepted arrives, under one id only, and the books come out.

use std::{collections::BTreeSet, path::Path};

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use tokio::sync::watch;

use crate::{
    feeds,
    harness::{PATIENCE, merchant, next, write},
    process::{Relay, parcel, signed},
};

const KILLS: u32 = 20;

/// Where the relay is; nowhere at the end.
type Place = Option<u16>;

/// Sends for as long as there is a relay. It may die at any time.
struct Sender {
    client: reqwest::Client,
    place: watch::Receiver<Place>,
}

/// What became of the webhooks of a sender, by whom they are about.
#[derive(Debug, Default)]
struct Sent {
    accepted: BTreeSet<String>,
    /// They were under way when the relay died, and were not repeated.
    unanswered: BTreeSet<String>,
    /// The body of one that was accepted.
    example: String,
}

/// A webhook: its address, its body, whom it is about.
type Webhook = (&'static str, String, Vec<String>);

impl Sender {
    async fn run(mut self, make: fn() -> Webhook) -> Sent {
        let mut sent = Sent::default();
        while self.place.borrow().is_some() {
            let (path, body, emails) = make();
            // Every seventh is never repeated, whatever becomes of it.
            let is_patient = !next().is_multiple_of(7);
            if self.is_accepted(path, &body, is_patient).await {
                sent.accepted.extend(emails);
                sent.example = body;
            } else {
                sent.unanswered.extend(emails);
            }
        }
        sent
    }

    /// Sends it, and as shops do sends it again until it is accepted, if it is a patient one.
    async fn is_accepted(&mut self, path: &str, body: &str, is_patient: bool) -> bool {
        loop {
            let Some(port) = *self.place.borrow() else { return false };
            let url = format!("http://127.0.0.1:{port}{path}");
            match signed(&self.client, url, body.to_owned()).send().await {
                Ok(answer) if matches!(answer.status().as_u16(), 200 | 202) => return true,
                _ if !is_patient => return false,
                Ok(_) => {}
                // It died: the next one is elsewhere.
                Err(_) => drop(self.place.wait_for(|place| *place != Some(port)).await),
            }
        }
    }
}

fn direct() -> Webhook {
    let (body, email) = parcel(next());
    ("/hooks/hey/shop", body, vec![email])
}

/// One webhook for two merchants.
fn shared() -> Webhook {
    let (body, emails) = feeds::two_parcels(next());
    ("/feeds/lager", body, emails)
}

fn files(directory: &Path, sandbox: &str) {
    let unlimited = merchant(sandbox).replace("pk_test_0001", "pk_test_0001, limits: off");
    write(directory, "config/merchants/hey.yaml", &unlimited);
    feeds::write_files(directory, &directory.join("config"), sandbox);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_accepted_is_lost_however_often_it_is_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let mut relay = Relay::start(directory.path()).await;
    let (place, places) = watch::channel(Some(relay.port));
    let kinds: [fn() -> Webhook; 4] = [direct, shared, direct, direct];
    let senders = kinds.map(|make| {
        tokio::spawn(Sender { client: relay.client.clone(), place: places.clone() }.run(make))
    });
    for kill in 0..KILLS {
        let before = sandbox.received().sums().events;
        let some = sandbox
            .received()
            .wait_for(|received| received.sums().events > before + u64::from(kill % 7) * 5);
        tokio::time::timeout(PATIENCE, some).await.expect("it works between kills");
        relay.kill().await;
        relay = Relay::start(directory.path()).await;
        place.send_replace(Some(relay.port));
    }
    place.send_replace(None);
    let mut all = Sent::default();
    for sender in senders {
        let sent = sender.await.expect("it ends");
        all.accepted.extend(sent.accepted);
        all.unanswered.extend(sent.unanswered);
        if sent.example.contains("tracking_company") {
            all.example = sent.example;
        }
    }
    let received = sandbox.received();
    let arrived = received.wait_for(|received| {
        let told = received.events().into_iter().map(|told| told.key.profile).collect();
        all.accepted.is_subset(&told)
    });
    tokio::time::timeout(PATIENCE, arrived).await.expect("all that was accepted arrives");
    judge(&sandbox, &all, &relay.settled().await);
    // A shop that repeats what was accepted before any of the crashes is told so.
    assert_eq!(relay.post(all.example).await.status, 200);
}

fn judge(sandbox: &Sandbox, sent: &Sent, stats: &serde_json::Value) {
    let events = sandbox.received().events();
    let told: BTreeSet<String> = events.iter().map(|told| told.key.profile.clone()).collect();
    assert_eq!(events.len(), told.len(), "every fact has one id only");
    let invented = told.iter().filter(|email| !sent.accepted.contains(*email));
    assert!(invented.clone().all(|email| sent.unanswered.contains(email)), "{sent:?}");
    assert!(sent.accepted.len() > 100, "there was a load: {}", sent.accepted.len());
    assert!(!sent.unanswered.is_empty(), "some were under way when it died");
    // Each receipt is one parcel, and led to one event.
    let count = events.len() as u64;
    for (kind, name) in [("receipts", "accepted"), ("receipts", "forwarded"), ("messages", "sent")]
    {
        assert_eq!(stats[kind][name], count, "{stats}");
    }
    assert_eq!(stats["messages"]["dead"], 0, "{stats}");
}

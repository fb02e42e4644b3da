//! Plays the story: posts each webhook, follows it to its end, and compares.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    Options, TOKEN, judge,
    screen::Screen,
    shop::{Post, Secrets},
    story::{self, Answer, Expected, Step},
};
use crate::sandbox::Sandbox;

/// Between two steps, so that one can follow: a round takes about a minute.
const PAUSE: Duration = Duration::from_millis(1900);

/// What became of a webhook must be known by then.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often the relay is asked.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Everything that plays.
pub(super) struct Stage<'a> {
    pub(super) port: u16,
    pub(super) client: reqwest::Client,
    pub(super) sandbox: &'a Sandbox,
    pub(super) options: &'a Options,
    pub(super) stop: watch::Receiver<bool>,
}

/// What became of an accepted webhook.
struct Outcome {
    text: String,
    /// Decided, and all its messages have come to their end.
    settled: bool,
}

impl Stage<'_> {
    /// Plays round after round; answers whether everything came as it should.
    pub(super) async fn play(&self, secrets: &Secrets) -> anyhow::Result<bool> {
        let screen = Screen::new();
        screen.welcome(self.port, self.sandbox.port());
        let mut expected: Vec<Expected> = Vec::new();
        let mut fine = true;
        for round in 0.. {
            let steps = story::steps(secrets, crate::cli::now(), round);
            let count = steps.len();
            for (place, step) in steps.into_iter().enumerate() {
                if *self.stop.borrow() {
                    // A round that was broken off has not shown that everything arrives.
                    return Ok(fine && !self.options.once);
                }
                fine &= self.step(&screen, place + 1, count, &step).await?;
                expected.extend(step.expects);
                if !self.options.fast {
                    self.pause().await;
                }
            }
            // Every webhook was followed to the end of its messages: nothing is still on its way.
            let books = self.ask("/stats").await?;
            let mut differences = judge::differences(&expected, &self.sandbox.received().events());
            differences.extend(judge::unsettled(&books));
            fine &= differences.is_empty();
            screen.books(&books, expected.len(), &differences);
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
            let came_to = self.outcome(body["id"].as_str().unwrap_or_default()).await?;
            fine &= came_to.settled;
            outcome = came_to.text;
        }
        let told = self.sandbox.received().sums().events - before;
        fine &= told == step.expects.len() as u64;
        screen.came_to(status, &outcome, &step.expects, fine);
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

    /// Asks until the receipt is decided and its messages are not under way any more.
    async fn outcome(&self, id: &str) -> anyhow::Result<Outcome> {
        let path = format!("/receipts/{id}");
        let asked = async {
            loop {
                let story = self.ask(&path).await?;
                if is_settled(&story) {
                    return anyhow::Ok(story);
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(story) => Ok(Outcome { text: in_words(&story?), settled: true }),
            Err(_) => Ok(Outcome { text: "still under way".to_owned(), settled: false }),
        }
    }

    async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.port);
        let answer = self.client.get(url).bearer_auth(TOKEN).send().await?;
        Ok(serde_json::from_str(&answer.text().await?)?)
    }
}

fn is_settled(story: &Value) -> bool {
    let messages = story["messages"].as_array();
    let ended = |message: &Value| message["status"] != "pending";
    story["status"] != "waiting" && messages.is_none_or(|all| all.iter().all(ended))
}

/// The receipt's outcome, and that of a message which was not sent.
fn in_words(story: &Value) -> String {
    let named = |of: &Value| {
        let why = of["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{}{why}", of["status"].as_str().unwrap_or_default())
    };
    let messages = story["messages"].as_array();
    let unsent = messages.into_iter().flatten().filter(|message| message["status"] != "sent");
    unsent.fold(named(story), |text, message| format!("{text}, message {}", named(message)))
}

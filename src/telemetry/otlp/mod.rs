//! Spans to a collector, as OTLP over HTTP with JSON: behind a bounded queue, so that a slow collector costs
//! spans and nothing else. Off, and without any cost, unless the standard variables name one.

mod json;
mod variables;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use parcelwire_engine::{
    Engine,
    ports::Transport,
    trace::{Span, Spans, Tracing},
};
use parcelwire_mapping::http::HttpRequest;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::transport::HttpTransport;
pub use variables::{Otlp, Variables};

/// Spans that wait to be sent; further ones are dropped and counted.
const QUEUE: usize = 2048;

/// Most spans of one request.
const BATCH: usize = 512;

/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);

/// Waits before the second and third try.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// How long the last spans may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A collector is the operator's own: it may be anywhere.
const ANYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// Takes spans into the queue.
struct Queue(mpsc::Sender<Span>);

impl Spans for Queue {
    fn take(&self, span: Span) -> bool {
        self.0.try_send(span).is_ok()
    }
}

/// What sends spans, before it runs.
pub struct Exporter {
    otlp: Otlp,
    transport: HttpTransport,
    queue: mpsc::Receiver<Span>,
}

/// What sends spans, at work.
pub struct Exporting {
    stop: watch::Sender<bool>,
    sending: JoinHandle<()>,
}

/// Prepares the way to a collector: what the engine is told, and what sends.
pub fn prepare(otlp: Otlp, tracing: &mut Tracing) -> anyhow::Result<Exporter> {
    let transport = HttpTransport::with_timeout(&ANYWHERE.map(str::to_owned), otlp.timeout)?;
    let (spans, queue) = mpsc::channel(QUEUE);
    tracing.spans = Some(Arc::new(Queue(spans)));
    Ok(Exporter { otlp, transport, queue })
}

impl Exporter {
    /// Begins to send what the engine tells.
    pub fn run(self, engine: &Engine) -> Exporting {
        let (stop, stopped) = watch::channel(false);
        tracing::info!(endpoint = self.otlp.shown(), "spans are sent to a collector");
        let sending = tokio::spawn(self.send_all(engine.clone(), stopped));
        Exporting { stop, sending }
    }

    async fn send_all(mut self, engine: Engine, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::new();
        // Whether the collector took the last ones: told once, when that changes.
        let mut well = true;
        while !*stop.borrow() {
            tokio::select! {
                biased;
                count = self.queue.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        return;
                    }
                }
                _ = stop.changed() => continue,
            }
            if batch.len() < BATCH {
                self.gather(&mut batch, &mut stop).await;
            }
            self.hand_over(&mut batch, &engine, &mut well).await;
        }
        while let Ok(span) = self.queue.try_recv() {
            batch.push(span);
        }
        if !batch.is_empty() {
            self.hand_over(&mut batch, &engine, &mut well).await;
        }
    }

    /// Comes back once the batch is full, some time has passed, or it is time to stop.
    async fn gather(&mut self, batch: &mut Vec<Span>, stop: &mut watch::Receiver<bool>) {
        let end = tokio::time::sleep(GATHER);
        tokio::pin!(end);
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            tokio::select! {
                biased;
                _ = stop.changed() => return,
                () = &mut end => return,
                count = self.queue.recv_many(batch, room) => {
                    if count == 0 {
                        return;
                    }
                }
            }
        }
    }

    async fn hand_over(&self, batch: &mut Vec<Span>, engine: &Engine, well: &mut bool) {
        let spans = std::mem::take(batch);
        let body = Bytes::from(json::request(&self.otlp, &spans).to_string());
        let failed = self.try_all(body).await.err();
        let outcome = if failed.is_none() { "exported" } else { "failed" };
        engine.metrics().spans_ended(outcome, spans.len());
        match &failed {
            Some(why) if *well => {
                tracing::warn!(why, "the collector does not take spans; they are dropped");
            }
            None if !*well => tracing::info!("the collector takes spans again"),
            Some(_) | None => {}
        }
        *well = failed.is_none();
    }

    async fn try_all(&self, body: Bytes) -> Result<(), String> {
        let mut waits = AGAIN.iter();
        loop {
            let (why, may_repeat) = match self.try_once(body.clone()).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            let Some(wait) = waits.next().filter(|_| may_repeat) else { return Err(why) };
            tokio::time::sleep(*wait).await;
        }
    }

    /// Sends one request; a failure says whether another try makes sense.
    async fn try_once(&self, body: Bytes) -> Result<(), (String, bool)> {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(self.otlp.headers.iter().cloned());
        let request =
            HttpRequest { method: "POST".to_owned(), url: self.otlp.url.clone(), headers, body };
        match self.transport.send(request).await {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
            Ok(answer) => {
                let may_repeat = matches!(answer.status, 429 | 502 | 503 | 504);
                Err((format!("it answered {}", answer.status), may_repeat))
            }
            Err(error) => Err((error.to_string(), true)),
        }
    }
}

impl Exporting {
    /// Sends what is left, and ends.
    pub async fn end(self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(LAST_WORDS, self.sending).await.is_err() {
            tracing::warn!("the last spans did not reach the collector in time");
        }
    }
}

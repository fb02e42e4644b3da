//! All that is outside the relay and has bad days: the marketing tool, and the warehouse's own API.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use parcelwire_engine::ports::{Mail, MailError, Mailer, Transport, TransportError};
use parcelwire_mapping::http::{HttpAnswer, HttpRequest};

use crate::{
    depot::Depot,
    dice::{Dice, Trouble},
    marketing::Marketing,
};

/// Longest that the relay waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Outside {
    dice: Arc<Dice>,
    pub(crate) marketing: Marketing,
    pub(crate) depot: Depot,
    mails: Mutex<Vec<Mail>>,
    refuses_key: AtomicBool,
}

impl Outside {
    pub(crate) fn new(dice: &Arc<Dice>, depot: Depot) -> Self {
        let (dice, marketing) = (Arc::clone(dice), Marketing::new(Arc::clone(dice)));
        let refuses_key = AtomicBool::new(false);
        Self { dice, marketing, depot, mails: Mutex::default(), refuses_key }
    }

    /// Whether the marketing tool knows the relay's key from now on.
    pub(crate) fn knows_key(&self, knows: bool) {
        self.refuses_key.store(!knows, Ordering::Relaxed);
    }

    /// The mails that were taken since there were so many.
    pub(crate) fn mails_since(&self, count: usize) -> Vec<Mail> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.get(count..).unwrap_or_default().to_vec()
    }

    /// What a request leads to, and its answer on a good day.
    fn take(&self, request: &HttpRequest) -> HttpAnswer {
        match request.url.strip_prefix("https://depot.test/facts/") {
            Some(fact) => {
                self.dice.note(format!("asked {fact}"));
                match self.depot.tell(fact) {
                    Some(body) => answer(200, &[], body),
                    None => answer(404, &[], Bytes::new()),
                }
            }
            None if self.refuses_key.load(Ordering::Relaxed) => answer(401, &[], Bytes::new()),
            None => {
                self.marketing.take(request);
                answer(202, &[], Bytes::from_static(b"{}"))
            }
        }
    }

    /// What stands in for an answer while there is trouble: not every front end says 503.
    fn unavailable(&self, request: &HttpRequest) -> HttpAnswer {
        let sorry = Bytes::from_static(b"<html>we are busy</html>");
        let is_fine = request.method == "GET" && self.dice.below(2) == 0;
        answer(if is_fine { 200 } else { 503 }, &[], sorry)
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: Bytes) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        body,
        truncated: false,
        took: Duration::from_millis(20),
    }
}

#[async_trait]
impl Transport for Outside {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        tokio::time::sleep(Duration::from_millis(5 + self.dice.below(40))).await;
        match self.dice.trouble() {
            Some(Trouble::Unavailable) => Ok(self.unavailable(&request)),
            Some(Trouble::TooMany) => Ok(answer(429, &[("retry-after", "20")], Bytes::new())),
            Some(Trouble::Unreachable) => Err(TransportError::NotConnected("no route".to_owned())),
            Some(Trouble::AnswerLost) => {
                drop(self.take(&request));
                Err(TransportError::Broken("the connection was reset".to_owned()))
            }
            Some(Trouble::Hangs) => {
                drop(self.take(&request));
                tokio::time::sleep(PATIENCE).await;
                Err(TransportError::TimedOut(PATIENCE))
            }
            None => Ok(self.take(&request)),
        }
    }
}

#[async_trait]
impl Mailer for Outside {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let take = || self.mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        match self.dice.trouble() {
            None => {
                take();
                Ok(())
            }
            Some(Trouble::AnswerLost) => {
                take();
                Err(MailError::Unreachable("the connection was reset".to_owned()))
            }
            Some(Trouble::Hangs) => {
                tokio::time::sleep(PATIENCE).await;
                Err(MailError::Unreachable("it took too long".to_owned()))
            }
            Some(Trouble::Unavailable | Trouble::TooMany | Trouble::Unreachable) => {
                Err(MailError::Refused { code: 421, said: "we are busy".to_owned() })
            }
        }
    }
}

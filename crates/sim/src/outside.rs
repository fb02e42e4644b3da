//! All that is outside the relay and has bad days: the marketing tool, and the warehouse's own API.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use parcelwire_engine::ports::{Mail, MailError, TransportError};
use parcelwire_mapping::http::{HttpAnswer, HttpRequest};

use tokio::time::{Instant, sleep};

use crate::{
    depot::Depot,
    dice::{Dice, Trouble},
    marketing::Marketing,
    wire::Wire,
};

/// Longest that the relay waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) struct Outside {
    dice: Arc<Dice>,
    pub(crate) marketing: Marketing,
    pub(crate) depot: Depot,
    mails: Mutex<Vec<Mail>>,
    /// Until then no key is good.
    refusing: Mutex<Option<Instant>>,
}

impl Outside {
    pub(crate) fn new(dice: &Arc<Dice>, depot: Depot) -> Self {
        let (dice, marketing) = (Arc::clone(dice), Marketing::new(Arc::clone(dice)));
        Self { dice, marketing, depot, mails: Mutex::default(), refusing: Mutex::default() }
    }

    /// The mails that were taken since there were so many.
    pub(crate) fn mails_since(&self, count: usize) -> Vec<Mail> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.get(count..).unwrap_or_default().to_vec()
    }

    /// A request on its way, and what comes back.
    pub(crate) async fn answer(
        &self,
        request: &HttpRequest,
        from: &Wire,
    ) -> Result<HttpAnswer, TransportError> {
        let call = Call { outside: self, request, from, freezes: from.process.freezes() };
        let is_fact = call.fact().is_some();
        let open = (!is_fact).then(|| self.marketing.open(request, from));
        sleep(Duration::from_millis(5) + self.dice.millis(40)).await;
        let trouble = self.dice.trouble();
        if let Some(trouble) = trouble {
            self.dice.note(format!("{} meets {trouble:?}", from.process.name));
        }
        let answer = call.meet(trouble).await;
        drop(open);
        answer
    }

    /// Whether keys are refused for now.
    fn is_refusing(&self) -> bool {
        let until = *self.refusing.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// No key is good for so long.
    pub(crate) fn refuse_for(&self, time: Duration) {
        let until = Some(Instant::now() + time);
        *self.refusing.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Takes a mail, or does not.
    pub(crate) async fn mail(&self, mail: Mail) -> Result<(), MailError> {
        let take = || self.mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        let unreachable = |why: &str| Err(MailError::Unreachable(why.to_owned()));
        match self.dice.trouble() {
            None => {
                take();
                Ok(())
            }
            Some(Trouble::AnswerLost | Trouble::FrozenAfter) => {
                take();
                unreachable("the connection was reset")
            }
            Some(Trouble::Hangs | Trouble::Deaf) => {
                sleep(PATIENCE).await;
                unreachable("it took too long")
            }
            Some(
                Trouble::Unavailable
                | Trouble::Broken
                | Trouble::TooMany(_)
                | Trouble::Unreachable
                | Trouble::Reset
                | Trouble::KeyRefused(_)
                | Trouble::FrozenBefore,
            ) => Err(MailError::Refused { code: 421, said: "we are busy".to_owned() }),
        }
    }
}

/// A request under way.
struct Call<'c> {
    outside: &'c Outside,
    request: &'c HttpRequest,
    from: &'c Wire,
    /// How often its process had stood still when it began.
    freezes: u64,
}

impl Call<'_> {
    /// Which fact of the warehouse is asked for, where it is no message.
    fn fact(&self) -> Option<&str> {
        self.request.url.strip_prefix("https://depot.test/facts/")
    }

    /// What becomes of it.
    async fn meet(&self, trouble: Option<Trouble>) -> Result<HttpAnswer, TransportError> {
        let dice = &self.outside.dice;
        let broken = || Err(TransportError::Broken("the connection was reset".to_owned()));
        match trouble {
            None => Ok(self.arrive()),
            Some(Trouble::Unavailable) => Ok(self.unavailable()),
            Some(Trouble::Broken) => Ok(answer(500, &[], Bytes::from_static(b"{}"))),
            Some(Trouble::TooMany(seconds)) => {
                Ok(answer(429, &[("retry-after", &seconds.to_string())], Bytes::new()))
            }
            Some(Trouble::Unreachable) => Err(TransportError::NotConnected("no route".to_owned())),
            Some(Trouble::Reset) => broken(),
            Some(Trouble::AnswerLost) => {
                drop(self.arrive());
                broken()
            }
            Some(Trouble::Hangs) => {
                drop(self.arrive());
                sleep(PATIENCE).await;
                Err(TransportError::TimedOut(PATIENCE))
            }
            Some(Trouble::Deaf) => {
                sleep(PATIENCE).await;
                Err(TransportError::TimedOut(PATIENCE))
            }
            Some(Trouble::KeyRefused(seconds)) => {
                self.outside.refuse_for(Duration::from_secs(seconds));
                Ok(self.arrive())
            }
            Some(Trouble::FrozenBefore) => {
                self.from.process.freeze(dice.standstill());
                self.from.process.alive().await;
                Ok(self.arrive())
            }
            Some(Trouble::FrozenAfter) => {
                let answer = self.arrive();
                self.from.process.freeze(dice.standstill());
                self.from.process.alive().await;
                Ok(answer)
            }
        }
    }

    /// What a request leads to, and its answer on a good day.
    fn arrive(&self) -> HttpAnswer {
        if let Some(fact) = self.fact() {
            self.outside.dice.note(format!("asked {fact}"));
            return match self.outside.depot.tell(fact) {
                Some(body) => answer(200, &[], body),
                None => answer(404, &[], Bytes::new()),
            };
        }
        if self.outside.is_refusing() {
            return answer(401, &[], Bytes::from_static(b"{}"));
        }
        let was_frozen = self.from.process.freezes() > self.freezes;
        self.outside.marketing.take(self.request, self.from, was_frozen);
        answer(202, &[], Bytes::from_static(b"{}"))
    }

    /// What stands in for an answer while there is trouble: not every front end says 503.
    fn unavailable(&self) -> HttpAnswer {
        let sorry = Bytes::from_static(b"<html>we are busy</html>");
        let is_fine = self.request.method == "GET" && self.outside.dice.below(2) == 0;
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

//! A request at the door: who sent it, of what kind it is, and what tells a repeat of it. Over the
//! raw bytes, with bounded looks into the body.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::{
    ReadySource,
    request::{Payload, TopicAt},
};
use crate::blocks::verify::{Incoming, Refusal, Verified, Verifier, WantedKey};

impl ReadySource {
    /// Who sent the request, or why it is refused; over the raw bytes, before any parsing.
    pub fn verify(&self, request: &Incoming<'_>, now: Timestamp) -> Result<Verified, Refusal> {
        let Some(verifier) = &self.verifier else {
            return Err(Refusal::Missing {
                expected: "signature: it is part of a feed, or polled".to_owned(),
            });
        };
        self.check(verifier, request, now)
    }

    /// The key of the sender's that must be known before `request` can be verified.
    pub fn wanted_key<'a>(&'a self, request: &Incoming<'a>) -> Option<WantedKey<'a>> {
        self.verifier.as_ref()?.wanted(request)
    }

    pub(super) fn check(
        &self,
        verifier: &Verifier,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let url = self.url(request);
        // Only a method whose signature or time stands in the body asks, and then once.
        let looked = OnceCell::new();
        let field = |path: &str| {
            let look = || Payload::look(request.body, self.connector.is_form);
            looked.get_or_init(look).text_at(path)
        };
        verifier.verify(&Incoming { url: &url, body_field: Some(&field), ..*request }, now)
    }

    /// The whole address of a request as its sender knows it: the public one, with what stands
    /// behind the source's name.
    fn url(&self, request: &Incoming<'_>) -> String {
        if self.address.is_empty() {
            return request.url.to_owned();
        }
        let own = ["/hooks/", "/feeds/"].iter().find_map(|start| self.address.rfind(start));
        let own = own.and_then(|at| self.address.get(at..)).unwrap_or_default();
        let tail = request.path.strip_prefix(own).unwrap_or_default();
        let mark = if request.query.is_empty() { "" } else { "?" };
        format!("{}{tail}{mark}{}", self.address, request.query)
    }

    /// Its topic, in the connector's own words.
    pub fn topic(&self, request: &Incoming<'_>) -> Option<String> {
        let topic = self.connector.topic.as_ref()?;
        let payload = match topic {
            TopicAt::Body(_) => Payload::look(request.body, self.connector.is_form),
            TopicAt::Header(_) | TopicAt::Query(_) => Payload::Nothing,
        };
        topic.find(request, &payload)
    }

    /// Its delivery id, from headers or a bounded look into the body.
    pub fn delivery_id(&self, request: &Incoming<'_>) -> Option<String> {
        self.connector.delivery_id.find(request, self.connector.is_form)
    }
}

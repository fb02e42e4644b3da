//! The way of one process to all that is outside.

use std::sync::Arc;

use async_trait::async_trait;
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::ports::{Mail, MailError, Mailer, Transport, TransportError};
use parcelwire_mapping::http::{HttpAnswer, HttpRequest};

use crate::{lease::Tenant, outside::Outside, process::Process};

pub(crate) struct Wire {
    pub(crate) outside: Arc<Outside>,
    pub(crate) process: Arc<Process>,
    /// Where several processes share the store.
    pub(crate) tenant: Option<Arc<Tenant>>,
}

impl Wire {
    /// Whether it is this process's turn to speak for a merchant.
    pub(crate) fn speaks_for(&self, merchant: &str) -> bool {
        self.turn(merchant).is_some()
    }

    /// Which of its turns it is, where it is its turn.
    pub(crate) fn turn(&self, merchant: &str) -> Option<u64> {
        let merchant = MerchantId::parse(merchant).expect("it has files");
        match &self.tenant {
            Some(tenant) => tenant.turn_of(&merchant, &self.process.name),
            // The only one there is.
            None => Some(0),
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        self.process.alive().await;
        let answer = self.outside.answer(&request, self).await;
        self.process.alive().await;
        answer
    }
}

#[async_trait]
impl Mailer for Wire {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        self.process.alive().await;
        let taken = self.outside.mail(mail).await;
        self.process.alive().await;
        taken
    }
}

//! Which store it is.

use std::sync::Arc;

use parcelwire_engine::ports::{Archive, Ledger, LedgerResult, Vault};
use parcelwire_store::{
    embedded::{self, Embedded},
    redis::{self, Redis},
};
use rand::{TryRngCore as _, rngs::OsRng};

use super::StartError;
use crate::config::{RealSecrets, Settings};

/// One of the stores.
#[derive(Clone)]
pub(super) enum Store {
    Embedded(Arc<Embedded>),
    Redis(Arc<Redis>),
}

impl Store {
    /// Opens the one that the settings name.
    pub(super) async fn open(
        settings: &Settings,
        secrets: &RealSecrets,
    ) -> Result<Self, StartError> {
        if !settings.store.is_redis() {
            return Ok(Self::Embedded(Arc::new(embedded::open(&settings.store.path)?)));
        }
        let told = settings.store.redis(secrets).map_err(StartError::Setting)?;
        let (mut name, mut fresh_key) = ([0; 12], [0; 32]);
        for bytes in [&mut name[..], &mut fresh_key[..]] {
            OsRng.try_fill_bytes(bytes).map_err(anyhow::Error::from)?;
        }
        Ok(Self::Redis(Arc::new(redis::open(told, hex::encode(name), fresh_key).await?)))
    }

    pub(super) fn ledger(&self) -> Arc<dyn Ledger> {
        match self {
            Self::Embedded(store) => Arc::clone(store) as Arc<dyn Ledger>,
            Self::Redis(store) => Arc::clone(store) as Arc<dyn Ledger>,
        }
    }

    pub(super) fn archive(&self) -> Arc<dyn Archive> {
        match self {
            Self::Embedded(store) => Arc::clone(store) as Arc<dyn Archive>,
            Self::Redis(store) => Arc::clone(store) as Arc<dyn Archive>,
        }
    }

    pub(super) fn vault(&self) -> Arc<dyn Vault> {
        match self {
            Self::Embedded(store) => Arc::clone(store) as Arc<dyn Vault>,
            Self::Redis(store) => Arc::clone(store) as Arc<dyn Vault>,
        }
    }

    pub(super) fn instance_key(&self) -> [u8; 32] {
        match self {
            Self::Embedded(store) => store.instance_key(),
            Self::Redis(store) => store.instance_key(),
        }
    }

    pub(super) async fn meta(&self, name: &str) -> LedgerResult<Option<Vec<u8>>> {
        match self {
            Self::Embedded(store) => store.meta(name).await,
            Self::Redis(store) => store.meta(name).await,
        }
    }

    pub(super) async fn set_meta(&self, name: &str, value: &[u8]) -> LedgerResult<()> {
        match self {
            Self::Embedded(store) => store.set_meta(name, value).await,
            Self::Redis(store) => store.set_meta(name, value).await,
        }
    }

    /// The relay stops soon: other instances take over what nothing is under way in.
    pub(super) async fn leave(&self) {
        if let Self::Redis(store) = self {
            store.leave().await;
        }
    }

    /// The engine has stopped.
    pub(super) async fn close(&self) {
        match self {
            Self::Embedded(store) => store.close(),
            Self::Redis(store) => store.close().await,
        }
    }
}

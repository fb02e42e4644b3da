//! `backup`: a copy of the embedded store while it is in use.

use std::path::PathBuf;

use clap::Args;
use parcelwire_store::embedded::{self, BackupError};

use super::{Done, Failure, chain, say};
use crate::config::Settings;

/// `parcelwire backup`
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to make; it must not be there yet
    file: PathBuf,
}

/// A copy of a few keys at a time would be of many moments, and whole only by luck.
const ON_REDIS: &str = "the data are in Redis, which copies them itself (hint: `redis-cli --rdb FILE` on \
    each master, or copy its append-only directory; docs/OPERATIONS.md says how)";

impl Backup {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        if settings.store.is_redis() {
            return Err(Failure::Usage(ON_REDIS.to_owned()));
        }
        match embedded::backup(&settings.store.path, &self.file) {
            Ok(()) => {
                say(&format!("{} is a whole copy", self.file.display()));
                Ok(())
            }
            Err(error @ BackupError::Exists(_)) => Err(Failure::Usage(error.to_string())),
            Err(error @ BackupError::NoData(_)) => Err(Failure::Configuration(error.to_string())),
            Err(error) => Err(Failure::Wrong(chain(&error))),
        }
    }
}

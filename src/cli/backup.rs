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

impl Backup {
    pub(super) fn run(&self, settings: &Settings) -> Done {
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

//! `store copy`: everything from one store to another, without changing an id.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use parcelwire_store::moving::{End, MoveError, Progress, copy};

use super::{Done, Failure, chain, now, runtime, say};
use crate::config::{RealSecrets, Settings};

/// `parcelwire store`
#[derive(Debug, Args)]
pub(super) struct Store {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Copy everything from one store to another, both ways between the embedded one and Redis
    Copy(Copy),
}

/// Where to and from. Nobody may work on either meanwhile.
#[derive(Debug, Args)]
struct Copy {
    /// A data directory, an address (redis://HOST:PORT/DATABASE), or a settings' file (.yaml)
    #[arg(long, value_name = "PLACE")]
    from: String,
    /// The same; it must be empty, or hold what an interrupted copy left there
    #[arg(long, value_name = "PLACE")]
    to: String,
}

/// Progress is told whenever so many more records are there.
const TELL_EVERY: u64 = 20_000;

impl Store {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let Verb::Copy(Copy { from, to }) = &self.verb;
        let (source, target) = (end(from, settings)?, end(to, settings)?);
        let mut told = 0;
        let moved = runtime()?.block_on(copy(source, target, now(), |step| match step {
            Progress::Resumed => say("going on where the last copy stopped"),
            Progress::Moved(count) if count / TELL_EVERY > told => {
                told = count / TELL_EVERY;
                say(&format!("{count} records are there"));
            }
            Progress::Moved(_) => {}
            Progress::Comparing => say("all are there; comparing"),
        }));
        let moved = moved.map_err(|error| failure(&error))?;
        let parts = moved.iter().map(|(kind, count)| format!("{count} {kind}"));
        say(&format!("copied and compared: {}", parts.collect::<Vec<_>>().join(", ")));
        say(
            "Start the relay on the new store only: two relays on two copies would send everything twice.",
        );
        Ok(())
    }
}

/// What a place is. Of a Redis that is named by its address all else is as the settings say.
fn end(place: &str, settings: &Settings) -> Result<End, Failure> {
    if place.contains("://") {
        let mut store = settings.store.clone();
        place.clone_into(&mut store.url);
        return redis(&store, settings);
    }
    let path = PathBuf::from(place);
    if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
        let other = Settings::load(Some(&path))?;
        if other.store.is_redis() {
            return redis(&other.store, &other);
        }
        return Ok(End::Embedded(other.store.path));
    }
    Ok(End::Embedded(path))
}

fn redis(store: &crate::config::Store, settings: &Settings) -> Result<End, Failure> {
    let secrets = RealSecrets { directory: settings.secrets.path.clone() };
    store.redis(&secrets).map(End::Redis).map_err(Failure::Configuration)
}

fn failure(error: &MoveError) -> Failure {
    let text = chain(error);
    match error {
        MoveError::Embedded(_) | MoveError::Redis(_) | MoveError::NoData { .. } => {
            Failure::Configuration(text)
        }
        MoveError::InUse { .. }
        | MoveError::NotEmpty { .. }
        | MoveError::Unfinished { .. }
        | MoveError::Changed { .. } => Failure::Usage(text),
        MoveError::Differs { .. } => Failure::Wrong(text),
        MoveError::Store(_) => Failure::Unreachable(text),
    }
}

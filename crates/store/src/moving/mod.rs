//! Moving from one store to another without changing an id. Nobody may work on either meanwhile; what was
//! cut short goes on where it was, and until it is whole the target lets nobody work on it.

mod record;

use std::{collections::BTreeMap, path::PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_engine::ports::PortError;
use serde::{Deserialize, Serialize};

pub(crate) use record::{
    Code, Line, Message, Moved, Order, Receipt, Record, Refusal, Tally, ordered,
};

use crate::{embedded, redis};

/// Records of one step.
const STEP: usize = 500;

/// The setting of a target under which it is written how far a move has come.
pub(crate) const MARK: &str = "moving";

/// The settings that go along: without them ids would be others, and the admin's token no token.
pub(crate) const SETTINGS: [&str; 2] = ["instance_key", "admin_token"];

/// One of the two ends.
#[derive(Debug, Clone)]
pub enum End {
    /// A data directory.
    Embedded(PathBuf),
    /// A Redis.
    Redis(redis::Settings),
}

/// Why nothing was moved, or not all.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Embedded(#[from] embedded::OpenError),
    /// The Redis cannot be used.
    #[error(transparent)]
    Redis(#[from] redis::OpenError),
    /// There is nothing to move.
    #[error("there are no data at {place} (hint: is it the right one?)")]
    NoData {
        /// Where.
        place: String,
    },
    /// Somebody works on it.
    #[error(
        "{place} is in use (hint: stop every parcelwire that works on it, and try again in {seconds} s)"
    )]
    InUse {
        /// Where.
        place: String,
        /// When whoever fell over counts as gone.
        seconds: u64,
    },
    /// The target is not empty.
    #[error(
        "{place} has data of its own; nothing was changed there (hint: move to an empty directory or database)"
    )]
    NotEmpty {
        /// Where.
        place: String,
    },
    /// The source is itself the target of a move that is not whole.
    #[error("{place} was itself moved to, and not all has arrived (hint: finish that move first)")]
    Unfinished {
        /// Where.
        place: String,
    },
    /// A move was begun from another source, or this one was used since.
    #[error(
        "a move to {place} was begun from other data, or those were worked on since (hint: empty {place} and begin anew)"
    )]
    Changed {
        /// The target.
        place: String,
    },
    /// What arrived is not what was sent.
    #[error(
        "what is in {place} now differs: {what}; it stays closed (hint: empty it and begin anew; if that happens again, it is a mistake of ours)"
    )]
    Differs {
        /// The target.
        place: String,
        /// Which kinds.
        what: String,
    },
    /// A store failed.
    #[error("moving stopped; run the same command again to go on")]
    Store(#[from] PortError),
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It goes on where it was cut short.
    Resumed,
    /// So many records were moved by now.
    Moved(u64),
    /// All are there; they are compared.
    Comparing,
}

/// Where a look into a store stands: the part of it, and a place in that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) part: u8,
    pub(crate) at: String,
}

/// Some records, and where the next ones begin. Without a place of its own a step cannot be gone on from:
/// it is begun anew.
pub(crate) struct Step {
    pub(crate) records: Vec<Moved>,
    pub(crate) next: Option<Place>,
    pub(crate) can_resume: bool,
}

/// How far a move has come; kept in the target until it is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// What the source was when it began.
    pub(crate) source: String,
    pub(crate) place: Place,
    pub(crate) tally: Tally,
    moved: u64,
}

/// A store that nobody works on, seen as records.
#[async_trait(?Send)]
pub(crate) trait Side {
    /// For people.
    fn name(&self) -> String;

    /// Whether anything was ever kept there but the store's own keys.
    async fn is_empty(&mut self) -> Result<bool, PortError>;

    /// What changes whenever somebody works on it.
    async fn fingerprint(&mut self) -> Result<String, PortError>;

    /// The next records. The first step begins at the default place.
    async fn read(&mut self, place: &Place, most: usize, now: Timestamp)
    -> Result<Step, PortError>;

    /// Writes records that may be there already, and then how far it is.
    async fn write(
        &mut self,
        records: Vec<Moved>,
        mark: &Mark,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// How far a move to it has come; nothing when none was begun, or it is whole.
    async fn mark(&mut self) -> Result<Option<Mark>, PortError>;

    /// It is whole.
    async fn finish(&mut self) -> Result<(), PortError>;

    /// Others may work on it again.
    async fn close(&mut self) -> Result<(), PortError>;
}

/// Moves everything; answers how much of each kind.
pub async fn copy(
    from: End,
    to: End,
    now: Timestamp,
    mut tell: impl FnMut(Progress),
) -> Result<BTreeMap<String, u64>, MoveError> {
    let mut source = open(from, true).await?;
    let mut target = match open(to, false).await {
        Ok(target) => target,
        Err(error) => {
            give_back(source.as_mut()).await;
            return Err(error);
        }
    };
    let moved = walk(source.as_mut(), target.as_mut(), now, &mut tell).await;
    give_back(source.as_mut()).await;
    give_back(target.as_mut()).await;
    let tally = moved?;
    Ok(tally.0.into_iter().map(|(kind, (count, _))| (kind, count)).collect())
}

async fn give_back(side: &mut dyn Side) {
    if let Err(error) = side.close().await {
        tracing::warn!(%error, "a store was not given back; that ends by itself");
    }
}

async fn open(end: End, is_source: bool) -> Result<Box<dyn Side>, MoveError> {
    Ok(match end {
        End::Embedded(path) if is_source => Box::new(embedded::moving::source(&path)?),
        End::Embedded(path) => Box::new(embedded::moving::target(&path)?),
        End::Redis(settings) => Box::new(redis::moving::open(settings, is_source).await?),
    })
}

async fn walk(
    source: &mut dyn Side,
    target: &mut dyn Side,
    now: Timestamp,
    tell: &mut dyn FnMut(Progress),
) -> Result<Tally, MoveError> {
    if source.mark().await?.is_some() {
        return Err(MoveError::Unfinished { place: source.name() });
    }
    if source.is_empty().await? {
        return Err(MoveError::NoData { place: source.name() });
    }
    let fingerprint = source.fingerprint().await?;
    let mut mark = match target.mark().await? {
        Some(mark) if mark.source == fingerprint => {
            tell(Progress::Resumed);
            mark
        }
        Some(_) => return Err(MoveError::Changed { place: target.name() }),
        None if target.is_empty().await? => Mark { source: fingerprint, ..Mark::default() },
        None => return Err(MoveError::NotEmpty { place: target.name() }),
    };
    // Before anything else is there: it is closed from now on.
    target.write(Vec::new(), &mark, now).await?;
    let mut place = mark.place.clone();
    let mut ahead = mark.clone();
    loop {
        let step = source.read(&place, STEP, now).await?;
        for moved in step.records.iter().filter(|moved| moved.record.is_compared()) {
            ahead.tally.add(&moved.record);
        }
        ahead.moved += step.records.len() as u64;
        if let Some(next) = &step.next {
            place = next.clone();
        }
        if step.can_resume {
            ahead.place = place.clone();
            mark = ahead.clone();
        }
        target.write(step.records, &mark, now).await?;
        tell(Progress::Moved(ahead.moved));
        if step.next.is_none() {
            break;
        }
    }
    tell(Progress::Comparing);
    let arrived = tally(target, now).await?;
    let differences = ahead.tally.differs(&arrived);
    if !differences.is_empty() {
        return Err(MoveError::Differs { place: target.name(), what: differences.join(", ") });
    }
    target.finish().await?;
    Ok(arrived)
}

/// All that is in a store.
async fn tally(side: &mut dyn Side, now: Timestamp) -> Result<Tally, PortError> {
    let (mut tally, mut place) = (Tally::default(), Place::default());
    loop {
        let step = side.read(&place, STEP, now).await?;
        for moved in step.records.iter().filter(|moved| moved.record.is_compared()) {
            tally.add(&moved.record);
        }
        match step.next {
            Some(next) => place = next,
            None => return Ok(tally),
        }
    }
}

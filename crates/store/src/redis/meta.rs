//! Small settings of all instances together, and rule files by content hash.

use std::collections::BTreeMap;

use parcelwire_engine::ports::{LedgerResult, PortError};
use redis::Value;

use super::{
    OpenError,
    answer::{bytes, misfit, number, optional},
    connect::Link,
    keys::META,
    moving::BUSY,
};
use crate::moving::MARK;

/// The shape of the data. Later ones lead earlier ones to theirs; a newer one is refused.
const SCHEMA_VERSION: i64 = 1;

/// The name of the key below which merchants' occurrence keys are made.
const KEY: &str = "instance_key";

/// Its key.
pub(super) fn key(name: &str) -> String {
    format!("{META}{name}")
}

/// Makes what is missing, and answers the key of all instances.
pub(super) async fn begin(link: &Link, fresh_key: [u8; 32]) -> Result<[u8; 32], OpenError> {
    begin_empty(link).await?;
    schema(link).await?;
    if read(link, MARK).await?.is_some() {
        return Err(OpenError::Unfinished);
    }
    if read(link, BUSY).await?.is_some() {
        return Err(OpenError::Moving);
    }
    set_new(link, KEY, &fresh_key).await?;
    let kept = read(link, KEY).await?.unwrap_or_default();
    Ok(<[u8; 32]>::try_from(kept).map_err(|_| misfit("the instance key"))?)
}

/// Whether the data are still those that were there at the start. A server that was emptied gets its key
/// back, and the settings that are known here: what is made from now on has the ids that it would have had.
pub(super) async fn still_there(
    link: &Link,
    instance_key: [u8; 32],
    settings: &BTreeMap<String, Vec<u8>>,
) -> LedgerResult<()> {
    let mut kept = read(link, KEY).await?;
    if kept.is_none() {
        tracing::error!(
            "Redis was emptied: what was accepted and not sent is lost; the relay goes on, with the same key of all ids"
        );
        begin_empty(link).await?;
        for (name, value) in settings {
            set_new(link, name, value).await?;
        }
        set_new(link, KEY, &instance_key).await?;
        kept = read(link, KEY).await?;
    }
    if kept.is_some_and(|kept| kept == instance_key) {
        return Ok(());
    }
    let why = "Redis was emptied, and a relay that was started since made another key of all ids \
        (hint: restart this relay)";
    Err(PortError::NotApplied { why: why.to_owned() })
}

/// Says of which shape the data are, where there are none yet.
pub(super) async fn begin_empty(link: &Link) -> LedgerResult<()> {
    set_new(link, "schema", SCHEMA_VERSION.to_string().as_bytes()).await
}

/// Of which shape the data are; nothing where there are none.
pub(super) async fn schema(link: &Link) -> Result<Option<i64>, OpenError> {
    let Some(schema) = read(link, "schema").await? else { return Ok(None) };
    let found = number(&String::from_utf8_lossy(&schema))?;
    if found > SCHEMA_VERSION {
        return Err(OpenError::Newer { found, known: SCHEMA_VERSION });
    }
    Ok(Some(found))
}

async fn set_new(link: &Link, name: &str, value: &[u8]) -> LedgerResult<()> {
    link.ask(redis::cmd("SET").arg(key(name)).arg(value).arg("NX")).await.map(|_| ())
}

/// One of them.
pub(super) async fn read(link: &Link, name: &str) -> LedgerResult<Option<Vec<u8>>> {
    bytes(link.ask(redis::cmd("GET").arg(key(name))).await?)
}

/// Sets one.
pub(super) async fn write(link: &Link, name: &str, value: &[u8]) -> LedgerResult<()> {
    link.ask(redis::cmd("SET").arg(key(name)).arg(value)).await.map(|_| ())
}

fn rules_key(hash: [u8; 16]) -> String {
    key(&format!("rules:{:032x}", u128::from_be_bytes(hash)))
}

/// Keeps rule files.
pub(super) async fn keep_rules(link: &Link, hash: [u8; 16], text: &str) -> LedgerResult<()> {
    let kept: Value = link.ask(redis::cmd("SET").arg(rules_key(hash)).arg(text).arg("NX")).await?;
    drop(kept);
    Ok(())
}

/// Rule files of a hash.
pub(super) async fn rules(link: &Link, hash: [u8; 16]) -> LedgerResult<Option<String>> {
    optional(link.ask(redis::cmd("GET").arg(rules_key(hash))).await?)
}

//! Columns that are packed (see [`crate::packed`]).

use rusqlite::Row;

use super::rows::misfit;
use crate::packed::unpack;

/// A packed column.
pub(super) fn column(row: &Row<'_>, place: usize) -> rusqlite::Result<Vec<u8>> {
    let kept = row.get_ref(place)?.as_blob().map_err(|_| misfit(place, "not packed"))?;
    unpack(kept).ok_or_else(|| misfit(place, "not soundly packed"))
}

/// A packed column that may be absent.
pub(super) fn optional(row: &Row<'_>, place: usize) -> rusqlite::Result<Option<Vec<u8>>> {
    if row.get_ref(place)? == rusqlite::types::ValueRef::Null {
        return Ok(None);
    }
    column(row, place).map(Some)
}

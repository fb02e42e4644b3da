//! The times of a story: dates in its zone, or counted from its beginning.

use std::time::Duration;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::text::{Diagnostic, Diagnostics, Node, Period};

/// How times are read and shown.
pub(super) struct Times<'t> {
    pub(super) zone: &'t TimeZone,
    pub(super) begins: Timestamp,
}

impl Times<'_> {
    /// `2026-11-16 09:00` in `zone`, or with an offset of its own.
    pub(super) fn absolute(
        node: &Node,
        zone: &TimeZone,
        diagnostics: &mut Diagnostics,
    ) -> Option<Timestamp> {
        let text = node.as_str()?.trim();
        let local = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
        let at = text.parse().ok().or_else(|| Some(local()?.timestamp()));
        if at.is_none() {
            let error = Diagnostic::error(&node.span, format!("`{text}` is no time"));
            diagnostics.push(error.hint("write a date and a time, as in 2026-11-16 09:00"));
        }
        at
    }

    /// The same, or `+2d 4h`: counted from the beginning.
    pub(super) fn read(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<Timestamp> {
        let text = node.as_str()?.trim();
        let Some(after) = text.strip_prefix('+') else {
            return Self::absolute(node, self.zone, diagnostics);
        };
        let at = period(after).and_then(|after| self.begins.checked_add(after).ok());
        if at.is_none() {
            let error = Diagnostic::error(&node.span, format!("`{text}` is no time"));
            diagnostics.push(error.hint("count from the beginning, as in +2d 4h"));
        }
        at
    }

    /// To the minute, as it is written in the file.
    pub(super) fn shown(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// As a source would state it, with the zone's offset.
    pub(super) fn rfc3339(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

/// `2d 4h`: the sum of its parts.
pub(super) fn period(text: &str) -> Option<Duration> {
    let parts = text.split_whitespace();
    let seconds = parts.map(|part| part.parse::<Period>().ok()?.seconds());
    seconds.sum::<Option<u64>>().filter(|_| !text.trim().is_empty()).map(Duration::from_secs)
}

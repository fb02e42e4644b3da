//! The raw bodies of requests, as far as there is room for them: for one, and for all together.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;

/// So much of a body is read whatever others hold: what shops send is small, and has to get
/// through beside those who fill the memory before anybody knows who they are.
const ALWAYS: usize = 16 * 1024;

/// Room for the bodies of all requests under way.
pub(crate) struct Room {
    most: usize,
    taken: AtomicUsize,
}

/// A body that came in whole; its room is given back with it.
pub(super) struct Body<'a> {
    pub(super) bytes: Bytes,
    _share: Share<'a>,
}

/// Why a body was not read.
pub(super) enum Unread {
    /// It is larger than a body may be.
    TooLarge,
    /// It ended too early.
    Incomplete,
    /// Too many others hold large bodies.
    NoRoom,
}

impl Room {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, taken: AtomicUsize::new(0) }
    }

    /// Reads a body. Of one above the limit up to twice as much is read and dropped, so that the
    /// sender sees the answer instead of a broken connection.
    pub(super) async fn read(
        &self,
        payload: &mut Payload,
        limit: usize,
    ) -> Result<Body<'_>, Unread> {
        let mut share = Share { room: self, bytes: 0 };
        let mut body = BytesMut::new();
        let mut seen = 0;
        let mut fits = true;
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Unread::Incomplete)?;
            seen += chunk.len();
            fits = fits && seen <= limit && share.grow(seen.saturating_sub(ALWAYS));
            if fits {
                body.extend_from_slice(&chunk);
                continue;
            }
            body = BytesMut::new();
            share.give_back();
            if seen > limit * 2 {
                break;
            }
        }
        if fits {
            return Ok(Body { bytes: body.freeze(), _share: share });
        }
        Err(if seen > limit { Unread::TooLarge } else { Unread::NoRoom })
    }
}

/// What one body takes.
struct Share<'a> {
    room: &'a Room,
    bytes: usize,
}

impl Share<'_> {
    /// Whether it may be so large.
    fn grow(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let taken = &self.room.taken;
        let grown = taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            Some(taken + more).filter(|taken| more == 0 || *taken <= self.room.most)
        });
        if grown.is_ok() {
            self.bytes += more;
        }
        grown.is_ok()
    }

    fn give_back(&mut self) {
        self.room.taken.fetch_sub(std::mem::take(&mut self.bytes), Ordering::Relaxed);
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_shared_and_given_back() {
        let room = Room::new(100);
        let mut one = Share { room: &room, bytes: 0 };
        assert!(one.grow(60) && one.grow(80));
        let mut other = Share { room: &room, bytes: 0 };
        assert!(other.grow(0), "a small one always fits");
        assert!(other.grow(20) && !other.grow(21));
        drop(one);
        assert!(other.grow(100) && !other.grow(101));
        other.give_back();
        assert_eq!(room.taken.load(Ordering::Relaxed), 0);
    }
}

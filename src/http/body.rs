//! The raw bodies of requests, as far as there is room for them: for one, and for all together.

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;
use parcelwire_engine::room::{Room, Share};

/// So much of a body is read whatever others hold: what shops send is small, and has to get
/// through beside those who fill the memory before anybody knows who they are.
const ALWAYS: usize = 16 * 1024;

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

/// Reads a body. Of one above the limit up to twice as much is read and dropped, so that the sender
/// sees the answer instead of a broken connection.
pub(super) async fn read<'a>(
    room: &'a Room,
    payload: &mut Payload,
    limit: usize,
) -> Result<Body<'a>, Unread> {
    let mut share = room.share(ALWAYS);
    let mut body = BytesMut::new();
    let mut seen = 0;
    let mut fits = true;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unread::Incomplete)?;
        seen += chunk.len();
        fits = fits && seen <= limit && share.grow(chunk.len());
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

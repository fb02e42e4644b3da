//! Room in memory for bytes that others send: for one, and for all together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Room for all that are read at once.
#[derive(Debug)]
pub struct Room {
    most: usize,
    taken: AtomicUsize,
}

/// What one of them takes; given back when it is dropped.
#[derive(Debug)]
pub struct Share<'a> {
    room: &'a Room,
    /// So many bytes are its own whatever others hold.
    free: usize,
    bytes: usize,
}

impl Room {
    /// Room for so many bytes.
    pub fn new(most: usize) -> Self {
        Self { most, taken: AtomicUsize::new(0) }
    }

    /// A share of it. The first `free` bytes are always there: what is small has to get through
    /// beside those who fill the memory.
    pub fn share(&self, free: usize) -> Share<'_> {
        Share { room: self, free, bytes: 0 }
    }
}

impl Share<'_> {
    /// Whether it may be so much larger.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let grown = self.bytes.saturating_add(bytes);
        let more = self.counted(grown) - self.counted(self.bytes);
        let taken = self.room.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            Some(taken.saturating_add(more)).filter(|taken| more == 0 || *taken <= self.room.most)
        });
        if taken.is_ok() {
            self.bytes = grown;
        }
        taken.is_ok()
    }

    /// What it held is gone.
    pub fn give_back(&mut self) {
        self.room.taken.fetch_sub(self.counted(self.bytes), Ordering::Relaxed);
        self.bytes = 0;
    }

    fn counted(&self, bytes: usize) -> usize {
        bytes.saturating_sub(self.free)
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
        let mut one = room.share(0);
        assert!(one.grow(60) && one.grow(20));
        let mut other = room.share(0);
        assert!(other.grow(0), "nothing always fits");
        assert!(other.grow(20) && !other.grow(1));
        drop(one);
        assert!(other.grow(80) && !other.grow(1));
        other.give_back();
        assert_eq!(room.taken.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_small_fits_whatever_others_hold() {
        let room = Room::new(100);
        let mut large = room.share(10);
        assert!(large.grow(110) && !large.grow(1));
        let mut small = room.share(10);
        assert!(small.grow(4) && small.grow(6) && !small.grow(1));
        large.give_back();
        assert!(small.grow(100) && !small.grow(1));
        drop(small);
        assert_eq!(room.taken.load(Ordering::Relaxed), 0);
    }
}

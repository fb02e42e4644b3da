//! Where a look into lists stands: nobody writes meanwhile, so that a number is enough.

use crate::moving::Place;

/// A place in lists: partition, owner, list, rank.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct At {
    pub(super) partition: u8,
    pub(super) owner: usize,
    pub(super) list: usize,
    pub(super) rank: usize,
}

impl At {
    /// As it was written; the first one where it was not.
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = text.split('.').map(|part| part.parse::<usize>().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let partition = u8::try_from(next()).unwrap_or(u8::MAX);
        Self { partition, owner: next(), list: next(), rank: next() }
    }

    /// As it is written.
    pub(super) fn shown(self, part: u8) -> Place {
        let Self { partition, owner, list, rank } = self;
        Place { part, at: format!("{partition}.{owner}.{list}.{rank}") }
    }
}

//! The kinds of worlds there are.

/// What a world is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One relay, whose webhooks say all.
    Alone,
    /// One relay that has to ask what its webhooks are about.
    Asking,
    /// One relay whose clock jumps.
    Jumping,
    /// Two or three relays on one store.
    Several,
    /// The same, and they have to ask.
    SeveralAsking,
    /// The same, each with a clock of its own that jumps.
    SeveralJumping,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Alone,
        Self::Asking,
        Self::Jumping,
        Self::Several,
        Self::SeveralAsking,
        Self::SeveralJumping,
    ];

    /// Whether webhooks only point to what they are about.
    pub(crate) fn asks(self) -> bool {
        match self {
            Self::Asking | Self::SeveralAsking => true,
            Self::Alone | Self::Jumping | Self::Several | Self::SeveralJumping => false,
        }
    }

    /// Whether several relays share the store.
    pub fn has_several(self) -> bool {
        match self {
            Self::Several | Self::SeveralAsking | Self::SeveralJumping => true,
            Self::Alone | Self::Asking | Self::Jumping => false,
        }
    }

    /// Whether clocks jump.
    pub(crate) fn jumps(self) -> bool {
        match self {
            Self::Jumping | Self::SeveralJumping => true,
            Self::Alone | Self::Asking | Self::Several | Self::SeveralAsking => false,
        }
    }
}

//! What is unfinished, and has nobody who would ever come to it.

/// What was found, by what would never have happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrphanKind {
    /// A receipt that waits in no queue: it would never be decided.
    Receipt,
    /// A receipt about which something is to be asked, and nobody would.
    Question,
    /// A receipt whose facts are parked without an end.
    Fact,
    /// An unsent message that nobody would send.
    Message,
    /// An order whose time would never come.
    Order,
}

impl OrphanKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Receipt, Self::Question, Self::Fact, Self::Message, Self::Order];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Question => "question",
            Self::Fact => "fact",
            Self::Message => "message",
            Self::Order => "order",
        }
    }
}

/// One thing that was found and put back where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// What it is.
    pub kind: OrphanKind,
    /// Its id: of a receipt, a message or an order.
    pub id: String,
}

/// How far a sweep came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// What it found, and has put back.
    pub found: Vec<Orphan>,
    /// Where it goes on; nothing when it came to the end.
    pub next: Option<String>,
}

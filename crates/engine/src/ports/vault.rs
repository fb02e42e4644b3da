//! Small things that are kept beside the books: tokens, objections, incidents, what was heard.

use async_trait::async_trait;
use bytes::Bytes;
use parcelwire_domain::id::MerchantId;

use super::ledger::LedgerResult;

/// What kind of thing lies there. Its name is part of the data: it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// Who is heard how often, and when the relay was alive.
    Hearing,
    /// Tokens of the API, each under its id.
    Token,
    /// When each was last used: apart, so that noting a use brings no revoked one back.
    TokenUse,
    /// What is wrong, and who is still to be told.
    Incident,
    /// Who has objected to hearing from a merchant, and which merchants somebody objected to.
    Objection,
}

impl Shelf {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Hearing, Self::Token, Self::TokenUse, Self::Incident, Self::Objection];

    /// Its name in a store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hearing => "hearing",
            Self::Token => "token",
            Self::TokenUse => "token_use",
            Self::Incident => "incident",
            Self::Objection => "objection",
        }
    }
}

/// Where a thing lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// What kind of thing it is.
    pub shelf: Shelf,
    /// Whose it is: a merchant's, or the whole relay's.
    pub of: Option<MerchantId>,
    /// Its name on the shelf; may be empty where there is only one.
    pub key: String,
}

/// A drawer for small things, each written whole. The last write of a place counts, and repeating it
/// is harmless. No lease guards it: whoever writes has to be the only one, or not mind.
#[async_trait]
pub trait Vault: Send + Sync {
    /// What lies at these places, in their order.
    async fn kept(&self, places: Vec<Place>) -> LedgerResult<Vec<Option<Bytes>>>;

    /// Puts things there, or takes them away (`None`). Those of one owner are written together.
    async fn keep(&self, things: Vec<(Place, Option<Bytes>)>) -> LedgerResult<()>;

    /// What lies on a shelf of an owner, with its key: ascending by the bytes of the keys, at most
    /// `limit`, those behind `after`.
    async fn shelf(
        &self,
        shelf: Shelf,
        of: Option<MerchantId>,
        after: Option<String>,
        limit: usize,
    ) -> LedgerResult<Vec<(String, Bytes)>>;
}

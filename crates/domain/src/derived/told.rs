//! What was told of an order that no source stated.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{OccurrenceId, ParcelId, ReturnId},
    order::Subject,
    taxonomy::Derived,
};

/// An occasion that fired. It never fires again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which trigger.
    pub(crate) derived: Derived,
    /// Of what; `None` for the order as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<Whose>,
    /// What it happens once for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) once: String,
    /// Its id.
    pub(crate) occurrence: OccurrenceId,
    /// When it fired.
    pub(crate) at: Timestamp,
    /// Since when nothing had been heard; for what follows from facts, when they happened.
    pub(crate) since: Timestamp,
    /// It was so when the order was imported: nobody was told, and nobody will be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) past: bool,
}

/// A parcel or a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whose {
    Parcel(ParcelId),
    Return(ReturnId),
}

impl Told {
    /// Whether it was told of one that is, or was, called so; with no name, of the order.
    pub(crate) fn is_of(&self, known_as: Option<&[Subject]>) -> bool {
        match (self.of, known_as) {
            (None, None) => true,
            (Some(of), Some(known_as)) => {
                known_as.iter().any(|subject| Whose::of(*subject) == Some(of))
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }
}

impl Whose {
    pub(crate) fn of(subject: Subject) -> Option<Self> {
        match subject {
            Subject::Order(_) => None,
            Subject::Parcel(id) => Some(Self::Parcel(id)),
            Subject::Return(id) => Some(Self::Return(id)),
        }
    }
}

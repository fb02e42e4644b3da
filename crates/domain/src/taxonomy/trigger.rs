//! What is sent to a marketing tool: a status that passed the rules, or a derived trigger.

use super::{Derived, Status};

/// A trigger under its canonical name; the merchant chooses the name that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A status.
    Status(Status),
    /// A derived trigger.
    Derived(Derived),
}

impl Trigger {
    /// All triggers that can be sent: every status but `unknown`, then the derived ones.
    pub fn all() -> impl Iterator<Item = Self> {
        let statuses = Status::ALL.iter().filter(|status| **status != Status::Unknown);
        statuses
            .map(|status| Self::Status(*status))
            .chain(Derived::ALL.iter().map(|derived| Self::Derived(*derived)))
    }

    /// The canonical name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status(status) => status.name(),
            Self::Derived(derived) => derived.row().name,
        }
    }

    /// The trigger of this canonical name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|trigger| trigger.name() == name)
    }

    /// Whether it is sent unless switched off.
    pub fn on_by_default(self) -> bool {
        match self {
            Self::Status(status) => status.row().on,
            Self::Derived(derived) => derived.row().on,
        }
    }

    /// The default metric name in English and German.
    pub fn default_names(self) -> (&'static str, &'static str) {
        match self {
            Self::Status(status) => (status.row().en, status.row().de),
            Self::Derived(derived) => (derived.row().en, derived.row().de),
        }
    }
}

impl serde::Serialize for Trigger {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Trigger {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format_args!("no trigger is named `{name}`")))
    }
}

//! What a source can bring at all, and what its table knows, whatever comes in.

use std::collections::BTreeSet;

use parcelwire_domain::taxonomy::Status;

use super::{SourceConnector, rule::Rule, statuses::Say};
use crate::coverage::Brings;

/// The fields of an event that name who is to be told.
const RECIPIENT: [&str; 3] = ["email", "phone", "external_id"];

impl SourceConnector {
    /// The statuses it may state as news, and whether it may name a recipient. What is only
    /// remembered is no news.
    pub fn brings(&self) -> Brings {
        let mut statuses = BTreeSet::new();
        for rule in &self.rules {
            rule.may_state(&self.statuses, &mut statuses);
        }
        let names = |rule: &Rule| RECIPIENT.iter().any(|field| rule.brings(field));
        Brings { statuses, recipient: self.rules.iter().any(names) }
    }

    /// Whether its table has a row for this code.
    pub fn knows(&self, code: &str) -> bool {
        self.statuses.look_up(code).is_some()
    }

    /// What its table says of a code, unless that is to be ignored.
    pub fn status_of(&self, code: &str) -> Option<Status> {
        match self.statuses.look_up(code)? {
            Say::This(meaning) => Some(meaning.status),
            Say::Ignore => None,
        }
    }
}

//! What an answer comes to, for a message or for many, and how it is told.

use jiff::Timestamp;

use super::{ready::Inner, slot::Slot};
use crate::{
    ask::{Read, with_wait},
    blocks::outcome::Verdict,
    expr::Val,
};

/// Longest text of a detail.
const MAX_DETAIL_CHARS: usize = 300;

/// What a status means where a file says nothing else.
pub(super) fn usual(status: u16) -> Verdict {
    match status {
        // A redirect is never followed: the address in the settings is not the right one.
        300..=399 => Verdict::SettingsWrong,
        status => Verdict::of_status(status),
    }
}

impl Inner {
    /// The verdict on an answer: by the slot's rules, the file's, or the usual.
    pub(super) fn judge(
        &self,
        slot: &Slot,
        usual: Verdict,
        read: &Read<'_>,
        now: Timestamp,
    ) -> Verdict {
        let judged = slot.answers.judge(read, &self.settings);
        let judged = judged.or_else(|| self.connector.answers.judge(read, &self.settings));
        with_wait(judged.unwrap_or(usual), &self.connector.throttles, read.answer, now)
    }

    /// Whether an answer says that what the lookup found is wrong.
    pub(super) fn forgets(&self, slot: &Slot, read: &Read<'_>) -> bool {
        let own = slot.answers.forgets(read, &self.settings);
        own.or_else(|| self.connector.answers.forgets(read, &self.settings)).unwrap_or(false)
    }

    /// What an answer says, in words for people.
    pub(super) fn detail(&self, read: &Read<'_>) -> String {
        let status = read.answer.status;
        if (300..=399).contains(&status) {
            return format!("answered {status}: a redirect, which is never followed");
        }
        let env = read.env();
        let said = self.connector.error.as_ref().map(|error| error.eval(&env));
        self.told(status, &said.unwrap_or_default())
    }

    /// The same with what was said elsewhere in the answer.
    pub(super) fn told(&self, status: u16, said: &Val<'_>) -> String {
        let Some(said) = said.as_text() else { return format!("answered {status}") };
        let said: String = without_addresses(&said).chars().take(MAX_DETAIL_CHARS).collect();
        format!("answered {status}: {}", self.mask(&said))
    }
}

/// What a destination says of an error may repeat the customer's address.
fn without_addresses(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.contains('@') { "****" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

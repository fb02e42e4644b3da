//! What became of a message.

use jiff::Timestamp;
use parcelwire_domain::taxonomy::Trigger;

use super::{
    super::story::Message,
    rules::of_message,
    voice::{Both, Voice},
};
use crate::ports::StoryDecision;

impl Voice {
    /// One message. `made_by` is the decision that made it, where that is known.
    pub(super) fn message(
        &self,
        message: &Message,
        made_by: Option<&StoryDecision>,
        now: Timestamp,
    ) -> String {
        let held = made_by.and_then(|decision| decision.until);
        let line = Self::line(made_by.and_then(|decision| decision.line.as_deref()));
        let fate = match message.state.as_str() {
            "sent" => self.sent(message, held),
            "dead" => self.ended(message, ["given up on {}: {}", "aufgegeben am {}: {}"]),
            "cancelled" => self.cancelled(message),
            _ => self.waits(message, held, now),
        };
        let name = message.name.as_deref().unwrap_or(message.trigger.name());
        format!("{}{line}", self.fill(["“{}” {}", "„{}“ {}"], &[name, &fate]))
    }

    fn sent(&self, message: &Message, held: Option<Timestamp>) -> String {
        let at = self.at(message.ended_at.unwrap_or(message.created_at));
        let mut said = if message.backfill {
            let recorded = "recorded on {} as something past: it starts nothing";
            self.fill([recorded, "am {} als Vergangenes festgehalten: löst nichts aus"], &[&at])
        } else {
            self.fill(["sent on {}", "gesendet am {}"], &[&at])
        };
        if let Some(held) = held.filter(|_| !message.backfill) {
            let until = self.at(held);
            said +=
                &self.fill([", after it was held until {}", ", bis {} zurückgehalten"], &[&until]);
        }
        said + &self.tries(message)
    }

    fn waits(&self, message: &Message, held: Option<Timestamp>, now: Timestamp) -> String {
        let next = self.at(message.not_before);
        if let Some(paused) = &message.paused {
            let (since, until) = (self.at(paused.since), self.at(paused.until));
            let waits: Both = [
                "waits: {}, since {}; tried again on {}, or at once under other settings",
                "wartet: {}, seit {}; neuer Versuch am {}, mit anderen Einstellungen sofort",
            ];
            return self.fill(waits, &[&self.why(&paused.why), &since, &until]);
        }
        if message.attempts > 0 {
            let last = message.last.as_ref().map_or("again", |last| last.verdict.as_str());
            let waits: Both = ["waits: {}; next try on {}", "wartet: {}; nächster Versuch am {}"];
            return self.fill(waits, &[&self.why(last), &next]) + &self.tries(message);
        }
        if held.is_some() && message.not_before > now {
            let waits: Both = [
                "held until {}, in case something better comes first",
                "zurückgehalten bis {}, falls vorher etwas Besseres kommt",
            ];
            return self.fill(waits, &[&next]);
        }
        self.pick(["waits for its turn", "wartet, bis sie an der Reihe ist"]).to_owned()
    }

    fn cancelled(&self, message: &Message) -> String {
        let is_superseded = message.why.as_deref() == Some("superseded");
        let at = self.at(message.ended_at.unwrap_or(message.created_at));
        if is_superseded && matches!(message.trigger, Trigger::Derived(_)) {
            let refuted: Both = [
                "not sent, taken back on {}: what became known refutes it{}",
                "nicht gesendet, zurückgenommen am {}: Bekanntgewordenes widerlegt sie{}",
            ];
            return self.fill(refuted, &[&at, &self.by(message)]);
        }
        let taken: Both =
            ["not sent, taken back on {}: {}{}", "nicht gesendet, zurückgenommen am {}: {}{}"];
        let why = self.why(message.why.as_deref().unwrap_or_default());
        self.fill(taken, &[&at, &why, &self.by(message)])
    }

    /// The fact that took its place.
    fn by(&self, message: &Message) -> String {
        let by = message.superseded_by.as_deref();
        by.map(|status| format!(": {}", self.name(status))).unwrap_or_default()
    }

    fn ended(&self, message: &Message, sentence: Both) -> String {
        let at = self.at(message.ended_at.unwrap_or(message.created_at));
        let why = self.why(message.why.as_deref().unwrap_or_default());
        self.fill(sentence, &[&at, &why]) + &self.tries(message)
    }

    /// How often it was tried, and the last answer.
    fn tries(&self, message: &Message) -> String {
        let Some(last) = &message.last else { return String::new() };
        let tries = self.count(message.attempts, ["try", "Versuch"], ["tries", "Versuche"]);
        let said = match &last.answer {
            Some(answer) => {
                let sentence = ["{}, the last one answered {}", "{}, letzte Antwort {}"];
                self.fill(sentence, &[&tries, answer])
            }
            None => tries,
        };
        let detail =
            Some(&last.detail).filter(|detail| !detail.is_empty() && last.verdict != "sent");
        match detail {
            Some(detail) => format!(" ({said}: {detail})"),
            None => format!(" ({said})"),
        }
    }

    fn why(&self, why: &str) -> String {
        of_message(why).map_or_else(|| why.to_owned(), |both| self.pick(both).to_owned())
    }
}

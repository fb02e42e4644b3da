//! Sentences, in English and German, made of the structured form alone. Pure.

mod message;
mod planned;
mod rules;
mod voice;

#[cfg(test)]
mod tests;

use parcelwire_domain::order::Stands;

use super::story::{Entry, Explained, Message, OrderStory, Recipient, Unknown};
use crate::ports::StoryDecision;
use voice::{Both, Voice};

pub use voice::Language;

/// Whether there are words for a rule's name.
pub(crate) fn is_known_rule(rule: &str) -> bool {
    rules::of_decision(rule).is_some()
}

/// A tool's own words may name whom it was told to write to: texts show nobody in full.
fn hushed(text: String, recipient: &Recipient) -> String {
    let masked = recipient.masked();
    let pairs = [(&recipient.email, masked.email), (&recipient.phone, masked.phone)];
    pairs.into_iter().fold(text, |text, pair| match pair {
        (Some(whole), Some(masked)) => text.replace(whole.as_str(), &masked),
        (None, _) | (_, None) => text,
    })
}

/// Writes all texts.
pub(super) fn tell(explained: &mut Explained, language: Language) {
    let voice = Voice::of(language, &explained.timezone);
    let now = explained.now;
    for order in &mut explained.orders {
        for n in 0..order.messages.len() {
            let id = order.messages[n].id;
            let decisions = order.entries.iter().flat_map(|entry| &entry.decisions);
            let made_by = decisions.into_iter().find(|decision| decision.message == Some(id));
            let text = voice.message(&order.messages[n], made_by, now);
            order.messages[n].text = hushed(text, &order.recipient);
        }
        for n in 0..order.entries.len() {
            order.entries[n].text = voice.entry(order, n);
        }
        for planned in &mut order.planned {
            planned.text = voice.planned(planned);
        }
    }
    explained.text = voice.whole(explained);
}

impl Voice {
    fn whole(&self, explained: &Explained) -> String {
        let (asked, merchant) = (explained.asked.as_str(), explained.merchant.as_str());
        let zone = explained.timezone.as_str();
        let mut said = String::new();
        if let Some(unknown) = &explained.unknown {
            said += &self.unknown(unknown, asked, merchant);
        }
        if explained.orders.len() > 1 {
            let count = explained.orders.len().to_string();
            let several: Both = ["{} orders go by “{}”:", "{} Bestellungen heißen „{}“:"];
            said.extend([self.fill(several, &[&count, asked]).as_str(), "\n\n"]);
        }
        let orders: Vec<String> =
            explained.orders.iter().map(|order| self.order(order, asked, merchant, zone)).collect();
        said += &orders.join("\n\n");
        said.trim_end().to_owned()
    }

    fn order(&self, order: &OrderStory, asked: &str, merchant: &str, zone: &str) -> String {
        let number = order.order_number.as_deref().unwrap_or(asked);
        let head: Both = ["Order {} of {} (times in {})", "Bestellung {} von {} (Zeiten in {})"];
        let mut said = self.fill(head, &[number, merchant, zone]);
        said += &self.person(order);
        for (kind, label) in NAMES {
            let names = order.names.iter().filter(|(of, _)| *of == kind);
            let names: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
            if !names.is_empty() {
                said.extend(["\n", self.pick(label), ": ", &names.join(", ")]);
            }
        }
        if order.cut {
            let cut: Both = ["Older events are left out.", "Ältere Ereignisse sind weggelassen."];
            said.extend(["\n", self.pick(cut)]);
        }
        for entry in &order.entries {
            said.extend(["\n\n", &entry.text]);
        }
        self.others(order, &mut said);
        self.next(order, &mut said);
        said
    }

    fn person(&self, order: &OrderStory) -> String {
        let masked = order.recipient.masked();
        let known = [masked.email, masked.phone, masked.external_id].into_iter().flatten().next();
        match known {
            Some(known) => self.fill(["\nRecipient: {}", "\nEmpfänger: {}"], &[&known]),
            None => self
                .pick([
                    "\nRecipient: not known yet, so nothing can be sent",
                    "\nEmpfänger: noch nicht bekannt, deshalb geht nichts hinaus",
                ])
                .to_owned(),
        }
    }

    /// Messages that no shown event made.
    fn others(&self, order: &OrderStory, said: &mut String) {
        let is_shown = |message: &Message| {
            let mut decisions = order.entries.iter().flat_map(|entry| &entry.decisions);
            decisions.any(|decision| decision.message == Some(message.id))
        };
        let others: Vec<&Message> =
            order.messages.iter().filter(|message| !is_shown(message)).collect();
        if others.is_empty() {
            return;
        }
        said.extend(["\n\n", self.pick(["Other messages:", "Weitere Nachrichten:"])]);
        for message in others {
            said.extend(["\n  ", message.destination.as_str(), ": ", &message.text]);
        }
    }

    fn next(&self, order: &OrderStory, said: &mut String) {
        let (off, on): (Vec<_>, Vec<_>) =
            order.planned.iter().partition(|planned| planned.stands == Stands::Off);
        for (heading, planned) in [
            (["What comes next:", "Was als Nächstes kommt:"], on),
            (["What is switched off:", "Was abgeschaltet ist:"], off),
        ] {
            if planned.is_empty() {
                continue;
            }
            said.extend(["\n\n", self.pick(heading)]);
            for planned in planned {
                said.extend(["\n  ", &planned.text]);
            }
        }
        let look = match order.next_look {
            Some(at) => {
                let at = self.at(at);
                self.fill(["The order is looked at next on {}.", "Die Bestellung wird das nächste Mal am {} angesehen."], &[&at])
            }
            None => self
                .pick([
                    "Nothing is planned: the order is looked at when something is heard of it.",
                    "Nichts ist geplant: Die Bestellung wird angesehen, wenn etwas von ihr zu hören ist.",
                ])
                .to_owned(),
        };
        said.extend(["\n\n", &look]);
    }

    /// What was heard, or what followed; below it what it came to.
    fn entry(&self, order: &OrderStory, place: usize) -> String {
        let entry = &order.entries[place];
        let mut said = self.at(entry.at);
        said += "  ";
        said += &self.name(&entry.status);
        if let Some(reason) = &entry.reason {
            said.extend([", ", reason]);
        }
        if let Some(subject) = &entry.subject {
            said.extend([", ", subject]);
        }
        said += &self.origin(entry);
        if entry.orders_joined > 0 {
            let joined: Both = [
                "\n  this showed that what were two orders are one",
                "\n  dadurch zeigte sich, dass zwei Bestellungen eine sind",
            ];
            said += self.pick(joined);
        }
        if let Some(until) = entry.waited_until {
            let waited: Both = [
                "\n  parked until {}: before that nobody was known to whom it could be told",
                "\n  geparkt bis {}: Vorher war nicht bekannt, wem es zu melden ist",
            ];
            said += &self.fill(waited, &[&self.at(until)]);
        }
        if entry.decisions.is_empty() {
            said.extend(["\n  ", &self.rule(&entry.rule, "", None)]);
            if let Some(until) = entry.parked_until {
                let until = self.at(until);
                said += &self.fill(["; until {} at most", "; längstens bis {}"], &[&until]);
            }
        }
        for decision in &entry.decisions {
            said.extend(["\n  ", &self.decision(order, place, decision)]);
        }
        said
    }

    /// Who said it, or that nobody did.
    fn origin(&self, entry: &Entry) -> String {
        if entry.derived {
            let due = self.at(entry.occurred_at);
            let woke: Both = [
                ", said by nobody: it followed when its time had come, on {}",
                ", von niemandem gesagt: Es folgte, als die Zeit dafür gekommen war, am {}",
            ];
            return self.fill(woke, &[&due]);
        }
        let mut said = String::new();
        let apart = entry.at.as_second() - entry.occurred_at.as_second();
        if apart.abs() >= 60 {
            let at = self.at(entry.occurred_at);
            said += &self.fill([", happened on {}", ", geschehen am {}"], &[&at]);
        }
        if let Some(source) = &entry.source {
            said += &self.fill([", said by {}", ", gesagt von {}"], &[source]);
        }
        if let Some(code) = &entry.raw_code {
            said += &self.fill([" as “{}”", " als „{}“"], &[code]);
        }
        said + &Self::line(entry.line.as_deref())
    }

    /// What a trigger came to at a destination.
    fn decision(&self, order: &OrderStory, place: usize, decision: &StoryDecision) -> String {
        let entry = &order.entries[place];
        let mut about = Vec::new();
        about.extend(decision.destination.as_ref().map(ToString::to_string));
        if decision.trigger.name() != entry.status {
            about.push(self.name(decision.trigger.name()));
        }
        let about = if about.is_empty() { String::new() } else { about.join(", ") + ": " };
        let made =
            decision.message.and_then(|id| order.messages.iter().find(|message| message.id == id));
        let came_to = match (decision.decision.as_str(), made) {
            (_, Some(message)) => message.text.clone(),
            ("message", None) => {
                self.pick(["a message was made", "eine Nachricht wurde erzeugt"]).to_owned()
            }
            ("repeated", None) => self.repeated(order, place, decision),
            (rule, None) => self.rule(rule, &decision.detail, decision.line.as_deref()),
        };
        let until = decision.until.filter(|_| decision.decision != "message");
        let until = until.map(|until| {
            let until = self.at(until);
            self.fill(["; looked at again on {}", "; wird am {} wieder angesehen"], &[&until])
        });
        format!("{about}{came_to}{}", until.unwrap_or_default())
    }

    /// Who said it first.
    fn repeated(&self, order: &OrderStory, place: usize, decision: &StoryDecision) -> String {
        let merged = self.rule("repeated", "", None);
        let is_same = |other: &StoryDecision| {
            other.trigger == decision.trigger
                && other.destination == decision.destination
                && other.message.is_some()
        };
        // Of the same parcel, where both name one.
        let own = order.entries[place].subject.as_ref();
        let may_be = |entry: &&Entry| {
            own.is_none() || entry.subject.is_none() || entry.subject.as_ref() == own
        };
        let before = order.entries.iter().take(place).rev().filter(may_be);
        let first = before
            .filter(|entry| entry.decisions.iter().any(is_same))
            .find_map(|entry| Some((entry.source.as_deref()?, self.at(entry.at))));
        match first {
            Some((source, at)) => {
                let first: Both =
                    ["{} (first said by {} on {})", "{} (zuerst gesagt von {} am {})"];
                self.fill(first, &[&merged, source, &at])
            }
            None => merged,
        }
    }

    /// Why nothing came of it.
    fn rule(&self, rule: &str, detail: &str, line: Option<&str>) -> String {
        // Too old is by a limit of the files; behind a later step is by none.
        let is_too_old = rule == "late" && detail.starts_with("too old");
        let rule = if is_too_old { "too_old" } else { rule };
        let said = rules::of_decision(rule).map_or_else(
            || self.fill(["stopped by the rule “{}”", "angehalten von der Regel „{}“"], &[rule]),
            |both| self.pick(both).to_owned(),
        );
        let detail = particular(rule, detail);
        let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        let has_default = matches!(rule, "off" | "too_old");
        let by_default = self.pick([" [by default]", " [Voreinstellung]"]);
        let line = match line {
            None if has_default => by_default.to_owned(),
            line => Self::line(line),
        };
        format!("{said}{detail}{line}")
    }

    fn unknown(&self, unknown: &Unknown, asked: &str, merchant: &str) -> String {
        let nothing: Both = [
            "No webhook named “{}”: {} has no order, parcel or return that goes by it.\n",
            "Kein Webhook hat „{}“ genannt: {} hat keine Bestellung, Sendung oder Retoure, die so heißt.\n",
        ];
        let mut said = self.fill(nothing, &[asked, merchant]);
        for refused in &unknown.refused {
            let count = self.count(
                refused.count,
                ["request was", "Anfrage wurde"],
                ["requests were", "Anfragen wurden"],
            );
            let sentence: Both = [
                "{} refused at the source {} ({}), the last one on {}; what they said is not kept.\n",
                "{} an der Quelle {} abgewiesen ({}), zuletzt am {}; ihr Inhalt ist nicht aufgehoben.\n",
            ];
            let last = self.at(refused.last_at);
            said += &self.fill(sentence, &[&count, &refused.source, &refused.code, &last]);
        }
        for (count, both) in [
            (
                unknown.waiting,
                [
                    "Not looked into yet: {}; ask again soon.\n",
                    "Noch nicht angesehen: {}; bald noch einmal fragen.\n",
                ],
            ),
            (
                unknown.failed,
                [
                    "Failed: {} of which nothing could be made (list `receipts?status=failed`).\n",
                    "Gescheitert: {}, aus denen sich nichts machen ließ (Liste `receipts?status=failed`).\n",
                ],
            ),
        ] {
            if count > 0 {
                let receipts = self.count(count, ["receipt", "Eingang"], ["receipts", "Eingänge"]);
                said += &self.fill(both, &[&receipts]);
            }
        }
        said
    }
}

/// The names of an order with their headings.
const NAMES: [(&str, Both); 4] = [
    ("order_id", ["Order ids", "Bestell-Kennungen"]),
    ("tracking_number", ["Tracking numbers", "Sendungsnummern"]),
    ("parcel_id", ["Parcel ids", "Sendungs-Kennungen"]),
    ("return_id", ["Return ids", "Retouren-Kennungen"]),
];

/// What a rule's details add to its sentence: the condition, the field, the name. They are no
/// sentences, so that they fit into any language.
fn particular<'d>(rule: &str, detail: &'d str) -> Option<&'d str> {
    let between = |start: &str, end: &str| {
        let rest = detail.split_once(start)?.1;
        Some(rest.split_once(end)?.0)
    };
    match rule {
        "when" => detail.strip_suffix(" does not hold"),
        "when unknown" => detail
            .strip_suffix(", which is not known")
            .map(|said| said.rsplit_once(" needs ").map_or(said, |(_, missing)| missing)),
        "source_silent" => between("the source ", " is quiet"),
        "carrier_silent" => between("of parcels of ", " for longer"),
        _ => None,
    }
}

//! How things are said in one language: times in the merchant's zone, lengths of time, names.

use jiff::{Timestamp, tz::TimeZone};
use parcelwire_domain::{label::status_label, taxonomy::Trigger};

/// A language of explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
}

impl Language {
    /// Reads `en` or `de`, and what begins so, as in `de-AT`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "de" => Some(Self::De),
            _ => None,
        }
    }
}

/// Both forms of a sentence.
pub(super) type Both = [&'static str; 2];

/// One language, one zone.
pub(super) struct Voice {
    pub(super) language: Language,
    pub(super) zone: TimeZone,
}

const DAYS: [&str; 7] = ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."];

impl Voice {
    pub(super) fn of(language: Language, zone: &str) -> Self {
        Self { language, zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC) }
    }

    pub(super) fn pick<T>(&self, [english, german]: [T; 2]) -> T {
        match self.language {
            Language::En => english,
            Language::De => german,
        }
    }

    /// A sentence with what belongs into its `{}`, in turn.
    pub(super) fn fill(&self, sentence: Both, with: &[&str]) -> String {
        let mut parts = self.pick(sentence).split("{}");
        let mut said = parts.next().unwrap_or_default().to_owned();
        for (part, value) in parts.zip(with) {
            said.push_str(value);
            said.push_str(part);
        }
        said
    }

    /// A time in the merchant's zone.
    pub(super) fn at(&self, at: Timestamp) -> String {
        let there = at.to_zoned(self.zone.clone());
        match self.language {
            Language::En => there.strftime("%a %-d %b %Y, %H:%M").to_string(),
            Language::De => {
                let day = there.weekday().to_monday_zero_offset();
                let day = usize::try_from(day).ok().and_then(|day| DAYS.get(day));
                let day = day.copied().unwrap_or_default();
                format!("{day} {}", there.strftime("%d.%m.%Y, %H:%M"))
            }
        }
    }

    /// A length of time as files write it: `12h`, `3d`, `3bd`.
    pub(super) fn wait(&self, wait: &str) -> String {
        let digits = wait.find(|c: char| !c.is_ascii_digit()).unwrap_or(wait.len());
        let (count, unit) = wait.split_at(digits);
        let (one, many): (Both, Both) = match unit {
            "h" => (["hour", "Stunde"], ["hours", "Stunden"]),
            "m" => (["minute", "Minute"], ["minutes", "Minuten"]),
            "s" => (["second", "Sekunde"], ["seconds", "Sekunden"]),
            "d" => (["day", "Tag"], ["days", "Tage"]),
            "bd" => (["business day", "Werktag"], ["business days", "Werktage"]),
            _ => return wait.to_owned(),
        };
        format!("{count} {}", self.pick(if count == "1" { one } else { many }))
    }

    /// A status or trigger as people call it, with its name in files.
    pub(super) fn name(&self, status: &str) -> String {
        match Trigger::parse(status) {
            Some(trigger) => {
                let language = self.pick(["en", "de"]);
                format!("{} ({status})", status_label(trigger, language))
            }
            None if status == "unknown" => {
                self.pick(["Unknown status", "Unbekannter Status"]).into()
            }
            None => status.to_owned(),
        }
    }

    /// How many of something.
    pub(super) fn count(&self, count: u64, one: Both, many: Both) -> String {
        format!("{count} {}", self.pick(if count == 1 { one } else { many }))
    }

    /// Where it stands in the files; nothing for what no file says.
    pub(super) fn line(line: Option<&str>) -> String {
        line.map(|line| format!(" [{line}]")).unwrap_or_default()
    }
}

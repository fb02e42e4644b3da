//! What is said of an incident, in plain words: what happened, what it means, what to do next. No word
//! comes from a webhook, no secret and no address is named.

mod de;
mod en;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use parcelwire_domain::incident::{Incident, Kind, Language, News};

use super::facts::Case;

/// The sentences of one incident.
pub(super) struct Words {
    /// In one line.
    pub(super) title: String,
    /// What it means, for customers first.
    pub(super) means: String,
    /// What to do next.
    pub(super) next: String,
}

pub(super) fn words(case: &Case<'_>, language: Language) -> Words {
    match language {
        Language::En => en::words(case),
        Language::De => de::words(case),
    }
}

/// The words around them.
struct Frame {
    over: &'static str,
    since: &'static str,
    until: &'static str,
    merchant: &'static str,
    means: &'static str,
    next: &'static str,
    goes_on: &'static str,
    ended: &'static str,
}

fn frame(language: Language) -> &'static Frame {
    match language {
        Language::En => &en::FRAME,
        Language::De => &de::FRAME,
    }
}

/// A subject line.
pub(super) fn subject(case: &Case<'_>, news: News, language: Language) -> String {
    let whose = case.merchant.map(|(id, _)| format!(" {id}:")).unwrap_or_default();
    let over = match news {
        News::Opened => String::new(),
        News::Ended => format!(" {}:", frame(language).over),
    };
    format!("[parcelwire]{over}{whose} {}", words(case, language).title)
}

/// A whole text.
pub(super) fn text(case: &Case<'_>, incident: &Incident, news: News, language: Language) -> String {
    let (words, frame) = (words(case, language), frame(language));
    let time = |at: Timestamp| case.time(at, language);
    let mut text = String::new();
    let mut line = |parts: &[&str]| {
        text.push_str(&parts.concat());
        text.push('\n');
    };
    match news {
        News::Opened => line(&[&words.title, "."]),
        News::Ended => line(&[frame.over, ": ", &words.title, "."]),
    }
    line(&[]);
    if let Some((id, name)) = case.merchant {
        line(&[frame.merchant, ": ", name, " (", id, ")"]);
    }
    line(&[frame.since, ": ", &time(incident.since)]);
    if let Some(ended) = incident.ended_at().filter(|_| news == News::Ended) {
        line(&[frame.until, ": ", &time(ended)]);
        line(&["\n", frame.ended]);
    } else {
        line(&["\n", frame.means, "\n", &words.means]);
        line(&["\n", frame.next, "\n", &words.next]);
        if incident.kind != Kind::Test {
            line(&["\n", frame.goes_on]);
        }
    }
    line(&["\n-- \nparcelwire, ", &incident.id.to_string()]);
    text
}

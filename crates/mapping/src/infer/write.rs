//! The proposal as text, all but its tests.

use super::{
    Found,
    codes::{Guess, guess},
    hunt::{Find, SURE},
    leaf::Place,
    rule::Rule,
    words::words,
    yaml::{expression, is_plain, scalar},
};

/// Where comments begin, so that they stand below each other.
const COMMENT_AT: usize = 52;

/// A line, and why it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    code: String,
    why: String,
}

impl Line {
    fn print(&self, lead: &str, out: &mut String) {
        let code = format!("{lead}{}", self.code);
        if self.why.is_empty() {
            out.push_str(code.trim_end());
        } else {
            let why: String = self.why.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect();
            out.extend([format!("{code:<COMMENT_AT$}  # {why}")]);
        }
        out.push('\n');
    }
}

/// A line without a comment.
fn bare(code: impl Into<String>) -> Line {
    Line { code: code.into(), why: String::new() }
}

/// A line with its comment.
fn with(code: impl Into<String>, why: impl Into<String>) -> Line {
    Line { code: code.into(), why: why.into() }
}

/// Everything up to the tests.
pub(super) fn head(found: &Found<'_>) -> String {
    let title: Vec<String> = words(found.name).iter().map(|word| capital(word)).collect();
    let files: Vec<&str> = found.samples.iter().map(|sample| sample.name.as_str()).collect();
    let read = scalar(&format!("payloads {}", files.join(", ")));
    let mut lines = vec![
        bare(
            "# Proposed by `parcelwire infer` from what was sent, not from any documentation: read every line.",
        ),
        bare(
            "# Comments say why something is believed; what is not sure enough is a comment itself.",
        ),
        bare(format!("title: {}", scalar(&title.join(" ")))),
        bare("facts:"),
        with(format!("  title: {read}"), "say what you read, and when: read:"),
        bare("  confirmed: unverified"),
        bare("  unverified: [everything in this file]"),
        bare(""),
    ];
    lines.extend(topic(found));
    lines.push(bare(format!("# {}.", found.headers.why)));
    lines.push(bare("verify:"));
    lines.extend(found.headers.verify.iter().map(|one| bare(format!("  {one}"))));
    lines.extend(around(found));
    let mut out = String::new();
    for line in &lines {
        line.print("", &mut out);
    }
    events(found, &mut out);
    for line in statuses(found) {
        line.print("", &mut out);
    }
    out
}

fn topic(found: &Found<'_>) -> Option<Line> {
    if let Some((name, _)) = &found.headers.topic {
        return Some(with(format!("topic: {{ header: {name} }}"), "by its name"));
    }
    let place = found.topic_at.as_ref()?;
    let key = place.steps.first().map(String::as_str).unwrap_or_default();
    let path = scalar(place.expression().trim_start_matches('='));
    let why = format!("\"{key}\" looks like the kind of webhook");
    Some(with(format!("topic: {{ body: {path} }}"), why))
}

/// What is read at the root beside the events.
fn around(found: &Found<'_>) -> Vec<Line> {
    let mut rules = found.rules.iter();
    let read = |key: &str, place: &Place| format!("{key}: {}", expression(&place.expression()));
    let id = if let Some(name) = &found.headers.id {
        with(format!("delivery_id: =headers['{name}']"), "by its name")
    } else if let Some(place) = rules.clone().find_map(|rule| rule.delivery.as_ref()) {
        with(read("delivery_id", place), "by its name; it must differ from webhook to webhook")
    } else if let Some(place) = rules.clone().find_map(|rule| rule.plain_id.as_ref()) {
        with(read("# delivery_id", place), "if it is the webhook's own, not the order's")
    } else {
        with("# delivery_id: …", "nothing looks like it: a repeat is known by its body")
    };
    let mut lines = vec![bare(""), id];
    let zoneless = rules.clone().find_map(|rule| rule.zoneless.as_ref());
    if let Some(place) = rules.find_map(|rule| rule.account.as_ref()) {
        lines.push(with(
            read("# account", place),
            "if one stream brings webhooks of many merchants",
        ));
    }
    if let Some(time) = zoneless {
        let why = format!("{time} carries no offset: which zone is it in?");
        lines.push(with("# timezone: Europe/Berlin", why));
    }
    lines
}

fn events(found: &Found<'_>, out: &mut String) {
    out.push_str("\nevents:\n");
    let mut blocks: Vec<(Vec<String>, Vec<Line>)> = Vec::new();
    for rule in &found.rules {
        let lines = rule_lines(rule, found);
        let topic = rule.topic.iter().map(|topic| scalar(topic));
        match blocks.iter_mut().find(|(_, known)| *known == lines) {
            Some((known, _)) => known.extend(topic),
            None => blocks.push((topic.collect(), lines)),
        }
    }
    let is_list = blocks.len() > 1;
    for (topics, lines) in blocks {
        let topic = match topics.as_slice() {
            [] => None,
            [one] => Some(bare(format!("topic: {one}"))),
            several => Some(bare(format!("topic: [{}]", several.join(", ")))),
        };
        for (at, line) in topic.iter().chain(&lines).enumerate() {
            let lead = match (is_list, at) {
                (true, 0) => "  - ",
                (true, _) => "    ",
                (false, _) => "  ",
            };
            line.print(lead, out);
        }
    }
}

fn rule_lines(rule: &Rule<'_>, found: &Found<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(each) = &rule.each {
        let place = Place { local: None, steps: each.steps.clone(), first: false };
        let list = format!("each: {}", expression(&place.expression()));
        lines.push(with(list, "its elements look like parcels, one event each"));
        lines.push(bare(format!("as: {}", each.local)));
    }
    lines.push(code_line(rule, found));
    let made = |(time, why): &(String, &'static str)| {
        with(format!("occurred_at: {}", expression(time)), *why)
    };
    lines.extend(rule.made.iter().map(made));
    lines.extend(rule.finds.iter().map(find_line));
    if !rule.has_subject() {
        lines.push(bare("# Nothing here surely names an order, a parcel or a return: an event without one cannot be told."));
    }
    if !rule.sure().any(|find| find.field == "email") {
        lines.push(bare(
            "# No e-mail address: the shop, as another source, has to tell whose order it is.",
        ));
    }
    if let Some(items) = &rule.items {
        let field = if rule.is_of_order() { "order_items" } else { "items" };
        lines.push(with(format!("{field}:"), "they have quantities"));
        lines.push(bare(format!("  each: {}", expression(&items.place.expression()))));
        lines.push(bare("  as: line"));
        lines.push(bare("  give:"));
        let give = |(name, place): &(&str, Place)| {
            bare(format!("    {name}: {}", expression(&place.expression())))
        };
        lines.extend(items.give.iter().map(give));
    }
    lines
}

fn code_line(rule: &Rule<'_>, found: &Found<'_>) -> Line {
    let Some(code) = &rule.code else {
        return if found.topic_at.is_some() || found.headers.topic.is_some() {
            with("code: =topic", "no state in the payload: its kind says what happened")
        } else {
            with("code: =status", "nothing looks like a state: where does it stand?")
        };
    };
    let coarse = expression(&code.coarse.place.expression());
    match &code.finer {
        Some(finer) => {
            let finer = expression(&finer.place.expression());
            let why = format!("{}; the first one that `statuses` knows counts", code.why);
            with(format!("code: [{finer}, {coarse}]"), why)
        }
        None => with(format!("code: {coarse}"), &code.why),
    }
}

fn find_line(find: &Find) -> Line {
    let filter = if find.field == "carrier" { " | slug" } else { "" };
    let value = expression(&format!("{}{filter}", find.place.expression()));
    let line = format!("{}: {value}", find.field);
    if find.score >= SURE {
        with(line, &find.why)
    } else {
        with(format!("# {line}"), format!("perhaps: {}", find.why))
    }
}

fn statuses(found: &Found<'_>) -> Vec<Line> {
    let mut codes: Vec<(String, bool)> = Vec::new();
    for (code, is_finer) in found.rules.iter().flat_map(Rule::codes) {
        if !codes.iter().any(|(known, _)| known.eq_ignore_ascii_case(&code)) {
            codes.push((code, is_finer));
        }
    }
    let lead = [
        bare(""),
        bare(
            "# What each code means: guesses by their words. There are more codes than these payloads show.",
        ),
        bare("statuses:"),
    ];
    let row = |(code, is_finer): &(String, bool)| {
        let key = scalar(code);
        let perhaps =
            |means, why: String| with(format!("  # {key}: {means}"), format!("perhaps: {why}"));
        match guess(code) {
            Guess::Sure(means, why) | Guess::Perhaps(means, why) if *is_finer => {
                perhaps(means, format!("{why}; it would count before the coarser one"))
            }
            Guess::Sure(means, why) => with(format!("  {key}: {means}"), format!("guess: {why}")),
            Guess::Perhaps(means, why) => perhaps(means, why),
            Guess::Unknown => {
                with(format!("  # {key}: …"), "nothing is known of it: a status, or ignore")
            }
        }
    };
    lead.into_iter().chain(codes.iter().map(row)).collect()
}

/// The codes whose meaning is sure enough to be written down.
pub(super) fn told(code: &str) -> Option<&'static str> {
    match guess(code) {
        Guess::Sure(means, _) => Some(means),
        Guess::Perhaps(..) | Guess::Unknown => None,
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

//! What a merchant's files say of one trigger at one destination, and what will be said.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    id::{DestinationName, OccurrenceId, SourceName},
    label::status_label,
    taxonomy::Trigger,
};

use super::{Destination, Merchant, NamesIn, State, mapping::properties_of};
use crate::{
    destination::Frozen,
    expr::{Decision, Env, Index},
};

/// Fields that leave the house only where a mapping names them.
const KEPT_BACK: [&str; 4] = ["delivered_to_name", "shipping_address", "raw_code", "raw_text"];

/// A trigger that passed the rules of domain, on its way into a mapping.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Which.
    pub trigger: Trigger,
    /// Its id.
    pub occurrence: OccurrenceId,
    /// The order's view of it.
    pub view: &'a Map,
    /// The source that said it.
    pub source: &'a SourceName,
    /// To be recorded without starting anything.
    pub backfill: bool,
    /// A test event, outside the books: goes out in every state.
    pub test: bool,
}

/// What a mapping says of a candidate at one destination.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// To be sent like this.
    Send(Frozen),
    /// Not to be sent.
    Stop {
        /// The rule: `when`, `when unknown`, `only`, `not a tester`, `off` (the merchant's state).
        rule: String,
        /// Plain words: which condition, which field is missing.
        detail: String,
        /// The line of the file that says so: `path:line`.
        line: Option<String>,
    },
}

fn stop(rule: &str, detail: impl Into<String>) -> Choice {
    Choice::Stop { rule: rule.to_owned(), detail: detail.into(), line: None }
}

/// The same, by a line of a file.
fn stop_at(rule: &str, detail: impl Into<String>, line: Option<&Arc<str>>) -> Choice {
    let line = line.map(ToString::to_string);
    Choice::Stop { rule: rule.to_owned(), detail: detail.into(), line }
}

impl Merchant {
    /// Decides one candidate for one destination and freezes what will be said.
    pub fn choose(
        &self,
        candidate: &Candidate<'_>,
        destination: &DestinationName,
        now: Timestamp,
    ) -> Choice {
        let Some(target) = self.destinations.get(destination) else {
            return stop("off", "the destination is no longer there");
        };
        if let Some(stopped) = self.stopped(candidate) {
            return stopped;
        }
        if !target.only.is_empty() && !target.only.contains(&candidate.trigger) {
            let detail = "the destination takes other triggers only";
            return stop_at("only", detail, target.only_at.as_ref());
        }
        let names = target.names.unwrap_or(self.names);
        let mut fields = self.complete(candidate, now);
        let name = self.name_of(candidate.trigger, names, &fields, target);
        fields.set("name", Value::text(name.clone()));
        let rules = self.mapping.triggers.get(&candidate.trigger);
        let index = Index::of(&fields);
        let mut env = self.env(Env::of(&index), target);
        let own = rules.map(|rules| rules.whens.as_slice()).unwrap_or_default();
        for when in self.mapping.whens.iter().chain(own) {
            let line = Some(&when.line);
            let when = &when.holds;
            match when.decide(&env) {
                Decision::Yes => {}
                Decision::No => return stop_at("when", format!("{when} does not hold"), line),
                Decision::Undecided(missing) => {
                    return stop_at(
                        "when unknown",
                        format!("{when} needs {missing}, which is not known"),
                        line,
                    );
                }
            }
        }
        let chosen = properties_of(&self.mapping, rules);
        let mut properties = Map::with_room(chosen.len());
        for (name, built) in chosen {
            env.renew();
            if let Some(value) = built.eval(&mut env) {
                properties.add(name, value);
            }
        }
        drop(env);
        for name in KEPT_BACK {
            fields.remove(name);
        }
        Choice::Send(Frozen { name, fields, properties, values: self.values.clone() })
    }

    fn name_of(
        &self,
        trigger: Trigger,
        names: NamesIn,
        fields: &Map,
        target: &Destination,
    ) -> String {
        self.mapping.name_of(trigger, names, &self.env(Env::over(fields), target))
    }

    /// What expressions of a mapping see beside the fields of the event.
    fn env<'e>(&'e self, fields: Env<'e>, target: &'e Destination) -> Env<'e> {
        fields.with("values", &self.values).with("settings", &target.settings)
    }

    fn stopped(&self, candidate: &Candidate<'_>) -> Option<Choice> {
        match self.state {
            _ if candidate.test => None,
            State::Live => None,
            State::Off => {
                let detail = "the merchant is switched off";
                Some(stop_at("state off", detail, self.lines.state.as_ref()))
            }
            State::Test => {
                let email = candidate.view.get("email").and_then(Value::as_text);
                let known = email.is_some_and(|email| self.testers.contains(&email.to_lowercase()));
                let detail = "in state test only testers receive anything";
                (!known).then(|| stop_at("not a tester", detail, self.lines.state.as_ref()))
            }
        }
    }

    /// The event's fields with those that only the merchant's files know.
    pub fn complete(&self, candidate: &Candidate<'_>, now: Timestamp) -> Map {
        let mut fields = candidate.view.clone();
        let rules = self.mapping.triggers.get(&candidate.trigger);
        let promotional = rules.and_then(|rules| rules.promotional).unwrap_or(false);
        let language = language(&fields).unwrap_or_else(|| self.language.clone());
        let label = status_label(candidate.trigger, &language);
        fields.set("trigger", Value::text(candidate.trigger.name()));
        fields.set("id", Value::text(candidate.occurrence.to_string()));
        fields.set("status_label", Value::text(label));
        fields.set("language", Value::text(language));
        let purpose = if promotional { "promotional" } else { "transactional" };
        fields.set("message_purpose", Value::text(purpose));
        fields.set("merchant_id", Value::text(self.id.as_str()));
        fields.set("shop_id", Value::text(self.id.as_str()));
        fields.set("shop_name", Value::text(self.name.clone()));
        fields.set("mapping", Value::text(self.mapping.name.clone()));
        let version = u128::from_be_bytes(self.rules) >> 96;
        fields.set("mapping_version", Value::text(format!("{version:08x}")));
        let kind = match candidate.trigger {
            Trigger::Status(_) => "status",
            Trigger::Derived(_) => "derived",
        };
        fields.set("rule", Value::text(format!("{kind}.{}", candidate.trigger.name())));
        fields.set("backfill", Value::Bool(candidate.backfill));
        if fields.get("received_at").is_none() {
            fields.set("received_at", Value::text(now.to_string()));
        }
        fields
    }
}

/// The customer's language, where it or the locale is known.
fn language(fields: &Map) -> Option<String> {
    let stated = ["language", "locale"].iter().find_map(|name| fields.get(name)?.as_text())?;
    let code: String = stated.chars().take_while(char::is_ascii_alphabetic).collect();
    (code.len() >= 2).then(|| code.to_lowercase())
}

//! Sample payloads → a source connector to start from. Pure; every guess says why it is one, and what
//! is not sure stands there as a comment. Must not know any system.

mod clock;
mod codes;
mod each;
mod form;
mod headers;
mod hunt;
mod kind;
mod leaf;
mod rule;
mod sample;
#[cfg(test)]
mod tests;
mod trial;
mod words;
mod write;
mod yaml;

use jiff::Timestamp;
use parcelwire_domain::{Value, taxonomy::Status};

use headers::Headers;
use leaf::{Place, leaves, together};
use rule::Rule;

/// What the words of a code may mean: a guess.
pub(crate) fn meaning(code: &str) -> Option<Status> {
    codes::guess(code).status()
}

/// One payload that a system sent.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What people call it: its file's name.
    pub name: String,
    /// What it says.
    pub body: Value,
}

/// What was found out, before it is written down.
struct Found<'s> {
    name: &'s str,
    samples: &'s [Sample],
    headers: Headers,
    topic_at: Option<Place>,
    rules: Vec<Rule<'s>>,
}

/// Proposes a source connector of this name. `headers` are those of one of the requests, names in
/// small letters. The text passes its own tests.
pub fn infer(
    samples: &[Sample],
    headers: &[(String, String)],
    name: &str,
    now: Timestamp,
) -> Result<String, String> {
    let headers = headers::read(headers);
    let all = together(samples.iter().map(|sample| leaves(&sample.body, None)));
    let topic = match headers.topic {
        Some(_) => None,
        None => kind::topic(&all),
    };
    let topic_at = topic.map(|leaf| leaf.place);
    let mut groups: Vec<(Option<String>, Vec<&Sample>)> = Vec::new();
    for sample in samples {
        let stated = topic_at.as_ref().and_then(|place| leaf::at(&sample.body, &place.steps));
        let stated = stated.and_then(Value::as_id).map(str::to_owned);
        let topic = stated.or_else(|| headers.topic.as_ref().map(|(_, value)| value.clone()));
        match groups.iter_mut().find(|(known, _)| *known == topic) {
            Some((_, samples)) => samples.push(sample),
            None => groups.push((topic, vec![sample])),
        }
    }
    if groups.is_empty() {
        groups.push((None, Vec::new()));
    }
    let rules = groups.into_iter().map(|(topic, of)| Rule::of(topic, of, topic_at.as_ref()));
    let rules = rules.collect();
    let found = Found { name, samples, headers, topic_at, rules };
    trial::with_tests(&found, &write::head(&found), now)
}

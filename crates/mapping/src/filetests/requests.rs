//! All requests that the tests of a destination connector lead to, for whoever compares them with
//! something else: an API's own description, say.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;

use super::destination::{Going, Scene, Stage, answer, answers};
use crate::{
    destination::{DestinationConnector, MAX_REQUESTS},
    http::{HttpAnswer, HttpRequest},
    text::Node,
};

/// The requests of all tests, by the test's name: each answer that a test names is given, and then
/// the exchange is led to its end.
pub fn requests(
    connector: &Arc<DestinationConnector>,
    file: &Node,
    now: Timestamp,
) -> Vec<(String, HttpRequest)> {
    let mut made = Vec::new();
    for (name, test) in file.get("tests").into_iter().flat_map(|tests| tests.entries()) {
        let Ok(scene) = Scene::of(connector, test, now) else { continue };
        let before = answers(test, "before");
        let cases = test.get("answers").map(Node::one_or_many).unwrap_or_default();
        let given = cases.iter().filter_map(|case| case.get("given").map(answer));
        for last in given.chain([well()]) {
            let Ok(mut going) = scene.begin() else { continue };
            for request in walk(&mut going, before.iter().chain([&last]), now) {
                if !made.iter().any(|(_, known)| *known == request) {
                    made.push((name.text.clone(), request));
                }
            }
        }
    }
    made
}

/// The requests of one exchange that is answered like this, and well from then on.
fn walk<'a>(
    going: &mut Going,
    answers: impl Iterator<Item = &'a HttpAnswer>,
    now: Timestamp,
) -> Vec<HttpRequest> {
    let mut made = Vec::new();
    let mut answers = answers.cloned();
    let mut stage = going.start(now);
    while let Stage::Send(request) = stage {
        made.push(request);
        if made.len() > MAX_REQUESTS as usize {
            break;
        }
        stage = going.on(&answers.next().unwrap_or_else(well), now);
    }
    made
}

fn well() -> HttpAnswer {
    HttpAnswer {
        status: 200,
        headers: Vec::new(),
        body: Bytes::from_static(b"{}"),
        truncated: false,
        took: Duration::ZERO,
    }
}

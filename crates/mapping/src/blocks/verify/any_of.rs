//! Several methods, tried in turn: for senders that offer a choice, or are changing from one
//! method to another.

use jiff::Timestamp;

use super::incoming::Incoming;
use super::key_set::WantedKey;
use super::refusal::{Refusal, Verified};
use super::secret::{Secret, SecretFault, SecretProblem};
use super::{MethodSpec, Ready};

/// The most methods in a list.
pub const MAX_METHODS: usize = 8;

/// One method of a list, with the secrets that are of its kind.
#[derive(Clone)]
struct Choice {
    ready: Ready,
    /// Which of the source's secrets its own are.
    secrets: Vec<usize>,
}

/// A list of methods made ready.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyAnyOf(Vec<Choice>);

/// Gives every method the secrets that it can use. A secret that none can use is a problem, as is a
/// list of which no method can be used.
pub(super) fn prepare(
    specs: &[MethodSpec],
    secrets: &[Secret],
) -> Result<ReadyAnyOf, Vec<SecretProblem>> {
    let mut used = vec![false; secrets.len()];
    let mut last_fault = vec![SecretFault::Absent; secrets.len()];
    let mut choices = Vec::new();
    let mut problems = Vec::new();
    for spec in specs {
        let mut own = Vec::new();
        for (at, secret) in secrets.iter().enumerate() {
            match spec.ready(std::slice::from_ref(secret)) {
                Ok(_) => own.push(at),
                Err(found) => {
                    if let Some(problem) = found.into_iter().next() {
                        last_fault[at] = problem.fault;
                    }
                }
            }
        }
        let subset: Vec<Secret> = own.iter().map(|at| secrets[*at].clone()).collect();
        match spec.ready(&subset) {
            Ok(ready) => {
                for at in &own {
                    used[*at] = true;
                }
                choices.push(Choice { ready, secrets: own });
            }
            Err(found) => problems = found,
        }
    }
    let unused = used.iter().zip(last_fault).enumerate().filter(|(_, (used, _))| !**used);
    let unused: Vec<SecretProblem> =
        unused.map(|(at, (_, fault))| SecretProblem { secret: Some(at), fault }).collect();
    match (unused.is_empty(), choices.is_empty()) {
        (false, _) => Err(unused),
        (true, true) => Err(problems),
        (true, false) => Ok(ReadyAnyOf(choices)),
    }
}

impl ReadyAnyOf {
    pub(super) fn wanted<'a>(&'a self, request: &Incoming<'a>) -> Option<WantedKey<'a>> {
        self.0.iter().find_map(|choice| choice.ready.wanted(request))
    }

    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let mut telling = None;
        let mut missing = Vec::new();
        for choice in &self.0 {
            match choice.ready.verify(request, now) {
                Ok(verified) => {
                    let secret = choice.secrets.get(verified.secret).copied().unwrap_or(0);
                    return Ok(Verified { secret, ..verified });
                }
                Err(Refusal::Missing { expected }) => missing.push(expected),
                Err(refusal) => telling = Some(Refusal::more_telling(telling, refusal)),
            }
        }
        // Where nothing was there at all: all that would do.
        Err(telling.unwrap_or_else(|| Refusal::Missing { expected: missing.join(", nor a ") }))
    }
}

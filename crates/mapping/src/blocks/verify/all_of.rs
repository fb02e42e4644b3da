//! Several methods that must all hold: for senders that prove two things with one request, as who
//! has the app's key and who has the shop's.

use jiff::Timestamp;

use super::incoming::Incoming;
use super::key_set::WantedKey;
use super::refusal::{Refusal, Verified};
use super::secret::{Secret, SecretProblem};
use super::{MethodSpec, Ready, SignFault};
use crate::blocks::sign::{Signed, Signer};

/// Methods of which each must hold, made ready.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyAllOf(Vec<Ready>);

/// Each method takes all of the source's secrets.
pub(super) fn prepare(
    specs: &[MethodSpec],
    secrets: &[Secret],
) -> Result<ReadyAllOf, Vec<SecretProblem>> {
    specs.iter().map(|spec| spec.ready(secrets)).collect::<Result<_, _>>().map(ReadyAllOf)
}

/// What in the options cannot work, whatever the secrets are.
pub(super) fn faults(specs: &[MethodSpec]) -> Vec<String> {
    let mut faults: Vec<String> = specs.iter().flat_map(MethodSpec::faults).collect();
    if specs.len() < 2 {
        faults.push("`also` needs a method beside it".to_owned());
    }
    if specs.len() > super::MAX_METHODS {
        faults.push(format!("there are more than {} methods", super::MAX_METHODS));
    }
    if specs.contains(&MethodSpec::Unsigned) {
        faults.push("`unsigned` proves nothing beside another method".to_owned());
    }
    if specs.iter().filter(|spec| spec.fetches_keys()).count() > 1 {
        faults.push("only one method of several can fetch its keys".to_owned());
    }
    faults
}

impl ReadyAllOf {
    pub(super) fn wanted<'a>(&'a self, request: &Incoming<'a>) -> Option<WantedKey<'a>> {
        self.0.iter().find_map(|ready| ready.wanted(request))
    }

    /// What the first method tells, where all of them hold; else what the first tells that does not.
    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let mut methods = self.0.iter();
        let first = methods.next().expect("a list of methods is checked to have two");
        let mut verified = first.verify(request, now)?;
        for method in methods {
            let also = method.verify(request, now)?;
            verified.timestamp = verified.timestamp.or(also.timestamp);
            verified.covers_body |= also.covers_body;
        }
        Ok(verified)
    }
}

/// Signs with each of them.
pub(in crate::blocks) fn sign(
    signers: &[Signer],
    request: &Incoming<'_>,
    id: &str,
    now: Timestamp,
) -> Result<Signed, SignFault> {
    let mut all = Signed::default();
    for signer in signers {
        let Signed { headers, query, body_fields, path } = signer.sign(request, id, now)?;
        all.headers.extend(headers);
        all.query.extend(query);
        all.body_fields.extend(body_fields);
        all.path = all.path.or(path);
    }
    Ok(all)
}

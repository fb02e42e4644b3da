//! When something is asked again, and when no more. Pure.

use std::time::Duration;

use jiff::Timestamp;
use parcelwire_domain::retry::MAX_RETRY_AFTER;
use parcelwire_mapping::{blocks::outcome::Verdict, source::LookupFault};

use crate::ports::{Asked, KeptAnswer};

/// Tries that count.
const TRIES: u32 = 12;

const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_hours(4);

/// Wrong credentials are tried again after this, or at once when files change.
const REST: Duration = Duration::from_mins(15);

/// Nothing waits for an answer longer than this.
const MAX_AGE: Duration = Duration::from_hours(7 * 24);

/// What follows a try that brought no answer, and until when nobody with this credential is to ask.
pub(super) fn follow(
    verdict: &Verdict,
    tries: u32,
    received_at: Timestamp,
    now: Timestamp,
    chance: f64,
) -> (Asked, Option<Timestamp>) {
    let age = Duration::try_from(now.duration_since(received_at)).unwrap_or(Duration::ZERO);
    let over =
        |fault: LookupFault| (Asked::Kept(KeptAnswer::Failed(fault.name().to_owned())), None);
    let mut all_rest = false;
    let after = match verdict {
        Verdict::KeyWrong | Verdict::SettingsWrong | Verdict::VersionRetired => {
            let key_wrong = *verdict == Verdict::KeyWrong;
            let fault = if key_wrong { LookupFault::KeyWrong } else { LookupFault::Failed };
            if age >= MAX_AGE {
                return over(fault);
            }
            let why = if key_wrong { fault.name() } else { verdict.name() }.to_owned();
            let at = now + REST.mul_f64(1.0 + chance / 10.0);
            return (Asked::Again { tries, at, why: Some(why) }, Some(now + REST));
        }
        Verdict::Again { after, all } => {
            all_rest = *all;
            *after
        }
        Verdict::Sent | Verdict::Rejected | Verdict::Partial(_) => None,
    };
    let asked = after.map(|after| after.min(MAX_RETRY_AFTER));
    let counted = if asked.is_some() { tries } else { tries + 1 };
    if counted >= TRIES || age >= MAX_AGE {
        return over(LookupFault::Failed);
    }
    let wait = wait(counted.max(1), chance);
    let wait = asked.map_or(wait, |asked| asked.max(wait));
    let again = Asked::Again { tries: counted, at: now + wait, why: None };
    (again, asked.filter(|_| all_rest).map(|asked| now + asked))
}

/// The wait after so many tries, of which each is three times the one before.
fn wait(tries: u32, chance: f64) -> Duration {
    let grown = FIRST.saturating_mul(3_u32.saturating_pow(tries.saturating_sub(1).min(12)));
    grown.min(LONGEST).mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_341_600).expect("a time")
    }

    #[test]
    fn twelve_tries_are_made_within_a_day() {
        for chance in [0.0, 0.999] {
            let (mut tries, mut at) = (0, now());
            let mut end = follow(&Verdict::AGAIN, tries, now(), at, chance).0;
            while let Asked::Again { tries: next, at: then, why: None } = end {
                (tries, at) = (next, then);
                end = follow(&Verdict::AGAIN, tries, now(), at, chance).0;
            }
            assert_eq!(end, Asked::Kept(KeptAnswer::Failed("lookup_failed".to_owned())));
            assert_eq!(tries + 1, TRIES);
            let took = Duration::try_from(at.duration_since(now())).expect("later");
            assert!(took > Duration::from_hours(4) && took < Duration::from_hours(24), "{took:?}");
        }
    }

    #[test]
    fn a_header_that_asks_for_patience_is_obeyed_and_does_not_count() {
        let hour = Duration::from_hours(1);
        let asked = Verdict::Again { after: Some(hour), all: true };
        let (again, rest) = follow(&asked, 2, now(), now(), 0.5);
        assert_eq!(again, Asked::Again { tries: 2, at: now() + hour, why: None });
        assert_eq!(rest, Some(now() + hour));
        let week_ago = now().checked_sub(MAX_AGE).expect("a time");
        assert!(matches!(follow(&asked, 1, week_ago, now(), 0.5).0, Asked::Kept(_)));
    }

    #[test]
    fn a_wrong_key_is_tried_slowly_and_told() {
        let (again, rest) = follow(&Verdict::KeyWrong, 5, now(), now(), 0.0);
        let why = Some("lookup_key_wrong".to_owned());
        assert_eq!(again, Asked::Again { tries: 5, at: now() + REST, why });
        assert_eq!(rest, Some(now() + REST));
        let week_ago = now().checked_sub(MAX_AGE).expect("a time");
        let (end, _) = follow(&Verdict::KeyWrong, 5, week_ago, now(), 0.0);
        assert_eq!(end, Asked::Kept(KeptAnswer::Failed("lookup_key_wrong".to_owned())));
    }
}

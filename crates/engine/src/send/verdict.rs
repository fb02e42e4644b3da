//! From a verdict to what follows. Pure.

use std::time::Duration;

use jiff::Timestamp;
use parcelwire_domain::retry::{MAX_RETRY_AFTER, wait_after};
use parcelwire_mapping::blocks::outcome::Verdict;

use crate::ports::{Next, Pause, PauseChange, ReadyMessage, TransportError};

/// A paused destination is tried again after this, or at once when its settings change.
const PAUSE: Duration = Duration::from_mins(15);

/// Held longer than this, a message is given up.
pub(super) const MAX_HELD: Duration = Duration::from_hours(7 * 24);

/// What follows an attempt.
pub(super) struct Follow {
    pub(super) next: Next,
    pub(super) pause: Option<PauseChange>,
    /// Nobody with this credential is to call before.
    pub(super) rest: Option<Timestamp>,
}

/// What follows a verdict. `fingerprint` is that of the settings in force, `paused` until when the destination
/// is or was paused, `chance` in 0..1.
pub(super) fn follow(
    verdict: &Verdict,
    message: &ReadyMessage,
    fingerprint: &str,
    paused: Option<Timestamp>,
    now: Timestamp,
    chance: f64,
) -> Follow {
    let plain = |next| Follow { next, pause: None, rest: None };
    match verdict {
        Verdict::Sent => {
            Follow { next: Next::Sent, pause: paused.map(|_| PauseChange::Resume), rest: None }
        }
        Verdict::Rejected => plain(Next::Dead { why: "rejected".to_owned() }),
        Verdict::Again { after, all } => again(*after, *all, message, now, chance),
        // One message has one verdict.
        Verdict::Partial(verdicts) => {
            let first = verdicts.first().unwrap_or(&Verdict::AGAIN);
            match first {
                Verdict::Partial(_) => again(None, false, message, now, chance),
                one @ (Verdict::Sent
                | Verdict::Again { .. }
                | Verdict::Rejected
                | Verdict::KeyWrong
                | Verdict::SettingsWrong
                | Verdict::VersionRetired) => {
                    follow(one, message, fingerprint, paused, now, chance)
                }
            }
        }
        // One event that is not set up there holds back itself, not all others of the merchant.
        Verdict::SettingsWrong => plain(Next::Again { at: now + PAUSE, counts: false }),
        Verdict::KeyWrong | Verdict::VersionRetired => {
            // One end for all that was under way: they go on together.
            let running = paused.filter(|until| *until > now && *until <= now + PAUSE);
            let until = running.unwrap_or(now + PAUSE);
            let pause = Pause {
                since: now,
                until,
                why: verdict.name().to_owned(),
                settings: fingerprint.to_owned(),
            };
            Follow {
                next: Next::Again { at: until, counts: false },
                pause: Some(PauseChange::Pause(pause)),
                rest: None,
            }
        }
    }
}

/// `all` says that everybody with the credential is asked for patience, not this message alone.
fn again(
    after: Option<Duration>,
    all: bool,
    message: &ReadyMessage,
    now: Timestamp,
    chance: f64,
) -> Follow {
    let since_first = Duration::try_from(now.duration_since(message.message.created_at));
    let age = since_first.unwrap_or(Duration::ZERO);
    let failed = message.attempts + 1;
    let dead = || Follow {
        next: Next::Dead { why: "retries_exhausted".to_owned() },
        pause: None,
        rest: None,
    };
    let wait = after.map(|after| after.min(MAX_RETRY_AFTER));
    let asked = wait.filter(|_| all);
    let Some(scheduled) = wait_after(failed, age, chance) else {
        // A destination that asks for patience is not held against the message, within reason.
        return match asked {
            Some(asked) if age < MAX_HELD => Follow {
                next: Next::Again { at: now + asked, counts: false },
                pause: None,
                rest: Some(now + asked),
            },
            Some(_) | None => dead(),
        };
    };
    let wait = wait.map_or(scheduled, |wait| wait.max(scheduled));
    Follow {
        next: Next::Again { at: now + wait, counts: asked.is_none() },
        pause: None,
        rest: asked.map(|asked| now + asked),
    }
}

/// What a failed request means.
pub(super) fn of_error(error: &TransportError) -> Verdict {
    match error {
        // The operator's or the merchant's to mend: the address itself is wrong.
        TransportError::Forbidden { .. } | TransportError::BadUrl(_) => Verdict::SettingsWrong,
        TransportError::NotConnected(_)
        | TransportError::Broken(_)
        | TransportError::NoRoom
        | TransportError::TimedOut(_) => Verdict::AGAIN,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parcelwire_domain::{
        id::{AggregateId, DestinationName, MerchantId, MessageId, OccurrenceId, ReceiptId},
        taxonomy::{Leg, Status, Trigger},
    };

    use super::*;
    use crate::ports::NewMessage;

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_341_600).expect("a time")
    }

    fn message(attempts: u32, age: Duration) -> ReadyMessage {
        let message = NewMessage {
            id: MessageId::from_bits(1),
            merchant: MerchantId::parse("hey").expect("a name"),
            destination: DestinationName::parse("pigeon").expect("a name"),
            aggregate: AggregateId::from_bits(1),
            receipt: ReceiptId::from_bits(1),
            occurrence: OccurrenceId::from_bytes([0; 16]),
            trigger: Trigger::Status(Status::Delivered),
            leg: Leg::Forward,
            rank: Some(500),
            subject: String::new(),
            created_at: now().checked_sub(age).expect("a time"),
            not_before: now(),
            fresh_until: now(),
            backfill: false,
            sandbox: false,
            frozen: Bytes::new(),
            rules: [0; 16],
        };
        ReadyMessage { message, attempts, tries: attempts }
    }

    fn next(verdict: &Verdict, message: &ReadyMessage) -> Next {
        follow(verdict, message, "f", None, now(), 0.5).next
    }

    #[test]
    fn a_header_that_asks_for_patience_is_obeyed_and_does_not_count() {
        let seven_hours = Duration::from_hours(7);
        let asked = Verdict::Again { after: Some(seven_hours), all: true };
        let expected = Next::Again { at: now() + seven_hours, counts: false };
        assert_eq!(next(&asked, &message(0, Duration::ZERO)), expected);
        // Too short a wait is no reason to hurry; too long a one is not believed.
        let short = Verdict::Again { after: Some(Duration::ZERO), all: true };
        let Next::Again { at, counts: false } = next(&short, &message(0, Duration::ZERO)) else {
            panic!("it is tried again")
        };
        assert!(at > now());
        let long = Verdict::Again { after: Some(Duration::from_hours(1000)), all: true };
        let expected = Next::Again { at: now() + MAX_RETRY_AFTER, counts: false };
        assert_eq!(next(&long, &message(0, Duration::ZERO)), expected);
    }

    #[test]
    fn a_wait_for_one_message_rests_nobody_else_and_counts() {
        let hour = Some(Duration::from_hours(1));
        let own = Verdict::Again { after: hour, all: false };
        let alone = follow(&own, &message(0, Duration::ZERO), "f", None, now(), 0.5);
        let at = now() + Duration::from_hours(1);
        assert_eq!((alone.next, alone.rest), (Next::Again { at, counts: true }, None));
        // It ends as others do, where one that was asked for goes on.
        let three_days = Duration::from_hours(72);
        assert!(matches!(next(&own, &message(30, three_days)), Next::Dead { .. }));
        let asked = Verdict::Again { after: hour, all: true };
        let all = follow(&asked, &message(30, three_days), "f", None, now(), 0.5);
        assert_eq!((all.next, all.rest), (Next::Again { at, counts: false }, Some(at)));
    }

    #[test]
    fn a_message_is_given_up_only_after_twelve_attempts_and_three_days() {
        let three_days = Duration::from_hours(72);
        for (attempts, age, dead) in
            [(11, three_days, true), (10, three_days, false), (30, Duration::from_hours(71), false)]
        {
            let is = next(&Verdict::AGAIN, &message(attempts, age));
            assert_eq!(matches!(is, Next::Dead { .. }), dead, "{attempts} {age:?}");
        }
    }

    #[test]
    fn wrong_credentials_hold_the_message_and_pause_the_destination() {
        for verdict in [Verdict::KeyWrong, Verdict::VersionRetired] {
            let follow = follow(&verdict, &message(0, Duration::ZERO), "f", None, now(), 0.5);
            assert!(matches!(follow.next, Next::Again { counts: false, .. }));
            let Some(PauseChange::Pause(pause)) = follow.pause else { panic!("it is paused") };
            assert_eq!(pause.why, verdict.name());
        }
        let missing = Verdict::SettingsWrong;
        let alone = follow(&missing, &message(0, Duration::ZERO), "f", None, now(), 0.5);
        assert!(matches!(alone.next, Next::Again { counts: false, .. }) && alone.pause.is_none());
        let sent =
            follow(&Verdict::Sent, &message(0, Duration::ZERO), "f", Some(now()), now(), 0.5);
        assert_eq!(sent.pause, Some(PauseChange::Resume));
    }
    #[test]
    fn what_was_under_way_when_a_key_was_refused_waits_for_the_same_end() {
        let ends = |paused: Option<Timestamp>| {
            let message = message(0, Duration::ZERO);
            let follow = follow(&Verdict::KeyWrong, &message, "f", paused, now(), 0.5);
            let Some(PauseChange::Pause(pause)) = follow.pause else { panic!("it is paused") };
            assert_eq!(follow.next, Next::Again { at: pause.until, counts: false });
            pause.until
        };
        let soon = now() + Duration::from_secs(60);
        assert_eq!(ends(Some(soon)), soon);
        // A pause that is over begins anew, and so does one that a clock set back made longer.
        for none in [None, Some(now()), Some(now() + Duration::from_hours(2))] {
            assert_eq!(ends(none), now() + PAUSE);
        }
    }
}

//! What an answer of a destination means: whose fault it is, and what happens to the message.
//!
//! Here are the verdicts, the table by status, and the reading of throttle headers. The rules of a
//! connector (`answers:`) are evaluated where its requests are made. Must not know HTTP clients or
//! the clock.

use std::time::Duration;

use jiff::Timestamp;

/// What one answer means for the message, or for each message of a shared request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has been accepted. Never sent again.
    Sent,
    /// The destination cannot take it now: its fault, or ours for calling too often. Try again,
    /// and not before `after` where the destination asked for that.
    Again {
        /// How long it asked us to wait.
        after: Option<Duration>,
        /// Whether that goes for everybody with the credential, not for this message alone.
        all: bool,
    },
    /// It will never accept this message: the fault of the message or of the mapping. Dead.
    Rejected,
    /// A request for many: one verdict for each, in their order.
    Partial(Vec<Verdict>),
    /// The credentials are wrong: the merchant's fault. The destination is paused and its messages
    /// are held until the key is changed.
    KeyWrong,
    /// Something must be set up at the destination first: the merchant's fault. The message
    /// waits alone; others go on.
    SettingsWrong,
    /// The version of the API that we speak is gone: the connector's fault. Held until it is updated.
    VersionRetired,
}

/// Whose fault it is that something was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody's: it was sent.
    None,
    /// The destination's, and passing.
    Destination,
    /// The message's, and so the mapping's or the sender's.
    Message,
    /// The merchant's: key or settings at the destination.
    Merchant,
    /// The connector's.
    Connector,
}

impl Verdict {
    /// Again, without a time.
    pub const AGAIN: Self = Self::Again { after: None, all: false };

    /// The name in files, logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Again { .. } => "again",
            Self::Rejected => "rejected",
            Self::Partial(_) => "partial",
            Self::KeyWrong => "key_wrong",
            Self::SettingsWrong => "settings_wrong",
            Self::VersionRetired => "version_retired",
        }
    }

    /// All names, for schemas and "did you mean".
    pub const NAMES: [&'static str; 7] =
        ["sent", "again", "rejected", "partial", "key_wrong", "settings_wrong", "version_retired"];

    /// Reads a name as it stands in `answers:`. `partial` starts without items: who evaluates the
    /// rule fills them in from the body.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sent" => Self::Sent,
            "again" => Self::AGAIN,
            "rejected" => Self::Rejected,
            "partial" => Self::Partial(Vec::new()),
            "key_wrong" => Self::KeyWrong,
            "settings_wrong" => Self::SettingsWrong,
            "version_retired" => Self::VersionRetired,
            _ => return None,
        })
    }

    /// What a status means where a connector says nothing else.
    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Sent,
            401 | 403 => Self::KeyWrong,
            408 | 425 | 429 | 500..=599 => Self::AGAIN,
            _ => Self::Rejected,
        }
    }

    /// Whose fault it is. A partial verdict is asked item by item.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Sent | Self::Partial(_) => Fault::None,
            Self::Again { .. } => Fault::Destination,
            Self::Rejected => Fault::Message,
            Self::KeyWrong | Self::SettingsWrong => Fault::Merchant,
            Self::VersionRetired => Fault::Connector,
        }
    }

    /// Whether every message to this destination waits until somebody acts.
    pub const fn pauses_destination(&self) -> bool {
        matches!(self.fault(), Fault::Merchant | Fault::Connector)
    }

    /// The same, where the wait is one for everybody with the credential.
    #[must_use]
    pub fn for_all(self) -> Self {
        match self {
            Self::Again { after, .. } => Self::Again { after, all: after.is_some() },
            Self::Sent
            | Self::Rejected
            | Self::Partial(_)
            | Self::KeyWrong
            | Self::SettingsWrong
            | Self::VersionRetired => self,
        }
    }

    /// Adds a time to wait, where it is one of waiting.
    #[must_use]
    pub fn not_before(self, after: Option<Duration>) -> Self {
        match self {
            Self::Again { after: known, all } => Self::Again { after: known.max(after), all },
            Self::Sent
            | Self::Rejected
            | Self::Partial(_)
            | Self::KeyWrong
            | Self::SettingsWrong
            | Self::VersionRetired => self,
        }
    }
}

/// The longest wait that is believed; the sender of the answer may mean anything.
pub const LONGEST_WAIT: Duration = Duration::from_hours(7 * 24);

/// A header that says when to call again, as a connector declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleHeader {
    /// The header's name.
    pub name: String,
    /// What its value is.
    pub form: ThrottleForm,
}

/// What the value of a throttle header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleForm {
    /// Seconds to wait, or an HTTP date: `Retry-After`.
    SecondsOrDate,
    /// Seconds to wait (`RateLimit-Reset`), perhaps with a word behind (`432 seconds`).
    Seconds,
    /// Milliseconds to wait.
    Milliseconds,
    /// The Unix time in seconds at which it is over (`X-RateLimit-Reset`).
    UnixSeconds,
}

impl ThrottleForm {
    /// The names in files.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("seconds_or_date", Self::SecondsOrDate),
        ("seconds", Self::Seconds),
        ("milliseconds", Self::Milliseconds),
        ("unix", Self::UnixSeconds),
    ];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    /// How long to wait from `now`: nothing if the value cannot be read, zero if the time is past,
    /// never more than [`LONGEST_WAIT`]. Fractions are rounded up.
    pub fn wait(self, value: &str, now: Timestamp) -> Option<Duration> {
        let value = value.trim();
        let wait = match self {
            Self::SecondsOrDate => seconds(value).or_else(|| until_date(value, now))?,
            Self::Seconds => seconds(value)?,
            Self::Milliseconds => seconds(value)? / 1000,
            Self::UnixSeconds => {
                let since_1970 = seconds_of(value, u64::MAX)?;
                let now = u64::try_from(now.as_second()).unwrap_or(0);
                Duration::from_secs(since_1970.saturating_sub(now))
            }
        };
        Some(wait.min(LONGEST_WAIT))
    }
}

impl ThrottleHeader {
    /// The one that the standard names.
    pub fn retry_after() -> Self {
        Self { name: "retry-after".to_owned(), form: ThrottleForm::SecondsOrDate }
    }
}

/// A number of seconds at the start of `value`; what follows must be set off by a space.
fn seconds(value: &str) -> Option<Duration> {
    // A thousand times the longest wait, so that milliseconds fit as well.
    seconds_of(value, LONGEST_WAIT.as_secs() * 1000).map(Duration::from_secs)
}

fn seconds_of(value: &str, most: u64) -> Option<u64> {
    let number = value.split_ascii_whitespace().next()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|byte| byte != b'0'));
    // Digits that do not fit are a very long time.
    Some(whole.parse().unwrap_or(u64::MAX).saturating_add(more).min(most))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn until_date(value: &str, now: Timestamp) -> Option<Duration> {
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_means_what_the_contract_says() {
        for status in 100..=999 {
            let expected = match status {
                200..=299 => "sent",
                401 | 403 => "key_wrong",
                408 | 425 | 429 | 500..=599 => "again",
                _ => "rejected",
            };
            assert_eq!(Verdict::of_status(status).name(), expected, "{status}");
        }
    }

    #[test]
    fn every_verdict_is_read_by_its_name() {
        for name in Verdict::NAMES {
            assert_eq!(Verdict::parse(name).expect(name).name(), name);
        }
        assert_eq!(Verdict::parse("retry"), None);
    }

    #[test]
    fn only_what_somebody_must_repair_pauses_a_destination() {
        let pausing = Verdict::NAMES
            .into_iter()
            .filter(|name| Verdict::parse(name).is_some_and(|v| v.pauses_destination()));
        let pausing: Vec<_> = pausing.collect();
        assert_eq!(pausing, ["key_wrong", "settings_wrong", "version_retired"]);
    }

    #[test]
    fn the_longer_wait_counts_and_only_for_again() {
        let ten = Some(Duration::from_secs(10));
        let again = Verdict::Again { after: ten, all: false };
        assert_eq!(Verdict::AGAIN.not_before(ten), again);
        assert_eq!(Verdict::AGAIN.not_before(ten).not_before(None), again);
        assert_eq!(again.clone().for_all(), Verdict::Again { after: ten, all: true });
        assert_eq!(Verdict::AGAIN.for_all(), Verdict::AGAIN);
        assert_eq!(Verdict::Sent.not_before(ten), Verdict::Sent);
    }

    #[test]
    fn throttle_headers_are_read_in_every_form() {
        let now = Timestamp::from_second(784_111_770).expect("in range");
        let week = LONGEST_WAIT.as_secs();
        for (form, value, expected) in [
            (ThrottleForm::SecondsOrDate, "120", Some(120)),
            (ThrottleForm::SecondsOrDate, " 0 ", Some(0)),
            (ThrottleForm::SecondsOrDate, "1.2", Some(2)),
            (ThrottleForm::SecondsOrDate, "Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            (ThrottleForm::SecondsOrDate, "Sun, 06 Nov 1994 08:49:29 GMT", Some(0)),
            (ThrottleForm::SecondsOrDate, "Fri, 31 Dec 2100 23:59:59 GMT", Some(week)),
            (ThrottleForm::SecondsOrDate, "99999999999999999999999", Some(week)),
            (ThrottleForm::SecondsOrDate, "-5", None),
            (ThrottleForm::SecondsOrDate, "", None),
            (ThrottleForm::SecondsOrDate, "soon", None),
            (ThrottleForm::Seconds, "432 seconds", Some(432)),
            (ThrottleForm::Seconds, "432s", None),
            (ThrottleForm::Milliseconds, "12000", Some(12)),
            (ThrottleForm::UnixSeconds, "784111777", Some(7)),
            (ThrottleForm::UnixSeconds, "784111769", Some(0)),
            (ThrottleForm::UnixSeconds, "99999999999999999999999", Some(week)),
        ] {
            let wait = form.wait(value, now);
            assert_eq!(wait, expected.map(Duration::from_secs), "{form:?} {value}");
        }
    }
}

//! What a doctor finds: one finding for each thing that was looked at.

use serde_json::{Value, json};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It is as it should be.
    Ok,
    /// It works, and may not for long, or not as meant.
    Warn,
    /// It does not work.
    Fail,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// Which check.
    pub(super) check: &'static str,
    /// Of what: a merchant's destination, a file; empty where there is only one.
    pub(super) of: String,
    /// How bad it is.
    pub(super) level: Level,
    /// What was found.
    pub(super) detail: String,
    /// What to do; empty where all is well.
    pub(super) hint: String,
}

impl Finding {
    pub(super) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        let (of, hint) = (String::new(), String::new());
        Self { check, of, level: Level::Ok, detail: detail.into(), hint }
    }

    pub(super) fn warn(
        check: &'static str,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { level: Level::Warn, hint: hint.into(), ..Self::ok(check, detail) }
    }

    pub(super) fn fail(
        check: &'static str,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { level: Level::Fail, hint: hint.into(), ..Self::ok(check, detail) }
    }

    /// A failure whose text ends with `(hint: …)`, as those of other commands do.
    pub(super) fn told(check: &'static str, text: &str) -> Self {
        let Some((before, rest)) = text.split_once(" (hint: ") else {
            return Self::fail(check, text, "see docs/OPERATIONS.md");
        };
        // What follows the bracket is the cause.
        let (hint, cause) = rest.split_once(')').unwrap_or((rest, ""));
        Self::fail(check, format!("{before}{cause}"), hint)
    }

    pub(super) fn of(self, of: impl Into<String>) -> Self {
        Self { of: of.into(), ..self }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "check": self.check, "of": self.of, "level": self.level.name(), "detail": self.detail, "hint": self.hint })
    }

    pub(super) fn lines(&self) -> String {
        let of = if self.of.is_empty() { String::new() } else { format!("{}: ", self.of) };
        let mut text = format!("{:4}  {:12} {of}{}", self.level.name(), self.check, self.detail);
        if !self.hint.is_empty() {
            text.push_str("\n                   hint: ");
            text.push_str(&self.hint);
        }
        text
    }
}

/// How many findings of this level there are.
pub(super) fn count(findings: &[Finding], level: Level) -> usize {
    findings.iter().filter(|finding| finding.level == level).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_inside_a_text_becomes_the_remedy() {
        let told = Finding::told("store", "it is locked (hint: stop that one): by 7");
        assert_eq!(
            (told.detail.as_str(), told.hint.as_str()),
            ("it is locked: by 7", "stop that one")
        );
        let bare = Finding::told("store", "it is gone");
        assert!(bare.level == Level::Fail && !bare.hint.is_empty());
    }

    #[test]
    fn a_line_says_what_of_what_and_what_to_do() {
        let bad = Finding::fail("key", "it is refused", "paste a new one").of("hey/post");
        let lines =
            "fail  key          hey/post: it is refused\n                   hint: paste a new one";
        assert_eq!(bad.lines(), lines);
        assert_eq!(Finding::ok("disk", "roomy").lines(), "ok    disk         roomy");
        assert_eq!(bad.json()["level"], "fail");
    }
}

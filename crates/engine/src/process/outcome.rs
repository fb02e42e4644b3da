//! What a receipt comes to, out of what its events came to.

use crate::{
    metrics::UNWANTED,
    ports::{Commit, Outcome, Revision, StoryDecision},
};

/// One event's outcome, with the rule that decided.
pub(super) type Line = (String, String);

/// The first that holds of parked, failed, forwarded, filtered.
pub(super) fn of_receipt<'l>(lines: impl Iterator<Item = &'l Line> + Clone) -> Outcome {
    let first = |wanted: &str| {
        let mut lines = lines.clone();
        lines.find(|(outcome, _)| outcome == wanted).map(|(_, rule)| rule.clone())
    };
    if first("parked").is_some() {
        return Outcome::Parked;
    }
    if let Some(rule) = first("failed") {
        return Outcome::Failed(rule);
    }
    if first("forwarded").is_some() {
        return Outcome::Forwarded;
    }
    Outcome::Filtered(first("filtered").unwrap_or_else(|| "no_rule".to_owned()))
}

/// For the metric.
pub(super) fn names(outcomes: &[(parcelwire_domain::id::ReceiptId, Outcome)]) -> Vec<String> {
    let name = |outcome: &Outcome| match outcome {
        Outcome::Parked => "parked",
        Outcome::Failed(_) => "failed",
        Outcome::Forwarded => "forwarded",
        Outcome::Filtered(_) => "filtered",
        Outcome::Split => "split",
        Outcome::Unclaimed => "unclaimed",
    };
    outcomes.iter().map(|(_, outcome)| name(outcome).to_owned()).collect()
}

/// The rules by which triggers of a step were not wanted, one for each and destination.
pub(super) fn unwanted(commit: &Commit) -> Vec<&'static str> {
    let decisions = commit.story.iter().flat_map(|line| &line.decisions);
    let rule = |made: &StoryDecision| UNWANTED.into_iter().find(|rule| *rule == made.decision);
    let cancelled = commit.revisions.iter().filter_map(|revision| match revision {
        Revision::Cancel { why, .. } => UNWANTED.into_iter().find(|rule| rule == why),
        Revision::Backfill { .. } | Revision::Refill { .. } => None,
    });
    decisions.filter_map(rule).chain(cancelled).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_holds_is_what_a_receipt_comes_to() {
        let line = |outcome: &str, rule: &str| (outcome.to_owned(), rule.to_owned());
        let filtered = line("filtered", "late");
        let (sent, failed) = (line("forwarded", ""), line("failed", "no_subject"));
        let parked = line("parked", "");
        let of = |lines: &[Line]| of_receipt(lines.iter());
        assert_eq!(of(std::slice::from_ref(&filtered)), Outcome::Filtered("late".to_owned()));
        assert_eq!(of(&[filtered.clone(), sent.clone()]), Outcome::Forwarded);
        assert_eq!(of(&[sent.clone(), failed.clone()]), Outcome::Failed("no_subject".to_owned()));
        assert_eq!(of(&[failed, sent, parked]), Outcome::Parked);
    }
}

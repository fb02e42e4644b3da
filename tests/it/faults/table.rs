//! The table of what came of all faults, in Markdown, as docs/RELIABILITY.md has it.

use std::time::Duration;

use super::judge::Outcome;

const HEAD: &str = "| fault | store | accepted | lost | sent again, same id | two ids | recovered after | all told after |\n\
                    |---|---|---|---|---|---|---|---|\n";

/// All lines.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    outcomes.iter().fold(HEAD.to_owned(), |table, outcome| table + &line(outcome) + "\n")
}

/// One of them.
pub(super) fn line(outcome: &Outcome) -> String {
    let Outcome { fault, accepted, lost, repeats, two_ids, .. } = outcome;
    let (recovered, settled) = (seconds(outcome.recovered), seconds(outcome.settled));
    let (name, setting) = (fault.name, fault.setting);
    format!(
        "| {name} | {setting} | {accepted} | {lost} | {repeats} | {two_ids} | {recovered} | {settled} |"
    )
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

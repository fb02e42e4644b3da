//! The table of what came of all faults, in Markdown, as docs/RELIABILITY.md has it.

use std::{fmt::Write as _, time::Duration};

use super::judge::Outcome;

const HEAD: &str = "| fault | store | accepted | lost | sent again, same id | two ids | recovered after | all told after |\n\
                    |---|---|---|---|---|---|---|---|\n";

/// All lines.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let mut table = HEAD.to_owned();
    for outcome in outcomes {
        let Outcome { fault, accepted, lost, repeats, two_ids, .. } = outcome;
        let (recovered, settled) = (seconds(outcome.recovered), seconds(outcome.settled));
        let (name, setting) = (fault.name, fault.setting);
        let line = format!(
            "| {name} | {setting} | {accepted} | {lost} | {repeats} | {two_ids} | {recovered} | {settled} |"
        );
        writeln!(table, "{line}").expect("a string takes everything");
    }
    table
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

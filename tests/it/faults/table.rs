//! The table of what came of all faults, in Markdown, as docs/RELIABILITY.md has it.

use std::time::Duration;

use super::judge::Outcome;

const HEAD: &str = "| fault | store | accepted | lost | sent again, same id | two ids | recovered after | all told after |\n\
                    |---|---|---|---|---|---|---|---|\n";

/// Where and when.
pub(super) fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
        value.unwrap_or("unknown").to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let processor = value(&read("/proc/cpuinfo"), "model name");
    let memory = value(&read("/proc/meminfo"), "MemTotal");
    let kernel = read("/proc/sys/kernel/osrelease");
    let today = jiff::Zoned::now().date();
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let kernel = kernel.trim();
    format!("{today}; {cores} cores ({processor}), {memory} memory, Linux {kernel}; {build} build")
}

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

#[cfg(test)]
mod tests {
    use crate::{faults::list::ALL, tidy::root};

    #[test]
    fn the_table_of_the_docs_has_every_fault_and_nothing_that_is_promised_away() {
        let page = root().join("docs/RELIABILITY.md");
        let page = std::fs::read_to_string(page).expect("it is read");
        for fault in ALL {
            let begins = format!("| {} | {} |", fault.name, fault.setting);
            let line = page.lines().find(|line| line.starts_with(&begins));
            let line = line.unwrap_or_else(|| panic!("`{begins}` is missing (hint: make faults)"));
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            assert!(fault.may_lose() || cells[4] == "0", "lost: {line}");
            assert!(fault.may_lose() || cells[6] == "0", "two ids: {line}");
        }
    }
}

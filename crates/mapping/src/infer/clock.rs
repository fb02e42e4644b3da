//! A time that stands in two fields: the day in one, the clock in the other.

use super::{hunt::PLANNED, leaf::Leaf, words::words};

/// The expression for a time in two fields, where there is one and it is no plan.
pub(super) fn in_two_fields(leaves: &[Leaf]) -> Option<String> {
    let found = leaves.iter().filter_map(|day| pair(day, leaves));
    // One that names its zone leaves nothing to guess.
    let best = found.reduce(|best, next| if next.is_utc && !best.is_utc { next } else { best })?;
    Some(best.expression)
}

struct TwoFields {
    expression: String,
    is_utc: bool,
}

/// `activityDate` with `activityTime` beside it, both of digits alone.
fn pair(day: &Leaf, leaves: &[Leaf]) -> Option<TwoFields> {
    let (name, above) = day.place.steps.split_last()?;
    let mut wanted = words(name);
    if wanted.iter().any(|word| PLANNED.contains(&word.as_str())) {
        return None;
    }
    let last = wanted.last_mut().filter(|word| *word == "date")?;
    "time".clone_into(last);
    let is_clock = |leaf: &&Leaf| {
        let name = leaf.place.steps.split_last().filter(|(_, of)| *of == above);
        leaf.place.local == day.place.local && name.is_some_and(|(name, _)| words(name) == wanted)
    };
    let clock = leaves.iter().find(is_clock)?;
    let digits = |leaf: &Leaf, count: usize| {
        let is = |text: &str| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        leaf.values.iter().all(|value| value.as_id().is_some_and(is))
    };
    let is_utc = wanted.iter().any(|word| matches!(word.as_str(), "gmt" | "utc"));
    let expression = format!(
        "=({} ~ {}) | date({}format='%Y%m%d%H%M%S')",
        day.place.expression().trim_start_matches('='),
        clock.place.expression().trim_start_matches('='),
        if is_utc { "'UTC', " } else { "" },
    );
    (digits(day, 8) && digits(clock, 6)).then_some(TwoFields { expression, is_utc })
}

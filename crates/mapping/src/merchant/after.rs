//! How long triggers of absence wait, as files say it.

use std::{collections::BTreeMap, time::Duration};

use parcelwire_domain::{
    derived::{After, Threshold, Wait},
    order::TriggerPolicy,
    taxonomy::Trigger,
};

use crate::text::{Diagnostic, Diagnostics, Node, Period, PeriodUnit};

/// Reads `after:` of one trigger; of one that is not known only its form counts.
pub(super) fn after(
    trigger: Option<Trigger>,
    node: &Node,
    diagnostics: &mut Diagnostics,
) -> Option<After> {
    let trigger = trigger?;
    let Some(threshold) = threshold(trigger) else {
        let message = "`after` is for triggers of absence; this one follows from an event";
        let error = Diagnostic::error(&node.span, message);
        diagnostics.push(error.hint("use `hold:` for a short wait"));
        return None;
    };
    let mut one = |node: &Node| wait(trigger, threshold, node, diagnostics);
    if !node.is_map() {
        let wait = one(node)?;
        return Some(After { domestic: wait, abroad: wait });
    }
    let mut after = threshold.default;
    if let Some(node) = node.get("domestic") {
        after.domestic = one(node)?;
    }
    if let Some(node) = node.get("abroad") {
        after.abroad = one(node)?;
    }
    Some(after)
}

/// Lays a merchant's own `after:` over what its mapping says.
pub(crate) fn lay_after(
    triggers: &mut BTreeMap<Trigger, TriggerPolicy>,
    node: Option<&Node>,
    diagnostics: &mut Diagnostics,
) {
    for (key, node) in node.into_iter().flat_map(Node::entries) {
        let Some(trigger) = Trigger::parse(&key.text) else { continue };
        let own = after(Some(trigger), node, diagnostics);
        if let Some(policy) = triggers.get_mut(&trigger).filter(|_| own.is_some()) {
            policy.after = own;
        }
    }
}

fn threshold(trigger: Trigger) -> Option<Threshold> {
    match trigger {
        Trigger::Derived(derived) => derived.threshold(),
        Trigger::Status(_) => None,
    }
}

fn wait(
    trigger: Trigger,
    threshold: Threshold,
    node: &Node,
    diagnostics: &mut Diagnostics,
) -> Option<Wait> {
    let period: Period = node.as_str()?.parse().ok()?;
    let wait = match (period.unit(), period.seconds()) {
        (PeriodUnit::BusinessDays, _) => Wait::BusinessDays(period.amount()),
        (PeriodUnit::Days, _) => Wait::Days(period.amount()),
        (_, seconds) => Wait::Time(Duration::from_secs(seconds.unwrap_or_default())),
    };
    let (least, most) = (threshold.least, Threshold::MOST);
    let bound = if wait.about() < least.about() {
        format!("less than {least} would speak of parcels with which all is well")
    } else if wait.about() > most.about() {
        format!("more than {most} is never waited for")
    } else {
        return Some(wait);
    };
    let message = format!("`after: {period}` does not fit {}: {bound}", trigger.name());
    let hint = format!("its default is {}", told(threshold.default));
    diagnostics.push(Diagnostic::error(&node.span, message).hint(hint));
    None
}

fn told(after: After) -> String {
    if after.domestic == after.abroad {
        return after.domestic.to_string();
    }
    format!("{}, abroad {}", after.domestic, after.abroad)
}

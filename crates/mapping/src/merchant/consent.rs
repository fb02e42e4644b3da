//! Who may be sent a promotional trigger: who agreed to advertising, or an existing customer under the
//! conditions of s. 7(3) of the German Act against Unfair Competition (UWG). What is not known is no
//! consent.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use parcelwire_domain::{Map, Value};

use super::choose::{Choice, stop};
use crate::text::{Diagnostic, Diagnostics, Node};

/// What a merchant states of its advertising to existing customers: that all conditions hold which are
/// the merchant's to keep. That the customer has not objected is asked of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExistingCustomers {
    /// Since this day everybody who orders is told, where the address is asked for, that they may
    /// object; `None` where only a source's word on the single customer counts.
    notice_since: Option<Date>,
}

/// What has to be stated with `true`, and what it means.
const STATED: [&str; 2] = ["own_similar_goods", "notice_in_each_message"];

impl ExistingCustomers {
    /// Reads `existing_customers:`. A condition that is left out, or does not hold, is an error: without
    /// it there is no exception.
    pub(crate) fn read(file: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let node = file.get("existing_customers").filter(|node| node.is_map())?;
        let mut holds = true;
        for name in STATED {
            if node.get(name).and_then(Node::as_bool) == Some(true) {
                continue;
            }
            holds = false;
            let span = node.get(name).map_or(&node.span, |stated| &stated.span);
            let message = format!("`existing_customers` needs `{name}: true`");
            let hint = "s. 7(3) UWG asks for all of it; leave `existing_customers` out where it does not hold";
            diagnostics.push(Diagnostic::error(span, message).hint(hint));
        }
        let since = node.get("notice_since").and_then(Node::as_str);
        let notice_since = since.and_then(|day| day.parse().ok());
        holds.then_some(Self { notice_since })
    }

    /// Whether this customer was told, with the order, that they may object. What a source says of the
    /// customer counts; else the day of the order, where it is known.
    fn was_told(self, fields: &Map, zone: &TimeZone) -> bool {
        match fields.get("existing_customer_notice").and_then(Value::as_bool) {
            Some(told) => told,
            None => match (self.notice_since, ordered_on(fields, zone)) {
                (Some(since), Some(ordered)) => ordered >= since,
                (None, _) | (_, None) => false,
            },
        }
    }
}

/// The day of the order, at the shop.
fn ordered_on(fields: &Map, zone: &TimeZone) -> Option<Date> {
    let stated = fields.get("ordered_at")?.as_text()?;
    match stated.parse::<Timestamp>() {
        Ok(at) => Some(at.to_zoned(zone.clone()).date()),
        // A day alone.
        Err(_) => stated.parse().ok(),
    }
}

/// Why these fields' recipient may not be sent advertising; `None` when they may.
pub(super) fn missing(
    existing: Option<ExistingCustomers>,
    fields: &Map,
    zone: &TimeZone,
) -> Option<Choice> {
    let unknown = |why: &str| Some(stop("consent unknown", why));
    match fields.get("marketing_consent").and_then(Value::as_text) {
        Some("granted") => None,
        Some("denied") => Some(stop("consent denied", "the customer does not want advertising")),
        _ => match existing {
            None => unknown("no source says that the customer agreed to advertising"),
            Some(existing) if existing.was_told(fields, zone) => None,
            Some(_) => unknown(
                "the customer did not agree to advertising, and it is not known that they were told with \
                 the order that they may object (s. 7(3) UWG)",
            ),
        },
    }
}

//! A return label was made and not used, and its last day is near.

use jiff::{Timestamp, ToSpan as _};

use super::{Due, Follows, Of, Rule, Scope};
use crate::taxonomy::{Derived, Status};

pub(super) struct ReturnLabelExpiring;

impl Rule for ReturnLabelExpiring {
    fn derived(&self) -> Derived {
        Derived::ReturnLabelExpiring
    }

    fn scope(&self) -> Scope {
        Scope::Return
    }

    fn follows(&self) -> Follows {
        Follows::Absence
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let thing = of.thing?;
        if thing.status != Some(Status::ReturnLabelCreated) || thing.is_over() {
            return None;
        }
        let label = thing
            .on_leg()
            .rfind(|said| said.status == Status::ReturnLabelCreated && said.counts())?;
        let end = of.when("return_by")?.end(&of.case.zone);
        let news = label.at.checked_add(24_i64.hours()).unwrap_or(Timestamp::MAX);
        let at = of.before(self.derived(), end)?.max(news);
        if at >= end {
            return None;
        }
        let deadline = end.to_zoned(of.case.zone.clone()).date().to_string();
        Some(Due { at, until: Some(end), ..Due::now(label, &deadline) })
    }
}

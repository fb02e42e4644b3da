//! What would follow if nothing else were heard.

use parcelwire_domain::{
    order::Stands,
    taxonomy::{Derived, Trigger},
};

use super::{
    super::story::Planned,
    voice::{Both, Voice},
};

impl Voice {
    /// One derived trigger that was not told yet.
    pub(super) fn planned(&self, planned: &Planned) -> String {
        let at = self.at(planned.at);
        let what = self.name(planned.trigger.name());
        let subject = planned.subject.as_deref();
        let what = subject.map_or_else(|| what.clone(), |subject| format!("{what}, {subject}"));
        let because = self.because(planned);
        let sentence: Both = match planned.stands {
            Stands::Planned => [
                "{}: planned for {} if nothing refutes it until then: {}",
                "{}: geplant für {}, wenn bis dahin nichts dagegen spricht: {}",
            ],
            Stands::Suspended => [
                "{}: was due on {} and is suspended until it can be known whether it is true: {}",
                "{}: war am {} fällig und ist ausgesetzt, bis sich weiß, ob es stimmt: {}",
            ],
            Stands::Off => [
                "{}: would follow on {}, but is switched off: {}",
                "{}: würde am {} folgen, ist aber abgeschaltet: {}",
            ],
            Stands::NotBelieved => [
                "{}: would follow on {}, but this kind of source is not believed on it: {}",
                "{}: würde am {} folgen, aber dieser Art von Quelle wird das nicht geglaubt: {}",
            ],
        };
        let by_default = self.pick([" [by default]", " [Voreinstellung]"]);
        let line = planned.line.as_ref().map_or_else(|| by_default.into(), |it| format!(" [{it}]"));
        format!("{}{line}", self.fill(sentence, &[&what, &at, &because]))
    }

    fn because(&self, planned: &Planned) -> String {
        let follows = self.name(&planned.follows);
        let since = self.at(planned.since);
        let Some(after) = planned.after.as_deref().map(|after| self.wait(after)) else {
            let follows_from = "it follows from {} on {}";
            return self.fill([follows_from, "es folgt aus {} am {}"], &[&follows, &since]);
        };
        let sentence: Both = match planned.trigger {
            Trigger::Derived(Derived::PickupExpiring | Derived::ReturnLabelExpiring) => {
                ["{} before the last day, after {} on {}", "{} vor dem letzten Tag, nach {} am {}"]
            }
            Trigger::Derived(Derived::DeliveryOverdue) => [
                "{} after it was expected, and the last word is {} on {}",
                "{} nach dem erwarteten Termin, letztes Wort: {} am {}",
            ],
            Trigger::Derived(_) | Trigger::Status(_) => {
                ["{} without anything new after {} on {}", "{} ohne Neues nach {} am {}"]
            }
        };
        self.fill(sentence, &[&after, &follows, &since])
    }
}

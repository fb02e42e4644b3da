//! Who is told of what: mailboxes and addresses of the operator and of merchants.

use parcelwire_domain::incident::{Kind, Language};
use parcelwire_mapping::merchant::{AlertWebhook, Alerts, Merchant, State};
use sha2::{Digest as _, Sha256};

use super::settings::AlertSettings;
use crate::Messages;

/// One of them.
pub(super) struct Channel<'a> {
    /// Its name in what is kept, which tells no address.
    pub(super) line: String,
    pub(super) language: Language,
    pub(super) target: Target<'a>,
    kinds: &'a [Kind],
    is_operators: bool,
}

pub(super) enum Target<'a> {
    Mail(&'a str),
    Webhook(&'a AlertWebhook),
}

impl Channel<'_> {
    /// Whether it is told of this; the operator not where `is_told_in_one` says it already.
    pub(super) fn wants(&self, kind: Kind, is_told_in_one: bool) -> bool {
        self.kinds.contains(&kind) && !(self.is_operators && is_told_in_one)
    }

    /// How it is shown to whoever may see it.
    pub(super) fn shown(&self) -> (&'static str, String) {
        match self.target {
            Target::Mail(to) => {
                let (name, host) = to.split_once('@').unwrap_or((to, ""));
                let first: String = name.chars().take(1).collect();
                ("mail", format!("{first}***@{host}"))
            }
            Target::Webhook(webhook) => {
                let url = webhook.url();
                let host = url.split("://").nth(1).unwrap_or_default().split(['/', '?']).next();
                ("webhook", host.unwrap_or_default().to_owned())
            }
        }
    }
}

/// All who may be told of what happens to `merchant`, or to the relay as a whole.
pub(super) fn channels<'a>(
    settings: &'a AlertSettings,
    messages: &Messages,
    merchant: Option<&'a Merchant>,
) -> Vec<Channel<'a>> {
    let mut all = of("operator", &settings.operator);
    // What a staging instance says reaches no shop.
    let is_live = matches!(messages, Messages::Live);
    if let Some(merchant) = merchant.filter(|one| is_live && one.state != State::Off) {
        all.extend(of("merchant", &merchant.alerts));
    }
    all
}

fn of<'a>(whose: &str, alerts: &'a Alerts) -> Vec<Channel<'a>> {
    let channel = |line, target| Channel {
        line,
        language: alerts.language,
        target,
        kinds: &alerts.kinds,
        is_operators: whose == "operator",
    };
    let mails = alerts.to.iter().map(|to| {
        let digest = Sha256::digest(to.as_bytes());
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        channel(format!("{whose}/mail/{name}"), Target::Mail(to))
    });
    let webhook = alerts.webhook.iter();
    let webhook = webhook.map(|to| channel(format!("{whose}/webhook"), Target::Webhook(to)));
    mails.chain(webhook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> AlertSettings {
        let to = vec!["ops@hey.example".to_owned(), "second@hey.example".to_owned()];
        let operator = Alerts { to, kinds: vec![Kind::Backlog], ..Alerts::default() };
        AlertSettings { operator, ..AlertSettings::default() }
    }

    #[test]
    fn lines_tell_mailboxes_apart_and_name_none() {
        let settings = settings();
        let all = channels(&settings, &Messages::Live, None);
        assert_eq!(all.len(), 2);
        assert_ne!(all[0].line, all[1].line);
        assert!(all.iter().all(|channel| !channel.line.contains("hey")), "{}", all[0].line);
        assert_eq!(all[0].shown(), ("mail", "o***@hey.example".to_owned()));
    }

    #[test]
    fn a_channel_is_told_of_its_kinds_and_the_operator_of_one_cause_once() {
        let settings = settings();
        let all = channels(&settings, &Messages::Live, None);
        assert!(all[0].wants(Kind::Backlog, false));
        assert!(!all[0].wants(Kind::Backlog, true));
        assert!(!all[0].wants(Kind::KeyRefused, false));
    }
}

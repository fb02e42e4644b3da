//! In English.

use parcelwire_domain::incident::{Kind, Thing};

use super::{Case, Frame, Words};

pub(super) const FRAME: Frame = Frame {
    over: "Over",
    since: "Since",
    until: "Until",
    merchant: "Shop",
    means: "What it means:",
    next: "What to do:",
    goes_on: "You will hear once more when it is over.",
    ended: "Nothing has to be done. What waited goes on by itself.",
};

pub(super) fn words(case: &Case<'_>) -> Words {
    let (id, name, count) = (case.id(), case.name(), case.facts.count);
    let of = |title: String, means: String, next: String| Words { title, means, next };
    match (case.kind, case.thing) {
        (Kind::KeyRefused, Thing::Destination(_)) => of(
            format!("{name} refuses its key"),
            format!("Messages to {name} are held: customers get no mails from it. Nothing is lost for seven days; what is held for longer is given up."),
            format!("Put a valid key where the merchant's file {id}.yaml says (destinations, {name}). It is read again within seconds, and what is held goes out by itself. `parcelwire try --merchant {id} --to YOUR-ADDRESS` shows whether it works."),
        ),
        (Kind::KeyRefused, Thing::Feed(_)) => of(
            format!("the system behind the feed {name} refuses its key"),
            "No news of any shop of this feed can be fetched: customers hear later, or not at all.".to_owned(),
            format!("Put a valid key where the feed's file {name}.yaml says. `parcelwire polls` shows how it goes."),
        ),
        (Kind::KeyRefused, _) => of(
            format!("the system behind the source {name} refuses its key"),
            "News cannot be fetched, and webhooks that need an answer wait for up to seven days: customers hear later, or not at all.".to_owned(),
            format!("Put a valid key where the merchant's file {id}.yaml says (sources, {name}). `parcelwire polls --merchant {id}` shows how it goes."),
        ),
        (Kind::SourceSilent, Thing::Carrier(_)) => of(
            format!("nothing is heard of parcels of {name} for longer than usual"),
            "Customers are not told where these parcels are. What would follow from silence, such as reminders, is held back, so that nobody is told something wrong.".to_owned(),
            format!("Look whether {name}, or whoever passes its scans on, has a fault. `parcelwire events --merchant {id}` lists what was heard last."),
        ),
        (Kind::SourceSilent, _) => of(
            format!("the source {name} is silent for longer than usual"),
            "Customers are not told what happens to their parcels. What would follow from silence, such as reminders, is held back, so that nobody is told something wrong.".to_owned(),
            format!("Look in the other system whether its webhooks are still switched on and whether sending them fails. GET /api/v1/merchants/{id}/refused lists what was refused here; `parcelwire events --merchant {id}` what was heard last."),
        ),
        (Kind::NothingAccepted, _) if case.merchant.is_some() => of(
            "no webhook was accepted for longer than usual".to_owned(),
            "Customers are not told what happens to their orders.".to_owned(),
            format!("Look in the shop and the warehouse whether their webhooks are still switched on and whether sending them fails. GET /api/v1/merchants/{id}/refused lists what was refused here."),
        ),
        (Kind::NothingAccepted, _) => of(
            "no webhook of any shop was accepted for longer than usual".to_owned(),
            "No customer of any shop is told anything. Senders repeat for about two days what they could not tell.".to_owned(),
            "Ask for /healthz at the public address from outside: a name, a certificate, a proxy or a firewall may have changed. The metric parcelwire_received_total says whether requests come in and are refused.".to_owned(),
        ),
        (Kind::DeadLetters, _) => of(
            match (count, &case.facts.at) {
                (1, Some(at)) => format!("a message to {at} was given up"),
                (1, None) => "a message was given up".to_owned(),
                (_, Some(at)) => format!("{count} messages were given up, the last one to {at}"),
                (_, None) => format!("{count} messages were given up"),
            },
            format!("These customers do not get this mail. The last reason: {}.", reason(case)),
            format!("GET /api/v1/merchants/{id}/messages?status=dead lists them, and GET /api/v1/receipts/ID what was asked and answered. Mend what the answer names, so that the next ones get through."),
        ),
        (Kind::Backlog, Thing::Destination(_)) => of(
            format!("messages to {name} wait for too long"),
            "Customers get their mails late. What gets too old to be news is not sent at all.".to_owned(),
            format!("GET /api/v1/merchants/{id}/messages?status=pending lists them. Look whether {name} has a fault, whether its limits are too low, or whether something must be set up there first."),
        ),
        (Kind::Backlog, _) => of(
            "webhooks wait for too long to be processed".to_owned(),
            "Customers get their mails late.".to_owned(),
            format!("GET /api/v1/merchants/{id}/receipts?status=waiting lists them. `parcelwire check` says whether a file is broken; `parcelwire polls` and the log say whether another system does not answer."),
        ),
        (Kind::UnmappedCodes, _) => of(
            if count == 1 {
                format!("the source {name} says a code that no table knows")
            } else {
                format!("the source {name} says {count} codes that no table knows")
            },
            "What they stand for is told to nobody.".to_owned(),
            format!("`parcelwire unmapped --merchant {id}` lists them, each with the line to add to the connector's `statuses:`."),
        ),
        (Kind::StoreFailing, _) => of(
            "the store cannot be written".to_owned(),
            "Webhooks are answered 503, and their senders come again for about two days. Nothing that was accepted is lost; nothing new is sent.".to_owned(),
            "Look whether the disk is full or failing, or the Redis server down; the log says what the store answered.".to_owned(),
        ),
        (Kind::Test, _) => of(
            "this is a test: nothing is wrong".to_owned(),
            "Whoever gets this is told when something goes wrong with parcelwire, and when it is over.".to_owned(),
            "Nothing. `parcelwire alerts` lists what is wrong now.".to_owned(),
        ),
    }
}

fn reason(case: &Case<'_>) -> String {
    match case.facts.why.as_str() {
        "rejected" => "the other system refused it".to_owned(),
        "retries_exhausted" => "the other system did not take it within three days".to_owned(),
        "held_too_long" => "it was held for seven days".to_owned(),
        "" => "unknown".to_owned(),
        other => other.to_owned(),
    }
}

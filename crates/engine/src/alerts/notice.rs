//! A notice as a mail, and as a webhook in the CloudEvents envelope that outgoing webhooks have.

use bytes::Bytes;
use parcelwire_domain::{
    id::MerchantId,
    incident::{Due, Language, News},
};
use parcelwire_mapping::merchant::Merchant;
use serde_json::json;

use super::{
    facts::Case,
    words::{subject, text, words},
};
use crate::ports::Mail;

pub(super) fn mail(due: &Due, merchant: Option<&Merchant>, to: &str, language: Language) -> Mail {
    let case = Case::of(&due.incident, merchant);
    let began = Due { news: News::Opened, ..due.clone() };
    Mail {
        id: due.id(),
        follows: (due.news == News::Ended).then(|| began.id()),
        to: to.to_owned(),
        subject: subject(&case, due.news, language),
        text: text(&case, &due.incident, due.news, language),
    }
}

pub(super) fn envelope(
    due: &Due,
    of: Option<&MerchantId>,
    merchant: Option<&Merchant>,
    language: Language,
) -> Bytes {
    let incident = &due.incident;
    let case = Case::of(incident, merchant);
    let said = words(&case, language);
    let opened_at = incident.opened_at();
    let time = match due.news {
        News::Opened => opened_at,
        News::Ended => incident.ended_at(),
    };
    let source = of.map_or("/".to_owned(), |id| format!("/merchants/{id}"));
    let name = Some(incident.thing.name()).filter(|name| !name.is_empty());
    let body = json!({
        "specversion": "1.0",
        "id": due.id(),
        "source": source,
        "type": format!("parcelwire.incident.{}.v1", due.news.name()),
        "subject": incident.id.to_string(),
        "time": time.unwrap_or(incident.since).to_string(),
        "datacontenttype": "application/json",
        "data": {
            "incident": incident.id.to_string(), "kind": incident.kind.name(),
            "merchant": of.map(MerchantId::as_str), "what": incident.thing.what(), "name": name,
            "since": incident.since.to_string(), "opened_at": opened_at.map(|at| at.to_string()),
            "ended_at": incident.ended_at().filter(|_| due.news == News::Ended).map(|at| at.to_string()),
            "title": said.title, "means": said.means, "next": said.next,
        },
    });
    Bytes::from(body.to_string())
}

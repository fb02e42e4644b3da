//! Auf Deutsch.

use parcelwire_domain::incident::{Kind, Thing};

use super::{Case, Frame, Words};

pub(super) const FRAME: Frame = Frame {
    over: "Vorbei",
    since: "Seit",
    until: "Bis",
    merchant: "Shop",
    means: "Was das heißt:",
    next: "Was zu tun ist:",
    goes_on: "Wenn es vorbei ist, kommt noch eine Nachricht.",
    ended: "Es ist nichts zu tun. Was gewartet hat, geht von selbst weiter.",
};

pub(super) fn words(case: &Case<'_>) -> Words {
    let (id, name, count) = (case.id(), case.name(), case.facts.count);
    let of = |title: String, means: String, next: String| Words { title, means, next };
    match (case.kind, case.thing) {
        (Kind::KeyRefused, Thing::Destination(_)) => of(
            format!("{name} lehnt den Schlüssel ab"),
            format!("Nachrichten an {name} werden angehalten: Kundinnen und Kunden bekommen von dort keine Mails. Sieben Tage lang geht nichts verloren; was länger liegt, wird aufgegeben."),
            format!("Einen gültigen Schlüssel dort hinterlegen, wo die Datei {id}.yaml es sagt (destinations, {name}). Er wird binnen Sekunden gelesen, und was liegt, geht von selbst hinaus. `parcelwire try --merchant {id} --to EIGENE-ADRESSE` zeigt, ob es geht."),
        ),
        (Kind::KeyRefused, Thing::Feed(_)) => of(
            format!("das System hinter der Sammel-Quelle {name} lehnt den Schlüssel ab"),
            "Von keinem Shop dieser Sammel-Quelle sind Neuigkeiten zu holen: Kundinnen und Kunden erfahren später etwas oder gar nichts.".to_owned(),
            format!("Einen gültigen Schlüssel dort hinterlegen, wo die Datei {name}.yaml es sagt. `parcelwire polls` zeigt, wie es steht."),
        ),
        (Kind::KeyRefused, _) => of(
            format!("das System hinter der Quelle {name} lehnt den Schlüssel ab"),
            "Neuigkeiten sind nicht zu holen, und Webhooks, die eine Antwort brauchen, warten bis zu sieben Tage: Kundinnen und Kunden erfahren später etwas oder gar nichts.".to_owned(),
            format!("Einen gültigen Schlüssel dort hinterlegen, wo die Datei {id}.yaml es sagt (sources, {name}). `parcelwire polls --merchant {id}` zeigt, wie es steht."),
        ),
        (Kind::SourceSilent, Thing::Carrier(_)) => of(
            format!("von Paketen mit {name} ist länger als üblich nichts zu hören"),
            "Kundinnen und Kunden erfahren nicht, wo diese Pakete sind. Was aus Schweigen folgen würde, etwa Erinnerungen, wird zurückgehalten, damit niemand etwas Falsches hört.".to_owned(),
            format!("Nachsehen, ob {name} oder wer die Scans weitergibt, eine Störung hat. `parcelwire events --merchant {id}` zeigt, was zuletzt gehört wurde."),
        ),
        (Kind::SourceSilent, _) => of(
            format!("die Quelle {name} schweigt länger als üblich"),
            "Kundinnen und Kunden erfahren nicht, was mit ihren Paketen geschieht. Was aus Schweigen folgen würde, etwa Erinnerungen, wird zurückgehalten, damit niemand etwas Falsches hört.".to_owned(),
            format!("Im anderen System nachsehen, ob seine Webhooks noch eingeschaltet sind und ob ihr Versand misslingt. GET /api/v1/merchants/{id}/refused zeigt, was hier abgelehnt wurde, `parcelwire events --merchant {id}`, was zuletzt gehört wurde."),
        ),
        (Kind::NothingAccepted, _) if case.merchant.is_some() => of(
            "länger als üblich wurde kein Webhook angenommen".to_owned(),
            "Kundinnen und Kunden erfahren nicht, was mit ihren Bestellungen geschieht.".to_owned(),
            format!("In Shop und Lager nachsehen, ob ihre Webhooks noch eingeschaltet sind und ob ihr Versand misslingt. GET /api/v1/merchants/{id}/refused zeigt, was hier abgelehnt wurde."),
        ),
        (Kind::NothingAccepted, _) => of(
            "länger als üblich wurde von keinem Shop ein Webhook angenommen".to_owned(),
            "Niemand erfährt etwas, in keinem Shop. Was Absender nicht loswurden, wiederholen sie etwa zwei Tage lang.".to_owned(),
            "Von außen /healthz unter der öffentlichen Adresse abrufen: Name, Zertifikat, Proxy oder Firewall könnten sich geändert haben. Die Metrik parcelwire_received_total sagt, ob Anfragen kommen und abgelehnt werden.".to_owned(),
        ),
        (Kind::DeadLetters, _) => of(
            match (count, &case.facts.at) {
                (1, Some(at)) => format!("eine Nachricht an {at} wurde aufgegeben"),
                (1, None) => "eine Nachricht wurde aufgegeben".to_owned(),
                (_, Some(at)) => format!("{count} Nachrichten wurden aufgegeben, die letzte an {at}"),
                (_, None) => format!("{count} Nachrichten wurden aufgegeben"),
            },
            format!("Diese Kundinnen und Kunden bekommen diese Mail nicht. Der letzte Grund: {}.", reason(case)),
            format!("GET /api/v1/merchants/{id}/messages?status=dead zeigt sie, GET /api/v1/receipts/ID, was gefragt und geantwortet wurde. Beheben, was die Antwort nennt, damit die nächsten durchkommen."),
        ),
        (Kind::Backlog, Thing::Destination(_)) => of(
            format!("Nachrichten an {name} warten zu lange"),
            "Mails kommen spät an. Was zu alt wird, um neu zu sein, wird gar nicht gesendet.".to_owned(),
            format!("GET /api/v1/merchants/{id}/messages?status=pending zeigt sie. Nachsehen, ob {name} eine Störung hat, ob die Grenzen zu niedrig sind oder ob dort erst etwas einzurichten ist."),
        ),
        (Kind::Backlog, _) => of(
            "Webhooks warten zu lange auf ihre Verarbeitung".to_owned(),
            "Mails kommen spät an.".to_owned(),
            format!("GET /api/v1/merchants/{id}/receipts?status=waiting zeigt sie. `parcelwire check` sagt, ob eine Datei fehlerhaft ist; `parcelwire polls` und das Log sagen, ob ein anderes System nicht antwortet."),
        ),
        (Kind::UnmappedCodes, _) => of(
            if count == 1 {
                format!("die Quelle {name} nennt einen Code, den keine Tabelle kennt")
            } else {
                format!("die Quelle {name} nennt {count} Codes, die keine Tabelle kennt")
            },
            "Wofür sie stehen, erfährt niemand.".to_owned(),
            format!("`parcelwire unmapped --merchant {id}` zeigt sie, jeden mit der Zeile für `statuses:` der Anbindung."),
        ),
        (Kind::StoreFailing, _) => of(
            "der Speicher lässt sich nicht beschreiben".to_owned(),
            "Webhooks werden mit 503 beantwortet, ihre Absender kommen etwa zwei Tage lang wieder. Nichts, was angenommen ist, geht verloren; Neues wird nicht gesendet.".to_owned(),
            "Nachsehen, ob die Platte voll oder defekt ist oder der Redis-Server steht; das Log sagt, was der Speicher geantwortet hat.".to_owned(),
        ),
        (Kind::Test, _) => of(
            "dies ist ein Test: alles ist in Ordnung".to_owned(),
            "Wer das bekommt, erfährt, wenn mit parcelwire etwas nicht stimmt, und wenn es vorbei ist.".to_owned(),
            "Nichts. `parcelwire alerts` zeigt, was gerade nicht stimmt.".to_owned(),
        ),
    }
}

fn reason(case: &Case<'_>) -> String {
    match case.facts.why.as_str() {
        "rejected" => "das andere System hat sie abgelehnt".to_owned(),
        "retries_exhausted" => "das andere System nahm sie drei Tage lang nicht an".to_owned(),
        "held_too_long" => "sie lag sieben Tage".to_owned(),
        "" => "unbekannt".to_owned(),
        other => other.to_owned(),
    }
}

//! Who is told that something is wrong, and of what: by merchants' files, and by the operator's settings.

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::incident::{Kind, Language};

use crate::{
    blocks::{
        sign::Signer,
        verify::{MethodSpec, Secret, StandardWebhooksSpec},
    },
    destination::sign_request,
    http::HttpRequest,
};

/// To whom, and what.
#[derive(Debug, Default, Clone)]
pub struct Alerts {
    /// E-mail addresses.
    pub to: Vec<String>,
    /// An address that takes signed webhooks.
    pub webhook: Option<AlertWebhook>,
    /// Of these kinds.
    pub kinds: Vec<Kind>,
    /// In which language mails are.
    pub language: Language,
}

/// Where signed webhooks go.
#[derive(Clone)]
pub struct AlertWebhook {
    url: String,
    signer: Signer,
}

impl std::fmt::Debug for AlertWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An address may hold a token.
        f.write_str("AlertWebhook")
    }
}

impl AlertWebhook {
    /// Signs for `url` as Standard Webhooks says. A sentence for people where the secret will not do.
    pub fn new(url: &str, secret: &Secret) -> Result<Self, String> {
        let spec = MethodSpec::StandardWebhooks(StandardWebhooksSpec::default());
        let signer = spec.signer(secret).map_err(|fault| fault.to_string())?;
        Ok(Self { url: url.to_owned(), signer })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A notice of this id, signed now.
    pub fn request(&self, id: &str, body: Bytes, now: Timestamp) -> Result<HttpRequest, String> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let url = self.url.clone();
        let mut request = HttpRequest { method: "POST".to_owned(), url, headers, body };
        sign_request(&mut request, &self.signer, id, now)?;
        Ok(request)
    }
}

/// Whether a text can be an e-mail address; whether it is one only its owner knows.
pub fn is_mailbox(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let whole = !name.is_empty() && !host.is_empty() && text.len() <= 254 && text.is_ascii();
    let is_strange = |c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c);
    whole && !host.contains('@') && !text.contains(is_strange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_one_address_and_nothing_else() {
        for good in ["ops@hey.example", "a.b+c@x"] {
            assert!(is_mailbox(good), "{good}");
        }
        for bad in [
            "",
            "ops",
            "@hey",
            "ops@",
            "a b@c",
            "<a@b>",
            "a@b,c@d",
            "a@b@c",
            "a@b\nBcc: c@d",
            "ä@b",
        ] {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }

    #[test]
    fn a_webhook_is_signed_and_its_address_is_not_printed() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("it is one");
        let webhook =
            AlertWebhook::new("https://ops.example/in?token=t", &secret).expect("it signs");
        let now = Timestamp::from_second(1_795_341_600).expect("a time");
        let request = webhook.request("inc_1-opened", Bytes::from_static(b"{}"), now);
        let request = request.expect("it is signed");
        let header = |name: &str| {
            request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(header("webhook-id"), Some("inc_1-opened"));
        assert_eq!(header("webhook-timestamp"), Some("1795341600"));
        assert!(header("webhook-signature").is_some_and(|value| value.starts_with("v1,")));
        assert!(!format!("{webhook:?}").contains("token"));
    }
}

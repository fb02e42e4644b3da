//! The only place that sends mail: by the operator's SMTP server, one connection a mail.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use parcelwire_engine::ports::{Mail, MailError, Mailer};
use parcelwire_mapping::blocks::verify::Secret;

use crate::transport::Guard;

/// A server that has not taken a mail after this will not.
const TIMEOUT: Duration = Duration::from_secs(25);

/// What answers by themselves, such as notes of absence, are not sent to.
const AUTOMATIC: (&str, &str) = ("Auto-Submitted", "auto-generated");

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// TLS from the first byte: `smtps://`.
    Tls,
    /// TLS after a greeting, or nothing is sent: `smtp://`.
    StartTls,
    /// None, in networks that the operator names: `smtp+plain://`.
    Plain,
}

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// How it is talked to.
    pub way: Way,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What is to be known of the server.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Where it is.
    pub server: Server,
    /// Who writes.
    pub from: String,
    /// Name and password, where it asks for them.
    pub login: Option<(String, Secret)>,
    /// Certificates (PEM) to trust instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// Networks in which nothing needs to be encrypted.
    pub plain: Vec<String>,
}

impl Server {
    /// Reads `smtp://HOST:PORT` and its like. A sentence for people where it is none.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (way, usual) = match scheme {
            "smtps" => (Way::Tls, 465),
            "smtp" => (Way::StartTls, 587),
            "smtp+plain" => (Way::Plain, 25),
            _ => return Err("must begin with smtps://, smtp:// or smtp+plain://".to_owned()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains('@') {
            return Err("holds a login (hint: use username: and password:)".to_owned());
        }
        let (host, port) = match rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, port.parse().ok()),
            None => (rest, Some(usual)),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        match port {
            Some(port) if !host.is_empty() && !host.contains('/') => Ok(Self { way, host, port }),
            Some(_) | None => Err("must name a host, as in smtp://mail.example:587".to_owned()),
        }
    }
}

/// Sends mail over SMTP.
pub struct SmtpMailer {
    smtp: Smtp,
    from: Mailbox,
    tls: Option<TlsParameters>,
    guard: Guard,
}

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpMailer").field("server", &self.smtp.server).finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// Checks what can be checked without asking the server.
    pub fn new(smtp: Smtp) -> Result<Self, MailError> {
        let wrong = |what: &str, why: String| MailError::Wrong(format!("{what}: {why}"));
        let from: Mailbox =
            smtp.from.parse().map_err(|_| wrong("from", "it is no address".to_owned()))?;
        let tls = match smtp.server.way {
            Way::Plain => None,
            Way::Tls | Way::StartTls => Some(tls(&smtp).map_err(|why| wrong("TLS", why))?),
        };
        let guard = Guard::only(&smtp.plain);
        Ok(Self { smtp, from, tls, guard })
    }

    fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        let wrong = |why: String| MailError::Wrong(why);
        let to: Mailbox = mail.to.parse().map_err(|_| wrong("`to` is no address".to_owned()))?;
        let domain = self.from.email.domain();
        let named = |id: &str| format!("<{id}@{domain}>");
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .message_id(Some(named(&mail.id)))
            .header(ContentType::TEXT_PLAIN);
        if let Some(before) = &mail.follows {
            message = message.in_reply_to(named(before)).references(named(before));
        }
        let mut message =
            message.body(mail.text.clone()).map_err(|error| wrong(error.to_string()))?;
        let (name, value) = AUTOMATIC;
        let name = HeaderName::new_from_ascii_str(name);
        message.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
        Ok(message)
    }

    /// Where to connect: by name, but unencrypted only to an address that was looked at.
    async fn host(&self) -> Result<String, MailError> {
        let Server { way, host, port } = &self.smtp.server;
        if *way != Way::Plain {
            return Ok(host.clone());
        }
        let found = tokio::net::lookup_host((host.as_str(), *port)).await;
        let found: Vec<SocketAddr> =
            found.map_err(|error| MailError::Unreachable(error.to_string()))?.collect();
        let allowed = found.iter().find(|address| self.guard.allows(address.ip()));
        allowed.map(|address| address.ip().to_string()).ok_or_else(|| {
            let hint = "(hint: smtp://, or name its network in egress.allow)";
            MailError::Wrong(format!("smtp+plain:// leads to a network that is not allowed {hint}"))
        })
    }

    async fn deliver(&self, mail: Mail) -> Result<(), MailError> {
        let message = self.message(&mail)?;
        let host = self.host().await?;
        let tls = match (&self.tls, self.smtp.server.way) {
            (Some(tls), Way::Tls) => Tls::Wrapper(tls.clone()),
            (Some(tls), Way::StartTls | Way::Plain) => Tls::Required(tls.clone()),
            (None, _) => Tls::None,
        };
        let mut server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(self.smtp.server.port)
            .hello_name(ClientId::Domain(self.from.email.domain().to_owned()))
            .timeout(Some(TIMEOUT))
            .tls(tls);
        if let Some((name, password)) = &self.smtp.login {
            let login = Credentials::new(name.clone(), password.expose().to_owned());
            server = server.credentials(login);
        }
        let server = server.build::<Tokio1Executor>();
        server.send(message).await.map(|_| ()).map_err(|error| refused(&error))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let delivered = tokio::time::timeout(TIMEOUT, self.deliver(mail)).await;
        delivered.unwrap_or_else(|_| {
            Err(MailError::Unreachable(format!("no answer within {}s", TIMEOUT.as_secs())))
        })
    }
}

fn tls(smtp: &Smtp) -> Result<TlsParameters, String> {
    let mut tls = TlsParameters::builder(smtp.server.host.clone());
    if let Some(path) = &smtp.ca_file {
        let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let certificate = Certificate::from_pem(&pem);
        let certificate = certificate.map_err(|error| format!("{}: {error}", path.display()))?;
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    tls.build_rustls().map_err(|error| error.to_string())
}

/// What the server's words mean. They may name people, and stay out of `Display`.
fn refused(error: &SmtpError) -> MailError {
    let said = innermost(error);
    match error.status() {
        Some(code) => MailError::Refused { code: code.into(), said },
        None if error.is_timeout() => MailError::Unreachable("it took too long".to_owned()),
        None => MailError::Unreachable(said),
    }
}

/// The last cause: the one that names what happened.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(url: &str, plain: &[&str]) -> SmtpMailer {
        drop(rustls::crypto::ring::default_provider().install_default());
        let server = Server::parse(url).expect("it is one");
        let plain = plain.iter().map(|text| (*text).to_owned()).collect();
        let from = "Parcelwire <relay@hey.example>".to_owned();
        SmtpMailer::new(Smtp { server, from, login: None, ca_file: None, plain })
            .expect("it is right")
    }

    fn mail() -> Mail {
        Mail {
            id: "inc_1-ended".to_owned(),
            follows: Some("inc_1-opened".to_owned()),
            to: "ops@hey.example".to_owned(),
            subject: "[parcelwire] Vorbei: für immer".to_owned(),
            text: "Es geht weiter: schön.\n".to_owned(),
        }
    }

    #[test]
    fn an_address_names_way_host_and_port() {
        for (url, way, host, port) in [
            ("smtps://mail.example", Way::Tls, "mail.example", 465),
            ("smtp://mail.example/", Way::StartTls, "mail.example", 587),
            ("smtp://mail.example:2525", Way::StartTls, "mail.example", 2525),
            ("smtp+plain://127.0.0.1:25", Way::Plain, "127.0.0.1", 25),
            ("smtp://[::1]:587", Way::StartTls, "::1", 587),
            ("smtp://[::1]", Way::StartTls, "::1", 587),
        ] {
            let server = Server { way, host: host.to_owned(), port };
            assert_eq!(Server::parse(url), Ok(server), "{url}");
        }
        for (url, told) in [
            ("mail.example:25", "must begin"),
            ("https://mail.example", "must begin"),
            ("smtp://", "must name a host"),
            ("smtp://mail.example:many", "must name a host"),
            ("smtp://anna:geheim@mail.example", "holds a login"),
        ] {
            let fault = Server::parse(url).expect_err(url);
            assert!(fault.contains(told) && !fault.contains("geheim"), "{url}: {fault}");
        }
    }

    #[test]
    fn a_mail_names_its_id_what_it_follows_and_that_no_person_wrote_it() {
        let message = mailer("smtp://mail.example", &[]).message(&mail()).expect("it is one");
        let text = String::from_utf8(message.formatted()).expect("ASCII");
        for line in [
            "Message-ID: <inc_1-ended@hey.example>\r\n",
            "In-Reply-To: <inc_1-opened@hey.example>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "From: Parcelwire <relay@hey.example>\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        let other = Mail { to: "a@b>, <c@d".to_owned(), ..mail() };
        assert!(mailer("smtp://mail.example", &[]).message(&other).is_err());
    }

    #[tokio::test]
    async fn nothing_leaves_the_named_networks_unencrypted() {
        let sent = mailer("smtp+plain://127.0.0.1:9", &["10.0.0.0/8"]).send(mail()).await;
        assert!(matches!(sent, Err(MailError::Wrong(_))), "{sent:?}");
        let sent = mailer("smtp+plain://127.0.0.1:9", &["127.0.0.0/8"]).send(mail()).await;
        assert!(matches!(sent, Err(MailError::Unreachable(_))), "{sent:?}");
    }
}

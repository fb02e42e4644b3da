//! Sending mail: to whoever is told that something is wrong.

use async_trait::async_trait;

/// One mail in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its own id, the same however often it is sent: letters, digits, `_` and `-`.
    pub id: String,
    /// The id of the mail that it goes on from.
    pub follows: Option<String>,
    /// To whom.
    pub to: String,
    /// What it is about, in one line.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// Why a mail was not taken. `Display` names no address, and nothing that the server said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The server said no: to the login, the sender, the recipient or the mail.
    #[error("the mail server answered {code}")]
    Refused {
        /// Its code.
        code: u16,
        /// Its words: for whoever asked, and for no log.
        said: String,
    },
    /// There was no answer, or no connection, or no TLS.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(String),
    /// The settings cannot be used.
    #[error("the settings for mail are wrong: {0}")]
    Wrong(String),
}

impl MailError {
    /// The whole of it, for the operator who asked.
    pub fn detail(&self) -> String {
        match self {
            Self::Refused { said, .. } => format!("{self}: {said}"),
            Self::Unreachable(_) | Self::Wrong(_) => self.to_string(),
        }
    }
}

/// Sends mail by the operator's server.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one; comes back within half a minute.
    async fn send(&self, mail: Mail) -> Result<(), MailError>;
}

//! Rule files: read at the start, and again when they change.

use std::time::Duration;

use parcelwire_engine::Engine;
use parcelwire_mapping::{
    book::{Book, RuleFile},
    text::{Diagnostics, RenderFormat, Severity, render},
};

use crate::config::{RuleFiles, Settings};

/// Files are looked at so often: works with mounted volumes too.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The files in force.
pub(super) struct Watched {
    pub(super) files: RuleFiles,
    found: Vec<RuleFile>,
    digest: [u8; 32],
    /// Whether some of them could not be read at the last look: told once.
    unreadable: bool,
    /// Whether there is a server that sends mail.
    has_mail: bool,
}

impl Watched {
    /// Reads and compiles them; what is wrong is told.
    pub(super) fn read(settings: &Settings) -> (Self, Book) {
        let files = RuleFiles::of(settings);
        let (found, mut told) = files.read();
        let digest = files.digest(&found);
        let unreadable = told.has_errors();
        let (book, more) = Book::compile(&found, &files.secrets, &files.around, None);
        told.append(more);
        report(&told);
        let has_mail = !settings.alerts.smtp.url.is_empty();
        let watched = Self { files, found, digest, unreadable, has_mail };
        watched.tell_of_mail(&book);
        (watched, book)
    }

    /// Reads them again for as long as it is asked to; what is broken keeps its last good version.
    pub(super) async fn watch(mut self, engine: Engine) {
        let clock = engine.clock();
        loop {
            clock.until(clock.now() + LOOK_AGAIN).await;
            self.look_again(&engine);
        }
    }

    fn look_again(&mut self, engine: &Engine) {
        let (found, mut told) = self.files.read_again(&self.found);
        let digest = self.files.digest(&found);
        let is_news = told.has_errors() && !self.unreadable;
        self.unreadable = told.has_errors();
        if digest == self.digest {
            if is_news {
                report(&told);
            }
            return;
        }
        (self.digest, self.found) = (digest, found);
        let last = engine.rules().book();
        let (secrets, around) = (&self.files.secrets, &self.files.around);
        let (book, more) = Book::compile(&self.found, secrets, around, Some(&last));
        told.append(more);
        report(&told);
        self.tell_of_mail(&book);
        engine.rules().swap(book);
        tracing::info!(errors = told.has_errors(), "rule files were read again");
    }
}

impl Watched {
    /// Merchants may name mailboxes; the server that sends is the operator's to set.
    fn tell_of_mail(&self, book: &Book) {
        let merchants = book.merchants.keys().filter_map(|id| book.merchant(id.as_str()));
        for merchant in merchants.filter(|one| !self.has_mail && !one.alerts.to.is_empty()) {
            tracing::warn!(merchant.id = %merchant.id, "`alerts:` asks for mails, but there is no mail server (hint: alerts.smtp.url in the settings)");
        }
    }
}

/// Tells what is wrong with rule files, each with its place.
fn report(told: &Diagnostics) {
    for diagnostic in told.iter() {
        let text = render([diagnostic], RenderFormat::Text { colour: false }, told.secrets());
        match diagnostic.severity {
            Severity::Error => tracing::error!("{}", text.trim_end()),
            Severity::Warning => tracing::warn!("{}", text.trim_end()),
            Severity::Note => tracing::info!("{}", text.trim_end()),
        }
    }
}

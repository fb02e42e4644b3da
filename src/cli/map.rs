//! `map`: a dry run of one payload.

use std::path::PathBuf;

use clap::Args;
use parcelwire_domain::id::{MerchantId, SourceName};
use parcelwire_engine::dry::{Payload, map};
use parcelwire_mapping::{
    book::{Book, Invented},
    text::{Diagnostics, RenderFormat, Severity, did_you_mean, render},
};

use super::{Done, Failure, now, print};
use crate::config::{RuleFiles, Settings};

/// `parcelwire map`
#[derive(Debug, Args)]
pub(super) struct Map {
    /// The merchant
    #[arg(long)]
    merchant: String,
    /// Its source
    #[arg(long)]
    source: String,
    /// The webhook's topic
    #[arg(long)]
    topic: Option<String>,
    /// A header, as in 'X-Topic: orders/create'
    #[arg(long = "header", value_name = "K: V")]
    headers: Vec<String>,
    /// What the other system answers that is asked about it (`lookup:`), one page
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// The payload; - for stdin
    file: PathBuf,
}

impl Map {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let files = RuleFiles::of(settings);
        let (found, _) = files.read();
        let (book, told) = Book::compile(&found, &Invented, &files.around, None);
        let Some(merchant) = book.merchant(&self.merchant) else {
            return Err(Failure::Configuration(self.no_merchant(&book, &told)));
        };
        let source =
            SourceName::parse(&self.source).map_err(|error| Failure::Usage(error.to_string()))?;
        let Some(known) = merchant.sources.get(&source) else {
            let names: Vec<&str> = merchant.sources.keys().map(SourceName::as_str).collect();
            return Err(Failure::Usage(format!(
                "{} has no source `{source}`; it has: {}",
                self.merchant,
                names.join(", ")
            )));
        };
        let mut headers = Vec::new();
        for header in &self.headers {
            let (name, value) = header.split_once(':').ok_or_else(|| {
                Failure::Usage(format!("--header '{header}' is not 'Name: value'"))
            })?;
            headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
        if let (Some(topic), Some(name)) = (&self.topic, known.ready.connector().topic_header()) {
            headers.push((name.to_owned(), topic.clone()));
        }
        let body = super::send::read(&self.file)?;
        let topic = self.topic.clone().or_else(|| {
            let lines: Vec<(&str, &str)> =
                headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let request = parcelwire_mapping::blocks::verify::Incoming::post(
                parcelwire_mapping::blocks::verify::Headers::new(&lines),
                &body,
            );
            known.ready.topic(&request)
        });
        let answer = match &self.answer {
            Some(path) => Some(super::send::read(path)?),
            None => None,
        };
        let answer = answer.as_deref();
        let payload = Payload { topic: topic.as_deref(), headers: &headers, body: &body, answer };
        let answer = map(merchant, &source, &payload, now());
        let mut text = String::new();
        answer.write_json(&mut text);
        print(&text);
        Ok(())
    }

    /// Why there is no such merchant: it has no file, or files are broken.
    fn no_merchant(&self, book: &Book, told: &Diagnostics) -> String {
        let ids = book.merchants.keys().map(MerchantId::as_str);
        if ids.clone().any(|id| id == self.merchant) {
            let errors = told.iter().filter(|told| told.severity == Severity::Error);
            let text = render(errors, RenderFormat::Text { colour: false }, told.secrets());
            let message = format!("the files of the merchant `{}` are broken", self.merchant);
            return format!("{message}\n{}", text.trim_end());
        }
        let hint = did_you_mean(&self.merchant, ids.clone())
            .unwrap_or_else(|| format!("known ones: {}", ids.collect::<Vec<_>>().join(", ")));
        format!("there is no merchant `{}` (hint: {hint})", self.merchant)
    }
}

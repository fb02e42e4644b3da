//! All files at once: connectors, mappings, feeds, merchants, each with its last good version.

use std::{collections::BTreeMap, sync::Arc};

use parcelwire_domain::id::{FeedName, MerchantId};
use sha2::{Digest as _, Sha256};

use super::{
    Book, Entry, Feed, FileKind, RuleFile, Secrets, Surroundings,
    accounts::share_out,
    chain::{chain, merged},
    merchant::Desk,
    shelf::{Files, Parsed},
};
use crate::{
    destination::DestinationConnector,
    merchant::{Mapping, Merchant},
    source::SourceConnector,
    text::{Diagnostic, Diagnostics, masked},
};

impl Book {
    /// Compiles `files` (the shipped ones come first; a later file of the same kind and name
    /// wins). What is broken keeps its place from `last`.
    ///
    /// What a file means is looked at even where its form is wrong, so that one check tells all.
    pub fn compile(
        files: &[RuleFile],
        secrets: &dyn Secrets,
        around: &Surroundings,
        last: Option<&Self>,
    ) -> (Self, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let files = Files::parse(files, &mut diagnostics);
        let mut book = Self::default();
        book.connectors(&files, last, &mut diagnostics);
        book.mappings(&files, last, &mut diagnostics);
        check_templates(&files, &mut diagnostics);
        let desk = Desk { book: &book, files: &files, secrets, around };
        book.feeds = feeds_of(&desk, &files, last, &mut diagnostics);
        let desk = Desk { book: &book, files: &files, secrets, around };
        book.merchants = merchants_of(&desk, &files, last, &mut diagnostics);
        share_out(&mut book, &files, last, &mut diagnostics);
        diagnostics.sort();
        (book, diagnostics)
    }

    fn connectors(&mut self, files: &Files, last: Option<&Self>, diagnostics: &mut Diagnostics) {
        for (name, file) in files.of(FileKind::SourceConnector).iter() {
            let compiled =
                file.node.as_ref().and_then(|node| SourceConnector::compile(node, diagnostics));
            let compiled = compiled.filter(|_| file.sound).map(Arc::new);
            let kept = || last?.sources.get(name).cloned();
            self.sources.extend(compiled.or_else(kept).map(|connector| (name.clone(), connector)));
        }
        for (name, file) in files.of(FileKind::DestinationConnector).iter() {
            let compiled = file
                .node
                .as_ref()
                .and_then(|node| DestinationConnector::compile(node, diagnostics));
            let compiled = compiled.filter(|_| file.sound).map(Arc::new);
            let kept = || last?.destinations.get(name).cloned();
            self.destinations
                .extend(compiled.or_else(kept).map(|connector| (name.clone(), connector)));
        }
    }

    fn mappings(&mut self, files: &Files, last: Option<&Self>, diagnostics: &mut Diagnostics) {
        let shelf = files.of(FileKind::Mapping);
        for (name, file) in shelf.iter() {
            let compiled = file.node.as_ref().and_then(|node| {
                let files = chain(name, node, Some("default"), &shelf, diagnostics)?;
                Mapping::compile(name, &files, diagnostics)
            });
            let compiled = compiled.filter(|_| file.sound).map(Arc::new);
            let kept = || last?.mappings.get(name).cloned();
            self.mappings.extend(compiled.or_else(kept).map(|mapping| (name.clone(), mapping)));
        }
    }
}

/// Templates are compiled with the merchants that use them; their own chains are looked at here.
fn check_templates(files: &Files, diagnostics: &mut Diagnostics) {
    let shelf = files.of(FileKind::Template);
    for (name, file) in shelf.iter() {
        if let Some(node) = &file.node {
            chain(name, node, None, &shelf, diagnostics);
        }
    }
}

fn feeds_of(
    desk: &Desk<'_>,
    files: &Files,
    last: Option<&Book>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<FeedName, Arc<Feed>> {
    let mut feeds = BTreeMap::new();
    for (name, file) in files.of(FileKind::Feed).iter() {
        let Ok(id) = FeedName::parse(name) else {
            bad_name(file, name, diagnostics);
            continue;
        };
        let feed = file.node.as_ref().and_then(|node| desk.feed(name, node, diagnostics));
        let feed = feed.filter(|_| file.sound).map(Arc::new);
        let kept = || last?.feeds.get(&id).cloned();
        if let Some(feed) = feed.or_else(kept) {
            feeds.insert(id, feed);
        }
    }
    feeds
}

fn merchants_of(
    desk: &Desk<'_>,
    files: &Files,
    last: Option<&Book>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<MerchantId, Entry> {
    let mut merchants = BTreeMap::new();
    let templates = files.of(FileKind::Template);
    let shared = files.shared_digest();
    for (name, file) in files.of(FileKind::Merchant).iter() {
        let Ok(id) = MerchantId::parse(name) else {
            bad_name(file, name, diagnostics);
            continue;
        };
        let compiled = file.node.as_ref().and_then(|node| {
            let files = chain("", node, None, &templates, diagnostics)?;
            let mut merchant = desk.merchant(&id, &merged(&files)?, diagnostics)?;
            stamp(&mut merchant, file, &shared);
            Some(Arc::new(merchant))
        });
        let compiled = compiled.filter(|_| file.sound);
        let entry = match (compiled, last.and_then(|last| last.merchants.get(&id))) {
            (Some(merchant), _) => Entry::Ready { merchant, stale: false },
            (None, Some(Entry::Ready { merchant, .. })) => {
                Entry::Ready { merchant: Arc::clone(merchant), stale: true }
            }
            (None, Some(Entry::Misconfigured) | None) => Entry::Misconfigured,
        };
        merchants.insert(id, entry);
    }
    merchants
}

fn bad_name(file: &Parsed, name: &str, diagnostics: &mut Diagnostics) {
    if let Some(node) = &file.node {
        let error = Diagnostic::error(
            &node.span.file.start(),
            format!("`{name}` cannot be the name of this file"),
        );
        diagnostics.push(error.hint("small letters, digits, `-` and `_`, as in hey-de.yaml"));
    }
}

/// The hash of the rule files a merchant is made of, and its own text with its secrets masked.
fn stamp(merchant: &mut Merchant, file: &Parsed, shared: &Sha256) {
    let mut digest = shared.clone();
    digest.update(file.text.as_bytes());
    merchant.rules.copy_from_slice(&digest.finalize()[..16]);
    merchant.rules_text = masked(&file.text);
}

//! All files at once: connectors, mappings, feeds, merchants, each with its last good version.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parcelwire_domain::id::{FeedName, MerchantId, SourceName};
use sha2::{Digest as _, Sha256};

use super::{
    Book, Entry, Feed, FileKind, RuleFile, Secrets, Surroundings,
    chain::{chain, merged},
    merchant::Desk,
};
use crate::{
    destination::DestinationConnector,
    merchant::{Mapping, Merchant},
    source::SourceConnector,
    text::{Diagnostic, Diagnostics, Node, SourceFile, check, read},
};

/// A file that could be read as YAML, checked against its kind's shape or not.
struct Parsed {
    node: Option<Node>,
    sound: bool,
    text: String,
}

type Files = BTreeMap<FileKind, BTreeMap<String, Parsed>>;

impl Book {
    /// Compiles `files` (the shipped ones come first; a later file of the same kind and name
    /// wins). What is broken keeps its place from `last`.
    pub fn compile(
        files: &[RuleFile],
        secrets: &dyn Secrets,
        around: &Surroundings,
        last: Option<&Self>,
    ) -> (Self, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let parsed = parse(files, &mut diagnostics);
        let mut book = Self::default();
        book.connectors(&parsed, last, &mut diagnostics);
        book.mappings(&parsed, last, &mut diagnostics);
        let feeds: BTreeSet<String> = names(&parsed, FileKind::Feed);
        book.feeds(&parsed, &feeds, secrets, around, last, &mut diagnostics);
        book.merchants(&parsed, &feeds, secrets, around, last, &mut diagnostics);
        book.share_out(last, &mut diagnostics);
        diagnostics.sort();
        (book, diagnostics)
    }

    fn connectors(&mut self, parsed: &Files, last: Option<&Self>, diagnostics: &mut Diagnostics) {
        for (name, file) in of(parsed, FileKind::SourceConnector) {
            let compiled =
                file.node.as_ref().and_then(|node| SourceConnector::compile(node, diagnostics));
            let compiled = compiled.filter(|_| file.sound).map(Arc::new);
            let kept = || last?.sources.get(name).cloned();
            self.sources.extend(compiled.or_else(kept).map(|connector| (name.clone(), connector)));
        }
        for (name, file) in of(parsed, FileKind::DestinationConnector) {
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

    fn mappings(&mut self, parsed: &Files, last: Option<&Self>, diagnostics: &mut Diagnostics) {
        let find = |name: &str| sound(parsed, FileKind::Mapping, name);
        for (name, file) in of(parsed, FileKind::Mapping) {
            let compiled = file.node.as_ref().filter(|_| file.sound).and_then(|node| {
                let files = chain(name, node, Some("default"), find, diagnostics)?;
                Mapping::compile(name, &files, diagnostics)
            });
            let kept = || last?.mappings.get(name).cloned();
            let compiled = compiled.map(Arc::new).or_else(kept);
            self.mappings.extend(compiled.map(|mapping| (name.clone(), mapping)));
        }
    }

    fn feeds(
        &mut self,
        parsed: &Files,
        feeds: &BTreeSet<String>,
        secrets: &dyn Secrets,
        around: &Surroundings,
        last: Option<&Self>,
        diagnostics: &mut Diagnostics,
    ) {
        for (name, file) in of(parsed, FileKind::Feed) {
            let Ok(id) = FeedName::parse(name) else {
                bad_name(file, name, diagnostics);
                continue;
            };
            let desk = Desk { book: self, feeds, secrets, around };
            let source = file.node.as_ref().filter(|_| file.sound).and_then(|node| {
                let connector = node.get("connector").and_then(Node::as_str).unwrap_or(name);
                let connector = desk.source_connector(connector, node, diagnostics)?;
                if !connector.splits() {
                    let error = Diagnostic::error(
                        &node.span,
                        "this connector does not say whose a webhook is",
                    );
                    diagnostics.push(error.hint("add `account:` to the connector"));
                    return None;
                }
                let reserved = ["connector", "secret"];
                let settings = desk.source_settings(&connector, node, &reserved, diagnostics)?;
                let address = format!("{}/feeds/{name}", around.public_url);
                desk.ready_source(&connector, settings, node, &address, diagnostics)
            });
            let feed = source.map(|source| Arc::new(Feed { source, accounts: BTreeMap::new() }));
            let kept = || last?.feeds.get(&id).cloned();
            if let Some(feed) = feed.or_else(kept) {
                self.feeds.insert(id, feed);
            }
        }
    }

    fn merchants(
        &mut self,
        parsed: &Files,
        feeds: &BTreeSet<String>,
        secrets: &dyn Secrets,
        around: &Surroundings,
        last: Option<&Self>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut merchants = BTreeMap::new();
        let find = |name: &str| sound(parsed, FileKind::Template, name);
        let shipped = rules_digest(parsed);
        for (name, file) in of(parsed, FileKind::Merchant) {
            let Ok(id) = MerchantId::parse(name) else {
                bad_name(file, name, diagnostics);
                continue;
            };
            let desk = Desk { book: self, feeds, secrets, around };
            let compiled = file.node.as_ref().filter(|_| file.sound).and_then(|node| {
                let files = chain("", node, None, find, diagnostics)?;
                let whole = merged(&files)?;
                let mut merchant = desk.merchant(&id, &whole, diagnostics)?;
                stamp(&mut merchant, file, &shipped);
                Some(Arc::new(merchant))
            });
            let entry = match (compiled, last.and_then(|last| last.merchants.get(&id))) {
                (Some(merchant), _) => Entry::Ready { merchant, stale: false },
                (None, Some(Entry::Ready { merchant, .. })) => {
                    Entry::Ready { merchant: Arc::clone(merchant), stale: true }
                }
                (None, Some(Entry::Misconfigured) | None) => Entry::Misconfigured,
            };
            merchants.insert(id, entry);
        }
        self.merchants = merchants;
    }

    /// Gives every feed the accounts of its merchants. One account for two is an error of both.
    fn share_out(&mut self, last: Option<&Self>, diagnostics: &mut Diagnostics) {
        let mut owners: BTreeMap<(FeedName, String), Vec<(MerchantId, SourceName)>> =
            BTreeMap::new();
        for (id, entry) in &self.merchants {
            let Entry::Ready { merchant, .. } = entry else { continue };
            for (name, source) in &merchant.sources {
                let Some((feed, accounts)) = &source.feed else { continue };
                for account in accounts {
                    let owner = (id.clone(), name.clone());
                    owners.entry((feed.clone(), account.clone())).or_default().push(owner);
                }
            }
        }
        let mut shares: BTreeMap<FeedName, BTreeMap<String, (MerchantId, SourceName)>> =
            BTreeMap::new();
        for ((feed, account), mut claimed) in owners {
            if let [_, _, ..] = claimed[..] {
                let names: Vec<&str> = claimed.iter().map(|(id, _)| id.as_str()).collect();
                let names = names.join(" and ");
                diagnostics.push(Diagnostic {
                    severity: crate::text::Severity::Error,
                    span: None,
                    message: format!("account `{account}` of the feed `{feed}` is that of {names}"),
                    hint: Some(
                        "an account belongs to one merchant: take it out of the others".to_owned(),
                    ),
                });
                // Who had it before keeps it; else nobody has it until the files say whose it is.
                let before = last.and_then(|last| last.feeds.get(&feed)?.accounts.get(&account));
                claimed.retain(|owner| Some(owner) == before);
            }
            if let Some(owner) = claimed.pop() {
                shares.entry(feed).or_default().insert(account, owner);
            }
        }
        for (name, feed) in &mut self.feeds {
            let accounts = shares.remove(name).unwrap_or_default();
            let connector = feed.source.clone();
            *feed = Arc::new(Feed { source: connector, accounts });
        }
    }
}

fn parse(files: &[RuleFile], diagnostics: &mut Diagnostics) -> Files {
    let mut last: BTreeMap<(FileKind, &str), &RuleFile> = BTreeMap::new();
    for file in files {
        last.insert((file.kind, &file.name), file);
    }
    let mut parsed = Files::new();
    for ((kind, name), file) in last {
        let mut found = Diagnostics::default();
        let node = read(SourceFile::new(file.path.clone(), file.text.clone()), &mut found);
        // Connectors are checked where they are compiled.
        if let Some(node) = &node
            && !matches!(kind, FileKind::SourceConnector | FileKind::DestinationConnector)
        {
            check(kind.shape(), node, &mut found);
        }
        let sound = !found.has_errors();
        diagnostics.append(found);
        let entry = Parsed { node, sound, text: file.text.clone() };
        parsed.entry(kind).or_default().insert(name.to_owned(), entry);
    }
    parsed
}

fn of(parsed: &Files, kind: FileKind) -> impl Iterator<Item = (&String, &Parsed)> {
    parsed.get(&kind).into_iter().flatten()
}

fn names(parsed: &Files, kind: FileKind) -> BTreeSet<String> {
    of(parsed, kind).map(|(name, _)| name.clone()).collect()
}

fn sound<'p>(parsed: &'p Files, kind: FileKind, name: &str) -> Option<&'p Node> {
    let file = parsed.get(&kind)?.get(name)?;
    file.node.as_ref().filter(|_| file.sound)
}

fn bad_name(file: &Parsed, name: &str, diagnostics: &mut Diagnostics) {
    if let Some(node) = &file.node {
        let error =
            Diagnostic::error(&node.span, format!("`{name}` cannot be the name of this file"));
        diagnostics.push(error.hint("small letters, digits, `-` and `_`, as in hey-de.yaml"));
    }
}

/// A digest over all files that merchants share.
fn rules_digest(parsed: &Files) -> Sha256 {
    let mut digest = Sha256::new();
    for (kind, files) in parsed {
        if *kind == FileKind::Merchant {
            continue;
        }
        for (name, file) in files {
            digest.update(name.as_bytes());
            digest.update([0]);
            digest.update(file.text.as_bytes());
        }
    }
    digest
}

/// The hash of the rule files a merchant is made of, and its own text with its secrets masked.
fn stamp(merchant: &mut Merchant, file: &Parsed, shared: &Sha256) {
    let mut digest = shared.clone();
    digest.update(file.text.as_bytes());
    merchant.rules.copy_from_slice(&digest.finalize()[..16]);
    merchant.rules_text = masked(&file.text);
}

/// A merchant's file without what looks like a secret in it.
fn masked(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        let name = key.trim().trim_start_matches("- ");
        let secret = ["secret", "key", "token", "password"].iter().any(|word| name.contains(word));
        let plain = value.trim().starts_with("env:") || value.trim().starts_with("file:");
        if secret && !plain && !value.trim().is_empty() {
            format!("{key}: ****")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

//! Whose the accounts of a feed are.

use std::{collections::BTreeMap, sync::Arc};

use parcelwire_domain::id::{FeedName, MerchantId, SourceName};

use super::{Book, Entry, Feed, FileKind, shelf::Files};
use crate::text::{Diagnostic, Diagnostics, Span};

type Owner = (MerchantId, SourceName);

/// Gives every feed the accounts of its merchants. One account for two is an error of both.
pub(super) fn share_out(
    book: &mut Book,
    files: &Files,
    last: Option<&Book>,
    diagnostics: &mut Diagnostics,
) {
    let mut shares: BTreeMap<FeedName, BTreeMap<String, Owner>> = BTreeMap::new();
    for ((feed, account), mut claimed) in claims(book) {
        if claimed.len() > 1 {
            tell_all(&feed, &account, &claimed, files, diagnostics);
            // Who had it before keeps it; else nobody has it until the files say whose it is.
            let before = last.and_then(|last| last.feeds.get(&feed)?.accounts.get(&account));
            claimed.retain(|owner| Some(owner) == before);
        }
        if let Some(owner) = claimed.pop() {
            shares.entry(feed).or_default().insert(account, owner);
        }
    }
    for (name, feed) in &mut book.feeds {
        let accounts = shares.remove(name).unwrap_or_default();
        let (source, settings) = (feed.source.clone(), feed.settings.clone());
        let connector = feed.connector.clone();
        *feed = Arc::new(Feed { source, connector, settings, accounts });
    }
}

/// Who wants which account.
fn claims(book: &Book) -> BTreeMap<(FeedName, String), Vec<Owner>> {
    let mut claims: BTreeMap<(FeedName, String), Vec<Owner>> = BTreeMap::new();
    for (id, entry) in &book.merchants {
        let Entry::Ready { merchant, .. } = entry else { continue };
        for (name, source) in &merchant.sources {
            let Some((feed, accounts)) = &source.feed else { continue };
            for account in accounts {
                let claimed = claims.entry((feed.clone(), account.clone())).or_default();
                claimed.push((id.clone(), name.clone()));
            }
        }
    }
    claims
}

fn tell_all(
    feed: &FeedName,
    account: &str,
    claimed: &[Owner],
    files: &Files,
    diagnostics: &mut Diagnostics,
) {
    let names: Vec<String> =
        claimed.iter().map(|(merchant, source)| format!("{merchant}/{source}")).collect();
    let message =
        format!("account `{account}` of the feed `{feed}` is that of {}", names.join(" and "));
    for owner in claimed {
        let Some(span) = place(owner, files) else { continue };
        let error = Diagnostic::error(&span, message.clone());
        diagnostics
            .push(error.hint("an account belongs to one merchant: take it out of the others"));
    }
}

/// Where a merchant's file names the account; its beginning, where a template does.
fn place((merchant, source): &Owner, files: &Files) -> Option<Span> {
    let file = files.of(FileKind::Merchant).get(merchant.as_str())?.node.as_ref()?;
    let source = file.get("sources").and_then(|sources| sources.get(source.as_str()));
    let account = source.and_then(|source| source.get("account"));
    Some(account.map_or_else(|| file.span.file.start(), |account| account.span.clone()))
}

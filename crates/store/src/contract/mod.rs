//! What every store keeps to: one list of laws, run against each of them.

pub(crate) mod asking;
pub(crate) mod books;
pub(crate) mod deeds;
pub(crate) mod feeds;
pub(crate) mod histories;
pub(crate) mod history;
pub(crate) mod lanes;
pub(crate) mod lists;
pub(crate) mod sleeping;
pub(crate) mod sweeping;
pub(crate) mod turns;
pub(crate) mod unmapped;
pub(crate) mod vault;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    id::{
        AggregateId, DestinationName, MerchantId, MessageId, OccurrenceId, ReceiptId, SourceName,
    },
    taxonomy::{Leg, Status, Trigger},
};
use parcelwire_engine::ports::*;

/// A whole store.
pub(crate) trait Books: Ledger + Archive + Vault {}

impl<S: Ledger + Archive + Vault> Books for S {}

/// Where a store can be opened, and can fall over.
#[async_trait(?Send)]
pub(crate) trait Host {
    /// A store without any data; only ever one at a time.
    async fn open(&self) -> Arc<dyn Books>;

    /// What a process finds that starts after the one with `before` was killed: all that was
    /// written, and nothing of what was only remembered.
    async fn after_a_crash(&self, before: Arc<dyn Books>) -> Arc<dyn Books>;
}

/// Runs a law on a store of its own.
pub(crate) fn on(host: &dyn Host, law: impl AsyncFnOnce(&dyn Host)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(law(host));
}

/// Hands the list of all laws to another macro, behind what that is told.
macro_rules! all {
    ($then:path, $told:expr) => {
        $then! { $told;
            books: a_repeat_is_told_the_first_receipt,
                what_waits_is_handed_out_once_and_merchants_take_turns,
                a_step_is_written_whole_and_only_once,
                a_step_that_read_something_else_writes_nothing,
                old_data_goes_and_the_books_stay,
                an_order_that_asked_for_it_is_woken_until_it_is_written_anew,
                an_order_without_news_is_forgotten_with_its_names,
                lines_tell_what_became_of_events_and_are_told_anew,
                rule_files_are_kept_by_their_hash,
                health_counts_what_is_to_be_done;
            feeds: a_split_that_was_cut_short_is_repeated_without_doubles,
                what_nobody_claims_has_no_body;
            lanes: a_lane_goes_one_at_a_time_and_ends_are_written_once,
                a_paused_destination_rests_and_goes_on_when_it_is_resumed,
                revisions_leave_alone_what_is_under_way,
                a_revision_ends_a_hold_and_fills_gaps_only_while_nothing_was_tried,
                what_may_have_been_told_before_a_crash_says_the_same,
                orders_that_become_one_share_their_lanes,
                destinations_take_turns,
                an_end_that_is_told_twice_is_written_once;
            lists: the_same_history_is_told_in_the_same_words,
                a_page_stands_still_while_things_come_in,
                a_page_is_whole_whoever_has_most_of_it,
                a_cursor_that_is_none_ends_the_list;
            histories: whatever_happens_is_told_alike,
                pages_stand_still_while_things_change_and_go;
            asking: an_answer_is_kept_with_its_receipt_and_only_the_first,
                a_try_that_failed_is_remembered_over_a_start,
                merchants_take_turns_in_being_asked_for,
                answers_go_with_their_bodies,
                how_far_a_source_was_polled_survives;
            sleeping: a_receipt_stays_while_something_may_follow_from_it_and_goes_then;
            sweeping: whatever_happens_and_whoever_falls_over_all_has_an_owner,
                a_part_is_bounded_and_the_parts_come_to_an_end;
            turns: no_more_turns_are_granted_than_every_window_takes,
                a_rest_is_kept_and_never_shortened,
                no_more_requests_are_under_way_than_a_limit_says,
                a_destination_without_a_turn_gets_nothing_and_the_others_do;
            vault: the_last_write_of_a_place_counts,
                a_shelf_is_read_in_the_order_of_its_keys;
            unmapped: a_code_is_counted_in_the_commit_and_not_again_when_that_is_repeated,
                a_source_that_invents_codes_fills_no_disk;
        }
    };
}
pub(crate) use all;

/// A test for each law; the expression makes what it is run on.
macro_rules! tests_of {
    ($host:expr; $($area:ident: $($law:ident),+;)+) => {
        $($(
            #[test]
            fn $law() {
                crate::contract::on(&$host, crate::contract::$area::$law);
            }
        )+)+
    };
}
pub(crate) use tests_of;

/// All of them, one after the other, on the same host.
macro_rules! one_by_one {
    ($host:expr; $($area:ident: $($law:ident),+;)+) => {
        $($(
            crate::contract::on($host, crate::contract::$area::$law);
        )+)+
    };
}
pub(crate) use one_by_one;

/// A test for each law there is.
macro_rules! all_laws {
    ($host:expr) => {
        crate::contract::all!(crate::contract::tests_of, $host);
    };
}
pub(crate) use all_laws;

/// Every law there is, on one host.
macro_rules! every_law {
    ($host:expr) => {
        crate::contract::all!(crate::contract::one_by_one, $host);
    };
}
pub(crate) use every_law;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_795_341_600).expect("a time")
}

pub(crate) fn merchant(name: &str) -> MerchantId {
    MerchantId::parse(name).expect("a name")
}

pub(crate) fn receipt(n: u128, owner: &str, body: &str) -> NewReceipt {
    let mut dedupe = [0; 16];
    dedupe.copy_from_slice(&n.to_be_bytes());
    NewReceipt {
        id: ReceiptId::from_bits(n),
        owner: Owner::Merchant(merchant(owner)),
        source: SourceName::parse("shop").expect("a name"),
        topic: Some("orders/create".to_owned()),
        received_at: now(),
        dedupe,
        headers: vec![("x-topic".to_owned(), "a".to_owned())],
        query: String::new(),
        verified: "hmac_sha256".to_owned(),
        accounts: Vec::new(),
        body: Body::Bytes(Bytes::from(body.to_owned())),
    }
}

pub(crate) fn message(n: u128, aggregate: u128, rank: u16) -> NewMessage {
    NewMessage {
        id: MessageId::from_bits(n),
        merchant: merchant("hey"),
        destination: DestinationName::parse("postkutsche").expect("a name"),
        aggregate: AggregateId::from_bits(aggregate),
        receipt: ReceiptId::from_bits(1),
        occurrence: OccurrenceId::from_bytes([n as u8; 16]),
        trigger: Trigger::Status(Status::Delivered),
        leg: Leg::Forward,
        rank: Some(rank),
        subject: "par_1".to_owned(),
        created_at: now(),
        not_before: now(),
        fresh_until: now() + Duration::from_secs(3600),
        backfill: false,
        sandbox: false,
        frozen: Bytes::from_static(b"{\"name\":\"Da!\"}"),
        rules: [0; 16],
    }
}

pub(crate) fn step(receipts: &[(u128, Outcome)], messages: Vec<NewMessage>) -> Commit {
    Commit {
        merchant: merchant("hey"),
        looked_up: Vec::new(),
        outcomes: receipts.iter().map(|(n, o)| (ReceiptId::from_bits(*n), o.clone())).collect(),
        aggregates: Vec::new(),
        messages,
        revisions: Vec::new(),
        story: Vec::new(),
        unmapped: Vec::new(),
        at: now(),
    }
}

pub(crate) fn end(n: u128, next: Next) -> Conclusion {
    Conclusion {
        merchant: merchant("hey"),
        destination: DestinationName::parse("postkutsche").expect("a name"),
        message: MessageId::from_bits(n),
        attempt: None,
        next,
        backfill: false,
        pause: None,
        at: now(),
    }
}

pub(crate) async fn held(store: &dyn Books) -> Held {
    store.hold().await.expect("it answers")
}

pub(crate) async fn balanced(store: &dyn Books) -> Stats {
    let stats = store.stats(None, now()).await.expect("it answers");
    assert!(stats.balanced, "{stats:?}");
    stats
}

//! A long history goes from the embedded store to Redis and back, and nobody can tell.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use parcelwire_engine::ports::*;
use serde_json::{Value as Json, json};

use super::{run_out, server::Server, settings};
use crate::{
    contract::{
        Books, held,
        histories::{live, same, told},
        history::History,
        merchant,
    },
    embedded,
    moving::{End, MoveError, Progress, copy},
    redis,
};

fn on(test: impl AsyncFnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(test());
}

fn embedded(path: &Path) -> Arc<dyn Books> {
    Arc::new(embedded::open(path).expect("it opens"))
}

async fn on_redis(server: &Server, name: &str) -> Arc<dyn Books> {
    let opened = redis::open(settings(server.url()), name.to_owned(), [7; 32]).await;
    Arc::new(opened.expect("it opens"))
}

/// Nobody works on it any more, and what they held has run out.
fn stopped(server: &Server, store: Arc<dyn Books>) {
    drop(store);
    run_out(server);
}

async fn moved(from: End, to: End, now: Timestamp) -> Result<Vec<Progress>, MoveError> {
    let mut progress = Vec::new();
    copy(from, to, now, |step| progress.push(step)).await.map(|_| progress)
}

fn server_end(server: &Server) -> End {
    End::Redis(settings(server.url()))
}

/// What is handed out to be done. Looking takes nothing: the store is left behind afterwards.
async fn to_do(store: &dyn Books, now: Timestamp) -> Json {
    let held = held(store).await;
    let mut waiting: Vec<String> = Vec::new();
    for receipt in store.waiting(&held, 9999, 9999).await.expect("it answers") {
        waiting.push(format!("{receipt:?}"));
    }
    waiting.sort_unstable();
    let mut ready: Vec<String> = Vec::new();
    for one in store.ready(&held, now, &HandOut::of(9999, 9999)).await.expect("it answers") {
        ready.push(format!("{one:?}"));
    }
    ready.sort_unstable();
    let mut awake: Vec<String> = Vec::new();
    for one in store.awake(&held, now, 9999).await.expect("it answers") {
        awake.push(format!("{one:?}"));
    }
    awake.sort_unstable();
    let mut asking: Vec<String> = Vec::new();
    for one in store.asking(&held, now, 9999, 9999).await.expect("it answers") {
        asking.push(format!("{one:?}"));
    }
    asking.sort_unstable();
    let polled = vec![(
        Owner::Merchant(merchant("hey")),
        parcelwire_domain::id::SourceName::parse("shop").expect("a name"),
    )];
    let polled = format!("{:?}", store.polled(polled).await.expect("it answers"));
    let rules = store.rules([1; 16]).await.expect("it answers");
    json!({ "waiting": waiting, "ready": ready, "awake": awake, "asking": asking,
        "polled": polled, "rules": rules })
}

/// A move that is killed after so many steps: its future is dropped where it stands. Whether it came to
/// its end before, and whether it went on with an earlier one.
async fn cut_short(
    server: &Server,
    from: End,
    to: End,
    now: Timestamp,
    steps: usize,
) -> (bool, bool) {
    let (mut count, mut resumed) = (0, false);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut stop = Some(stop);
    let whole = copy(from, to, now, |step| {
        resumed |= step == Progress::Resumed;
        count += usize::from(matches!(step, Progress::Moved(_)));
        if count == steps {
            drop(stop.take());
        }
    });
    let done = tokio::select! {
        biased;
        _ = stopped => None,
        done = whole => Some(done),
    };
    server.ask(&["DEL", "pw:{meta}:copying"]);
    (done.is_some_and(|done| done.expect("it is moved").len() > 3), resumed)
}

/// A history goes through a Redis, whatever it is made of, and comes out as it went in.
pub(super) async fn through(settings: redis::Settings) {
    let (here, back) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("one"));
    let mut history = History::new(8);
    let store = embedded(here.path());
    live(&[&*store], &mut history, 120).await;
    let now = history.now();
    store.keep_rules([9; 16], "names: de".to_owned()).await.expect("they are kept");
    let before = told(&*store, now).await;
    drop(store);
    let end = |directory: &tempfile::TempDir| End::Embedded(directory.path().to_owned());
    moved(end(&here), End::Redis(settings.clone()), now).await.expect("it is moved");
    moved(End::Redis(settings), end(&back), now).await.expect("it is moved");
    let store = embedded(back.path());
    same(&told(&*store, now).await, &before);
    assert_eq!(store.rules([9; 16]).await, Ok(Some("names: de".to_owned())));
    // What was accepted there is a repeat here.
    let repeated = history.last_accepted();
    let again = store.accept(vec![repeated]).await;
    assert!(matches!(again[0], Ok(Accepted::Duplicate(_))), "{again:?}");
}

#[test]
fn there_and_back_again_nobody_can_tell() {
    on(async || {
        let (here, back) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("one"));
        let server = Server::start(&[]);
        let mut history = History::new(11);
        let first = embedded(here.path());
        live(&[&*first], &mut history, 400).await;
        let now = history.now();
        // A history ends receipts that were never handed out: only a new start forgets that they waited.
        drop(first);
        let first = embedded(here.path());
        let before = told(&*first, now).await;
        let work = to_do(&*first, now).await;
        assert!(work.to_string().len() > 2000, "there is work: {work}");
        drop(first);

        let end = |directory: &tempfile::TempDir| End::Embedded(directory.path().to_owned());
        let progress = moved(end(&here), server_end(&server), now).await.expect("it is moved");
        assert_eq!(progress.last(), Some(&Progress::Comparing));
        let second = on_redis(&server, "second").await;
        same(&told(&*second, now).await, &before);
        assert_eq!(to_do(&*second, now).await, work);
        stopped(&server, second);

        moved(server_end(&server), end(&back), now).await.expect("it is moved");
        let third = embedded(back.path());
        same(&told(&*third, now).await, &before);
        assert_eq!(to_do(&*third, now).await, work);
        drop(third);

        // Life goes on, the same everywhere.
        let (first, third) = (embedded(here.path()), embedded(back.path()));
        let second = on_redis(&server, "again").await;
        live(&[&*first, &*second, &*third], &mut history, 150).await;
        let now = history.now();
        drop((first, third));
        let (first, third) = (embedded(here.path()), embedded(back.path()));
        let expected = told(&*first, now).await;
        same(&told(&*second, now).await, &expected);
        same(&told(&*third, now).await, &expected);
    });
}

#[test]
fn a_move_that_was_cut_short_goes_on_and_until_then_the_target_is_closed() {
    on(async || {
        let (here, there) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("one"));
        let server = Server::start(&[]);
        let mut history = History::new(5);
        let store = embedded(here.path());
        live(&[&*store], &mut history, 120).await;
        let now = history.now();
        let before = told(&*store, now).await;
        drop(store);
        let end = |directory: &tempfile::TempDir| End::Embedded(directory.path().to_owned());
        for (from, to) in [(end(&here), server_end(&server)), (server_end(&server), end(&there))] {
            let mut resumed = 0;
            for steps in (0..).map(|n| 1 << n) {
                let (is_whole, went_on) =
                    cut_short(&server, from.clone(), to.clone(), now, steps).await;
                resumed += usize::from(went_on);
                if is_whole {
                    break;
                }
                match &to {
                    End::Embedded(path) => {
                        let told = embedded::open(path).expect_err("it is closed").to_string();
                        assert!(told.contains("has arrived") && told.contains("hint"), "{told}");
                    }
                    End::Redis(settings) => {
                        let opened = redis::open(settings.clone(), "x".to_owned(), [0; 32]).await;
                        let told = opened.expect_err("it is closed").to_string();
                        assert!(told.contains("has arrived") && told.contains("hint"), "{told}");
                    }
                }
            }
            assert!(resumed > 3, "it went on {resumed} times");
        }
        same(&told(&*embedded(there.path()), now).await, &before);
        let store = on_redis(&server, "one").await;
        same(&told(&*store, now).await, &before);
    });
}

#[test]
fn nothing_is_moved_over_other_data_or_away_from_somebody_who_works() {
    on(async || {
        let (here, there) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("one"));
        let server = Server::start(&[]);
        let mut history = History::new(6);
        let now = history.now();
        let end = |directory: &tempfile::TempDir| End::Embedded(directory.path().to_owned());
        let none = moved(end(&here), end(&there), now).await;
        assert!(matches!(none, Err(MoveError::NoData { .. })), "{none:?}");
        let none = moved(server_end(&server), end(&there), now).await;
        assert!(matches!(none, Err(MoveError::NoData { .. })), "{none:?}");
        let store = embedded(here.path());
        live(&[&*store], &mut history, 30).await;
        let busy = moved(end(&here), server_end(&server), now).await;
        assert!(matches!(busy, Err(MoveError::InUse { .. })), "{busy:?}");
        drop(store);
        moved(end(&here), server_end(&server), now).await.expect("it is moved");
        let again = moved(end(&here), server_end(&server), now).await;
        assert!(matches!(again, Err(MoveError::NotEmpty { .. })), "{again:?}");
        let working = on_redis(&server, "works").await;
        held(&*working).await;
        let busy = moved(server_end(&server), end(&there), now).await;
        assert!(matches!(busy, Err(MoveError::InUse { .. })), "{busy:?}");
        stopped(&server, working);
        // Begun, and then somebody worked on the source after all.
        cut_short(&server, server_end(&server), end(&there), now, 3).await;
        let working = on_redis(&server, "works again").await;
        held(&*working).await;
        stopped(&server, working);
        let changed = moved(server_end(&server), end(&there), now).await;
        assert!(matches!(changed, Err(MoveError::Changed { .. })), "{changed:?}");
    });
}

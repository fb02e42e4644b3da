//! Turns of credentials: how many there are, rests, requests at a time.

use std::num::NonZeroU32;

use parcelwire_engine::ports::*;

use super::*;

/// Limits as files name them.
pub(crate) fn limits(of: &[(&str, u32)]) -> Limits {
    let mut limits = Limits::OFF;
    for (key, limit) in of {
        assert!(limits.set(key, NonZeroU32::new(*limit).expect("not zero")), "{key}");
    }
    limits
}

/// A wish of credential `n`.
pub(crate) fn wish(n: u8, limits: Limits, under_way: u32, turns: u32) -> TurnWish {
    TurnWish { credential: [n; 16], limits, under_way, turns }
}

async fn take(store: &dyn Books, wish: TurnWish) -> Turns {
    store.turns(wish, now()).await.expect("it answers")
}

fn is_about(wait: Option<Duration>, seconds: std::ops::RangeInclusive<u64>) -> bool {
    wait.is_some_and(|wait| seconds.contains(&wait.as_secs()))
}

pub(crate) async fn no_more_turns_are_granted_than_every_window_takes(host: &dyn Host) {
    let store = host.open().await;
    let hourly = limits(&[("per_minute", 100), ("per_hour", 5)]);
    assert_eq!(take(&*store, wish(1, hourly, 0, 3)).await, Turns { granted: 3, wait: None });
    let rest = take(&*store, wish(1, hourly, 3, 9)).await;
    assert_eq!(rest.granted, 2);
    assert!(is_about(rest.wait, 3600..=3790), "{rest:?}");
    let none = take(&*store, wish(1, hourly, 5, 1)).await;
    assert!(none.granted == 0 && is_about(none.wait, 3590..=3790), "{none:?}");
    // Each has its own; and who tightens a limit forgets nothing.
    assert_eq!(take(&*store, wish(2, hourly, 0, 1)).await.granted, 1);
    let tighter = limits(&[("per_minute", 4)]);
    let none = take(&*store, wish(1, tighter, 0, 1)).await;
    assert!(none.granted == 0 && is_about(none.wait, 55..=63), "{none:?}");
}

pub(crate) async fn a_rest_is_kept_and_never_shortened(host: &dyn Host) {
    let store = host.open().await;
    let many = limits(&[("per_second", 100)]);
    let credential = [1; 16];
    for minutes in [10, 5] {
        let span = Duration::from_mins(minutes);
        store.rest(credential, many, span, now()).await.expect("it answers");
    }
    let none = take(&*store, wish(1, many, 0, 1)).await;
    assert!(none.granted == 0 && is_about(none.wait, 590..=600), "{none:?}");
    assert_eq!(take(&*store, wish(2, many, 0, 1)).await.granted, 1);
}

pub(crate) async fn no_more_requests_are_under_way_than_a_limit_says(host: &dyn Host) {
    let store = host.open().await;
    let two = limits(&[("concurrent", 2), ("per_second", 1000)]);
    let some = take(&*store, wish(1, two, 0, 5)).await;
    assert!(some.granted == 2 && is_about(some.wait, 0..=0), "{some:?}");
    assert_eq!(take(&*store, wish(1, two, 2, 1)).await.granted, 0);
    // One has ended; then all, which is told without a wish.
    assert_eq!(take(&*store, wish(1, two, 1, 1)).await.granted, 1);
    let told = take(&*store, wish(1, two, 0, 0)).await;
    assert_eq!(told, Turns { granted: 0, wait: None });
    assert_eq!(take(&*store, wish(1, two, 0, 2)).await.granted, 2);
}

pub(crate) async fn a_destination_without_a_turn_gets_nothing_and_the_others_do(host: &dyn Host) {
    let store = host.open().await;
    let held = held(&*store).await;
    let to = |n: u128, destination: &str| NewMessage {
        destination: DestinationName::parse(destination).expect("a name"),
        ..message(n, n, 260)
    };
    let all = vec![to(1, "brieftaube"), to(2, "postkutsche"), to(3, "brieftaube")];
    store.commit(&held, vec![step(&[], all)]).await;
    let soon = now() + Duration::from_secs(5);
    let mut room = HandOut::of(1, 9);
    let place = (merchant("hey"), DestinationName::parse("brieftaube").expect("a name"));
    room.resting.insert(place, soon);
    let ids = async |at| {
        let ready = store.ready(&held, at, &room).await.expect("it answers");
        ready.iter().map(|one| one.message.id.bits()).collect::<Vec<_>>()
    };
    assert_eq!(ids(now()).await, [2]);
    assert_eq!(ids(now()).await, [] as [u128; 0]);
    assert_eq!(ids(soon).await, [1], "the rest is over");
}

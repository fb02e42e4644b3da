//! Turns of one credential, taken by two instances on one server.

use parcelwire_engine::ports::{Turns, Turnstile as _};
use tokio::time::Instant;

use super::{server::Server, *};
use crate::contract::{
    now,
    turns::{limits, wish},
};

/// A lease, and with it how long what an instance has under way is believed.
const LEASE: Duration = Duration::from_millis(100);

async fn two(server: &Server) -> [Redis; 2] {
    let store = async |name: &str| {
        let made = open_with(settings(server.url()), name.to_owned(), [7; 32], LEASE).await;
        made.expect("it opens")
    };
    [store("one").await, store("two").await]
}

async fn take(store: &Redis, wish: parcelwire_engine::ports::TurnWish) -> Turns {
    store.turns(wish, now()).await.expect("it answers")
}

#[tokio::test]
async fn two_instances_together_never_take_more_than_a_window_holds() {
    let server = Server::start(&[]);
    let stores = two(&server).await;
    let rates = limits(&[("per_second", 20)]);
    let begin = Instant::now();
    let (mut taken, mut each): (Vec<(Duration, Duration)>, _) = (Vec::new(), [0, 0]);
    while begin.elapsed() < Duration::from_millis(3300) {
        let mut soonest = Duration::from_millis(200);
        for (store, sum) in stores.iter().zip(&mut each) {
            let asked = begin.elapsed();
            let got = take(store, wish(1, rates, 0, 3)).await;
            taken.extend((0..got.granted).map(|_| (asked, begin.elapsed())));
            *sum += got.granted;
            soonest = soonest.min(got.wait.unwrap_or_default());
        }
        tokio::time::sleep(soonest).await;
    }
    // A turn was granted between question and answer: these lie within a second for certain.
    for (n, (asked, _)) in taken.iter().enumerate() {
        let second = *asked + Duration::from_secs(1);
        let close = taken[n..].iter().take_while(|(_, answered)| *answered < second);
        assert!(close.count() <= 20, "{asked:?}: {taken:?}");
    }
    // Nearly all of three seconds' turns, and both took part.
    assert!(taken.len() >= 54 && each.iter().all(|sum| *sum >= 10), "{each:?}");
}

#[tokio::test]
async fn a_rest_that_one_was_asked_for_is_kept_by_the_other() {
    let server = Server::start(&[]);
    let [one, two] = two(&server).await;
    let rates = limits(&[("per_second", 20)]);
    let minute = Duration::from_mins(1);
    one.rest([1; 16], rates, minute, now()).await.expect("it answers");
    let none = take(&two, wish(1, rates, 0, 1)).await;
    assert!(none.granted == 0 && none.wait.is_some_and(|wait| wait > minute / 2), "{none:?}");
}

#[tokio::test]
async fn what_a_dead_instance_had_under_way_comes_free() {
    let server = Server::start(&[]);
    let [one, two] = two(&server).await;
    let rates = limits(&[("concurrent", 2)]);
    assert_eq!(take(&one, wish(1, rates, 0, 2)).await.granted, 2);
    assert_eq!(take(&two, wish(1, rates, 0, 1)).await.granted, 0);
    // What is told again is believed again; from a rest nothing follows about it.
    one.rest([1; 16], rates, Duration::from_millis(1), now()).await.expect("it answers");
    assert_eq!(take(&one, wish(1, rates, 2, 0)).await.granted, 0);
    assert_eq!(take(&two, wish(1, rates, 0, 1)).await.granted, 0);
    drop(one);
    let wait = async {
        loop {
            let got = take(&two, wish(1, rates, 0, 2)).await;
            if got.granted == 2 {
                return;
            }
            tokio::time::sleep(got.wait.unwrap_or_default()).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("they come free");
}

#[tokio::test]
async fn what_was_counted_goes_with_its_windows() {
    let server = Server::start(&[]);
    let [one, _] = two(&server).await;
    take(&one, wish(1, limits(&[("per_second", 20)]), 0, 1)).await;
    let key = format!("pw:{{c:{}}}:turns", "01".repeat(16));
    let redis::Value::Int(ttl) = server.ask(&["PTTL", &key]) else { panic!("a number") };
    assert!((500..=2000).contains(&ttl), "{ttl} ms");
}

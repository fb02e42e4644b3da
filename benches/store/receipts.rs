//! A million stored receipts: what they change for new ones, and how fast lists answer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::{
    FEW, TURNS, lists, median,
    place::{Kind, Place},
    seed::Seed,
    setting, verdict,
    world::World,
};

/// Senders at once.
const SENDERS: u64 = 64;

/// Longest until everything that was accepted is sent.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn measure(kind: Kind, many: u64) {
    println!("\nStored receipts, {}: {many} beside {FEW}", kind.name());
    let few = Place::open(kind).await;
    Seed::of(&few).await.receipts(FEW).await;
    let large = Place::open(kind).await;
    let (empty, began) = (large.memory_bytes(), Instant::now());
    Seed::of(&large).await.receipts(many).await;
    println!(
        "  seeded in {:.0} s; memory {:.0} MB, on disk {:.0} MB",
        began.elapsed().as_secs_f64(),
        large.memory_bytes().saturating_sub(empty) as f64 / 1e6,
        large.disk_bytes() as f64 / 1e6
    );
    lists::measure(&large, many).await;
    load(&few, &large, many).await;
}

/// Accepting and sending under load, in turns.
async fn load(few: &Place, large: &Place, many: u64) {
    let seconds = setting("PARCELWIRE_BENCH_TURN_SECONDS", 3);
    let next = AtomicU64::new(10 * many);
    let worlds = [World::over(few), World::over(large)];
    let mut accepts = [Vec::new(), Vec::new()];
    let mut sends = [Vec::new(), Vec::new()];
    for turn in 0..TURNS {
        // Whoever comes first in a turn comes last in the next.
        for at in if turn % 2 == 0 { [0, 1] } else { [1, 0] } {
            let (accepted, sent) = one(&worlds[at], &next, seconds).await;
            accepts[at].push(accepted);
            sends[at].push(sent);
        }
    }
    for (name, figures) in [("accept", &mut accepts), ("end to end", &mut sends)] {
        let [few, many_of] = figures;
        let (of_few, of_many) = (median(few), median(many_of));
        println!("  {name}: {of_few:.0}/s with {FEW}, {of_many:.0}/s with {many}");
        let ratio = of_many / of_few;
        verdict(&format!("{name}, many / few"), ratio, 0.75, ratio >= 0.75, "");
    }
}

/// Accepted a second, and sent a second until nothing is left.
async fn one(world: &World, next: &AtomicU64, seconds: u64) -> (f64, f64) {
    let (stop, stopped) = watch::channel(false);
    let engine = world.engine.clone();
    let running = tokio::spawn(async move { engine.run(stopped).await });
    let before = world.pigeon.told();
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    // On one task: what the engine does behind them has the other threads.
    let senders = (0..SENDERS).map(|_| async {
        let mut accepted = 0_u64;
        while Instant::now() < end {
            world.post(next.fetch_add(1, Ordering::Relaxed), "dispatched").await;
            accepted += 1;
        }
        accepted
    });
    let accepted: u64 = join_all(senders).await.into_iter().sum();
    let per_second = accepted as f64 / began.elapsed().as_secs_f64();
    while world.pigeon.told() - before < accepted {
        assert!(began.elapsed() < PATIENCE, "it does not drain");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let sent = accepted as f64 / began.elapsed().as_secs_f64();
    stop.send_replace(true);
    running.await.expect("it stops");
    (per_second, sent)
}

//! A million open parcels with wake-ups: finding what is due, memory, and what one event costs beside a
//! thousand.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::{
    FEW, TURNS, median,
    place::{Kind, Place},
    seed::Seed,
    verdict,
    world::World,
};

/// Events of one turn, one after the other.
const EVENTS: u64 = 150;

/// Most orders that are woken in a turn of the engine.
const WAKES: usize = 128;

pub(crate) async fn measure(kind: Kind, many: u64) {
    println!("\nOpen parcels with wake-ups, {}: {many} beside {FEW}", kind.name());
    let few = Place::open(kind).await;
    Seed::of(&few).await.parcels(FEW).await;
    let large = Place::open(kind).await;
    let (empty, began) = (large.memory_bytes(), Instant::now());
    Seed::of(&large).await.parcels(many).await;
    let seeded = began.elapsed().as_secs_f64();
    let memory = large.memory_bytes().saturating_sub(empty);
    println!(
        "  seeded in {seeded:.0} s; memory {:.0} MB ({:.0} bytes a parcel), on disk {:.0} MB",
        memory as f64 / 1e6,
        memory as f64 / many as f64,
        large.disk_bytes() as f64 / 1e6
    );
    due(&large, many).await;
    event(&few, &large, many).await;
}

/// How long it takes to find nothing, the first that are due, and when the next one is.
async fn due(place: &Place, many: u64) {
    let now = Timestamp::now();
    let held = place.held().await;
    let later = now + Duration::from_secs(20 * 86_400);
    let mut worst = Duration::ZERO;
    for (what, at) in [("nothing is due", now), ("everything is due", later)] {
        let mut took = Vec::new();
        for _ in 0..TURNS * 4 {
            let began = Instant::now();
            let found = place.ledger.awake(&held, at, WAKES).await.expect("it answers");
            took.push(began.elapsed().as_secs_f64() * 1e3);
            assert_eq!(found.len(), if at == now { 0 } else { WAKES.min(many as usize) }, "{what}");
        }
        let took = median(&mut took);
        worst = worst.max(Duration::from_secs_f64(took / 1e3));
        println!("  {what:<28} {took:>8.2} ms");
    }
    let began = Instant::now();
    let next = place.ledger.next_due(&held).await.expect("it answers");
    assert!(next.is_some_and(|next| next > now), "reminders come later");
    println!("  when the next is due         {:>8.2} ms", began.elapsed().as_secs_f64() * 1e3);
    let ms = worst.as_secs_f64() * 1e3;
    verdict("finding what is due", ms, 50.0, ms <= 50.0, " ms");
}

/// What one event costs, from its webhook to the last message, in turns: in time, and of processors, which
/// a machine that others use tells better.
async fn event(few: &Place, large: &Place, many: u64) {
    let (small, big) = (World::over(few), World::over(large));
    let mut next = [0, 0];
    let (mut of_few, mut of_many) = (Costs::default(), Costs::default());
    for _ in 0..TURNS {
        of_few.add(turn(few, &small, &mut next[0], FEW).await);
        of_many.add(turn(large, &big, &mut next[1], many).await);
    }
    for (what, of_few, of_many) in [
        ("time", &mut of_few.time_ms, &mut of_many.time_ms),
        ("processor", &mut of_few.cpu_ms, &mut of_many.cpu_ms),
    ] {
        let (of_few, of_many) = (median(of_few), median(of_many));
        println!("  {what} of an event: {of_few:.2} ms with {FEW}, {of_many:.2} ms with {many}");
        let ratio = of_many / of_few;
        verdict(&format!("{what} of one event, many / few"), ratio, 1.5, ratio <= 1.5, "");
    }
}

/// What events cost, turn by turn.
#[derive(Default)]
struct Costs {
    time_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

impl Costs {
    fn add(&mut self, (time, cpu): (Duration, Duration)) {
        self.time_ms.push(time.as_secs_f64() * 1e3 / EVENTS as f64);
        self.cpu_ms.push(cpu.as_secs_f64() * 1e3 / EVENTS as f64);
    }
}

/// Parcels are collected, here and there among all.
async fn turn(place: &Place, world: &World, next: &mut u64, of: u64) -> (Duration, Duration) {
    let (began, cpu) = (Instant::now(), place.cpu());
    for _ in 0..EVENTS {
        // Far from each other, and each once.
        let parcel = (*next * 7_919) % of;
        *next += 1;
        world.post(parcel, "delivered").await;
        world.engine.run_until_idle().await;
    }
    (began.elapsed(), place.cpu().saturating_sub(cpu))
}

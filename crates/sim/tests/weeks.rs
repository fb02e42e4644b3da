//! Weeks in which nothing is heard: who is told, and who must not be.

use parcelwire_sim::{
    Fault, Plan,
    weeks::{Scan, Story, live},
};

const CALM: Plan = Plan::Once(u64::MAX, Fault::NotApplied);

/// A hundred orders of one week, twenty a day, each up to where it waits to be collected or moves.
fn a_hundred_orders() -> Vec<Scan> {
    let mut scans = Vec::new();
    for order in 0..100 {
        // Tuesday to Friday, then Monday: a warehouse has weekends.
        let day = [0, 1, 2, 3, 6][(order / 20) as usize];
        let hour = 24 * day + 1 + (order % 20) / 3;
        scans.push(Scan::at_hour(hour, order, "order_placed"));
        scans.push(Scan::at_hour(hour + 2, order, "dispatched"));
        scans.push(Scan::at_hour(hour + 5, order, "in_transit"));
        if order % 2 == 0 {
            scans.push(Scan::at_hour(hour + 7, order, "ready_for_pickup"));
        }
    }
    scans
}

/// Orders of which something is heard in every working hour.
fn others(from_day: u64, until_day: u64) -> Vec<Scan> {
    let mut scans = Vec::new();
    for day in (from_day..until_day).filter(|day| ![4, 5].contains(&(day % 7))) {
        for hour in 0..10 {
            let order = 1000 + day * 10 + hour;
            scans.push(Scan::at_hour(24 * day + hour, order, "order_placed"));
            scans.push(Scan::at_hour(24 * day + hour, order, "delivered"));
        }
    }
    scans
}

#[test]
fn a_feed_dies_and_a_hundred_customers_with_delivered_parcels_hear_nothing() {
    let mut scans = a_hundred_orders();
    scans.extend(others(0, 7));
    // All of them are delivered in the second week; nobody says so until the feed is back in the fourth.
    let back = 24 * 24 + 4;
    for order in 0..100 {
        let delivered = Scan::at_hour(24 * 7 + 4 + order / 10, order, "delivered");
        scans.push(delivered.said_in_hour(back + order / 25));
    }
    scans.extend(others(27, 29));
    let weeks = live(1, CALM, Story { scans, days: 30, ..Story::default() });
    let of_absence =
        ["fulfilment_stalled", "carrier_pickup_stalled", "shipment_stalled", "presumed_lost"];
    for trigger in of_absence {
        assert_eq!(weeks.count(trigger), 0, "{trigger}");
    }
    // Whoever's parcel waited before the feed died was reminded while it was heard, and only then.
    let late = weeks
        .told
        .iter()
        .filter(|(hour, _, trigger)| *hour > 24 * 8 && trigger == "pickup_reminder");
    assert_eq!(late.count(), 0);
    // Why is told with every order, once.
    let waits = |trigger: &str| {
        let wanted = format!("{trigger} filtered: source_silent");
        weeks.followed.iter().filter(|line| **line == wanted).count()
    };
    assert!(waits("presumed_lost") >= 50, "{:?}", &weeks.followed[..9]);
    assert_eq!(weeks.crashes, 0);
}

#[test]
fn a_feed_that_dies_is_told_once_and_once_more_when_it_speaks_again() {
    for (seed, plan) in [(6, CALM), (7, Plan::Often(4))] {
        let mut scans = a_hundred_orders();
        scans.extend(others(0, 7));
        scans.extend(others(20, 23));
        let story = Story { scans, days: 23, has_alerts: true, ..Story::default() };
        let weeks = live(seed, plan, story);
        for whom in ["ops@relay.test", "shop@dora.test"] {
            // While nothing works, messages wait as well: that is another incident.
            let is_silence = |subject: &str| subject.contains("the source depot is silent");
            let mails = weeks.mails.iter().filter(|mail| mail.1 == whom && is_silence(&mail.3));
            let mut notices: Vec<(&str, u64)> = Vec::new();
            for (hour, _, id, _) in mails {
                // An answer that was lost, or a crash, repeats a notice under its own id.
                if !notices.iter().any(|(known, _)| known == id) {
                    notices.push((id, *hour));
                }
            }
            let [(opened, begins), (ended, ends)] = notices[..] else {
                panic!("{plan:?}: one incident: {:#?}", weeks.mails)
            };
            // The last word was on Monday afternoon; a night is usual.
            assert!((24 * 7..24 * 9).contains(&begins), "{begins}: {:#?}", weeks.mails);
            assert!((24 * 20..24 * 20 + 12).contains(&ends), "{ends}: {:#?}", weeks.mails);
            let id = opened.strip_suffix("-opened").expect("it begins first");
            assert_eq!(ended.strip_suffix("-ended"), Some(id));
        }
        if plan == CALM {
            assert_eq!(weeks.mails.len(), 4, "nothing else is told: {:#?}", weeks.mails);
        }
        assert_eq!(weeks.crashes > 0, plan != CALM, "{} crashes", weeks.crashes);
    }
}

#[test]
fn a_living_feed_tells_of_every_parcel_that_stands_still_however_often_the_relay_dies() {
    let mut scans = a_hundred_orders();
    scans.extend(others(0, 22));
    for (seed, plan) in [(2, CALM), (3, Plan::Often(4))] {
        let scans = scans.clone();
        let weeks = live(seed, plan, Story { scans, days: 22, ..Story::default() });
        assert_eq!(weeks.count("pickup_reminder"), 50, "every second one waits");
        assert_eq!(weeks.count("shipment_stalled"), 50, "the others stand still");
        assert_eq!(weeks.count("presumed_lost"), 50);
        assert_eq!(weeks.count("fulfilment_stalled"), 0);
        assert_eq!(weeks.of(1), ["dispatched", "in_transit", "shipment_stalled", "presumed_lost"]);
        assert_eq!(
            weeks.of(2),
            ["dispatched", "in_transit", "ready_for_pickup", "pickup_reminder"]
        );
        assert_eq!(weeks.crashes > 0, plan != CALM, "{} crashes", weeks.crashes);
    }
}

#[test]
fn a_relay_that_was_away_listens_before_it_speaks() {
    let mut scans = a_hundred_orders();
    scans.extend(others(0, 15));
    // Two days, in which the reminders of the first parcels fall due. What was delivered meanwhile is
    // said when the relay is back.
    let (from, to) = (24 * 2 + 20, 24 * 4 + 8);
    for order in (0..60).filter(|order| order % 2 == 0) {
        scans.push(Scan::at_hour(from + 2, order, "delivered").said_in_hour(to + 3));
    }
    let away = Some((from, to));
    let weeks = live(4, CALM, Story { scans, days: 15, away, ..Story::default() });
    for order in (0..60).filter(|order| order % 2 == 0) {
        assert!(!weeks.of(order).contains(&"pickup_reminder"), "{order}: {:?}", weeks.of(order));
    }
    assert!(weeks.of(81).contains(&"shipment_stalled"), "{:?}", weeks.of(81));
    assert!(weeks.of(80).contains(&"pickup_reminder"), "{:?}", weeks.of(80));
}

#[test]
fn orders_of_a_merchant_whose_files_are_gone_sleep_on_and_wake_when_they_are_back() {
    let mut scans: Vec<Scan> = (0..200)
        .flat_map(|order| {
            [Scan::at_hour(1, order, "dispatched"), Scan::at_hour(2, order, "ready_for_pickup")]
        })
        .collect();
    // The reminders fall due on Friday morning, while the files are gone.
    scans.extend(others(0, 3));
    scans.push(Scan::at_hour(78, 9000, "order_placed"));
    let without_files = Some((70, 78));
    let weeks = live(5, CALM, Story { scans, days: 4, without_files, ..Story::default() });
    assert_eq!(weeks.count("pickup_reminder"), 200);
    let told = weeks.told.iter().filter(|(.., trigger)| trigger == "pickup_reminder");
    assert!(told.clone().all(|(hour, ..)| (78..81).contains(hour)), "{:?}", told.max());
    let lines = weeks.followed.iter().filter(|line| *line == "pickup_reminder forwarded: ");
    assert_eq!(lines.count(), 200);
}

#[test]
fn whoever_asks_is_told_what_was_sent_what_waits_and_why_whatever_failed_meanwhile() {
    let names = vec!["A-0", "T-1", "A-2", "A-9999"];
    let calm = || {
        let mut scans = a_hundred_orders();
        scans.extend(others(0, 7));
        scans.push(Scan::at_hour(7, 0, "out_for_delivery").said_in_hour(30));
        Story { scans, days: 16, explain: names.clone(), ..Story::default() }
    };
    let weeks = live(11, CALM, calm());
    let [waits, moves, _, nobody] = &weeks.explained[..] else { panic!("all are told") };
    let has = |text: &str, part: &str| assert!(text.contains(part), "`{part}` is in:\n{text}");
    // It waits to be collected: reminded after three days, while the feed was alive.
    has(&waits.text, "Order A-0 of dora (times in Europe/Berlin)\nRecipient: k…@example.test");
    has(&waits.text, "Ready to be collected (ready_for_pickup), T-0, ");
    has(&waits.text, "said by depot as “ready_for_pickup” [depot.yaml:17]");
    has(&waits.text, "Pickup Reminder (pickup_reminder), T-0, said by nobody");
    has(&waits.text, "pigeon: “Pickup Reminder” sent on");
    has(&waits.text, "pigeon: late: a later step was known before it");
    has(&waits.text, "only remembered: it is not told, but teaches something about the order");
    // The other one stands still, and since the feed died nobody can know why.
    let suspended: Vec<&str> = moves.orders[0]
        .planned
        .iter()
        .filter(|planned| planned.text.contains("is suspended"))
        .map(|planned| planned.trigger.name())
        .collect();
    assert!(suspended.contains(&"presumed_lost"), "{}", moves.text);
    has(&moves.text, "so that nobody knows whether it is true (depot)");
    has(&moves.text, "Order A-1 of dora");
    has(&moves.text, "[watchful.yaml:2]");
    has(&nobody.text, "No webhook named “A-9999”: dora has no order");
    assert!(nobody.orders.is_empty() && nobody.unknown.is_some());
    // Whatever fails: what was sent is told as sent, and each line once.
    let weeks = live(12, Plan::Often(4), calm());
    assert!(weeks.crashes > 0);
    for (told, calm) in weeks.explained.iter().zip([waits, moves]) {
        let lines = |of: &parcelwire_engine::explain::Explained| -> Vec<String> {
            let entries = of.orders[0].entries.iter().filter(|entry| !entry.derived);
            entries.map(|entry| format!("{} {}", entry.status, entry.outcome)).collect()
        };
        assert_eq!(lines(told), lines(calm), "{}", told.text);
        let states = told.orders[0].messages.iter().map(|message| message.state.as_str());
        assert!(states.clone().all(|state| state == "sent"), "{}", told.text);
    }
}

#[test]
fn imported_orders_are_not_told_however_often_the_relay_dies_and_what_comes_after_is_told_once() {
    // Until Sunday nobody listened to these; on Monday they are imported, and three of four are delivered.
    let mut scans = others(0, 12);
    for order in 0..80 {
        let status = if order % 4 == 0 { "ready_for_pickup" } else { "in_transit" };
        scans.push(Scan::at_hour(120, order, status).imported_in_hour(145));
        if order % 4 != 0 {
            scans.push(Scan::at_hour(150 + order / 10, order, "delivered"));
        }
    }
    for (seed, plan) in [(6, CALM), (7, Plan::Often(4))] {
        let scans = scans.clone();
        let weeks = live(seed, plan, Story { scans, days: 12, ..Story::default() });
        for order in 0..80 {
            let told = weeks.of(order);
            if order % 4 == 0 {
                assert_eq!(told, ["pickup_reminder"], "{order}");
            } else {
                assert_eq!(told, ["delivered", "order_fully_delivered"], "{order}");
            }
        }
        assert_eq!(weeks.crashes > 0, plan != CALM, "{} crashes", weeks.crashes);
    }
}

#[test]
fn what_waits_for_a_key_says_what_it_said_when_it_was_made() {
    let scans = vec![Scan::at_hour(1, 0, "dispatched"), Scan::at_hour(7, 1, "dispatched")];
    let story = Story {
        scans,
        days: 1,
        key_refused: Some((0, 10)),
        german_from: Some(5),
        ..Story::default()
    };
    let weeks = live(12, CALM, story);
    let mut told: Vec<_> = weeks.told.iter().zip(&weeks.names).collect();
    told.sort_by_key(|((_, order, _), _)| *order);
    let told: Vec<(u64, &str)> =
        told.iter().map(|((_, order, _), name)| (*order, name.as_str())).collect();
    // The files changed while the first one waited; the second was made after that.
    assert_eq!(told, [(0, "Order Dispatched"), (1, "Bestellung wurde aus dem Lager versandt")]);
    assert!(weeks.told.iter().all(|(hour, ..)| *hour >= 10), "{:?}", weeks.told);
}

#[test]
fn a_key_that_is_refused_for_long_ends_what_grows_too_old_and_what_is_held_too_long() {
    let mut scans = vec![
        Scan::at_hour(1, 0, "out_for_delivery"),
        Scan::at_hour(1, 1, "delivered"),
        Scan::at_hour(24 * 9, 2, "delivered"),
    ];
    scans.extend(others(0, 9));
    let story = Story { scans, days: 10, key_refused: Some((0, 24 * 8)), ..Story::default() };
    let weeks = live(13, CALM, story);
    let ends = |end: &str| weeks.messages.iter().filter(|message| *message == end).count();
    assert_eq!(ends("out_for_delivery cancelled: too_old"), 1, "{:?}", weeks.messages);
    assert!(ends("delivered dead: held_too_long") >= 1, "{:?}", weeks.messages);
    // What came of its standing still since is news.
    assert_eq!((weeks.of(0), weeks.of(1)), (vec!["shipment_stalled"], vec![]));
    assert!(weeks.of(2).contains(&"delivered"), "the key is known again: {:?}", weeks.told);
}

//! Does what happens in a history.

use parcelwire_domain::id::*;
use parcelwire_engine::ports::*;

use super::{history::Deed, *};

/// Does it.
pub(crate) async fn happens(store: &dyn Books, held: &Held, deed: Deed) {
    let told = format!("{deed:?}");
    match deed {
        Deed::Accept(receipt) => {
            let accepted = store.accept(vec![receipt]).await;
            assert!(accepted[0].is_ok(), "{told}: {accepted:?}");
        }
        Deed::Refuse(refused) => store.refuse(vec![refused]).await.expect(&told),
        Deed::Commit(step) => {
            // What is decided was handed out before.
            let mut out = handed_out(store, held).await;
            out.retain(|one| step.outcomes.iter().all(|(settled, _)| settled != one));
            assert_eq!(store.commit(held, vec![step]).await, [Ok(())], "{told}");
            store.release(out, Vec::new()).await;
        }
        Deed::Conclude(end) => {
            assert_eq!(store.conclude(held, vec![end]).await, [Ok(())], "{told}");
        }
        Deed::Ask(receipt, at) => {
            let out = handed_out(store, held).await;
            assert!(out.contains(&receipt), "{told}");
            store.ask(vec![receipt], at).await.expect(&told);
            store.release(out.into_iter().filter(|one| *one != receipt).collect(), vec![]).await;
        }
        Deed::Asked(merchant, receipt, end) => {
            store.asked(merchant, receipt, end).await.expect(&told);
        }
        Deed::Settle(receipt, outcome, accounts) => {
            let out = handed_out(store, held).await;
            assert!(out.contains(&receipt), "{told}");
            store.settle_feed(receipt, outcome, accounts).await.expect(&told);
            store.release(out.into_iter().filter(|one| *one != receipt).collect(), vec![]).await;
        }
        Deed::Pause(merchant, destination, change) => {
            store.pause(merchant, destination, change).await.expect(&told);
        }
        Deed::Polled(owner, source, polled) => {
            store.keep_polled(owner, source, polled).await.expect(&told);
        }
        Deed::Rules(hash, text) => store.keep_rules(hash, text).await.expect(&told),
        Deed::Prune(now) => {
            let keep = Retention { receipts_days: 4, bodies_days: 2, memory_days: 400 };
            while store.prune(now, keep).await.expect(&told) {}
        }
    }
}

async fn handed_out(store: &dyn Books, held: &Held) -> Vec<ReceiptId> {
    let out = store.waiting(held, 9999, 9999).await.expect("it answers");
    out.into_iter().map(|receipt| receipt.id).collect()
}

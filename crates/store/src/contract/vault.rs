//! Small things beside the books.

use bytes::Bytes;
use parcelwire_engine::ports::{Place, Shelf};

use super::{Host, merchant};

fn place(of: Option<&str>, key: &str) -> Place {
    Place { shelf: Shelf::Hearing, of: of.map(merchant), key: key.to_owned() }
}

fn thing(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

pub(crate) async fn the_last_write_of_a_place_counts(host: &dyn Host) {
    let store = host.open().await;
    let places = || {
        let of = [(None, ""), (Some("hey"), ""), (Some("hey"), "a"), (Some("anna"), "")];
        of.map(|(of, key)| place(of, key)).to_vec()
    };
    assert_eq!(store.kept(places()).await, Ok(vec![None, None, None, None]));
    let writes = [
        vec![(place(None, ""), Some(thing("own"))), (place(Some("hey"), ""), Some(thing("old")))],
        vec![
            (place(Some("hey"), ""), Some(thing(""))),
            (place(Some("anna"), ""), Some(thing("gone"))),
        ],
        vec![(place(Some("anna"), ""), None), (place(Some("hey"), "b"), None)],
    ];
    for things in writes {
        for _ in 0..2 {
            store.keep(things.clone()).await.expect("it is written");
        }
    }
    let after = host.after_a_crash(store).await;
    assert_eq!(
        after.kept(places()).await,
        Ok(vec![Some(thing("own")), Some(thing("")), None, None])
    );
}

pub(crate) async fn a_shelf_is_read_in_the_order_of_its_keys(host: &dyn Host) {
    let store = host.open().await;
    let keys = ["é", "", "b", "a", "Z"];
    let things = keys.map(|key| (place(Some("hey"), key), Some(thing("it"))));
    store.keep(things.to_vec()).await.expect("it is written");
    store.keep(vec![(place(None, "c"), Some(thing("own")))]).await.expect("it is written");
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.shelf(Shelf::Hearing, Some(merchant("hey")), after, 2).await;
        let page = page.expect("it is read");
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        found.extend(page.into_iter().map(|(key, _)| key));
    }
    assert_eq!(found, ["", "Z", "a", "b", "é"]);
    let own = store.shelf(Shelf::Hearing, None, None, 9).await.expect("it is read");
    assert_eq!(own, [("c".to_owned(), Bytes::from_static(b"own"))]);
}

//! How polling goes: every source and feed that is asked for news, whether it is mended or failing.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use jiff::Timestamp;
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::{
    PollState,
    ports::{Cursor, Owner},
};
use serde_json::{Value, json};

use super::{
    Answer, Shared,
    access::{self, Who},
    cursor,
    narrow::Turn,
    unavailable,
};

/// The name of the list, for its cursors.
const LIST: &str = "polls";

/// All of them.
pub(super) async fn all(request: HttpRequest, shared: Data<Shared>) -> Answer {
    let who = access::who(&request, &shared).await?;
    page(&who, who.slice(), &request, &shared).await
}

/// Those of one merchant, and the feeds that it shares.
pub(super) async fn of(request: HttpRequest, shared: Data<Shared>, path: Path<String>) -> Answer {
    let who = access::who(&request, &shared).await?;
    let merchant = who.merchant(&shared, &path)?;
    page(&who, Some(merchant), &request, &shared).await
}

async fn page(
    who: &Who,
    merchant: Option<MerchantId>,
    request: &HttpRequest,
    shared: &Shared,
) -> Answer {
    let Turn { after, limit } = Turn::read(LIST, merchant.as_ref(), request.query_string())?;
    let polls = shared.engine.polls(merchant.as_ref()).await;
    let mut polls = polls.map_err(|error| unavailable(&error))?;
    if let Some(Cursor(last)) = after {
        // What was shown last may be gone: whatever stands behind its place follows.
        polls.retain(|poll| place(poll) > last);
    }
    let more = polls.len() > limit;
    polls.truncate(limit);
    let last = polls.last().filter(|_| more);
    let next = last.map(|last| cursor::seal(LIST, merchant.as_ref(), &Cursor(place(last))));
    let items: Vec<Value> = polls.iter().map(|poll| shown(poll, merchant.as_ref())).collect();
    who.show(json!({ "items": items, "next_cursor": next }))
}

/// A place in the list: merchants by name, then feeds.
fn place(poll: &PollState) -> String {
    match &poll.owner {
        Owner::Merchant(merchant) => format!("1 {merchant} {}", poll.source),
        Owner::Feed(feed) => format!("2 {feed}"),
    }
}

fn shown(poll: &PollState, merchant: Option<&MerchantId>) -> Value {
    let (owner, feed) = match &poll.owner {
        Owner::Merchant(owner) => (Some(owner), None),
        Owner::Feed(feed) => (merchant, Some(feed)),
    };
    let polled = poll.polled.as_ref();
    let why = polled.and_then(|polled| polled.why.as_deref());
    let state = match (polled, why) {
        (None, _) => "new",
        (Some(_), None) => "ok",
        (Some(_), Some("key_wrong")) => "key_wrong",
        (Some(_), Some(_)) => "failed",
    };
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "merchant": owner.map(MerchantId::as_str), "feed": feed.map(|feed| feed.as_str()),
        "source": poll.source.as_str(), "connector": poll.connector,
        "every_seconds": poll.every.as_secs(), "state": state, "why": why,
        "last_round": time(polled.map(|polled| polled.at)),
        "last_success": time(polled.and_then(|polled| polled.succeeded_at)),
        "next_at": time(polled.and_then(|polled| polled.next_at)), "reached": time(poll.reached),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parcelwire_domain::id::{FeedName, SourceName};
    use parcelwire_engine::ports::Polled;

    use super::*;

    fn poll(owner: Owner, why: Option<&str>) -> PollState {
        let at = Timestamp::from_second(1_795_341_600).expect("a time");
        PollState {
            owner,
            source: SourceName::parse("depot").expect("a name"),
            connector: "lager".to_owned(),
            every: Duration::from_secs(300),
            polled: Some(Polled {
                cursor: Some("next-page-token-0001".to_owned()),
                succeeded_at: None,
                why: why.map(str::to_owned),
                at,
                next_at: Some(at + Duration::from_secs(60)),
            }),
            reached: None,
        }
    }

    #[test]
    fn a_row_says_how_it_goes_and_keeps_the_cursor_to_itself() {
        let hey = MerchantId::parse("hey").expect("a name");
        let feed = FeedName::parse("depot").expect("a name");
        for (why, state) in
            [(None, "ok"), (Some("key_wrong"), "key_wrong"), (Some("answered 500"), "failed")]
        {
            let own = shown(&poll(Owner::Merchant(hey.clone()), why), None);
            assert_eq!((&own["state"], &own["why"]), (&json!(state), &json!(why)));
            assert_eq!((&own["merchant"], &own["feed"]), (&json!("hey"), &Value::Null));
            assert_eq!(own["next_at"], "2026-11-22T10:01:00Z");
            assert!(!own.to_string().contains("token"), "{own}");
        }
        let shared = poll(Owner::Feed(feed), None);
        assert_eq!(shown(&shared, None)["merchant"], Value::Null);
        assert_eq!(shown(&shared, Some(&hey))["merchant"], "hey");
        let fresh = PollState { polled: None, ..shared };
        assert_eq!(shown(&fresh, None)["state"], "new");
    }
}

//! Keys and names. Everything of a merchant is in the slot of its partition, so that a script touches
//! one slot only. `T` is the beginning of a partition's keys, an *owner* a merchant or `~` and a feed:
//!
//! | key | is |
//! |---|---|
//! | `T` `lease` | who works on the partition: owner, epoch, when it ends (ms) |
//! | `T` `dd:KEY` | the receipt under this dedupe key, for eight days |
//! | `T` `r:RECEIPT`, `rh:`, `rb:`, `ra:` | what changes of a receipt; what does not; its body; what was answered about it |
//! | `T` `l:RECEIPT`, `rm:RECEIPT` | its lines by the place of their event; its messages |
//! | `T` `a:MERCHANT:ORDER`, `ax:`, `x:MERCHANT:KIND:VALUE` | an aggregate, with when it wakes; its names; the aggregates that a name leads to |
//! | `T` `gl:MERCHANT:ORDER`, `gm:`, `gp:` | an aggregate's lines, its messages, its unsent ones in the order in which they were made |
//! | `T` `m:MESSAGE`, `mh:`, `mf:`, `mt:` | what changes of a message; what does not; what it says; its attempts |
//! | `T` `q:MERCHANT/DESTINATION` | the first unsent message of each lane, by when it is due |
//! | `T` `due`, `wake`, `ask:MERCHANT` | when destinations, aggregates, questions are due |
//! | `T` `w`, `asks`, `ms` | owners with something that waits; with something to be asked; all there ever were |
//! | `T` `i:OWNER:rSTATE`, `:mSTATE`, `:e`, `:e:STATUS`, `:f` | lists by time: receipts, messages, events, refused requests (rows in `fr:OWNER`) |
//! | `T` `n:MERCHANT` | the books |
//! | `T` `p`, `polls:OWNER`, `un:MERCHANT`, `unn:`, `uc:OWNER` | pauses; polls; codes that no table knew, and how many of a source; accounts that nobody claimed |
//! | `T` `v:SHELF:MERCHANT`, `vi:` | small things by their key; the keys in their order (of the relay: below `pw:{meta}:`) |
//! | `T` `sb`, `s`, `u` | what may be forgotten, by when it was settled (with its body, without) or last written |
//! | `pw:{c:CREDENTIAL}:turns` | turns of a credential that were taken, a rest, requests under way; for as long as they count |

use parcelwire_domain::id::{FeedName, MerchantId, Partition};
use parcelwire_engine::ports::Owner;

/// Settings of all instances together; `moving` and `copying` while data are moved.
pub(super) const META: &str = "pw:{meta}:";

/// Who is there.
pub(super) const INSTANCES: &str = "pw:{instances}:";

/// Where instances tell each other that there is something new.
pub(super) const NEWS: &str = "pw:news";

/// The beginning of all keys of a partition.
pub(super) fn of(partition: Partition) -> String {
    format!("pw:{{p{:02}}}:", partition.number())
}

/// The name of an owner in keys: a feed's begins with a sign that no merchant's has.
pub(super) fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Merchant(id) => id.as_str().to_owned(),
        Owner::Feed(name) => format!("~{name}"),
    }
}

/// The partition of an owner.
pub(super) fn partition(owner: &Owner) -> Partition {
    match owner {
        Owner::Merchant(id) => Partition::of(id),
        Owner::Feed(name) => Partition::of_feed(name),
    }
}

/// Whose name in keys this is.
pub(super) fn parse_owner(text: &str) -> Option<Owner> {
    match text.strip_prefix('~') {
        Some(feed) => FeedName::parse(feed).ok().map(Owner::Feed),
        None => MerchantId::parse(text).ok().map(Owner::Merchant),
    }
}

/// The slot of a Cluster in which a key is: CRC-16 (XMODEM) of what stands in its braces, modulo 16384.
pub(super) fn slot(key: &str) -> u16 {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let tag = tag.map_or(key, |(tag, _)| tag);
    let crc = tag.bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % 16_384
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot("123456789"), 0x31C3);
        assert_eq!(slot("{user1000}.following"), slot("{user1000}.followers"));
    }

    #[test]
    fn owners_are_told_apart() {
        let merchant = Owner::Merchant(MerchantId::parse("lager").expect("a name"));
        let feed = Owner::Feed(FeedName::parse("lager").expect("a name"));
        for owned in [&merchant, &feed] {
            assert_eq!(parse_owner(&owner(owned)).as_ref(), Some(owned));
        }
        assert_ne!(owner(&merchant), owner(&feed));
        assert_eq!(parse_owner("~"), None);
    }
}

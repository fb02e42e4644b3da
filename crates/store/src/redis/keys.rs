//! Keys and names. Everything of a merchant is in the slot of its partition, so that a script touches
//! one slot only.

use parcelwire_domain::id::{FeedName, MerchantId, Partition};
use parcelwire_engine::ports::Owner;

/// Settings of all instances together.
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

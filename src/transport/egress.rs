//! Which addresses destinations may have: public ones, and those that the operator names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A network, as in `127.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads an address, or a network.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
        let base: IpAddr = base.parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = if bits.is_empty() { most } else { bits.parse().ok()? };
        (bits <= most).then_some(Self { base, bits })
    }

    /// Whether an address is in it.
    pub fn has(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(base) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(base) & mask == u128::from(address) & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Judges addresses, at every new connection.
#[derive(Debug, Clone)]
pub struct Guard {
    allow: Vec<Network>,
    public: bool,
}

impl Guard {
    /// Public addresses, and these networks.
    pub fn new(allow: &[String]) -> Self {
        Self { public: true, ..Self::only(allow) }
    }

    /// These networks alone: what goes there unencrypted must not leave them.
    pub fn only(allow: &[String]) -> Self {
        let allow = allow.iter().filter_map(|text| Network::parse(text)).collect();
        Self { allow, public: false }
    }

    /// Whether there is anything that a destination may have.
    pub fn allows_some(&self) -> bool {
        self.public || !self.allow.is_empty()
    }

    /// Whether a destination may have this address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let plain = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        self.public && is_public(plain) || self.allow.iter().any(|network| network.has(plain))
    }
}

/// A name led only to addresses that are not allowed.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not public")]
pub(super) struct Refused(pub(super) String);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let refused = found.first().map(|address| address.ip().to_string());
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|address| guard.allows(address.ip())).collect();
            if allowed.is_empty() {
                let address = refused.unwrap_or_else(|| "no address".to_owned());
                return Err(Box::new(Refused(address)) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && matches!(b, 18 | 19);
    let protocol = a == 192 && b == 0 && c == 0;
    let to_ipv6 = a == 192 && b == 88 && c == 99;
    // Looks public, and answers machines of Azure with what only they should know.
    let metadata = address == Ipv4Addr::new(168, 63, 129, 16);
    !(a == 0
        || shared
        || benchmark
        || protocol
        || to_ipv6
        || metadata
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

/// Only global unicast addresses are public, 2000::/3; everything else is local, multicast, or a
/// way to an IPv4 address inside an IPv6 one.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    // Teredo and other protocols' own, documentation, 6to4.
    let protocol = first == 0x2001 && second < 0x200;
    let documentation = first == 0x2001 && second == 0xdb8 || first == 0x3fff && second < 0x1000;
    let tunnel = first == 0x2002;
    global && !protocol && !documentation && !tunnel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached() {
        let guard = Guard::new(&[]);
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "::7f00:1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "fec0::1",
            "192.88.99.1",
            "168.63.129.16",
            "100.100.100.200",
        ] {
            assert!(!guard.allows(private.parse().expect("an address")), "{private}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "2001:4860::1"] {
            assert!(guard.allows(public.parse().expect("an address")), "{public}");
        }
    }

    #[test]
    fn the_operator_may_name_networks() {
        let guard = Guard::new(&["127.0.0.0/8".to_owned(), "fd00::/8".to_owned()]);
        assert!(guard.allows("127.9.9.9".parse().expect("an address")));
        assert!(guard.allows("fd12::1".parse().expect("an address")));
        assert!(guard.allows("::ffff:127.0.0.1".parse().expect("an address")));
        assert!(!guard.allows("10.0.0.1".parse().expect("an address")));
        assert!(guard.allows("8.8.8.8".parse().expect("an address")));
        assert_eq!(Network::parse("127.0.0.0/33"), None);
        assert_eq!(Network::parse("localhost"), None);
    }

    #[test]
    fn unencrypted_requests_stay_in_the_named_networks() {
        let guard = Guard::only(&["10.0.0.0/8".to_owned()]);
        assert!(guard.allows_some() && !Guard::only(&[]).allows_some());
        assert!(guard.allows("10.1.2.3".parse().expect("an address")));
        for other in ["8.8.8.8", "127.0.0.1", "2a00:1450::1"] {
            assert!(!guard.allows(other.parse().expect("an address")), "{other}");
        }
    }
}

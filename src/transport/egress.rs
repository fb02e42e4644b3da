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
#[derive(Debug)]
pub struct Guard {
    allow: Vec<Network>,
}

impl Guard {
    /// Public addresses, and these networks.
    pub fn new(allow: &[String]) -> Self {
        Self { allow: allow.iter().filter_map(|text| Network::parse(text)).collect() }
    }

    /// Whether a destination may have this address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let plain = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        is_public(plain) || self.allow.iter().any(|network| network.has(plain))
    }

    /// Whether `http://` may be used to this host.
    pub fn allows_plain(&self, host: &str) -> bool {
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        address.is_ok_and(|address| self.allow.iter().any(|network| network.has(address)))
    }
}

/// A name led only to addresses that are not allowed.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not public")]
pub(super) struct Refused(pub(super) String);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Self { allow: self.allow.clone() };
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
    !(a == 0
        || shared
        || benchmark
        || protocol
        || a >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let unique_local = first & 0xfe00 == 0xfc00;
    let link_local = first & 0xffc0 == 0xfe80;
    let documentation = first == 0x2001 && second == 0xdb8;
    // Ways to reach an IPv4 address from inside an IPv6 one: 6to4, NAT64, Teredo.
    let tunnels =
        first == 0x2002 || (first == 0x64 && second == 0xff9b) || (first == 0x2001 && second == 0);
    !(address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || unique_local
        || link_local
        || documentation
        || tunnels)
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
        ] {
            assert!(!guard.allows(private.parse().expect("an address")), "{private}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1"] {
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
        assert!(guard.allows_plain("localhost") && !guard.allows_plain("example.com"));
        assert_eq!(Network::parse("127.0.0.0/33"), None);
        assert_eq!(Network::parse("localhost"), None);
    }
}

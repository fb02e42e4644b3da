//! Where `http://` may lead: keys travel unencrypted there.

use std::net::IpAddr;

use super::Surroundings;

impl Surroundings {
    /// Whether `http://` may be used to a host: an address, or `localhost`, in an allowed network. Where another
    /// name leads is known only when it is asked for: the transport judges each address that it comes to.
    pub(super) fn allows_plain(&self, host: &str) -> bool {
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        let Ok(address) = host.parse::<IpAddr>() else {
            return !self.plain_http.is_empty();
        };
        self.plain_http.iter().any(|network| holds(network, address))
    }
}

/// Whether a network such as `127.0.0.0/8`, or a single address, holds this one.
fn holds(network: &str, address: IpAddr) -> bool {
    let (base, bits) = network.split_once('/').unwrap_or((network, ""));
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let bits = |most: u32| bits.parse::<u32>().unwrap_or(most).min(most);
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            let shift = 32 - bits(32);
            u32::from(base).checked_shr(shift) == u32::from(address).checked_shr(shift)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            let shift = 128 - bits(128);
            u128::from(base).checked_shr(shift) == u128::from(address).checked_shr(shift)
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

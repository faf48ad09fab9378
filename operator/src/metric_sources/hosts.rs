//! Which hosts may be asked on behalf of a user.
//!
//! Whoever may create a scaler chooses an address that the operator connects to. What only the operator's own pod or node can
//! reach stays out of that reach: loopback, link-local addresses, the metadata services of clouds. It is checked on what is
//! written, and again on what a name resolves to when a connection is made.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

use super::Failure;

/// Names that metadata services have, beside their addresses.
const METADATA_NAMES: [&str; 4] =
    ["metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"];
/// Addresses of metadata and machine services that are not link-local: of Alibaba Cloud, Oracle Cloud, Azure.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192), Ipv4Addr::new(168, 63, 129, 16)];
/// Those of AWS and Google Cloud.
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];
/// Of link-local addresses, the one that clouds answer at.
const METADATA_LINK_LOCAL: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// Which hosts may be asked: all but those that the operator alone can reach, and of those the ones that its flag names.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    allowed: Vec<Allowed>,
}

/// An entry of the flag that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no host name, no *.suffix, no IP address and no range of addresses such as 10.0.0.0/8")]
pub struct HostsError(String);

#[derive(Clone, Debug)]
enum Allowed {
    Name(String),
    /// Begins with a dot.
    Suffix(String),
    Range(IpAddr, u8),
}

impl Hosts {
    /// Of the entries of `--allow-metric-hosts`: host names, `*.suffix`, addresses and ranges; each may hold several,
    /// separated by commas.
    ///
    /// # Errors
    /// The first entry that is none of these.
    pub fn new<T: AsRef<str>>(entries: impl IntoIterator<Item = T>) -> Result<Self, HostsError> {
        let mut allowed = vec![];
        for entry in entries {
            for part in entry.as_ref().split(',').map(str::trim).filter(|part| !part.is_empty()) {
                allowed.push(Allowed::read(part).ok_or_else(|| HostsError(part.to_owned()))?);
            }
        }
        Ok(Self { allowed })
    }

    /// Whether a host may be asked, as far as its name or literal address tells.
    ///
    /// # Errors
    /// Why not, and what an administrator can do.
    pub fn check(&self, host: &str) -> Result<(), Failure> {
        let name = normal(host);
        if let Ok(address) = name.parse::<IpAddr>() {
            return self.check_address(&name, address);
        }
        if METADATA_NAMES.contains(&name.as_str()) && !self.allows_name(&name) {
            return Err(refused(host, "a metadata service"));
        }
        Ok(())
    }

    /// Whether an administrator has named this host, or its literal address.
    pub(super) fn names(&self, host: &str) -> bool {
        let name = normal(host);
        self.allows_name(&name) || name.parse().is_ok_and(|address| self.allows_address(address))
    }

    /// The addresses of a host that may be connected to.
    ///
    /// # Errors
    /// When the host has none, or none that may be asked.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
        self.check(host)?;
        let name = normal(host);
        let found =
            tokio::net::lookup_host((name.as_str(), port)).await.map_err(|_| Failure::Unreachable {
                origin: format!("{host}:{port}"),
                problem: "its name cannot be resolved".to_owned(),
            })?;
        self.permitted(&name, found)
    }

    fn permitted(
        &self,
        name: &str,
        found: impl Iterator<Item = SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let mut permitted = vec![];
        let mut problem = None;
        for address in found {
            match self.check_address(name, address.ip()) {
                Ok(()) => permitted.push(address),
                Err(refused) => problem = Some(refused),
            }
        }
        match problem {
            Some(refused) if permitted.is_empty() => Err(refused),
            _ => Ok(permitted),
        }
    }

    fn check_address(&self, name: &str, address: IpAddr) -> Result<(), Failure> {
        match kind(address) {
            Some(kind) if !self.allows_name(name) && !self.allows_address(address) => {
                Err(refused(name, kind))
            }
            _ => Ok(()),
        }
    }

    fn allows_name(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| match allowed {
            Allowed::Name(known) => known == name,
            Allowed::Suffix(suffix) => name.ends_with(suffix.as_str()),
            Allowed::Range(..) => false,
        })
    }

    fn allows_address(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        self.allowed.iter().any(|allowed| match allowed {
            Allowed::Range(network, bits) => within(*network, *bits, plain),
            _ => false,
        })
    }
}

impl Allowed {
    fn read(text: &str) -> Option<Self> {
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            let address = address.to_canonical();
            return Some(Self::Range(address, width(address)));
        }
        if let Some((network, bits)) = text.split_once('/') {
            let (network, bits) = (network.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
            return (bits <= width(network)).then_some(Self::Range(network, bits));
        }
        let suffix = text.strip_prefix("*.");
        let name = normal(suffix.unwrap_or(text));
        let is_name = !name.is_empty()
            && name.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            });
        let allowed = if suffix.is_some() { Self::Suffix(format!(".{name}")) } else { Self::Name(name) };
        is_name.then_some(allowed)
    }
}

fn refused(host: &str, kind: &str) -> Failure {
    Failure::Unasked(format!(
        "{host} is not asked, since it is {kind}, which users' metrics must not reach; \
         an administrator can allow it by the operator's flag --allow-metric-hosts"
    ))
}

/// As names are compared: without the brackets of an IPv6 address and the dot at the end, in lower case.
fn normal(host: &str) -> String {
    host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn within(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let differing = u32::from(a) ^ u32::from(b);
            differing.checked_shr(32 - u32::from(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let differing = u128::from(a) ^ u128::from(b);
            differing.checked_shr(128 - u32::from(bits)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// What an address is that must not be asked without leave.
fn kind(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => embedded(address).and_then(kind_v4).or_else(|| kind_v6(address)),
    }
}

fn kind_v4(address: Ipv4Addr) -> Option<&'static str> {
    if address.is_loopback() {
        Some("a loopback address")
    } else if address == METADATA_LINK_LOCAL || METADATA_V4.contains(&address) {
        Some("the address of a metadata service")
    } else if address.is_link_local() {
        Some("a link-local address")
    } else if address.octets()[0] == 0 {
        Some("an unspecified address")
    } else if address.is_multicast() || address.is_broadcast() {
        Some("no address of a single host")
    } else {
        None
    }
}

fn kind_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_loopback() {
        Some("a loopback address")
    } else if METADATA_V6.contains(&address) {
        Some("the address of a metadata service")
    } else if address.is_unicast_link_local() {
        Some("a link-local address")
    } else if address.is_unspecified() {
        Some("an unspecified address")
    } else if address.is_multicast() {
        Some("no address of a single host")
    } else {
        None
    }
}

/// The IPv4 address within one of IPv6: mapped or compatible, behind NAT64 (64:ff9b::/96), of 6to4 (2002::/16).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let parts = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match parts {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;

//! The caller that a request counts for: a user where a credential of ours names one, otherwise the network of the address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use actix_web::{HttpMessage, HttpRequest};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    User(Uuid),
    Network { address: IpAddr, prefix: u8 },
}

impl Caller {
    /// The caller that was identified when the request came in.
    #[must_use]
    pub fn known(req: &HttpRequest) -> Option<Self> {
        req.extensions().get::<Self>().copied()
    }

    /// An IPv6 customer has 2^64 addresses and more to choose from, so the network counts, not the address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self::network(address, if address.is_ipv4() { 32 } else { 64 })
    }

    /// The large network around it: what is left to tell callers apart by when there are too many of them.
    #[must_use]
    pub fn coarser(self) -> Self {
        match self {
            Self::User(_) => self,
            Self::Network { address, .. } => Self::network(address, 16),
        }
    }

    fn network(address: IpAddr, prefix: u8) -> Self {
        let address = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
                Ipv4Addr::from_bits(v4.to_bits() & mask).into()
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
                Ipv6Addr::from_bits(v6.to_bits() & mask).into()
            }
        };
        Self::Network { address, prefix }
    }
}

/// The stored form: `user <id>`, `address 192.0.2.7`, `address 2001:db8:1:2::/64`.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::Network { address: address @ IpAddr::V4(_), prefix: 32 } => write!(f, "address {address}"),
            Self::Network { address, prefix } => write!(f, "address {address}/{prefix}"),
        }
    }
}

impl FromStr for Caller {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, text) = text.split_once(' ').ok_or(())?;
        match kind {
            "user" => text.parse().map(Self::User).map_err(|_| ()),
            "address" => {
                let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
                let (address, prefix) = (address.parse().map_err(|_| ())?, prefix.parse().map_err(|_| ())?);
                Ok(Self::network(address, prefix))
            }
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_and_an_ipv4_address_by_itself() {
        let key = |text: &str| Caller::at(text.parse().unwrap()).to_string();
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "address 2001:db8:1:2::/64");
        assert_eq!(key("2001:db8:1:3::1"), "address 2001:db8:1:3::/64");
        assert_eq!(key("192.0.2.7"), "address 192.0.2.7");
        assert_eq!(key("::ffff:192.0.2.7"), "address 192.0.2.7");
    }

    #[test]
    fn a_caller_is_read_back_as_it_was_stored() {
        let at = |text: &str| Caller::at(text.parse().unwrap());
        let user = Caller::User(Uuid::from_u128(7));
        for caller in [user, at("192.0.2.7"), at("2001:db8::1"), at("192.0.2.7").coarser(), at("2001:db8::1").coarser()]
        {
            assert_eq!(caller.to_string().parse(), Ok(caller));
        }
        assert_eq!(at("192.0.2.7").coarser().to_string(), "address 192.0.0.0/16");
        assert_eq!(user.coarser(), user);
        for wrong in ["", "user", "user robin", "address", "address x", "address 192.0.2.7/x", "host 192.0.2.7"] {
            assert_eq!(wrong.parse::<Caller>(), Err(()), "{wrong}");
        }
    }
}

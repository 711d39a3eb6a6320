//! The origin and the destination of a request.

use std::net::IpAddr;

use actix_web::{HttpRequest, http::header::HeaderValue};

use crate::config::Network;

/// The path by which a request finds its handler, with needless encoding undone: every decision by
/// address uses this one, or another spelling would slip past.
#[must_use]
pub fn routed_path(req: &HttpRequest) -> &str {
    req.match_info().as_str()
}

/// The address at the other end: the peer, or, where the peer is a trusted proxy, the rightmost address in `X-Forwarded-For` that is not
/// one. Addresses further left are the client's own claims. Where all are trusted proxies it is the one furthest away, and where a proxy
/// wrote something that is no address, it is that proxy.
#[must_use]
pub fn client_address(req: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    // On a socket for both families, an IPv4 address comes as an IPv6 one.
    let mut client = req.peer_addr()?.ip().to_canonical();
    let forwarded: Vec<&[u8]> = req.headers().get_all("x-forwarded-for").map(HeaderValue::as_bytes).collect();
    let mut hops = forwarded.iter().rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
    while trusted.iter().any(|network| network.contains(client)) {
        let Some(hop) = hops.next().and_then(hop_address) else { break };
        client = hop;
    }
    Some(client)
}

/// One hop as proxies write it: an address, perhaps with a port, in brackets or in quotes. Names,
/// `unknown` and obfuscated identifiers (RFC 7239, 6) are none.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let hop = hop.strip_prefix('"').and_then(|hop| hop.strip_suffix('"')).unwrap_or(hop);
    let port = |text: &str| text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit());
    let address = match hop.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            let fits = after.is_empty() || after.strip_prefix(':').is_some_and(port);
            address.contains(':').then_some(address).filter(|_| fits)?
        }
        None => match hop.split_once(':') {
            Some((address, rest)) if !rest.contains(':') => Some(address).filter(|_| port(rest))?,
            _ => hop,
        },
    };
    // The network interface of a link-local address says nothing to anybody else.
    let address = address.split_once('%').map_or(address, |(address, _)| address);
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_read_in_every_way_that_proxies_write_it() {
        let read = |hop: &str| hop_address(hop.as_bytes()).map(|address| address.to_string());
        for (hop, address) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7:4711\t", "203.0.113.7"),
            ("\"203.0.113.7:4711\"", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("\"[2001:DB8::1]:443\"", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
            ("[::ffff:cb00:7107]", "203.0.113.7"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:443", "fe80::1"),
        ] {
            assert_eq!(read(hop).as_deref(), Some(address), "{hop}");
        }
        for hop in [
            "",
            "unknown",
            "_hidden",
            "_hidden:80",
            "203.0.113",
            "203.0.113.07",
            "203.0.113.7:",
            "203.0.113.7:x",
            "203.0.113.7:99999",
            "203.0.113.7:+80",
            "[203.0.113.7]:80",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "[2001:db8::1]:443:1",
            "0x7f.1",
            "for=203.0.113.7",
            "\"203.0.113.7",
            "203.0.113.7 203.0.113.8",
            "localhost",
        ] {
            assert_eq!(read(hop), None, "{hop}");
        }
    }
}

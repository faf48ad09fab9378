//! Addresses as users write them.

use std::fmt;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address {
    /// A name, or an address of IP without brackets.
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Reads `host:port`, `host` where there is a default port, and `[2001:db8::1]:port`.
    ///
    /// # Errors
    /// What is wrong, to be put behind the name of the field. The text itself is not repeated: people put passwords there.
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.contains("://") {
            return Err("has to be host:port without a scheme such as redis://; config.tls: true is for TLS");
        }
        if text.contains('@') {
            return Err(
                "has to be host:port; a user goes into config.user, a password into the Secret of authRef",
            );
        }
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || "/?#".contains(c)) {
            return Err("has to be host:port");
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or("has a [ without ]")?;
                (host, after.strip_prefix(':'))
            }
            None => match text.rsplit_once(':') {
                Some((host, _)) if host.contains(':') => return Err("needs [ and ] around an IPv6 address"),
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        if host.is_empty() {
            return Err("has no host before the port");
        }
        let port = match port {
            Some(port) => {
                port.parse().ok().filter(|port| *port > 0).ok_or("has a port that is not 1 to 65535")?
            }
            None => default_port.ok_or("has no port")?,
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, &'static str> {
        Address::parse(text, Some(6379)).map(|address| address.to_string())
    }

    #[test]
    fn host_and_port_are_read_in_every_form() {
        for (text, address) in [
            ("redis.jobs:6380", "redis.jobs:6380"),
            (" redis ", "redis:6379"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("[2001:db8::1]:7", "[2001:db8::1]:7"),
            ("[2001:db8::1]", "[2001:db8::1]:6379"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(address), "{text}");
        }
        assert_eq!(Address::parse("redis", None), Err("has no port"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for text in
            ["", ":6379", "redis:", "redis:x", "redis:0", "redis:70000", "::1", "[::1", "a b:1", "a/b:1"]
        {
            assert!(shown(text).is_err(), "{text}");
        }
        assert!(shown("redis://redis:6379").unwrap_err().contains("without a scheme"));
        assert!(shown("me:secret@redis:6379").unwrap_err().contains("authRef"));
    }
}

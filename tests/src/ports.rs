//! Free ports on the loopback interface.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::TcpListener,
};

use crate::Error;

/// Below the ranges from which systems take the ports of outgoing connections, so that none of those can slip in
/// between finding a port and listening on it.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Finds `N` free ports. They are held together while searching, so they differ.
pub fn free<const N: usize>() -> Result<[u16; N], Error> {
    let start = RandomState::new().hash_one("port") % u64::from(COUNT);
    let start = u16::try_from(start).expect("smaller than COUNT");
    let mut held: Vec<(u16, TcpListener)> = Vec::with_capacity(N);
    for step in 0..COUNT {
        let port = FIRST + (start + step) % COUNT;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            held.push((port, listener));
        }
        if held.len() == N {
            return Ok(std::array::from_fn(|index| held[index].0));
        }
    }
    Err(Error::Missing(format!("no {N} free ports from {FIRST} to {}", FIRST + COUNT - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ() {
        let [a, b, c] = free().unwrap();
        assert!(a != b && b != c && a != c);
    }
}

//! Where a Redis is.

use std::fmt;

use csop_shared::api::general_scaler::SourceConfig;
use csop_shared::scale::Invalid;

use crate::metric_sources::address::Address;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// The servers to connect to, and what they are to each other.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// One server, nodes of a cluster, or sentinels; at least one.
    pub addresses: Vec<Address>,
    pub topology: Topology,
    pub db: i32,
    pub tls: bool,
    /// The user that the configuration names.
    pub user: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Topology {
    Single,
    Cluster,
    /// The sentinels know the address of the master with this name.
    Sentinel(String),
}

impl Place {
    /// Reads it from a configuration.
    pub fn of(config: &SourceConfig, field: &str) -> Result<Self, Invalid> {
        let topology = match (&config.sentinel_master, config.cluster.unwrap_or_default()) {
            (Some(_), true) => return Err(invalid(field, ".cluster", "excludes config.sentinelMaster")),
            (Some(master), false) => Topology::Sentinel(master.clone()),
            (None, true) => Topology::Cluster,
            (None, false) => Topology::Single,
        };
        let addresses = addresses(config, &topology, field)?;
        if addresses.len() > 1 && topology == Topology::Single {
            let problem = "has several addresses, which only a cluster (config.cluster: true) or sentinels (config.sentinelMaster) have";
            return Err(invalid(field, ".address", problem));
        }
        let db = config.db.unwrap_or_default();
        if db != 0 && topology == Topology::Cluster {
            return Err(invalid(field, ".db", "must be 0: a cluster has no other database"));
        }
        Ok(Self { addresses, topology, db, tls: config.tls.unwrap_or_default(), user: config.user.clone() })
    }
}

fn addresses(config: &SourceConfig, topology: &Topology, field: &str) -> Result<Vec<Address>, Invalid> {
    let port = if matches!(topology, Topology::Sentinel(_)) { SENTINEL_PORT } else { PORT };
    match (&config.address, &config.host) {
        (Some(list), None) => {
            let each = list.split(',').map(|text| Address::parse(text, Some(port)));
            each.collect::<Result<_, _>>().map_err(|problem| invalid(field, ".address", problem))
        }
        (None, Some(host)) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@,".contains(c)) {
                return Err(invalid(field, ".host", "has to be a host; a port goes into config.port"));
            }
            let port = config.port.map_or(Ok(port), u16::try_from);
            let port = port.map_err(|_| invalid(field, ".port", "must be 1 to 65535"))?;
            Ok(vec![Address { host: host.to_owned(), port }])
        }
        _ => Err(invalid(field, "", "needs either address or host")),
    }
}

pub(super) fn invalid(field: &str, key: &str, problem: &str) -> Invalid {
    Invalid { field: format!("{field}{key}"), problem: problem.to_owned() }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tls { "rediss://" } else { "redis://" })?;
        for (index, address) in self.addresses.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{address}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: serde_json::Value) -> SourceConfig {
        serde_json::from_value(json).unwrap()
    }

    fn problem(json: serde_json::Value) -> (String, String) {
        let invalid = Place::of(&config(json), "config").unwrap_err();
        (invalid.field, invalid.problem)
    }

    #[test]
    fn places_are_read_with_their_default_ports() {
        for (json, shown) in [
            (serde_json::json!({"address": "redis:1"}), "redis://redis:1"),
            (serde_json::json!({"host": "redis"}), "redis://redis:6379"),
            (serde_json::json!({"host": "::1", "port": 5, "tls": true}), "rediss://[::1]:5"),
            (serde_json::json!({"address": "a:1, b", "cluster": true}), "redis://a:1,b:6379"),
            (serde_json::json!({"address": "a,b:2", "sentinelMaster": "m"}), "redis://a:26379,b:2"),
        ] {
            assert_eq!(Place::of(&config(json), "config").unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_field() {
        assert_eq!(problem(serde_json::json!({"address": "a,b"})).0, "config.address");
        assert_eq!(problem(serde_json::json!({"address": "a,b", "cluster": true, "db": 1})).0, "config.db");
        assert_eq!(problem(serde_json::json!({"host": "a", "port": 0x1_0000})).0, "config.port");
        let (field, problem) = problem(serde_json::json!({"address": "redis://:hunter2@a"}));
        assert_eq!(field, "config.address");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}

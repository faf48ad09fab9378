//! Metric sources against real servers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod asking;
mod external;
mod external_peer;
mod google;
mod pubsub;
mod redis;
mod redis_topologies;

//! Metric sources against real servers, and against one that lies. They are called as a library, as the operator calls them:
//! no control plane is needed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod asking;
mod google;
mod scene;

mod external;
mod http;
mod lies;
mod nearby;
mod prometheus;
mod pubsub;
mod redis;
mod redis_topologies;

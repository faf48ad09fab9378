//! Metric sources against real servers, and against one that lies. They are called as a library, as the operator calls them:
//! no control plane is needed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod liar;
mod scene;

mod http;
mod lies;
mod prometheus;

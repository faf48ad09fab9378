//! A real node beside the simulated ones: a kubelet, containerd and runc that run real containers.
//!
//! The node has a network, mounts, a root folder and a set of processes of its own. Its network leads nowhere: relays carry
//! connections to the API server and to the image registry out of it, and the API server's into it. When the first of its
//! processes ends, the kernel ends the others and takes away mounts, links and network; control groups are removed by hand.

pub mod cgroups;
mod daemons;
mod dialer;
mod files;
pub mod image;
pub mod inside;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "no_kernel.rs"]
mod kernel;
pub mod network;
mod outside;
pub mod policies;
mod relay;
mod requirements;

pub use dialer::Dialer;
pub use outside::{Node, PROCESS};
pub use requirements::missing;

/// The name of the node.
pub const NAME: &str = "real-0";

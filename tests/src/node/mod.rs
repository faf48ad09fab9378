//! A real node beside the simulated ones: a kubelet, containerd and runc that run real containers.
//!
//! The node has a network, mounts, a root folder and a set of processes of its own. Its network leads nowhere: two relays
//! carry the kubelet's connections to the API server, and the API server's to the kubelet. When the first of its processes
//! ends, the kernel ends the others and takes away mounts, links and network; control groups are removed by hand.

pub mod cgroups;
mod files;
pub mod image;
pub mod inside;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(not(target_os = "linux"))]
#[path = "no_kernel.rs"]
mod kernel;
mod outside;
mod relay;
mod requirements;

pub use outside::Node;
pub use requirements::missing;

/// The name of the node.
pub const NAME: &str = "real-0";

//! The local control plane of csop, and what the end-to-end tests need to work with it: a real etcd, API server,
//! controller manager, scheduler and metrics server, with nodes and pods simulated by KWOK; and
//! servers that metrics come from.

pub mod binaries;
pub mod bootstrap;
pub mod cache;
pub mod child;
pub mod cluster;
pub mod components;
pub mod credentials;
pub mod definitions;
pub mod demo;
pub mod error;
pub mod go;
pub mod images;
pub mod kubeconfig;
pub mod kubectl;
pub mod kwok;
pub mod layout;
pub mod load;
pub mod namespace;
pub mod node;
pub mod orders;
mod packages;
pub mod pages;
pub mod pki;
pub mod ports;
pub mod process;
pub mod programs;
pub mod requests;
pub mod run_dir;
pub mod servers;
pub mod signals;
pub mod supervisor;
pub mod usage;
pub mod wait;

pub use cluster::Cluster;
pub use error::Error;
pub use process::Process;

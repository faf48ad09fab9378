//! Stands for what a real node asks of the Linux kernel where there is none.

use std::{fs::File, io, path::Path};

fn refused<T>() -> io::Result<T> {
    Err(io::Error::other("a real node needs Linux"))
}

pub fn own_network() -> io::Result<()> {
    refused()
}

pub fn enter_network(_network: &File) -> io::Result<()> {
    refused()
}

pub fn own_mounts_and_processes() -> io::Result<()> {
    refused()
}

pub fn die_with_parent() -> io::Result<()> {
    refused()
}

pub fn begin_root(_root: &Path) -> io::Result<()> {
    refused()
}

pub fn show(_from: &Path, _at: &Path) -> io::Result<()> {
    refused()
}

pub fn show_file(_from: &Path, _at: &Path) -> io::Result<()> {
    refused()
}

pub fn show_read_only(_from: &Path, _at: &Path) -> io::Result<()> {
    refused()
}

pub fn processes(_at: &Path) -> io::Result<()> {
    refused()
}

pub fn enter_root(_root: &Path) -> io::Result<()> {
    refused()
}

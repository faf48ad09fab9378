//! What the kernel tells of a process.

use std::{fs, path::PathBuf, time::Duration};

use csop_tests::Error;

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// Most that was ever resident.
    pub peak: u64,
}

/// The time that all threads of a process have spent computing.
pub fn cpu(pid: u32) -> Result<Duration, Error> {
    let text = read(pid, "stat")?;
    parse_cpu(&text).ok_or_else(|| Error::Missing(format!("/proc/{pid}/stat has no CPU time: {text}")))
}

/// The memory of a process.
pub fn memory(pid: u32) -> Result<Memory, Error> {
    let text = read(pid, "status")?;
    parse_memory(&text).ok_or_else(|| Error::Missing(format!("/proc/{pid}/status has no memory: {text}")))
}

/// The CPU time of all processes that this one has started and that still run.
pub fn cpu_of_children(parent: u32) -> Result<Duration, Error> {
    let all = fs::read_dir("/proc").map_err(Error::file("read", "/proc"))?;
    let pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    // A process may end while it is looked at.
    let texts = pids.filter_map(|pid| read(pid, "stat").ok());
    Ok(texts.filter(|text| parse_parent(text) == Some(parent)).filter_map(|text| parse_cpu(&text)).sum())
}

fn read(pid: u32, file: &str) -> Result<String, Error> {
    let path = PathBuf::from(format!("/proc/{pid}/{file}"));
    fs::read_to_string(&path).map_err(Error::file("read", &path))
}

/// Ticks in which the kernel counts CPU time for programs, on every architecture of today.
const TICKS_PER_SECOND: u64 = 100;

/// The fields behind the program's name, which is in parentheses and may hold anything.
fn fields(stat: &str) -> Option<Vec<&str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace().collect())
}

fn parse_parent(stat: &str) -> Option<u32> {
    fields(stat)?.get(1)?.parse().ok()
}

fn parse_cpu(stat: &str) -> Option<Duration> {
    let fields = fields(stat)?;
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}

fn parse_memory(status: &str) -> Option<Memory> {
    let bytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    };
    Some(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 5 0 100 1000 200";
        assert_eq!((parse_parent(stat), parse_cpu(stat)), (Some(1), Some(Duration::from_secs(3))));
        assert!(cpu(std::process::id()).is_ok());
    }

    #[test]
    fn memory_is_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(parse_memory(status), Some(Memory { resident: 1 << 20, peak: 2 << 20 }));
        assert!(memory(std::process::id()).is_ok());
    }
}

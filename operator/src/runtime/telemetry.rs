//! Logs, all to standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What kube says of its own workings is seldom of interest, and its spans repeat ours.
const QUIET: [&str; 2] = ["kube_runtime=warn", "kube_client=warn"];

/// Starts to log what `filter` lets through, in the notation of `RUST_LOG`.
pub fn start(format: Format, filter: &str) -> Result<(), ParseError> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parse(filter)?)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        Format::Text => builder.init(),
        Format::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

fn parse(filter: &str) -> Result<EnvFilter, ParseError> {
    let mut whole = String::from(filter);
    for quiet in QUIET {
        let target = quiet.split('=').next().unwrap_or_default();
        if !filter.contains(target) {
            whole = format!("{whole},{quiet}");
        }
    }
    EnvFilter::try_new(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kube_is_quiet_unless_it_is_named() {
        assert!(parse("debug").unwrap().to_string().contains("kube_runtime=warn"));
        assert!(!parse("info,kube_runtime=trace").unwrap().to_string().contains("kube_runtime=warn"));
        assert!(parse("=").is_err());
    }
}

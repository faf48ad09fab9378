//! `check`: the cluster, csop in it, and the caller's permissions.

mod cluster;
mod operator;
mod permissions;

use crate::cli::Global;
use crate::client::Cluster;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::output::paint::Paint;
use crate::output::{self, check};
use crate::view::check::{CheckView, Finding, Outcome};
use clap::ValueEnum;

/// Check the cluster, csop in it, and your permissions.
///
/// Each line is a check, with what to do about it when it does not pass. The exit code is 1 when one failed;
/// warnings alone are no failure.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # Is everything in place?\n  kubectl csop check\n\n  \
    # Before csop is installed: may it be, and does the cluster suit it?\n  kubectl csop check --pre")]
pub struct Args {
    /// Before csop is installed: check only what the installation needs
    #[arg(long)]
    pre: bool,
    /// Output format
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<Format>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Yaml,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let mut findings = vec![];
    match super::connect(global, io).await {
        Ok(cluster) => look(args.pre, &cluster, &mut findings).await,
        Err(error) => findings.push(failed("kubernetes", &error)),
    }
    let view = CheckView::new(findings);
    io.print(&match args.output {
        Some(Format::Json) => output::json(&view),
        Some(Format::Yaml) => output::yaml(&view),
        None => {
            let paint = Paint::new(io.terminal.live_stdout());
            check::text(&view, io.terminal.width(), io.terminal.unicode, paint)
        }
    })?;
    Ok(if view.outcome == Outcome::Failed { Exit::Error } else { Exit::Ok })
}

async fn look(pre: bool, cluster: &Cluster, findings: &mut Vec<Finding>) {
    match cluster::version(cluster).await {
        Ok(found) => findings.extend(found),
        // Without an answer the other checks would only repeat that there is none.
        Err(error) => return findings.push(failed("kubernetes", &error)),
    }
    if pre {
        return findings.extend(permissions::to_install(cluster).await);
    }
    findings.extend(cluster::definitions(cluster).await);
    findings.extend(operator::running(cluster).await);
    findings.extend(permissions::to_use(cluster).await);
    findings.extend(cluster::optional(cluster).await);
}

fn ok(section: &'static str, text: impl Into<String>) -> Finding {
    Finding { section, text: text.into(), outcome: Outcome::Ok, hint: String::new() }
}

fn warning(section: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { section, text: text.into(), outcome: Outcome::Warning, hint: hint.into() }
}

fn failure(section: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { section, text: text.into(), outcome: Outcome::Failed, hint: hint.into() }
}

/// A check that could not be made.
fn failed(section: &'static str, error: &Error) -> Finding {
    failure(section, error.to_string(), error.hint().unwrap_or_default())
}

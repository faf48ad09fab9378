//! Measures csop on the local control plane.

mod bare;
mod cli;
mod counters;
mod fleet;
mod load;
mod machine;
mod operator;
mod process;
mod report;
mod scalers;
mod scene;
mod schedules;
mod statistics;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use csop_tests::Error;
use report::Report;

/// Measures the release builds of csop on a local control plane
#[derive(Debug, Parser)]
#[command(name = "csop-bench")]
struct Arguments {
    /// The benchmarks to run, repeated or separated by commas; without any, all
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Benchmark>,
    /// Makes everything smaller by this factor, for a quick look; figures of such a run mean little
    #[arg(long, default_value_t = 1.0, value_parser = scale)]
    scale: f64,
    /// Where NAME.json is written
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Benchmark {
    /// Thousands of services: how they are made, kept, taken over and changed
    Fleet,
    /// The plugin's and the operator's programs as processes and as files
    Cli,
    /// Thousands of scalers that decide every second
    Scalers,
    /// Thousands of schedules, and a few whose windows begin and end
    Schedules,
}

fn scale(text: &str) -> Result<f64, String> {
    let scale: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if scale > 0.0 && scale <= 1.0 { Ok(scale) } else { Err("must be above 0 and at most 1".to_owned()) }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Error> {
    let wanted = |benchmark| arguments.only.is_empty() || arguments.only.contains(&benchmark);
    if wanted(Benchmark::Cli) {
        publish(&Box::pin(cli::run(arguments.scale)).await?, &arguments.out)?;
    }
    if wanted(Benchmark::Scalers) {
        publish(&Box::pin(scalers::run(arguments.scale)).await?, &arguments.out)?;
    }
    if wanted(Benchmark::Schedules) {
        publish(&Box::pin(schedules::run(arguments.scale)).await?, &arguments.out)?;
    }
    if wanted(Benchmark::Fleet) {
        publish(&Box::pin(fleet::run(arguments.scale)).await?, &arguments.out)?;
    }
    Ok(())
}

fn publish(report: &Report, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::file("make the folder", folder))?;
    let path = folder.join(format!("{}.json", report.name()));
    fs::write(&path, report.json()).map_err(Error::file("write", &path))?;
    // A closed output is no reason to fail: the file is written.
    let _ = writeln!(io::stdout(), "{}\n{}\n", report.table(), path.display());
    Ok(())
}

/// Tells what is going on.
fn say(message: &str) {
    let _ = writeln!(io::stderr(), "csop-bench: {message}");
}

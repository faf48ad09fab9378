//! Builds the images of the operator and the sample applications, and pushes them.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser;
use csop_tests::{Error, images};

/// Build the images of the operator and the sample applications as OCI layouts, in `images` of the target folder
#[derive(Parser)]
#[command(name = "csop-images")]
struct Arguments {
    /// Push them to a registry, under this prefix, such as registry.example.com/team; log in by `docker login` before
    #[arg(long, value_name = "PREFIX")]
    push: Option<String>,
    /// Talk plain HTTP to a registry that is not on this machine
    #[arg(long, requires = "push")]
    plain_http: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error is no reason to stop.
            let _ = writeln!(io::stderr(), "csop-images: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let mut output = io::stdout();
    for image in images::for_release()? {
        let name = match &arguments.push {
            Some(prefix) => images::registry::push(&image, prefix, arguments.plain_http)?,
            None => image.to_string(),
        };
        let size = image.size as f64 / 1e6;
        writeln!(output, "{name} {} {size:.1} MB", image.digest)
            .map_err(Error::file("write to", "/dev/stdout"))?;
    }
    Ok(())
}

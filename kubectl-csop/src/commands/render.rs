//! `render`: the objects that the operator would apply.

use super::scale::facts::readable;
use super::{connect, floors};
use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use crate::manifest;
use crate::output;
use clap::ValueEnum;
use csop_shared::api::CashService;
use csop_shared::render::offline;
use csop_shared::scale::Floor;
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Print the objects that the operator would apply for a service.
///
/// With -f, a manifest is rendered without any cluster: a field that the schema does not know, or a value that
/// breaks one of its rules, is an error that names it. With NAME, the service is read from the cluster, and the
/// floors of schedules in force count. Values of Secrets are never shown.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What would this manifest become? Needs no cluster\n  kubectl csop render -f shop.yaml\n\n  \
    # ... and in a pipe\n  \
    kubectl csop init shop --image registry.example.com/shop:1.4.2 --max 10 -o yaml | kubectl csop render -f -\n\n  \
    # What should the service in the cluster consist of?\n  kubectl csop render shop -n pay")]
pub struct Args {
    /// Name of a service in the cluster
    #[arg(required_unless_present = "filename", conflicts_with = "filename")]
    name: Option<String>,
    /// Manifest of one or more CashServices; - is standard input
    #[arg(short, long, value_name = "FILE")]
    filename: Option<PathBuf>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    output: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Yaml,
    Json,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let services: Vec<(CashService, Vec<Floor>)> = match (&args.filename, &args.name) {
        (Some(path), _) => {
            let (origin, text) = read(path, io)?;
            manifest::services(&origin, &text)?.into_iter().map(|service| (service, vec![])).collect()
        }
        (None, name) => vec![fetch(name.as_deref().unwrap_or_default(), global, io).await?],
    };
    let objects: Vec<Value> = services
        .into_iter()
        .flat_map(|(mut service, floors)| {
            if service.metadata.namespace.is_none() {
                service.metadata.namespace.clone_from(&global.namespace);
            }
            offline(&service, &floors)
        })
        .collect();
    io.print(&match args.output {
        Format::Yaml => objects.iter().map(|object| format!("---\n{}", output::yaml(object))).collect(),
        Format::Json => output::json(&json!({"apiVersion": "v1", "kind": "List", "items": objects})),
    })?;
    Ok(Exit::Ok)
}

/// Reads a manifest, and says what it is called in messages.
pub(super) fn read(path: &Path, io: &mut Io) -> Result<(String, String), Error> {
    let failed = |source| Error::ReadFile { path: path.to_owned(), source };
    if path == Path::new("-") {
        let mut text = String::new();
        io.input.read_to_string(&mut text).map_err(failed)?;
        return Ok(("standard input".to_owned(), text));
    }
    Ok((path.display().to_string(), std::fs::read_to_string(path).map_err(failed)?))
}

/// The service, and the floors of its schedules; none, and a word on it, where these may not be read.
async fn fetch(name: &str, global: &Global, io: &mut Io) -> Result<(CashService, Vec<Floor>), Error> {
    let cluster = connect(global, io).await?;
    let service = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let floors = readable(floors::read(&service, &cluster).await, io)?;
    Ok((service, floors.unwrap_or_default()))
}

//! `version`: of plugin, operator and cluster.

use super::connect;
use crate::cli::Global;
use crate::client::Cluster;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::output::{self, wrap};
use crate::view::version::{OPERATOR_SELECTOR, Operator, VersionView, operator};
use clap::ValueEnum;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::ListParams;

/// Print the versions of plugin, operator and cluster.
///
/// The operator is found by the label app.kubernetes.io/name=csop-operator of its Deployment, in all
/// namespaces where you may look for it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # All versions\n  kubectl csop version\n\n  \
    # Only the plugin's own; needs no cluster\n  kubectl csop version --client")]
pub struct Args {
    /// Only the plugin's own version; needs no cluster
    #[arg(long)]
    client: bool,
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
    if args.client {
        print(args, &VersionView::new(vec![], None), io)?;
        return Ok(Exit::Ok);
    }
    // The plugin's own version is told whatever the cluster says.
    let found = match connect(global, io).await {
        Ok(cluster) => read(&cluster, io).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(view) => print(args, &view, io).map(|()| Exit::Ok),
        Err(error) => {
            print(args, &VersionView::new(vec![], None), io)?;
            Err(error)
        }
    }
}

async fn read(cluster: &Cluster, io: &mut Io) -> Result<VersionView, Error> {
    let server = cluster.call(Attempt::new("get", "the version"), cluster.client.apiserver_version()).await?;
    let operators = match operators(cluster).await {
        Ok(operators) => operators,
        Err(Error::Forbidden(attempt)) => {
            io.note(&format!(
                "you may not look for the operator: {} {} is forbidden",
                attempt.verb,
                attempt.subject()
            ));
            vec![]
        }
        Err(error) => return Err(error),
    };
    Ok(VersionView::new(operators, Some(server.git_version)))
}

/// The operators in the cluster; in the caller's namespace when it may not look further.
pub(super) async fn operators(cluster: &Cluster) -> Result<Vec<Operator>, Error> {
    Ok(deployments(cluster).await?.iter().map(operator).collect())
}

/// The Deployments of operators, as [`operators`].
pub(super) async fn deployments(cluster: &Cluster) -> Result<Vec<Deployment>, Error> {
    let params = ListParams::default().labels(OPERATOR_SELECTOR);
    let attempt = Attempt::new("list", "deployments.apps");
    let everywhere = Api::<Deployment>::all(cluster.client.clone());
    let found = match cluster.pages(&attempt, params.clone(), async |page| everywhere.list(&page).await).await
    {
        Err(Error::Forbidden(everywhere)) => {
            let here = Api::<Deployment>::namespaced(cluster.client.clone(), &cluster.namespace);
            let attempt = attempt.within(Some(&cluster.namespace));
            let found = cluster.pages(&attempt, params, async |page| here.list(&page).await).await?;
            if found.is_empty() {
                // It may be where it may not be looked for.
                return Err(Error::Forbidden(everywhere));
            }
            found
        }
        other => other?,
    };
    Ok(found)
}

fn print(args: &Args, view: &VersionView, io: &mut Io) -> Result<(), Error> {
    let text = match args.output {
        Some(Format::Json) => output::json(view),
        Some(Format::Yaml) => output::yaml(view),
        None => text(view, args.client, io.terminal.width()),
    };
    io.print(&text)
}

fn text(view: &VersionView, client_only: bool, width: Option<usize>) -> String {
    let mut text = format!("Client Version:   {}\n", view.client);
    for operator in &view.operators {
        let version = operator.version.as_deref().unwrap_or("unknown");
        let line = format!(
            "Operator Version: {version} ({}/{}, image {})",
            operator.namespace, operator.name, operator.image
        );
        text.push_str(&(wrap::lines(&line, width.map(|width| width.saturating_sub(2))).join("\n  ") + "\n"));
    }
    if let Some(server) = &view.server {
        if view.operators.is_empty() && !client_only {
            text.push_str("Operator Version: not found\n");
        }
        text.push_str(&format!("Server Version:   {server}\n"));
    }
    text
}

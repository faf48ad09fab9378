//! `logs`: what all pods of a service write.

mod follow;
mod stream;

use super::{connect, target};
use crate::cli::Global;
use crate::client::Cluster;
use crate::duration;
use crate::error::{Attempt, Error};
use crate::exit::Exit;
use crate::io::Io;
use crate::output::logs::Style;
use crate::view::logs::{container, parts, run as newest_run, short_name, was_restarted};
use csop_shared::api::CashService;
use csop_shared::names::labels;
use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use std::time::Duration;

/// Lines of each pod that is there when following begins, unless --tail or --since say otherwise.
const TAIL_OF_FOLLOW: i64 = 10;

/// Show the logs of all pods of a service, each line with the pod that wrote it.
///
/// With -f it goes on until Ctrl-C, or until the service is deleted, and survives rollouts, restarts and broken
/// connections: new pods are picked up, and those that end leave. Without, the pods are shown one after the other.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    # What do they say now?\n  kubectl csop logs shop --tail 20\n\n  \
    # Follow, through a rollout too\n  kubectl csop logs shop -f\n\n  \
    # Why did they end?\n  kubectl csop logs shop --previous\n\n  \
    # For a program, the last hour without prefixes\n  kubectl csop logs shop --since 1h --no-prefix | jq .")]
pub struct Args {
    /// Name of a service
    #[arg(value_parser = target::parse)]
    name: String,
    /// Go on with new lines
    #[arg(short, long, conflicts_with = "previous")]
    follow: bool,
    /// Only lines of this last while, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    since: Option<Duration>,
    /// Only this many last lines of each pod [default: all; with -f 10]
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(i64).range(0..))]
    tail: Option<i64>,
    /// The logs of the containers' runs before their last restart
    #[arg(short, long)]
    previous: bool,
    /// Container; the service's own when not given
    #[arg(short, long, value_name = "CONTAINER")]
    container: Option<String>,
    /// Lines as they were written, without the pod
    #[arg(long)]
    no_prefix: bool,
}

pub(super) async fn run(args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let cluster = connect(global, io).await?;
    let name = &args.name;
    let service = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let style = Style::new(!args.no_prefix, io.terminal.live_stdout());
    if args.follow {
        let uid = service.uid().unwrap_or_default();
        return follow::run(args, &uid, style, &cluster, io).await;
    }
    once(&service, args, style, &cluster, io).await
}

async fn once(
    service: &CashService,
    args: &Args,
    mut style: Style,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<Exit, Error> {
    let attempt = Attempt::new("list", "pods").within(Some(&cluster.namespace));
    let selector = ListParams::default().labels(&selector(&args.name));
    let api = pods(cluster);
    let mut pods = cluster.pages(&attempt, selector, async |page| api.list(&page).await).await?;
    pods.sort_by_key(|pod| (pod.metadata.creation_timestamp.clone(), pod.name_any()));
    if pods.is_empty() {
        cluster.still(service).await?;
        io.note(&format!("cashservice/{} has no pods", args.name));
        return Ok(Exit::Ok);
    }
    let (mut shown, mut last): (_, Option<Error>) = (0, None);
    for pod in &pods {
        match show(pod, args, &mut style, cluster, io).await {
            Ok(()) => shown += 1,
            Err(error @ (Error::Write(_) | Error::Forbidden(_) | Error::Unauthorized { .. })) => {
                return Err(error);
            }
            Err(error) => {
                if let Some(before) = last.replace(error) {
                    io.warn(&before.to_string());
                }
            }
        }
    }
    // Some logs are better than none; none at all is an error.
    match last {
        Some(error) if shown == 0 => return Err(error),
        Some(error) => io.warn(&error.to_string()),
        None => {}
    }
    Ok(Exit::Ok)
}

async fn show(
    pod: &Pod,
    args: &Args,
    style: &mut Style,
    cluster: &Cluster,
    io: &mut Io,
) -> Result<(), Error> {
    let name = pod.name_any();
    let Some(container) = chosen(pod, args)? else { return Ok(()) };
    if !args.previous && newest_run(pod, &container).is_none() {
        let message = format!("container {container} of pod {name} has not started, so it has no log");
        return Err(Error::Precondition { message, hint: format!("kubectl csop status {}", args.name) });
    }
    if args.previous && !was_restarted(pod, &container) {
        let message =
            format!("container {container} of pod {name} was not restarted, so it has no previous log");
        return Err(Error::Precondition { message, hint: format!("kubectl csop logs {}", args.name) });
    }
    let params = stream::params(args, &container, args.tail, None);
    let mut lines = std::pin::pin!(stream::open(&name, &params, cluster).await?);
    let short = short_name(&name, &args.name);
    while let Some(line) = lines.next().await {
        io.print(&style.line(&short, parts(&line?).1))?;
    }
    Ok(())
}

/// The container of a pod whose log is meant.
fn chosen(pod: &Pod, args: &Args) -> Result<Option<String>, Error> {
    let found = container(pod, args.container.as_deref());
    match (&found, &args.container) {
        (None, Some(wanted)) => {
            let names: Vec<_> =
                pod.spec.iter().flat_map(|spec| &spec.containers).map(|it| it.name.as_str()).collect();
            let message =
                format!("pod {} has no container {wanted}, it has {}", pod.name_any(), names.join(", "));
            Err(Error::Precondition { message, hint: String::new() })
        }
        _ => Ok(found),
    }
}

fn pods(cluster: &Cluster) -> Api<Pod> {
    Api::namespaced(cluster.client.clone(), &cluster.namespace)
}

fn selector(name: &str) -> String {
    format!("{}={name}", labels::SERVICE)
}

//! Creating the service.

use super::plan::Plan;
use super::{Args, DryRun, ask, print, yaml};
use crate::cli::Global;
use crate::client::Cluster;
use crate::commands::connect;
use crate::commands::follow::{self, Goal};
use crate::error::Error;
use crate::exit::Exit;
use crate::io::Io;
use csop_shared::api::CashService;
use csop_shared::names::managers;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, PostParams};

pub(super) async fn run(plan: &Plan, args: &Args, global: &Global, io: &mut Io) -> Result<Exit, Error> {
    let dry_run = args.dry_run == Some(DryRun::Server);
    if !dry_run && !args.yes && !io.terminal.can_ask() {
        return Err(Error::usage(
            "there is no terminal to ask at, so nothing is created without --yes",
            "add --yes, or -o yaml to see the manifest first",
        ));
    }
    let cluster = connect(global, io).await?;
    let attempt = cluster.on_service("create", &plan.name);
    let metadata = cluster.services();
    let present =
        cluster.call(cluster.on_service("get", &plan.name), metadata.get_metadata_opt(&plan.name)).await?;
    if present.is_some() {
        return Err(Error::Exists(attempt));
    }
    if dry_run {
        return dry(plan, args, &cluster, io).await;
    }
    io.note(&plan.change(Some(&cluster.namespace)));
    if !args.yes {
        io.say(&format!("\n{}", yaml::text(plan)));
        if !ask::confirm("Create it?", io).await? {
            return Err(Error::Declined("nothing was created".to_owned()));
        }
    }
    // From here on Ctrl-C has something to say: the service is there.
    let interrupted = follow::interrupts()?;
    post(plan, &cluster, false).await?;
    io.print(&format!("cashservice.csop.dev/{} created\n", plan.name))?;
    if args.no_wait {
        return Ok(Exit::Ok);
    }
    follow::until(Goal::Created, &plan.name, args.timeout, &cluster, interrupted, io).await
}

async fn dry(plan: &Plan, args: &Args, cluster: &Cluster, io: &mut Io) -> Result<Exit, Error> {
    post(plan, cluster, true).await?;
    io.note(&plan.change(Some(&cluster.namespace)));
    if args.output.is_some() {
        return print(plan, args.output, io);
    }
    io.print(&format!("cashservice.csop.dev/{} created (server dry run)\n", plan.name))?;
    Ok(Exit::Ok)
}

/// Sends what was chosen and nothing else: the typed object would write its defaults too.
async fn post(plan: &Plan, cluster: &Cluster, dry_run: bool) -> Result<(), Error> {
    let resource = ApiResource::erase::<CashService>(&());
    let api = Api::<DynamicObject>::namespaced_with(cluster.client.clone(), &cluster.namespace, &resource);
    let mut object = DynamicObject::new(&plan.name, &resource).within(&cluster.namespace);
    object.data = serde_json::json!({"spec": plan.json()["spec"]});
    let params = PostParams { dry_run, field_manager: Some(managers::PLUGIN.to_owned()) };
    cluster.call(cluster.on_service("create", &plan.name), api.create(&params, &object)).await.map(drop)
}

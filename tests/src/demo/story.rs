//! The story that the demo tells.

use std::time::Duration;

use super::{engine, narrator::Narrator, schedule, shell::PATIENCE, stage::Stage};
use crate::{Error, wait};

const CONTAINERS: &str = "kubectl get deployment shop -o jsonpath='{..containers[*].name}'";
const ADD_SIDECAR: &str = r#"kubectl patch deployment shop --field-manager=mallory -o jsonpath='{..containers[*].name}' \
    -p '{"spec":{"template":{"spec":{"containers":[{"name":"miner","image":"evil/miner:1"}]}}}}'"#;
const PODS: &str = "kubectl get pods -o jsonpath='{..containers[*].name}'";
const EVENT: &str =
    "kubectl get events --field-selector reason=ForeignFieldsRemoved -o jsonpath='{..message}'";
/// All that csop makes for a service, and what becomes of that.
const OBJECTS: &str = "kubectl get csvc,deploy,rs,pods,hpa,svc,netpol,pdb,sa,cm,secrets,controllerrevisions \
    -l app.kubernetes.io/instance=shop";
/// How many replicas the load makes the autoscaler want: the most that it may have.
const MOST: &str = "4";
/// What every container consumes then, of a request of 100m.
const HIGH: &str = "300m";
const LOW: &str = "10m";
const FEWEST: &str = "2";

/// Tells everything up to the end of the service; with servers for metrics, if there are any.
pub(super) async fn tell(stage: &mut Stage, narrator: &mut Narrator, servers: bool) -> Result<(), Error> {
    start(stage, narrator, servers).await?;
    install(stage, narrator).await?;
    create(stage, narrator).await?;
    edit(stage, narrator).await?;
    restrict(stage, narrator).await?;
    load(stage, narrator).await?;
    schedule::plan(stage, narrator).await?;
    relief(stage, narrator).await?;
    engine::tell(stage, narrator).await?;
    schedule::window(stage, narrator).await
}

async fn start(stage: &mut Stage, narrator: &mut Narrator, servers: bool) -> Result<(), Error> {
    narrator.heading("Start", "Start Kubernetes on this machine")?;
    stage.start_cluster().await?;
    stage.shell().show(narrator, "kubectl get nodes").await?;
    narrator.note("All servers are the real ones, on 127.0.0.1 only; nodes and their pods are simulated.")?;
    if servers {
        stage.start_servers().await?;
        narrator.note("A real Prometheus and a real redis-server run beside them, for later.")?;
    }
    Ok(())
}

async fn install(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Install", "Install csop")?;
    stage.shell().show(narrator, "kubectl apply --server-side -f manifests/install.yaml").await?;
    let available =
        "kubectl wait --for=condition=Available deployment/csop-operator -n csop-system --timeout=60s";
    stage.shell().show(narrator, available).await?;
    narrator
        .note("That pod is simulated too, so no program runs in it. The operator runs here as a process,")?;
    narrator.note("with nothing but the token of its ServiceAccount and the permissions just installed:")?;
    let kubeconfig = stage.make_operator_kubeconfig().await?;
    let arguments = stage.operator_arguments().join(" ");
    narrator.command(&format!("KUBECONFIG=\"$OPERATOR_KUBECONFIG\" csop-operator {arguments} &"))?;
    stage.start_operator(&kubeconfig).await?;
    let whoami = "kubectl --kubeconfig \"$OPERATOR_KUBECONFIG\" auth whoami \
                  -o jsonpath='{.status.userInfo.username}'";
    stage.shell().show(narrator, whoami).await?;
    stage.shell().show(narrator, "kubectl csop check").await?;
    narrator.note("The plugin tells whether all is in place, before anything is tried.")
}

async fn create(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Create", "Create a service, and follow it until it is Ready")?;
    narrator.pictured(true);
    let init = format!("kubectl csop init shop --image example.com/shop:1.4.2 --max {MOST} --yes");
    stage.shell().show(narrator, &init).await?;
    stage.shell().show(narrator, "kubectl csop status shop").await?;
    narrator.note("An image and a maximum are all it takes; csop made all the rest.")
}

async fn edit(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading(
        "Edit",
        "Edit the Deployment by hand: the change is undone, and an event says whose it was",
    )?;
    let shell = stage.shell();
    shell.show(narrator, CONTAINERS).await?;
    narrator.pictured(true);
    shell.show(narrator, ADD_SIDECAR).await?;
    until(stage, "the sidecar is gone", CONTAINERS, |names| names.trim() == "app").await?;
    shell.show(narrator, CONTAINERS).await?;
    until(stage, "an event tells of it", EVENT, |text| !text.trim().is_empty()).await?;
    shell.show(narrator, EVENT).await?;
    narrator.note("The API server had taken the second container; csop took it out again, and says so.")?;
    narrator.pictured(false);
    shell.show(narrator, "kubectl rollout status deployment shop").await
}

async fn restrict(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Restrict", "Enforce the strictest pod security profile")?;
    until(stage, "no pod has a sidecar", PODS, |names| !names.contains("miner")).await?;
    let enforce = "kubectl label namespace default pod-security.kubernetes.io/enforce=restricted";
    stage.shell().show(narrator, enforce).await?;
    narrator.note("The API server would warn of running pods that the profile forbids: csop's defaults pass.")
}

async fn load(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Load", "Let the load rise: the HorizontalPodAutoscaler follows")?;
    let shell = stage.shell();
    shell.show(narrator, &cpu(HIGH)).await?;
    narrator.note("Simulated pods burn no CPU. metrics-server reads this instead, the autoscaler reads")?;
    narrator.note("metrics-server; both are the real ones. Two scrapes, up to 20 s, until it knows:")?;
    narrator.pictured(true);
    watch_size(stage, narrator, MOST).await?;
    narrator.pictured(false);
    let ready =
        format!("kubectl wait --for=jsonpath='{{.status.ready}}'={MOST}/{MOST} csvc/shop --timeout=60s");
    shell.show(narrator, &ready).await?;
    shell.show(narrator, "kubectl get csvc").await?;
    shell.show(narrator, "kubectl csop status shop").await?;
    narrator
        .note("The number of replicas is the autoscaler's; csop never writes it, whatever else it restores.")
}

async fn relief(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Relief", "Let the load fall")?;
    stage.shell().show(narrator, &cpu(LOW)).await?;
    watch_size(stage, narrator, FEWEST).await?;
    narrator
        .note("Here an autoscaler waits for 2 s before it follows a falling load, by default for 5 minutes.")
}

/// Deletes the service, and shows that nothing of it is left.
pub(super) async fn delete(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Delete", "Delete the service")?;
    stage.shell().show(narrator, "kubectl delete csvc shop").await?;
    let names = format!("{OBJECTS} -o name");
    until(stage, "all objects of the service are gone", &names, |text| {
        text.trim() == NOTHING || text.is_empty()
    })
    .await?;
    stage.shell().show(narrator, OBJECTS).await?;
    narrator.note("Everything belonged to the CashService, and went with it.")
}

/// Ends the operator and the control plane.
pub(super) async fn clean_up(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Clean up", "Clean up")?;
    stage.stop_operator().await?;
    let folder = stage.stop_cluster()?;
    narrator.output(&format!("All servers and processes have ended; {} is gone.", folder.display()))
}

/// Keeps everything running, for as long as the operator does.
pub(super) async fn stay(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Stay", "Your turn: everything stays up until Ctrl-C. In another terminal:")?;
    narrator.output(&stage.exports())?;
    narrator.note("For example:")?;
    for example in ["kubectl csop init", "kubectl csop status -w", &cpu(HIGH)] {
        narrator.command(example)?;
    }
    if let Some(servers) = stage.servers() {
        let port = servers.redis().port();
        narrator.command(&format!("seq 240 | xargs redis-cli -p {port} rpush jobs"))?;
        narrator.command("kubectl csop scaler status redis-worker -w --operator-url \"$OPERATOR_URL\"")?;
    }
    if let Some(log) = stage.operator_log_file() {
        narrator.command(&format!("tail -f {}", log.display()))?;
    }
    while stage.operator_is_running() {
        // Whoever scales the workers, or pushes jobs, sees them work.
        if let Some(servers) = stage.servers() {
            servers.follow().await?;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Err(Error::Missing("the operator has ended".to_owned()))
}

const NOTHING: &str = "No resources found in default namespace.";

fn cpu(amount: &str) -> String {
    format!("kubectl annotate nodes --all --overwrite cpu.test.csop.dev/default={amount}")
}

/// Watches the autoscaler until it reports this many replicas.
async fn watch_size(stage: &Stage, narrator: &mut Narrator, replicas: &str) -> Result<(), Error> {
    let reached = |line: &str| line.split_whitespace().rev().nth(1) == Some(replicas);
    stage.shell().watch(narrator, "kubectl get hpa shop --watch", reached).await
}

/// Asks the command until its output is as it should be.
pub(super) async fn until(
    stage: &Stage,
    what: &str,
    command: &str,
    holds: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    wait::try_until(PATIENCE, what, async || match stage.shell().ask(command).await {
        Ok(text) if holds(&text) => Ok(()),
        Ok(text) => Err(text),
        Err(error) => Err(error.to_string()),
    })
    .await
}

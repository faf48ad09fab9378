//! The story that the demo tells.

use std::time::Duration;

use super::{
    engine, load,
    narrator::Narrator,
    pods::Pods,
    schedule,
    shell::PATIENCE,
    stage::{OPERATOR_ARGUMENTS, Stage},
};
use crate::{Error, images::Image, wait};

const CONTAINERS: &str = "kubectl get deployment shop -o jsonpath='{..containers[*].name}'";
const ADD_SIDECAR: &str = r#"kubectl patch deployment shop --field-manager=mallory -o jsonpath='{..containers[*].name}' \
    -p '{"spec":{"template":{"spec":{"containers":[{"name":"miner","image":"evil/miner:1"}]}}}}'"#;
const EVENT: &str =
    "kubectl get events --field-selector reason=ForeignFieldsRemoved -o jsonpath='{..message}'";
/// All that csop makes for a service, and what becomes of that.
const OBJECTS: &str = "kubectl get csvc,deploy,rs,pods,hpa,svc,netpol,pdb,sa,cm,secrets,controllerrevisions \
    -l app.kubernetes.io/instance=shop";
/// The image that the service has, and the most replicas that it may have.
const INIT: &str = "kubectl csop init shop --image registry.example.com/shop:0.1.0 --max 4 --yes";
const ANSWER: &str = "kubectl get --raw /api/v1/namespaces/default/services/https:shop:443/proxy/";
const STATUS: &str = "kubectl csop status shop";
const MESSAGE: &str =
    "kubectl get csvc shop -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].message}'";
const UNDO: &str = "kubectl csop undo shop --yes";

/// Tells everything up to the end of the service; with servers for metrics, if there are any.
pub(super) async fn tell(
    stage: &mut Stage,
    narrator: &mut Narrator,
    images: Vec<Image>,
    servers: bool,
) -> Result<(), Error> {
    start(stage, narrator, images).await?;
    install(stage, narrator).await?;
    create(stage, narrator).await?;
    if servers {
        engine::prepare(stage, narrator).await?;
    }
    edit(stage, narrator).await?;
    load::rise(stage, narrator).await?;
    break_it(stage, narrator).await?;
    load::fall(stage, narrator).await?;
    schedule::plan(stage, narrator).await?;
    if servers {
        engine::tell(stage, narrator).await?;
    } else {
        engine::leave_out(narrator)?;
    }
    schedule::window(stage, narrator).await
}

async fn start(stage: &mut Stage, narrator: &mut Narrator, images: Vec<Image>) -> Result<(), Error> {
    narrator.heading("Start", "Start Kubernetes on this machine")?;
    stage.start_cluster().await?;
    stage.shell().show(narrator, "kubectl get nodes").await?;
    if !stage.pods().are_real() {
        return narrator
            .note("All servers are the real ones, on 127.0.0.1 only; nodes and their pods are simulated.");
    }
    narrator.note(
        "All servers are the real ones, on 127.0.0.1 only. The node runs real containers, in a network",
    )?;
    narrator.note("of its own that leads nowhere but to this registry, whatever registry an image names:")?;
    let names: Vec<_> = images.iter().map(ToString::to_string).collect();
    stage.push(images).await?;
    narrator.output(&format!("pushed {}", names.join(", ")))
}

async fn install(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Install", "Install csop")?;
    stage.shell().show(narrator, "kubectl apply --server-side -f manifests/install.yaml").await?;
    match stage.pods() {
        Pods::Real => {
            let status = "kubectl rollout status deployment/csop-operator -n csop-system --timeout=60s";
            stage.shell().show(narrator, status).await?;
            stage.shell().show(narrator, "kubectl get pods,lease -n csop-system").await?;
            narrator.note(
                "Two replicas, in a namespace that enforces the strictest pod security profile. The one",
            )?;
            narrator.note("that holds the lease acts; the other one is ready to.")?;
        }
        Pods::Simulated => install_beside(stage, narrator).await?,
    }
    stage.shell().show(narrator, "kubectl csop check").await?;
    narrator.note("The plugin tells whether all is in place, before anything is tried.")
}

/// Runs the operator as a process, since no pod of it would run a program.
async fn install_beside(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    let available =
        "kubectl wait --for=condition=Available deployment/csop-operator -n csop-system --timeout=60s";
    stage.shell().show(narrator, available).await?;
    narrator.note(
        "Its pods are simulated too, so no program runs in them. The operator runs here as a process,",
    )?;
    narrator.note("with nothing but the token of its ServiceAccount and the permissions just installed:")?;
    let kubeconfig = stage.make_operator_kubeconfig().await?;
    let arguments = OPERATOR_ARGUMENTS.join(" ");
    narrator.command(&format!("KUBECONFIG=\"$OPERATOR_KUBECONFIG\" csop-operator {arguments} &"))?;
    stage.start_operator(&kubeconfig).await?;
    let whoami = "kubectl --kubeconfig \"$OPERATOR_KUBECONFIG\" auth whoami \
                  -o jsonpath='{.status.userInfo.username}'";
    stage.shell().show(narrator, whoami).await
}

async fn create(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Create", "Create a service, and follow it until it is Ready")?;
    let enforce = "kubectl label namespace default pod-security.kubernetes.io/enforce=restricted";
    stage.shell().show(narrator, enforce).await?;
    narrator.note("From now on it takes only pods that pass the strictest pod security profile.")?;
    narrator.pictured(true);
    stage.shell().show(narrator, INIT).await?;
    narrator.milestone("The service was Ready");
    stage.shell().show(narrator, STATUS).await?;
    narrator.note("An image and a maximum are all it takes; csop made all the rest.")?;
    if stage.pods().are_real() {
        stage.shell().show(narrator, ANSWER).await?;
        narrator.note("That is the name of the pod that answered, over HTTPS.")?;
    }
    Ok(())
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

async fn break_it(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Break", "Ask for an image that is not there: one line says what is wrong")?;
    let image = stage.pods().missing_image();
    let patch = format!(r#"kubectl patch csvc shop --type=merge -p '{{"spec":{{"image":"{image}"}}}}'"#);
    stage.shell().show(narrator, &patch).await?;
    until(stage, "the status names the image", MESSAGE, |text| text.contains("cannot be pulled")).await?;
    narrator.pictured(true);
    stage.shell().show(narrator, &format!("{STATUS} | head -3")).await?;
    narrator.pictured(false);
    narrator.note("The old pods serve on. Back to what worked:")?;
    stage.shell().show(narrator, UNDO).await
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
    for example in ["kubectl csop init", "kubectl csop status -w"] {
        narrator.command(example)?;
    }
    if !stage.pods().are_real() {
        narrator.command(&load::annotate(load::HIGH))?;
    }
    if let Some(servers) = stage.servers() {
        let push = servers.push(240);
        narrator.command(&push)?;
        let flag = stage.operator_flag();
        narrator.command(&format!("kubectl csop scaler status redis-worker -w{flag}"))?;
    }
    if let Some(command) = stage.operator_log_command() {
        narrator.command(&command)?;
    }
    while stage.goes_on() {
        // Whoever scales the workers, or pushes jobs, sees them work.
        if let Some(servers) = stage.servers() {
            servers.follow().await?;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Err(Error::Missing("the operator or the control plane has ended".to_owned()))
}

const NOTHING: &str = "No resources found in default namespace.";

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

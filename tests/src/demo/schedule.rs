//! The part of the story in which a service gets more pods for a while, at a time that was named before.
//!
//! Its window is half a minute ahead: what csop's own engine does is told meanwhile.

use super::{narrator::Narrator, stage::Stage, story::until};
use crate::Error;

const SCHEDULE: &str =
    "kubectl csop scale schedule shop --name rush --at \"in 30s\" --for 25s --replicas 4 --yes";
const LIST: &str = "kubectl csop scale list";
const STATUS: &str = "kubectl csop status shop";
const PHASE: &str = "kubectl get css rush -o jsonpath='{.status.phase}'";
const AUTOSCALER: &str = "kubectl get hpa shop";
const EVENTS: &str = "kubectl get events --field-selector involvedObject.name=rush -o custom-columns=REASON:.reason,MESSAGE:.message";
const SIZE: &str = "kubectl get deployment shop -o jsonpath='{.spec.replicas}'";

/// Names the window.
pub(super) async fn plan(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Plan", "Ask for more pods ahead of a rush, half a minute from now")?;
    stage.shell().show(narrator, SCHEDULE).await?;
    stage.shell().show(narrator, LIST).await?;
    narrator.note("The story goes on meanwhile, and looks at it again when its time has come.")
}

/// Looks at the window, and waits for its end.
pub(super) async fn window(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Window", "The rush: at least four pods for as long as the window lasts")?;
    until(stage, "the window has begun", PHASE, |phase| phase != "Pending").await?;
    let shell = stage.shell();
    shell.show(narrator, STATUS).await?;
    shell.show(narrator, AUTOSCALER).await?;
    narrator
        .note("No load asks for these pods: the autoscaler has another minimum, and it ends by itself.")?;
    shell
        .show(narrator, "kubectl wait --for=jsonpath={.status.phase}=Completed css/rush --timeout=60s")
        .await?;
    until(stage, "the autoscaler has let go", SIZE, |size| size.trim() == "2").await?;
    shell.show(narrator, EVENTS).await?;
    shell.show(narrator, AUTOSCALER).await
}

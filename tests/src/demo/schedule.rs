//! The part of the story in which a service gets more pods for a while, at a time that was named before.
//!
//! Its window is twenty seconds ahead: other parts are told meanwhile.

use super::{narrator::Narrator, stage::Stage, story::until};
use crate::Error;

const SCHEDULE: &str =
    "kubectl csop scale schedule shop --name rush --at \"in 20s\" --for 15s --replicas 4 --yes";
const LIST: &str = "kubectl csop scale list --days 1";
const STATUS: &str = "kubectl csop status shop";
/// Where the schedule is, and how many pods of the service are ready.
const STATE: &str =
    "kubectl get css/rush csvc/shop -o jsonpath='{range .items[*]}{.status.phase} {.status.ready} {end}'";
const RAISED: &str = "Active";
const OVER: &str = "Completed";
const END: &str = "kubectl wait --for=jsonpath={.status.phase}=Completed css/rush --timeout=60s";
const EVENTS: &str = "kubectl get events --field-selector involvedObject.name=rush \
    -o custom-columns=REASON:.reason,MESSAGE:.message";

/// Names the window.
pub(super) async fn plan(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Plan", "Ask for more pods ahead of a rush, twenty seconds from now")?;
    stage.shell().show(narrator, SCHEDULE).await?;
    stage.shell().show(narrator, LIST).await?;
    narrator.note("Nothing happens before its time; the story goes on meanwhile.")
}

/// Looks at the window, and waits for its end.
pub(super) async fn window(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Error> {
    narrator.heading("Rush", "The time has come: at least four pods, for as long as the window lasts")?;
    // On a slow machine it may be over already.
    let raised = |state: &str| has(state, RAISED, "4/4") || has(state, OVER, "");
    until(stage, "the window has raised the service", STATE, raised).await?;
    let shell = stage.shell();
    shell.show(narrator, STATUS).await?;
    narrator
        .note("No load asks for these pods: the autoscaler has another minimum, until the window ends.")?;
    shell.show(narrator, END).await?;
    until(stage, "the service is as it was", STATE, |state| has(state, OVER, "2/2")).await?;
    shell.show(narrator, EVENTS).await?;
    shell.show(narrator, "kubectl get csvc").await
}

fn has(state: &str, phase: &str, ready: &str) -> bool {
    state.contains(phase) && state.contains(ready)
}

//! What nodes tell of pods that do not serve, beside their states: which probe fails and with what answer, which volume
//! cannot be mounted, and why there is no sandbox. It is in events alone, which the operator does not read.

mod words;

#[cfg(test)]
mod tests;

use super::children::Children;
use super::events::{self, EventView};
use super::verdict::Judgement;
use csop_shared::api::CashServiceSpec;
use csop_shared::health::probes::{self, Probed};
use csop_shared::health::reasons as health;
use csop_shared::names::labels;
use csop_shared::reasons::service as reasons;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Event, Pod};
use kube::ResourceExt;

/// Reasons behind which there may be more than the operator knows.
const VAGUE: [&str; 8] = [
    reasons::STARTING,
    reasons::ROLLING_OUT,
    reasons::PODS_MISSING,
    health::NOT_READY,
    health::ENDED,
    health::CRASH_LOOP,
    health::STUCK,
    health::AUTOSCALER,
];

/// Exit codes of a process that was told to end, or killed.
const BY_SIGNAL: [i32; 3] = [0, 137, 143];

/// Whether events may say more than this judgement.
pub fn is_vague(judgement: &Judgement) -> bool {
    VAGUE.contains(&judgement.reason.as_str())
}

/// The judgement with the cause that the events of the pods name, if they name one.
pub fn refined(judgement: Judgement, spec: &CashServiceSpec, children: &Children) -> Judgement {
    if !is_vague(&judgement) {
        return judgement;
    }
    let living = children.pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    let found = living.into_iter().find_map(|pod| Told::of(spec, pod, &children.pod_events).cause());
    match found {
        Some((reason, message)) => Judgement { reason: reason.to_owned(), message, ..judgement },
        None => judgement,
    }
}

/// A pod, and what was told of it.
struct Told<'a> {
    /// Of its service.
    spec: &'a CashServiceSpec,
    pod: &'a Pod,
    /// With the field of the pod that each is about; the newest first.
    events: Vec<(Option<&'a str>, EventView)>,
}

type Cause = (&'static str, String);

impl<'a> Told<'a> {
    fn of(spec: &'a CashServiceSpec, pod: &'a Pod, all: &'a [Event]) -> Self {
        let uid = pod.metadata.uid.as_deref();
        let own = all.iter().filter(|event| uid.is_some() && event.involved_object.uid.as_deref() == uid);
        let mut events: Vec<_> =
            own.map(|event| (event.involved_object.field_path.as_deref(), events::view(event))).collect();
        events.sort_by_key(|(_, event)| std::cmp::Reverse(event.last_seen));
        Self { spec, pod, events }
    }

    fn cause(&self) -> Option<Cause> {
        let containers = self.pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
        containers.filter(|container| !container.ready).find_map(|container| {
            let state = container.state.as_ref()?;
            if let Some(end) = container.last_state.as_ref().and_then(|last| last.terminated.as_ref()) {
                return self.killed(container, end);
            }
            match (&state.waiting, &state.running) {
                (Some(_), _) => self.without_place(),
                (None, Some(run)) => self.failing(container, run.started_at.as_ref()?.0),
                (None, None) => None,
            }
        })
    }

    /// The kubelet ended the container because of a probe.
    fn killed(&self, container: &ContainerStatus, end: &ContainerStateTerminated) -> Option<Cause> {
        let (name, pod, since) = (&container.name, self.pod.name_any(), end.started_at.as_ref()?.0);
        let probe = self.events.iter().find_map(|(_, event)| {
            let words = event.message.strip_prefix(&format!("Container {name} failed "))?;
            // Of a pod that has much to tell, the kubelet leaves out events: then an earlier run has to do.
            let meant = event.last_seen >= Some(since) || BY_SIGNAL.contains(&end.exit_code);
            words.strip_suffix(" probe, will be restarted").filter(|_| meant)
        })?;
        let restarted = format!("pod {pod}: container {name} is restarted because its {probe} probe fails");
        if probe == "startup" {
            let answer = self.answer(name, "Startup", None).unwrap_or_default();
            let check = probes::check(self.spec, Probed::Startup);
            return Some((health::STARTUP, format!("{restarted}{answer}; {check}")));
        }
        let answer = self.answer(name, "Liveness", None).unwrap_or_default();
        let service = self.pod.labels().get(labels::SERVICE)?;
        let logs = format!("its logs say more: kubectl csop logs {service} --previous");
        Some((health::LIVENESS, format!("{restarted}{answer}; {logs}")))
    }

    /// The container runs, and a probe fails.
    fn failing(&self, container: &ContainerStatus, since: Timestamp) -> Option<Cause> {
        let (name, pod) = (&container.name, self.pod.name_any());
        let runs = format!("pod {pod}: container {name} runs, but its");
        if container.started == Some(true) {
            let answer = self.answer(name, "Readiness", Some(since))?;
            let check = probes::check(self.spec, Probed::Readiness);
            return Some((health::NOT_READY, format!("{runs} readiness probe fails{answer}; {check}")));
        }
        let answer = self.answer(name, "Startup", Some(since))?;
        let check = probes::check(self.spec, Probed::Startup);
        Some((health::STARTUP, format!("{runs} startup probe fails{answer}; {check}")))
    }

    /// What the newest failure of a probe was, as the end of a sentence.
    fn answer(&self, container: &str, probe: &str, since: Option<Timestamp>) -> Option<String> {
        let (field, begin) = (format!("spec.containers{{{container}}}"), format!("{probe} probe failed: "));
        self.events
            .iter()
            .filter(|(about, event)| *about == Some(&field) && event.last_seen >= since)
            .find_map(|(_, event)| {
                Some(format!(": {}", words::of_probe(event.message.strip_prefix(&begin)?)))
            })
    }

    /// The containers wait for a volume or for the pod's sandbox.
    fn without_place(&self) -> Option<Cause> {
        let pod = self.pod.name_any();
        self.events.iter().find_map(|(_, event)| match event.reason.as_str() {
            health::MOUNT => {
                let words = words::of_mount(&event.message);
                Some((health::MOUNT, format!("pod {pod}: a volume cannot be mounted: {words}")))
            }
            health::SANDBOX if !self.has_sandbox() => {
                let words = words::of_sandbox(&event.message);
                let hint = if words.contains("OOM-killed") { RAISE_MEMORY } else { "" };
                Some((health::SANDBOX, format!("pod {pod}: the node cannot make its sandbox: {words}{hint}")))
            }
            _ => None,
        })
    }

    /// Whether a later try made it, so that the containers wait for something else.
    fn has_sandbox(&self) -> bool {
        let conditions = self.pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
        conditions.into_iter().any(|it| it.type_ == "PodReadyToStartContainers" && it.status == "True")
    }
}

const RAISE_MEMORY: &str = "; raise spec.resources.limits.memory";

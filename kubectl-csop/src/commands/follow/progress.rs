//! What to make of a service that is followed.

use super::Goal;
use crate::view::advice;
use crate::view::revisions;
use crate::view::verdict::{Judgement, Verdict, judge};
use csop_shared::api::CashService;
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment};
use kube::ResourceExt;
use std::time::{Duration, Instant};

/// A cause that does not mend itself ends the wait once it has lasted this long: the first pull or start may
/// fail for a passing reason.
const GRACE: Duration = Duration::from_secs(10);
/// A service without any status for this long has no operator.
const LONELY: Duration = Duration::from_secs(10);

/// A service, and what tells how far its rollout is.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The service.
    pub service: CashService,
    /// Its Deployment, where it could be read.
    pub deployment: Option<Deployment>,
    /// Its newest recorded revision, where it could be read.
    pub newest: Option<ControllerRevision>,
}

/// What to make of the newest state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not there yet; the text says what is going on.
    Waiting(String),
    /// It is there; the text says with what.
    Done(String),
    /// It will not get there without a change.
    Failed { reason: String, message: String },
}

/// What has been seen so far.
#[derive(Debug)]
pub struct Progress {
    goal: Goal,
    begun: Instant,
    broken_since: Option<Instant>,
    was_pending: bool,
    told_lonely: bool,
}

impl Progress {
    /// Begins to follow.
    pub fn new(goal: Goal, now: Instant) -> Self {
        Self { goal, begun: now, broken_since: None, was_pending: false, told_lonely: false }
    }

    /// Judges the newest state.
    pub fn step(&mut self, seen: &Seen, now: Instant) -> Step {
        if self.goal == Goal::Deleted {
            return leaving(&seen.service);
        }
        let pending = is_pending(seen);
        if self.was_pending && !pending {
            // The pods of the new revision get a grace of their own.
            self.broken_since = None;
        }
        self.was_pending = pending;
        let judgement = judge(&seen.service);
        if judgement.verdict == Verdict::Paused {
            return Step::Failed { reason: judgement.reason, message: judgement.message };
        }
        if let Some(text) = self.reached(seen, pending, &judgement) {
            return Step::Done(text);
        }
        if !advice::is_lasting(&judgement.reason) {
            self.broken_since = None;
        } else if now.duration_since(*self.broken_since.get_or_insert(now)) >= GRACE {
            return Step::Failed { reason: judgement.reason, message: judgement.message };
        }
        Step::Waiting(if pending && judgement.verdict == Verdict::Ready {
            "the operator is about to act on the newest change".to_owned()
        } else {
            state(&seen.service, &judgement)
        })
    }

    fn reached(&self, seen: &Seen, pending: bool, judgement: &Judgement) -> Option<String> {
        if pending {
            return None;
        }
        let status = seen.service.status.clone().unwrap_or_default();
        match (self.goal, &seen.deployment) {
            (Goal::RolledOut, Some(deployment)) => rolled_out(deployment, status.revision.as_deref()),
            _ if judgement.verdict == Verdict::Ready => {
                let url = status.url.map(|url| format!(" at {url}")).unwrap_or_default();
                Some(format!("{}{url}", status.ready.unwrap_or_default()))
            }
            _ => None,
        }
    }

    /// Whether it is time to say, once, that no operator seems to be there.
    pub fn is_lonely(&mut self, service: Option<&CashService>, now: Instant) -> bool {
        let silent = service.is_none_or(|service| service.status.is_none());
        let lonely = silent && !self.told_lonely && now.duration_since(self.begun) >= LONELY;
        self.told_lonely |= lonely;
        lonely
    }
}

/// Whether a change of the pod template has not reached the Deployment: the operator gathers edits for a moment.
fn is_pending(seen: &Seen) -> bool {
    let Some(newest) = &seen.newest else { return false };
    if revisions::changes_template(&seen.service, newest) {
        return true;
    }
    let live = seen.service.status.as_ref().and_then(|status| status.revision.as_deref());
    live != revisions::hash(newest)
}

/// As `kubectl rollout status`: all pods are of the newest revision, and available.
fn rolled_out(deployment: &Deployment, revision: Option<&str>) -> Option<String> {
    let status = deployment.status.as_ref()?;
    let wanted = deployment.spec.as_ref()?.replicas.unwrap_or(1);
    let number = |value: Option<i32>| value.unwrap_or(0);
    let (pods, updated) = (number(status.replicas), number(status.updated_replicas));
    let seen = status.observed_generation >= deployment.metadata.generation;
    let done = seen && updated >= wanted && pods == updated && number(status.available_replicas) >= updated;
    done.then(|| {
        let revision = revision.map(|hash| format!(" of revision {hash}")).unwrap_or_default();
        format!("{updated} of {wanted} pods are{revision}")
    })
}

fn leaving(service: &CashService) -> Step {
    let Some(since) = &service.metadata.deletion_timestamp else {
        return Step::Waiting("it is there, and nobody has deleted it".to_owned());
    };
    let holders = service.finalizers().join(", ");
    let held = if holders.is_empty() { String::new() } else { format!(", held by {holders}") };
    Step::Waiting(format!("it is being deleted since {}{held}", since.0))
}

fn state(service: &CashService, judgement: &Judgement) -> String {
    let ready = service.status.as_ref().and_then(|status| status.ready.clone()).unwrap_or_default();
    let count = if ready.is_empty() { String::new() } else { format!("{ready} ready, ") };
    let message =
        if judgement.message.is_empty() { String::new() } else { format!(": {}", judgement.message) };
    format!("{count}{}{message}", judgement.reason)
}
#[cfg(test)]
mod tests {
    use super::*;
    use csop_shared::render::relevant;
    use serde_json::{Value, json};

    fn service(status: Value) -> CashService {
        serde_json::from_value(json!({
            "apiVersion": "csop.dev/v1alpha1", "kind": "CashService",
            "metadata": {"name": "shop", "namespace": "pay", "generation": 1},
            "spec": {"image": "shop:1", "autoscaling": {"maxReplicas": 3}},
            "status": status,
        }))
        .unwrap()
    }

    fn ready(status: &str, reason: &str) -> CashService {
        service(json!({
            "observedGeneration": 1, "ready": "1/2", "url": "https://shop.pay.svc",
            "conditions": [{"type": "Ready", "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        }))
    }

    fn alone(service: CashService) -> Seen {
        Seen { service, deployment: None, newest: None }
    }

    fn recorded(service: &CashService, hash: &str) -> ControllerRevision {
        serde_json::from_value(json!({
            "metadata": {"name": "shop-r1", "annotations": {"csop.dev/revision": hash}},
            "revision": 1, "data": relevant(service),
        }))
        .unwrap()
    }

    #[test]
    fn a_change_that_the_operator_has_not_acted_on_is_waited_for() {
        let now = Instant::now();
        let mut service = ready("True", "Ready");
        service.status.as_mut().unwrap().revision = Some("one".to_owned());
        let newest = Some(recorded(&service, "one"));
        let seen = |service: &CashService, newest: &Option<ControllerRevision>| Seen {
            service: service.clone(),
            deployment: None,
            newest: newest.clone(),
        };
        let mut progress = Progress::new(Goal::Ready, now);
        assert!(matches!(progress.step(&seen(&service, &newest), now), Step::Done(_)));
        service.spec.image = "shop:2".to_owned();
        let waiting = Step::Waiting("the operator is about to act on the newest change".to_owned());
        assert_eq!(progress.step(&seen(&service, &newest), now), waiting);
        // The new revision is recorded, and the status still speaks of the old one.
        let newest = Some(recorded(&service, "two"));
        assert_eq!(progress.step(&seen(&service, &newest), now), waiting);
        service.status.as_mut().unwrap().revision = Some("two".to_owned());
        assert!(matches!(progress.step(&seen(&service, &newest), now), Step::Done(_)));
    }

    #[test]
    fn a_rollout_ends_when_all_pods_are_new_and_available() {
        let deployment = |updated: i32, pods: i32, available: i32| -> Option<Deployment> {
            serde_json::from_value(json!({
                "metadata": {"generation": 2}, "spec": {"replicas": 2, "selector": {}, "template": {}},
                "status": {"observedGeneration": 2, "replicas": pods, "updatedReplicas": updated, "availableReplicas": available},
            }))
            .unwrap()
        };
        let now = Instant::now();
        let mut progress = Progress::new(Goal::RolledOut, now);
        for (numbers, done) in [((1, 3, 2), false), ((2, 3, 3), false), ((2, 2, 1), false), ((2, 2, 2), true)]
        {
            let deployment = deployment(numbers.0, numbers.1, numbers.2);
            let seen = Seen { service: ready("False", "RollingOut"), deployment, newest: None };
            assert_eq!(matches!(progress.step(&seen, now), Step::Done(_)), done, "{numbers:?}");
        }
    }

    #[test]
    fn a_deletion_is_waited_for_whatever_the_state() {
        let now = Instant::now();
        let mut progress = Progress::new(Goal::Deleted, now);
        let mut service = ready("False", "ImagePullBackOff");
        let there = Step::Waiting("it is there, and nobody has deleted it".to_owned());
        assert_eq!(progress.step(&alone(service.clone()), now + Duration::from_secs(60)), there);
        service.metadata.deletion_timestamp = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
        service.metadata.finalizers = Some(vec!["example.com/hold".to_owned()]);
        let held = "it is being deleted since 2026-01-01T00:00:00Z, held by example.com/hold";
        assert_eq!(progress.step(&alone(service), now), Step::Waiting(held.to_owned()));
    }

    #[test]
    fn it_ends_when_ready() {
        let begun = Instant::now();
        let mut progress = Progress::new(Goal::Created, begun);
        assert_eq!(
            progress.step(&alone(ready("False", "RollingOut")), begun),
            Step::Waiting("1/2 ready, RollingOut".into())
        );
        assert_eq!(
            progress.step(&alone(ready("True", "Ready")), begun),
            Step::Done("1/2 at https://shop.pay.svc".into())
        );
    }

    #[test]
    fn a_lasting_cause_ends_it_after_a_grace() {
        let begun = Instant::now();
        let later = |seconds| begun + Duration::from_secs(seconds);
        let mut progress = Progress::new(Goal::Created, begun);
        let broken = alone(ready("False", "ImagePullBackOff"));
        assert!(matches!(progress.step(&broken, begun), Step::Waiting(_)));
        assert!(matches!(progress.step(&alone(ready("False", "ErrImagePull")), later(9)), Step::Waiting(_)));
        assert!(matches!(progress.step(&broken, later(10)), Step::Failed { .. }));
        // A cause that passes starts the grace anew.
        let mut progress = Progress::new(Goal::Created, begun);
        progress.step(&broken, begun);
        progress.step(&alone(ready("False", "RollingOut")), later(5));
        assert!(matches!(progress.step(&broken, later(12)), Step::Waiting(_)));
    }

    #[test]
    fn silence_is_told_once() {
        let begun = Instant::now();
        let silent: CashService = serde_json::from_value(json!({
            "apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop"},
            "spec": {"image": "shop:1", "autoscaling": {"maxReplicas": 3}},
        }))
        .unwrap();
        let mut progress = Progress::new(Goal::Created, begun);
        assert!(!progress.is_lonely(Some(&silent), begun + Duration::from_secs(9)));
        assert!(progress.is_lonely(Some(&silent), begun + Duration::from_secs(10)));
        assert!(!progress.is_lonely(Some(&silent), begun + Duration::from_secs(20)));
        assert!(
            !Progress::new(Goal::Created, begun)
                .is_lonely(Some(&ready("False", "RollingOut")), begun + Duration::from_secs(20))
        );
    }
}

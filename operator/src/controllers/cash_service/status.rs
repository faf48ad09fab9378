//! The status of a service, from what is live after applying.

use super::observe::Observed;
use crate::runtime::{desired::Applied, events::Notice, kind::Verdict};
use csop_shared::{
    action,
    api::{
        CashService, CashServiceStatus, GeneralScaler, cash_service::AutoscalingMode,
        cash_service::DEFAULTS_VERSION,
    },
    conditions::{State, find, reasons as shared, set_condition, types},
    health::{self, Cause},
    names::annotations,
    reasons::{events, service as reasons},
    schedule,
};
use jiff::Timestamp;
use k8s_openapi::api::{apps::v1::Deployment, autoscaling::v2::HorizontalPodAutoscaler};
use kube::ResourceExt;

pub(super) fn status(
    obj: &CashService,
    observed: &Observed,
    applied: &Applied,
    now: Timestamp,
) -> Verdict<CashServiceStatus> {
    let previous = obj.status.clone().unwrap_or_default();
    let name = obj.name_any();
    let situation = &observed.situation;
    let deployment: Option<Deployment> = applied.get(&name);
    let autoscaler: Option<HorizontalPodAutoscaler> = applied.get(&name);
    let seen = Seen::of(deployment.as_ref(), obj);
    let scaler: Option<GeneralScaler> = applied.get(&name);
    let mut verdict =
        Judged::of(obj, observed, deployment.as_ref(), autoscaler.as_ref(), scaler.as_ref(), &seen, now);
    // What is missing is said by the driver; Ready must not flip to True and back meanwhile.
    verdict.ready &= applied.complete();

    let mut status = CashServiceStatus {
        observed_generation: obj.metadata.generation,
        conditions: previous.conditions.clone(),
        revision: seen.revision.clone().or(previous.revision.clone()),
        defaults_version: previous.defaults_version.or(Some(DEFAULTS_VERSION)),
        image: deployment.as_ref().and_then(image),
        replicas: Some(seen.pods),
        ready_replicas: Some(seen.ready),
        wanted_replicas: Some(seen.wanted),
        ready: Some(format!("{}/{}", seen.ready, seen.wanted)),
        bounds: Some(schedule::bounds(&obj.spec, &situation.floors)),
        schedules: situation.names.clone(),
        url: obj.url(),
        last_action: action::answer(
            obj.annotations().get(annotations::ACTION),
            previous.last_action.as_ref(),
        ),
    };
    let generation = obj.metadata.generation;
    let mut set = |kind: &str, state: State, reason: &str, message: &str| {
        set_condition(&mut status.conditions, kind, state, reason, message, generation, now);
    };
    set(types::READY, verdict.ready.into(), &verdict.cause.reason, &verdict.cause.message);
    let (reason, message) = if verdict.progressing {
        (verdict.cause.reason.as_str(), verdict.cause.message.as_str())
    } else {
        (reasons::STEADY, "nothing is being changed")
    };
    set(types::PROGRESSING, verdict.progressing.into(), reason, message);
    let reason = if seen.available { reasons::ENOUGH } else { reasons::TOO_FEW };
    set(
        types::AVAILABLE,
        seen.available.into(),
        reason,
        &format!("{} of {} pods are ready", seen.ready, seen.wanted),
    );

    let events = notices(&previous, &status, &verdict, applied);
    let later = if verdict.ready { None } else { health::next_look(&observed.pods, now) };
    let alarm = situation.next_change.into_iter().chain(later).min();
    Verdict { status: Some(status), alarm, events, ..Verdict::default() }
}

/// The numbers of the live Deployment.
struct Seen {
    revision: Option<String>,
    pods: i32,
    ready: i32,
    wanted: i32,
    available: bool,
    /// Whether all pods are of the newest template, as far as the Deployment's controller has seen it.
    rolled_out: bool,
    /// Whether a template was ever rolled out in full.
    fresh: bool,
}

impl Seen {
    fn of(deployment: Option<&Deployment>, obj: &CashService) -> Self {
        let status = deployment.and_then(|d| d.status.clone()).unwrap_or_default();
        let wanted =
            deployment.and_then(|d| d.spec.as_ref()?.replicas).unwrap_or_else(|| obj.spec.first_replicas());
        let current = deployment.is_some_and(|d| status.observed_generation >= d.metadata.generation);
        let pods = status.replicas.unwrap_or(0);
        let updated = status.updated_replicas.unwrap_or(0);
        let conditions = status.conditions.unwrap_or_default();
        Self {
            revision: deployment.and_then(|d| d.annotations().get(annotations::REVISION).cloned()),
            pods,
            ready: status.ready_replicas.unwrap_or(0),
            wanted,
            available: conditions.iter().any(|c| c.type_ == "Available" && c.status == "True"),
            rolled_out: current && pods == updated,
            fresh: obj
                .status
                .as_ref()
                .and_then(|s| find(&s.conditions, types::READY))
                .is_none_or(|c| c.status != State::True.as_str() && c.reason == reasons::STARTING),
        }
    }
}

/// Whether the service is ready, and the first cause why not.
struct Judged {
    ready: bool,
    progressing: bool,
    cause: Cause,
}

impl Judged {
    fn of(
        obj: &CashService,
        observed: &Observed,
        deployment: Option<&Deployment>,
        autoscaler: Option<&HorizontalPodAutoscaler>,
        scaler: Option<&GeneralScaler>,
        seen: &Seen,
        now: Timestamp,
    ) -> Self {
        let serves = seen.rolled_out && seen.ready >= needed(obj, seen);
        let found = || deployment.and_then(|d| health::first_cause(&obj.spec, d, &observed.pods, now));
        if serves {
            let cause = cause(reasons::READY, format!("{} of {} pods are ready", seen.ready, seen.wanted));
            return Self { ready: true, progressing: false, cause };
        }
        if let Some(name) = observed.missing_secrets().next() {
            let message = format!(
                "Secret {name} does not exist in this namespace; create it, or remove it from the spec"
            );
            return Self { ready: false, progressing: false, cause: cause(reasons::SECRET_MISSING, message) };
        }
        if let Some(cause) = found() {
            // A failing readiness probe may only be a slow start.
            let progressing = cause.reason == health::reasons::NOT_READY;
            return Self { ready: false, progressing, cause };
        }
        // Whoever scales measures ready pods alone: while one is not, that nothing is measured follows from it.
        let short = seen.rolled_out && !seen.fresh && seen.ready >= seen.pods;
        let scaling = || {
            let measured = autoscaler.filter(|_| seen.ready > 0);
            scaler.and_then(scaler_cause).or_else(|| measured.and_then(health::autoscaler_cause))
        };
        if let Some(cause) = scaling().filter(|_| short) {
            return Self { ready: false, progressing: true, cause };
        }
        Self { ready: false, progressing: true, cause: on_its_way(seen) }
    }
}

/// How many ready pods make a service Ready. Growth beyond the minimum by whoever scales never turns Ready off.
fn needed(obj: &CashService, seen: &Seen) -> i32 {
    match obj.spec.mode() {
        AutoscalingMode::Fixed => obj.spec.replicas,
        AutoscalingMode::HPA => obj.spec.bounds().min,
        _ => obj.spec.bounds().min.min(seen.wanted),
    }
}

fn on_its_way(seen: &Seen) -> Cause {
    let counts = format!("{} of {} pods are ready", seen.ready, seen.wanted);
    if seen.fresh {
        cause(reasons::STARTING, format!("the first pods are on their way: {counts}"))
    } else if seen.rolled_out {
        cause(reasons::PODS_MISSING, counts)
    } else {
        cause(reasons::ROLLING_OUT, format!("a new revision replaces the old one: {counts}"))
    }
}

/// Why the service's own scaler does not scale, in its own words.
fn scaler_cause(scaler: &GeneralScaler) -> Option<Cause> {
    let ready = find(&scaler.status.as_ref()?.conditions, types::READY)?;
    (ready.status == State::False.as_str()).then(|| cause(&ready.reason, ready.message.clone()))
}

fn cause(reason: &str, message: String) -> Cause {
    Cause { reason: reason.to_owned(), message }
}

fn image(deployment: &Deployment) -> Option<String> {
    deployment.spec.as_ref()?.template.spec.as_ref()?.containers.first()?.image.clone()
}

fn notices(
    previous: &CashServiceStatus,
    status: &CashServiceStatus,
    verdict: &Judged,
    applied: &Applied,
) -> Vec<Notice> {
    let mut all = vec![];
    if !applied.complete() {
        return incomplete(previous, applied);
    }
    if let (Some(old), Some(new)) = (&previous.revision, &status.revision)
        && old != new
    {
        let image = status.image.as_deref().unwrap_or_default();
        all.push(Notice::normal(
            events::ROLLOUT_STARTED,
            "RollOut",
            format!("revision {new} ({image}) replaces {old}"),
        ));
    }
    let before = find(&previous.conditions, types::READY);
    let changed = before.is_none_or(|c| {
        (c.status == State::True.as_str()) != verdict.ready || c.reason != verdict.cause.reason
    });
    if changed && verdict.ready {
        all.push(Notice::normal(reasons::READY, "Serve", &verdict.cause.message));
    } else if changed && !verdict.progressing {
        all.push(Notice::warning(&verdict.cause.reason, "Serve", &verdict.cause.message));
    }
    all
}

/// Tells once of a child that was refused.
fn incomplete(previous: &CashServiceStatus, applied: &Applied) -> Vec<Notice> {
    let told = find(&previous.conditions, types::READY).is_some_and(|c| c.reason == shared::REJECTED);
    let refused = applied.rejected.first().filter(|_| !told);
    refused.map(|r| Notice::warning(shared::REJECTED, "Apply", &r.message)).into_iter().collect()
}

//! What the controller reads before it decides.

use std::collections::{BTreeMap, BTreeSet};

use csop_shared::api::cash_service::AutoscalingMode;
use csop_shared::api::cash_service_scheduled_scale::ScheduleTargetKind;
use csop_shared::api::{CashService, CashServiceScheduledScale, GeneralScaler};
use csop_shared::conditions::{State, find, types};
use csop_shared::names::annotations;
use csop_shared::reasons::schedule as reasons;
use csop_shared::scale::{SafetyPlan, affordable};
use csop_shared::schedule::{self, Asked, Calendar};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Api, ListParams};
use kube::{Resource, ResourceExt};

use super::readiness::ready_within;
use crate::controllers::related::{ANY_QUOTA, QUOTAS, SCALERS, SERVICES, raised_key, schedules_of};
use crate::runtime::context::Context;
use crate::runtime::error::Error;

/// Most pods that are looked at to tell how soon they are ready.
const PODS_LOOKED_AT: u32 = 200;

/// What is known of a schedule's target; nothing when it does not exist.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The target.
    pub target: Option<Target>,
}

/// A target that exists.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Who scales it; a scaler of its own counts as mode GeneralScaler.
    pub mode: AutoscalingMode,
    /// Fewest replicas by its own spec.
    pub min: i32,
    /// Most replicas by its own spec, if there is a limit.
    pub max: Option<i32>,
    /// What it has in force, in words; nothing while it has not answered to the schedule.
    pub answer: Option<String>,
    /// Why nothing is scaled although a window is in force: a reason and words.
    pub held: Option<(&'static str, String)>,
    /// The replicas that it asks for now, where that matters.
    pub current: Option<i32>,
    /// Most replicas that its budget pays for.
    pub affordable: Option<i32>,
    /// Why the namespace's quotas have no room for the floor.
    pub quota: Option<String>,
    /// How a GeneralScaler climbs, where that matters.
    pub way: Option<Way>,
    /// The target's other schedules, where they matter.
    pub others: Vec<CashServiceScheduledScale>,
}

/// How a GeneralScaler climbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Most pods of one operation.
    pub rate: i32,
    /// Time between two operations.
    pub cooldown: SignedDuration,
    /// Time within which nine of ten pods are ready.
    pub ready: SignedDuration,
}

impl Target {
    /// What a schedule asks for in a window that is in force at this instant, together with the target's others.
    pub(super) fn asked(
        &self,
        obj: &CashServiceScheduledScale,
        start: Option<i32>,
        at: Timestamp,
    ) -> Option<Asked> {
        schedule::asked(&obj.spec, start, &self.others, (self.mode, self.min), at)
    }

    /// Most replicas without any schedule.
    pub(super) fn limit(&self) -> Option<i32> {
        self.max.map(|max| max.max(self.min))
    }
}

pub(super) async fn observe(obj: &CashServiceScheduledScale, ctx: &Context) -> Result<Observed, Error> {
    let target = obj.spec.target();
    let named = |kind| target.filter(|(is, _)| *is == kind).map(|(_, name)| name.to_owned());
    let service_name = named(ScheduleTargetKind::CashService);
    let scaler_name = named(ScheduleTargetKind::GeneralScaler);
    let service = related::<CashService>(SERVICES, obj, service_name.as_ref(), ctx)?;
    let own = service.as_ref().filter(|service| service.spec.mode() == AutoscalingMode::GeneralScaler);
    let scaler_name = scaler_name.or_else(|| own.map(ResourceExt::name_any));
    let scaler = related::<GeneralScaler>(SCALERS, obj, scaler_name.as_ref(), ctx)?;
    let mut target = match (&service, &scaler) {
        (Some(service), _) => of_service(obj, service, scaler.as_ref()),
        (None, Some(scaler)) => of_scaler(obj, scaler),
        (None, None) => return Ok(Observed::default()),
    };
    let deployment = service.map(|service| service.name_any());
    look_closer(obj, &mut target, deployment, scaler, ctx).await?;
    Ok(Observed { target: Some(target) })
}

/// The related object of this name; `obj` is woken when it changes, and not any more by the one that it named before.
fn related<K: serde::de::DeserializeOwned>(
    watch: &str,
    obj: &CashServiceScheduledScale,
    name: Option<&String>,
    ctx: &Context,
) -> Result<Option<K>, Error> {
    let names: BTreeSet<String> = name.into_iter().cloned().collect();
    let live = ctx.named(watch, obj, &names)?.into_values().flatten().next();
    // One that cannot be read is told by its own controller.
    Ok(live.and_then(|live| live.parse().ok()))
}

fn of_service(
    obj: &CashServiceScheduledScale,
    service: &CashService,
    scaler: Option<&GeneralScaler>,
) -> Target {
    let status = service.status.clone().unwrap_or_default();
    let in_force = status.schedules.contains(&obj.name_any());
    let bounds = status.bounds.filter(|_| in_force);
    let own = bounds.map(|bounds| match bounds.max {
        Some(max) => format!("min {}, max {max}", bounds.min),
        None => format!("min {}", bounds.min),
    });
    let mode = service.spec.mode();
    let by_scaler =
        scaler.filter(|_| mode == AutoscalingMode::GeneralScaler).map(|scaler| of_scaler(obj, scaler));
    let held = held(service, &status.conditions);
    Target {
        mode,
        min: service.spec.bounds().min,
        max: service.spec.autoscaling.max_replicas,
        held: held.or_else(|| by_scaler.as_ref()?.held.clone()),
        answer: by_scaler.map_or(own, |scaler| scaler.answer),
        ..Target::default()
    }
}

fn of_scaler(obj: &CashServiceScheduledScale, scaler: &GeneralScaler) -> Target {
    let status = scaler.status.clone().unwrap_or_default();
    let in_force = status.schedules.contains(&obj.name_any());
    Target {
        mode: AutoscalingMode::GeneralScaler,
        min: scaler.spec.min_replicas.unwrap_or(1),
        max: Some(scaler.spec.max_replicas),
        held: held(scaler, &status.conditions),
        answer: in_force.then(|| format!("a floor of GeneralScaler {}", scaler.name_any())),
        ..Target::default()
    }
}

/// Why csop does not scale an object.
fn held<K: Resource<DynamicType = ()>>(
    object: &K,
    conditions: &[Condition],
) -> Option<(&'static str, String)> {
    let what = format!("{}/{}", K::kind(&()), object.name_any());
    if object.annotations().get(annotations::PAUSED).is_some_and(|value| value == "true") {
        let words = format!(
            "{what} is paused and keeps its replicas: `kubectl csop resume` lets the window have its floor"
        );
        return Some((reasons::TARGET_PAUSED, words));
    }
    let conflict = find(conditions, types::CONFLICT).filter(|c| c.status == State::True.as_str())?;
    Some((reasons::TARGET_CONTESTED, format!("nothing is scaled: {}", conflict.message)))
}

/// Reads what is only needed now and then: what the scaler knows of prices, how the Deployment climbs, and whether a quota has room.
async fn look_closer(
    obj: &CashServiceScheduledScale,
    target: &mut Target,
    deployment: Option<String>,
    scaler: Option<GeneralScaler>,
    ctx: &Context,
) -> Result<(), Error> {
    let namespace = obj.namespace().unwrap_or_default();
    let scaler = match scaler {
        Some(slim) => get::<GeneralScaler>(ctx, &namespace, &slim.name_any()).await?,
        None => None,
    };
    target.affordable = scaler.as_ref().and_then(affordable);
    target.others = others(obj, scaler.as_ref(), ctx)?;
    let quotas: Vec<ResourceQuota> =
        ctx.related(QUOTAS, &namespace, ANY_QUOTA)?.iter().filter_map(|live| live.parse().ok()).collect();
    let counts = obj.spec.adds_to_current() && is_beginning(obj, ctx);
    if quotas.is_empty() && !counts && !obj.spec.leads_by_itself() {
        return Ok(());
    }
    let scaled = || scaler.as_ref()?.spec.target().filter(|t| t.kind == "Deployment").map(|t| t.name);
    let deployment = match deployment.or_else(scaled) {
        Some(name) => get::<Deployment>(ctx, &namespace, &name).await?,
        None => None,
    };
    let (spec, status) = deployment.map_or((None, None), |found| (found.spec, found.status));
    let replicas = spec.as_ref().map(|spec| spec.replicas.unwrap_or(1));
    let pods = status.and_then(|status| status.replicas).unwrap_or(0);
    if counts {
        let told = || scaler.as_ref()?.status.as_ref()?.current_replicas;
        target.current = replicas.or_else(told);
    }
    if let Some(scaler) = scaler.as_ref().filter(|_| obj.spec.leads_by_itself()) {
        target.way = Some(way(scaler, spec.as_ref(), &namespace, ctx).await?);
    }
    let asked = target.asked(obj, target.current.or(replicas), decisive(obj, ctx.now()));
    let pod = spec.and_then(|spec| spec.template.spec);
    if let (Some(asked), Some(pod)) = (asked, pod) {
        let floor = asked.floor(target.limit());
        target.quota = schedule::shortfall(&quotas, &pod, floor.saturating_sub(pods));
    }
    Ok(())
}

/// The other schedules of the target; of one that adds nothing, none, since it stands alone. Their changes wake `obj`.
fn others(
    obj: &CashServiceScheduledScale,
    scaler: Option<&GeneralScaler>,
    ctx: &Context,
) -> Result<Vec<CashServiceScheduledScale>, Error> {
    let adds = obj.spec.min_replicas.is_none();
    let target = obj.spec.target().filter(|_| adds).map(|(kind, name)| raised_key(kind, name));
    // A scaler that a service has made takes the floors of both.
    let scaler = scaler.filter(|_| adds);
    let own = scaler.map(|scaler| raised_key(ScheduleTargetKind::GeneralScaler, &scaler.name_any()));
    let owners = scaler.into_iter().flat_map(|scaler| scaler.owner_references());
    let services = owners
        .filter(|owner| owner.kind == CashService::kind(&()))
        .map(|owner| raised_key(ScheduleTargetKind::CashService, &owner.name));
    let mut others = schedules_of(ctx, obj, &target.into_iter().chain(own).chain(services).collect())?;
    others.retain(|other| other.name_any() != obj.name_any());
    Ok(others)
}

/// How a scaler climbs, as far as its Deployment's pods have shown.
async fn way(
    scaler: &GeneralScaler,
    spec: Option<&DeploymentSpec>,
    namespace: &str,
    ctx: &Context,
) -> Result<Way, Error> {
    let pods = match spec.and_then(|spec| spec.selector.match_labels.as_ref()) {
        Some(labels) => pods(ctx, namespace, labels).await?,
        None => vec![],
    };
    let up = SafetyPlan::new(scaler.spec.safety.as_ref()).up;
    Ok(Way { rate: up.rate.max(1), cooldown: up.cooldown, ready: ready_within(&pods) })
}

/// When a schedule is judged: now in a window, else at the beginning of the next one.
fn decisive(obj: &CashServiceScheduledScale, now: Timestamp) -> Timestamp {
    let Ok(calendar) = Calendar::new(&obj.spec) else { return now };
    let lead = schedule::lead(obj, &calendar);
    let next = || calendar.upcoming(now, lead).next().map(|window| window.start);
    if calendar.active(now, lead).is_some() { now } else { next().unwrap_or(now) }
}

/// Whether a window is in force whose count at the start is not known yet.
fn is_beginning(obj: &CashServiceScheduledScale, ctx: &Context) -> bool {
    let Ok(calendar) = Calendar::new(&obj.spec) else { return false };
    let window = calendar.active(ctx.now(), schedule::lead(obj, &calendar));
    window.is_some_and(|window| schedule::base(obj, &window).is_none())
}

async fn get<K>(ctx: &Context, namespace: &str, name: &str) -> Result<Option<K>, Error>
where
    K: kube::Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::de::DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(ctx.client().clone(), namespace);
    let attempted = || format!("read {} {namespace}/{name}", K::kind(&()));
    api.get_opt(name).await.map_err(|error| Error::api(attempted(), error))
}

async fn pods(ctx: &Context, namespace: &str, labels: &BTreeMap<String, String>) -> Result<Vec<Pod>, Error> {
    let selector: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let some = ListParams::default().labels(&selector.join(",")).limit(PODS_LOOKED_AT);
    let api: Api<Pod> = Api::namespaced(ctx.client().clone(), namespace);
    let listed = api.list(&some).await;
    Ok(listed.map_err(|error| Error::api(format!("list the pods of {namespace}"), error))?.items)
}

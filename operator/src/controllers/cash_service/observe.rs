//! What the controller reads before it decides.

use super::{PODS, desired, pending::Pending};
use crate::controllers::related::{
    AUTOSCALERS, SECRETS, fingerprint, maker, raised_key, schedules_of, target_key,
};
use crate::runtime::{children::ChildKind, context::Context, error::Error, live::Live};
use csop_shared::{
    api::{CashService, cash_service_scheduled_scale::ScheduleTargetKind},
    names::annotations,
    render::{History, Recorded, secrets},
    schedule::{self, Situation},
};
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment},
    core::v1::{Pod, Secret},
};
use kube::ResourceExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What the controller decides from, besides the service itself.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The Deployment that this service controls.
    pub deployment: Option<Deployment>,
    /// The recorded revisions.
    pub history: History,
    /// The Secrets that this service controls, by name.
    pub owned_secrets: BTreeMap<String, Secret>,
    /// Fingerprints of the content of the Secrets of others that the pods see; nothing for one that does not exist.
    pub foreign_secrets: BTreeMap<String, Option<String>>,
    /// Its pods, as far as their state tells something.
    pub pods: Vec<Pod>,
    /// An autoscaler of somebody else on its Deployment, as kind and name; of the object that made it, if there is one.
    pub foreign_autoscaler: Option<String>,
    /// What its schedules come to; nothing where somebody else scales.
    pub situation: Situation,
    /// Fresh random bytes, enough for every secret that might have to be generated.
    pub entropy: Vec<u8>,
    /// Since when a change of the pod template waits.
    pub pending_since: Option<Timestamp>,
}

impl Observed {
    /// An annotation of the live Deployment.
    pub(super) fn deployment_annotation(&self, name: &str) -> Option<&str> {
        self.deployment.as_ref()?.annotations().get(name).map(String::as_str)
    }

    /// An annotation of the live pod template.
    pub(super) fn template_annotation(&self, name: &str) -> Option<&str> {
        let template = &self.deployment.as_ref()?.spec.as_ref()?.template;
        template.metadata.as_ref()?.annotations.as_ref()?.get(name).map(String::as_str)
    }

    /// The Secrets of others that are wanted and not there.
    pub(super) fn missing_secrets(&self) -> impl Iterator<Item = &str> {
        self.foreign_secrets.iter().filter(|(_, content)| content.is_none()).map(|(name, _)| name.as_str())
    }
}

pub(super) fn observe(obj: &CashService, ctx: &Context, pending: &Pending) -> Result<Observed, Error> {
    let (namespace, name) = (obj.namespace().unwrap_or_default(), obj.name_any());
    let uid = obj.uid().unwrap_or_default();
    let mut observed = Observed {
        deployment: owned::<Deployment>(obj, ctx)?.into_iter().find(|d| d.name_any() == name),
        history: History::new(
            owned(obj, ctx)?.iter().map(|r: &ControllerRevision| Recorded::read(&name, r)).collect(),
        ),
        owned_secrets: owned::<Secret>(obj, ctx)?.into_iter().map(|s| (s.name_any(), s)).collect(),
        foreign_secrets: foreign_secrets(obj, ctx)?,
        pods: ctx.related(PODS, &namespace, &name)?.iter().filter_map(|p| p.parse().ok()).collect(),
        foreign_autoscaler: foreign_autoscaler(obj, ctx)?,
        entropy: ctx.entropy(entropy_needed(obj))?,
        situation: Situation::default(),
        pending_since: None,
    };
    observed.situation = situation(obj, &observed, ctx)?;
    let waits = desired::changes_revision(obj, &observed)?;
    observed.pending_since = pending.since(&uid, waits, ctx.now());
    Ok(observed)
}

fn owned<K>(obj: &CashService, ctx: &Context) -> Result<Vec<K>, Error>
where
    K: kube::Resource<DynamicType = ()> + serde::de::DeserializeOwned,
{
    let read = |live: &Arc<Live>| {
        live.parse().map_err(|e| Error::Bug(format!("cannot read {} {}: {e}", K::kind(&()), live.name)))
    };
    ctx.owned(&ChildKind::of::<K>(), obj)?.iter().map(read).collect()
}

/// Looked for in any case, so that their changes wake the service.
fn situation(obj: &CashService, observed: &Observed, ctx: &Context) -> Result<Situation, Error> {
    let keys = BTreeSet::from([raised_key(ScheduleTargetKind::CashService, &obj.name_any())]);
    let schedules = schedules_of(ctx, obj, &keys)?;
    if observed.foreign_autoscaler.is_some() {
        return Ok(Situation::default());
    }
    let bounds = (obj.spec.bounds().min, obj.spec.autoscaling.max_replicas);
    let current = observed.deployment.as_ref().and_then(|deployment| deployment.spec.as_ref()?.replicas);
    Ok(schedule::situation(&schedules, obj.spec.mode(), bounds, current, ctx.now()))
}

fn foreign_autoscaler(obj: &CashService, ctx: &Context) -> Result<Option<String>, Error> {
    let key = BTreeSet::from([target_key("Deployment", &obj.name_any())]);
    Ok(ctx.about(AUTOSCALERS, obj, &key)?.first().map(|live| maker(live)))
}

fn foreign_secrets(obj: &CashService, ctx: &Context) -> Result<BTreeMap<String, Option<String>>, Error> {
    let named = ctx.named(SECRETS, obj, &secrets::foreign_names(&obj.spec))?;
    Ok(named.into_iter().map(|(name, live)| (name, live.and_then(|live| fingerprint(&live)))).collect())
}

fn entropy_needed(obj: &CashService) -> usize {
    let generated = obj.spec.secrets.iter().filter_map(|s| s.generate.as_ref());
    let keys: usize = generated.map(secrets::entropy_needed).sum();
    if secrets::sees_secrets(&obj.spec) { keys + secrets::DIGEST_KEY_BYTES } else { 0 }
}

/// The revision that the live Deployment was made for.
pub(super) fn live_revision(observed: &Observed) -> Option<&str> {
    observed.deployment_annotation(annotations::REVISION)
}

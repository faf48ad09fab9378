//! The children that a service wants.

use super::observe::{Observed, live_revision};
use crate::runtime::{
    children::{Child, ChildId, ChildKind, Policy},
    desired::{Conflict, Contest, Desired, ScaleIntent},
    error::Error,
};
use csop_shared::{
    api::{
        CashService, GeneralScaler,
        cash_service::{AutoscalingMode, Bounds},
    },
    names::annotations,
    render::{
        Manifest, Plan,
        secrets::{self, Content},
    },
    revision, schedule,
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::{ControllerRevision, Deployment},
        autoscaling::v2::HorizontalPodAutoscaler,
        core::v1::{ConfigMap, Secret, Service, ServiceAccount},
        networking::v1::NetworkPolicy,
        policy::v1::PodDisruptionBudget,
    },
};
use kube::ResourceExt;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// Edits within this time of each other are one rollout.
const BURST: SignedDuration = SignedDuration::from_secs(2);

/// The kinds of children that scale.
const SCALERS: [&str; 2] = ["HorizontalPodAutoscaler", "GeneralScaler"];

pub(super) fn desired(obj: &CashService, observed: &Observed, now: Timestamp) -> Result<Desired, Error> {
    let secrets = WantedSecrets::of(obj, observed)?;
    let floors = &observed.situation.floors;
    let bounds = schedule::bounds(&obj.spec, floors);
    let plan = Plan { service: obj, secrets_digest: secrets.digest.as_deref(), floors };
    let hash = revision::of_template(&plan.template());
    let record = observed.history.next(&plan, &hash);
    let kept = observed.history.kept(usize::from(record.is_some()));
    let keep = kept.iter().flat_map(|r| {
        let maps = r.config_maps.iter().map(ChildId::of::<ConfigMap>);
        std::iter::once(ChildId::of::<ControllerRevision>(&r.name)).chain(maps)
    });
    let mut children = secrets.children;
    children.extend(record.map(|m| child(m, Policy::CreateOnce)).transpose()?);
    let conflict = other_scaler(obj, observed);
    for manifest in plan.manifests() {
        if conflict.is_some() && SCALERS.contains(&manifest.kind) {
            continue;
        }
        children.push(child(manifest, Policy::Apply)?.born_with(obj, &bounds));
    }
    // A generated value cannot be made again: its Secret goes with the service and not before. The account may still be that of
    // old pods.
    let held = observed.owned_secrets.keys().map(ChildId::of::<Secret>);
    let held = held.chain(std::iter::once(ChildId::of::<ServiceAccount>(obj.name_any())));
    // Against somebody else's autoscaler nothing is written, and nothing is taken away either.
    let left = conflict
        .iter()
        .flat_map(|_| SCALERS)
        .filter_map(|kind| Some(ChildId { kind: kind_of(kind)?, name: obj.name_any() }));
    Ok(Desired {
        children,
        scale: size(obj, observed, &bounds).filter(|_| conflict.is_none()),
        keep: keep.chain(live_config_maps(observed)).chain(held).chain(left).collect(),
        conflicts: conflict.into_iter().collect(),
        hold: rest_of_burst(observed, now),
    })
}

/// Somebody else's autoscaler on the Deployment of a service that is to be scaled by csop, or not at all.
fn other_scaler(obj: &CashService, observed: &Observed) -> Option<Conflict> {
    let other =
        observed.foreign_autoscaler.as_ref().filter(|_| obj.spec.mode() != AutoscalingMode::External)?;
    let words = format!(
        "is scaled by {other}, which csop did not make: delete that one, or set spec.autoscaling.mode to External"
    );
    Some(Conflict { child: ChildId::of::<Deployment>(obj.name_any()), contest: Contest::Replicas, words })
}

/// Whether the wanted pod template is not the one of the live Deployment.
pub(super) fn changes_revision(obj: &CashService, observed: &Observed) -> Result<bool, Error> {
    let Some(live) = live_revision(observed) else { return Ok(false) };
    let secrets = WantedSecrets::of(obj, observed)?;
    let plan = Plan { service: obj, secrets_digest: secrets.digest.as_deref(), floors: &[] };
    Ok(revision::of_template(&plan.template()) != live)
}

/// Every child by kind and name, as far as the spec alone tells.
pub(super) fn claims(obj: &CashService) -> Vec<ChildId> {
    let name = obj.name_any();
    let plan = Plan { service: obj, secrets_digest: None, floors: &[] };
    let rendered =
        plan.manifests().into_iter().filter_map(|m| Some(ChildId { kind: kind_of(m.kind)?, name: m.name }));
    let generated = obj.spec.secrets.iter().filter(|s| s.generate.is_some());
    let generated = generated.map(|s| ChildId::of::<Secret>(secrets::object_name(&name, s)));
    let own =
        secrets::sees_secrets(&obj.spec).then(|| ChildId::of::<Secret>(secrets::operator_secret_name(&name)));
    rendered.chain(generated).chain(own).collect()
}

fn rest_of_burst(observed: &Observed, now: Timestamp) -> Option<Duration> {
    let rest = BURST - now.duration_since(observed.pending_since?);
    Duration::try_from(rest).ok().filter(|rest| !rest.is_zero())
}

/// The size that the operator itself writes: that of mode Fixed, and a way out of zero in mode HPA, where the autoscaler does
/// nothing.
fn size(obj: &CashService, observed: &Observed, bounds: &Bounds) -> Option<ScaleIntent> {
    let stuck = || observed.deployment.as_ref().and_then(|d| d.spec.as_ref()?.replicas) == Some(0);
    let replicas = match obj.spec.mode() {
        AutoscalingMode::Fixed => bounds.min,
        AutoscalingMode::HPA if stuck() => bounds.min,
        _ => return None,
    };
    Some(ScaleIntent { child: ChildId::of::<Deployment>(obj.name_any()), replicas })
}

/// The ConfigMaps that the live pod template names: pods may still be made from it.
fn live_config_maps(observed: &Observed) -> Vec<ChildId> {
    let Some(pod) = observed.deployment.as_ref().and_then(|d| d.spec.as_ref()?.template.spec.as_ref()) else {
        return vec![];
    };
    let volumes = pod.volumes.iter().flatten().filter_map(|v| Some(v.config_map.as_ref()?.name.clone()));
    let sources = pod.containers.iter().flat_map(|c| c.env_from.iter().flatten());
    let sources = sources.filter_map(|s| Some(s.config_map_ref.as_ref()?.name.clone()));
    volumes.chain(sources).map(ChildId::of::<ConfigMap>).collect()
}

/// The Secrets that a service wants, and the digest of all that its pods see.
struct WantedSecrets {
    children: Vec<Child>,
    digest: Option<String>,
}

impl WantedSecrets {
    fn of(obj: &CashService, observed: &Observed) -> Result<Self, Error> {
        let mut wanted = Self { children: vec![], digest: None };
        if !secrets::sees_secrets(&obj.spec) {
            return Ok(wanted);
        }
        let mut entropy = observed.entropy.iter().copied();
        let key = wanted.digest_key(obj, observed, &mut entropy)?;
        let mut contents = BTreeMap::new();
        for source in &obj.spec.secrets {
            let Some(keys) = &source.generate else { continue };
            let name = secrets::object_name(&obj.name_any(), source);
            let live = observed.owned_secrets.get(&name);
            let mut content = live.and_then(|s| s.data.clone()).unwrap_or_default();
            let drawn = secrets::draw_missing(keys, &content, &mut entropy).ok_or_else(no_entropy)?;
            let complete = drawn.is_empty();
            content.extend(drawn);
            wanted.keep(secrets::owned(obj, name.clone(), content.clone()), live, complete);
            contents.insert(name, content);
        }
        for (name, fingerprint) in &observed.foreign_secrets {
            let stands_for =
                |f: &String| Content::from([(String::new(), ByteString(f.clone().into_bytes()))]);
            contents.extend(fingerprint.as_ref().map(|f| (name.clone(), stands_for(f))));
        }
        wanted.digest = Some(match observed.template_annotation(annotations::SECRETS_DIGEST) {
            // A Secret that vanished must not roll the pods that still have it.
            Some(live) if observed.missing_secrets().next().is_some() => live.to_owned(),
            _ => secrets::digest(&key, &contents),
        });
        Ok(wanted)
    }

    fn digest_key(
        &mut self,
        obj: &CashService,
        observed: &Observed,
        entropy: &mut impl Iterator<Item = u8>,
    ) -> Result<Vec<u8>, Error> {
        let name = secrets::operator_secret_name(&obj.name_any());
        let live = observed.owned_secrets.get(&name);
        let known = live.and_then(|s| s.data.as_ref()?.get(secrets::DIGEST_KEY)).map(|key| key.0.clone());
        let complete = known.is_some();
        let key = match known {
            Some(key) => key,
            None => {
                let drawn: Vec<u8> = entropy.take(secrets::DIGEST_KEY_BYTES).collect();
                if drawn.len() == secrets::DIGEST_KEY_BYTES { drawn } else { return Err(no_entropy()) }
            }
        };
        let content = Content::from([(secrets::DIGEST_KEY.to_owned(), ByteString(key.clone()))]);
        self.keep(secrets::owned(obj, name, content), live, complete);
        Ok(key)
    }

    /// A value is written only into a Secret that lacks it, and never over a newer version than was seen.
    fn keep(&mut self, wanted: Secret, live: Option<&Secret>, complete: bool) {
        let Some(live) = live else {
            self.children.push(Child::create_once(&wanted).essential());
            return;
        };
        let has = |wanted: &Option<BTreeMap<String, String>>, live: &BTreeMap<String, String>| {
            wanted.iter().flatten().all(|(k, v)| live.get(k) == Some(v))
        };
        let dressed = has(&wanted.metadata.labels, live.labels())
            && has(&wanted.metadata.annotations, live.annotations());
        let child = if complete && dressed {
            Child::create_once(&wanted)
        } else {
            let mut wanted = wanted;
            wanted.metadata.resource_version = live.resource_version();
            Child::apply(&wanted)
        };
        self.children.push(child.essential());
    }
}

fn no_entropy() -> Error {
    Error::Bug("too little entropy was observed for the secrets to be generated".to_owned())
}

fn child(manifest: Manifest, policy: Policy) -> Result<Child, Error> {
    let kind = kind_of(manifest.kind)
        .ok_or_else(|| Error::Bug(format!("{} is rendered and is no declared child", manifest.kind)))?;
    Ok(Child { kind, name: manifest.name, intent: manifest.body, at_birth: None, policy, essential: false })
}

fn kind_of(kind: &str) -> Option<ChildKind> {
    Some(match kind {
        "ConfigMap" => ChildKind::of::<ConfigMap>(),
        "ControllerRevision" => ChildKind::of::<ControllerRevision>(),
        "Deployment" => ChildKind::of::<Deployment>(),
        "GeneralScaler" => ChildKind::of::<GeneralScaler>(),
        "HorizontalPodAutoscaler" => ChildKind::of::<HorizontalPodAutoscaler>(),
        "NetworkPolicy" => ChildKind::of::<NetworkPolicy>(),
        "PodDisruptionBudget" => ChildKind::of::<PodDisruptionBudget>(),
        "Service" => ChildKind::of::<Service>(),
        "ServiceAccount" => ChildKind::of::<ServiceAccount>(),
        _ => return None,
    })
}

/// A Deployment that was deleted comes back with the size that it had, for whoever scales it to go on from.
fn size_at_birth(obj: &CashService, bounds: &Bounds) -> i32 {
    let last = obj.status.as_ref().and_then(|s| s.wanted_replicas).filter(|wanted| *wanted > 0);
    bounds.clamp(last.unwrap_or(obj.spec.replicas))
}

trait BornWith {
    fn born_with(self, obj: &CashService, bounds: &Bounds) -> Self;
}

impl BornWith for Child {
    /// A Deployment is born with its wanted size; afterwards that number has its own writer. Nothing runs without its
    /// NetworkPolicy.
    fn born_with(self, obj: &CashService, bounds: &Bounds) -> Self {
        // Without its policy a service would be open to everybody.
        if self.kind == ChildKind::of::<NetworkPolicy>() {
            return self.essential();
        }
        if self.kind != ChildKind::of::<Deployment>() {
            return self;
        }
        let size: Value = json!({ "spec": { "replicas": size_at_birth(obj, bounds) } });
        self.at_birth(size).essential()
    }
}

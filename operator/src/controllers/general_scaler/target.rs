//! What a scaler scales, and who else wants to.

use std::collections::BTreeSet;
use std::time::Duration;

use csop_shared::api::GeneralScaler;
use csop_shared::api::cash_service::AutoscalingMode;
use csop_shared::api::general_scaler::TargetRef;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject};
use kube::discovery::oneshot::pinned_kind;

use super::{DEPLOYMENTS, STATEFUL_SETS};
use crate::controllers::related::{AUTOSCALERS, SCALERS, SERVICES, maker, target_key};
use crate::runtime::children::ChildKind;
use crate::runtime::context::Context;
use crate::runtime::error::Error;
use crate::runtime::live::{Live, Owner};
use crate::scaling::TargetView;

/// When to look again for a kind that is not there.
const UNKNOWN_KIND: Duration = Duration::from_secs(60);

/// A target, and whose it is.
pub(super) struct Seen {
    pub(super) kind: ChildKind,
    pub(super) view: Option<TargetView>,
    pub(super) owner: Option<Owner>,
    /// Whether changes of it wake the scaler.
    pub(super) watched: bool,
}

/// The watch that holds objects of a kind, if one does.
fn watch(target: &TargetRef) -> Option<(&'static str, ChildKind)> {
    use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
    match (target.api_version.as_str(), target.kind.as_str()) {
        ("apps/v1", "Deployment") => Some((DEPLOYMENTS, ChildKind::of::<Deployment>())),
        ("apps/v1", "StatefulSet") => Some((STATEFUL_SETS, ChildKind::of::<StatefulSet>())),
        _ => None,
    }
}

/// The target as the caches show it, or as the API server does when it must be certain or the kind is not watched.
pub(super) async fn look(
    obj: &GeneralScaler,
    target: &TargetRef,
    certain: bool,
    ctx: &Context,
) -> Result<Seen, Error> {
    let (namespace, name) = (obj.namespace().unwrap_or_default(), &target.name);
    let watched = watch(target);
    let kind = match &watched {
        Some((_, kind)) => kind.clone(),
        None => discover(target, ctx).await?,
    };
    let mut seen = Seen { kind, view: None, owner: None, watched: watched.is_some() };
    // Registered in any case: a change of the target's kind must end what was asked for before.
    for at in [DEPLOYMENTS, STATEFUL_SETS] {
        let mine = watched.as_ref().is_some_and(|(watch, _)| *watch == at);
        let names = mine.then(|| name.clone()).into_iter().collect();
        if let Some(Some(live)) = ctx.named(at, obj, &names)?.remove(name) {
            seen.owner = live.owner.as_deref().cloned();
            seen.view = Some(view(&live));
        }
    }
    if certain || watched.is_none() {
        seen.view = scale(&seen.kind, &namespace, name, seen.view.as_ref(), ctx).await?;
    }
    Ok(seen)
}

fn view(live: &Live) -> TargetView {
    let value = live.value();
    let count = |path: &str| value.pointer(path).and_then(|n| i32::try_from(n.as_i64()?).ok());
    TargetView {
        replicas: count("/spec/replicas").unwrap_or(1),
        ready: count("/status/readyReplicas").unwrap_or(0),
        version: live.version.to_string(),
    }
}

/// The kind of an object that no watch holds.
async fn discover(target: &TargetRef, ctx: &Context) -> Result<ChildKind, Error> {
    let (group, version) = target.api_version.split_once('/').unwrap_or(("", &target.api_version));
    let gvk = kube::core::GroupVersionKind::gvk(group, version, &target.kind);
    // Its definition may be installed later, and nothing would tell.
    let unknown = || Error::Waiting {
        message: format!(
            "spec.targetRef names kind {} of {}, which the API server does not have: check both",
            target.kind, target.api_version
        ),
        retry: UNKNOWN_KIND,
    };
    let (resource, _) = match pinned_kind(ctx.client(), &gvk).await {
        Ok(found) => found,
        Err(kube::Error::Api(status)) if status.code == 404 => return Err(unknown()),
        Err(kube::Error::Discovery(_)) => return Err(unknown()),
        Err(error) => return Err(Error::api(format!("look up kind {}", target.kind), error)),
    };
    let base = ChildKind::of::<k8s_openapi::api::apps::v1::Deployment>();
    Ok(ChildKind {
        group: resource.group.into(),
        version: resource.version.into(),
        kind: resource.kind.into(),
        plural: resource.plural.into(),
        ..base
    })
}

/// The target's scale subresource; it tells no ready pods, so those are `known` or taken to be all.
async fn scale(
    kind: &ChildKind,
    namespace: &str,
    name: &str,
    known: Option<&TargetView>,
    ctx: &Context,
) -> Result<Option<TargetView>, Error> {
    let api: Api<DynamicObject> = Api::namespaced_with(ctx.client().clone(), namespace, &kind.api_resource());
    match api.get_scale(name).await {
        Ok(scale) => {
            let replicas = scale.spec.and_then(|spec| spec.replicas).unwrap_or(0);
            let running = scale.status.map_or(replicas, |status| status.replicas);
            Ok(Some(TargetView {
                replicas,
                ready: known.map_or(running, |known| known.ready),
                version: scale.metadata.resource_version.unwrap_or_default(),
            }))
        }
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(error) => Err(Error::api(format!("read the scale of {kind} {namespace}/{name}"), error)),
    }
}

/// Who else scales the target, and what to do about it: words that follow the target's name.
pub(super) fn rival(
    obj: &GeneralScaler,
    target: &TargetRef,
    seen: &Seen,
    ctx: &Context,
) -> Result<Option<String>, Error> {
    let keys = BTreeSet::from([target_key(&target.kind, &target.name)]);
    if let Some(other) = ctx.about(AUTOSCALERS, obj, &keys)?.first() {
        return Ok(Some(format!("is scaled by {}: delete that one, or this scaler", maker(other))));
    }
    if is_of_the_same_service(obj, seen) {
        return Ok(None);
    }
    let (uid, created) = (obj.uid().unwrap_or_default(), obj.creation_timestamp().map(|time| time.0));
    let others = ctx.about(SCALERS, obj, &keys)?;
    let older = others.iter().find(|other| {
        !other.deleting && (other.created, &*other.uid) < (created, uid.as_str()) && *other.uid != *uid
    });
    if let Some(older) = older {
        let words =
            format!("is scaled by GeneralScaler {}, which is older: delete one of the two", older.name);
        return Ok(Some(words));
    }
    service(obj, seen, ctx)
}

/// Whether the scaler is the one that the target's own service has made.
fn is_of_the_same_service(obj: &GeneralScaler, seen: &Seen) -> bool {
    let owner = seen.owner.as_ref();
    owner.is_some_and(|owner| obj.owner_references().iter().any(|reference| reference.uid == *owner.uid))
}

/// A CashService that decides the size of its Deployment itself.
fn service(obj: &GeneralScaler, seen: &Seen, ctx: &Context) -> Result<Option<String>, Error> {
    let owner = seen.owner.as_ref().filter(|owner| &*owner.kind == "CashService");
    let names = owner.map(|owner| owner.name.to_string()).into_iter().collect();
    let services = ctx.named(SERVICES, obj, &names)?;
    let (Some(owner), Some(Some(service))) = (owner, services.values().next()) else { return Ok(None) };
    let mode = service.value()["spec"]["autoscaling"]["mode"].take();
    let mode: AutoscalingMode = serde_json::from_value(mode).unwrap_or_default();
    if mode == AutoscalingMode::External {
        return Ok(None);
    }
    Ok(Some(format!(
        "belongs to CashService {}, which decides its size by itself: set spec.autoscaling.mode there to External, or delete this scaler",
        owner.name
    )))
}

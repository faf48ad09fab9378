//! Reading the live children, Secrets without their values.

use crate::client::Cluster;
use crate::commands::floors;
use crate::error::{Attempt, Error};
use crate::view::diff::{Wanted, is_controlled_by, redact};
use csop_shared::api::CashService;
use csop_shared::names::labels;
use csop_shared::scale::Floor;
use futures::future::join_all;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::{Api, ResourceExt};
use serde_json::Value;

/// The kinds that are compared: API version and kind.
const KINDS: [(&str, &str); 8] = [
    ("v1", "Secret"),
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("apps/v1", "Deployment"),
    ("v1", "Service"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
];

/// The live children.
#[derive(Debug, Default)]
pub struct Live {
    /// The objects, with their managed fields.
    pub objects: Vec<Value>,
    /// Kinds that may not be read.
    pub unreadable: Vec<&'static str>,
    /// Why not.
    pub missing: Vec<String>,
    /// The floors of the schedules that are in force.
    pub floors: Vec<Floor>,
}

/// Reads what carries the service's label; kinds that may not be read are left out.
pub async fn read(service: &CashService, cluster: &Cluster) -> Result<Live, Error> {
    let selector = ListParams::default().labels(&format!("{}={}", labels::SERVICE, service.name_any()));
    let selector = &selector;
    let answers = join_all(KINDS.map(|(version, kind)| async move {
        let (api, attempt) = api("list", version, kind, cluster);
        let read = cluster.pages(&attempt, selector.clone(), async |page| api.list(&page).await);
        (version, kind, read.await)
    }))
    .await;
    let mut live = Live::default();
    for (version, kind, answer) in answers {
        match answer {
            Ok(list) => {
                live.objects.extend(list.into_iter().map(|object| value(version, kind, object)));
            }
            Err(error @ (Error::Forbidden(_) | Error::Refused { forbidden: true, .. })) => {
                live.unreadable.push(kind);
                live.missing.push(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    match floors::read(service, cluster).await {
        Ok(floors) => live.floors = floors,
        Err(error) if is_refusal(&error) => live.missing.push(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(live)
}

/// Looks for wanted children that are there without the label, and returns those that are not the service's.
pub async fn strangers(
    service: &CashService,
    wanted: &[Wanted],
    cluster: &Cluster,
    live: &mut Live,
) -> Result<Vec<String>, Error> {
    let is_there = |live: &Live, child: &Wanted| {
        live.objects.iter().any(|it| it["kind"] == *child.kind && it["metadata"]["name"] == *child.name)
    };
    for child in wanted.iter().filter(|child| !is_there(live, child)).collect::<Vec<_>>() {
        let (api, attempt) = api("get", &child.api_version, &child.kind, cluster);
        let read = cluster.call(attempt.of(&child.name), api.get_opt(&child.name)).await;
        // Who may list and not get is shown what the lists say.
        if let Some(object) = read.or_else(|error| if is_refusal(&error) { Ok(None) } else { Err(error) })? {
            live.objects.push(value(&child.api_version, &child.kind, object));
        }
    }
    let uid = service.uid();
    let others = live.objects.iter().filter(|it| !is_controlled_by(it, uid.as_deref()));
    let names = others.filter_map(|it| {
        let (kind, name) = (it["kind"].as_str()?, it["metadata"]["name"].as_str()?);
        let meant = wanted.iter().any(|child| child.kind == kind && child.name == name);
        meant.then(|| format!("{kind}/{name}"))
    });
    Ok(names.collect())
}

fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Forbidden(_) | Error::Refused { forbidden: true, .. })
}

fn api(verb: &'static str, version: &str, kind: &str, cluster: &Cluster) -> (Api<DynamicObject>, Attempt) {
    let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    let name =
        if group.is_empty() { resource.plural.clone() } else { format!("{}.{group}", resource.plural) };
    let attempt = Attempt::new(verb, name).within(Some(&cluster.namespace));
    (Api::namespaced_with(cluster.client.clone(), &cluster.namespace, &resource), attempt)
}

/// An object as JSON, with its type, which items of a list lack.
fn value(version: &str, kind: &str, object: DynamicObject) -> Value {
    let mut value = serde_json::to_value(&object).expect("objects of the API serialise to JSON");
    value["apiVersion"] = Value::from(version);
    value["kind"] = Value::from(kind);
    if kind == "Secret" {
        redact(&mut value);
    }
    value
}

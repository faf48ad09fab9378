//! What the cluster says of a target's pods.

use csop_shared::api::general_scaler::TargetRef;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::{Client, discovery};

use super::ORIGIN;
use super::utilisation::PodMetrics;
use crate::metric_sources::answer::quoted;
use crate::metric_sources::{Failure, Subject};

const KUBERNETES: &str = "the Kubernetes API";

/// The selector of the target's pods, as its scale subresource states it.
pub(super) async fn selector(client: &Client, subject: &Subject) -> Result<String, Failure> {
    let target = &subject.target;
    let what = format!("read the scale of {} {}/{}", target.kind, subject.namespace, target.name);
    let resource = resource_of(client, target).await.map_err(|error| failed(&what, error))?;
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &subject.namespace, &resource);
    let scale = api.get_scale(&target.name).await.map_err(|error| failed(&what, error))?;
    let selector = scale.status.and_then(|status| status.selector).filter(|selector| !selector.is_empty());
    selector.ok_or_else(|| Failure::Unusable {
        origin: KUBERNETES.to_owned(),
        problem: format!(
            "a scale of {} {} that does not say which pods are its own",
            target.kind, target.name
        ),
    })
}

/// The kinds of Kubernetes itself are known; others are looked up.
async fn resource_of(client: &Client, target: &TargetRef) -> Result<ApiResource, kube::Error> {
    let (group, version) = target.api_version.split_once('/').unwrap_or(("", &target.api_version));
    let kind = GroupVersionKind::gvk(group, version, &target.kind);
    match (target.api_version.as_str(), target.kind.as_str()) {
        ("apps/v1", "Deployment" | "StatefulSet" | "ReplicaSet") => Ok(ApiResource::from_gvk(&kind)),
        _ => discovery::pinned_kind(client, &kind).await.map(|(resource, _)| resource),
    }
}

/// The pods with these labels.
pub(super) async fn pods(client: &Client, namespace: &str, selector: &str) -> Result<Vec<Pod>, Failure> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    // What the API server has in its own cache is recent enough.
    let parameters = ListParams::default().labels(selector).match_any();
    let listed = api.list(&parameters).await;
    Ok(listed.map_err(|error| failed(&format!("list the pods of {namespace}"), error))?.items)
}

/// What the pods with these labels use.
pub(super) async fn pod_metrics(
    client: &Client,
    namespace: &str,
    selector: &str,
) -> Result<Vec<PodMetrics>, Failure> {
    let resource = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("metrics.k8s.io", "v1beta1", "PodMetrics"),
        "pods",
    );
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let listed = api.list(&ListParams::default().labels(selector)).await.map_err(|error| match &error {
        kube::Error::Api(status) if status.code == 404 => Failure::Unasked(
            "the cluster does not measure pods: nothing serves metrics.k8s.io; install metrics-server"
                .to_owned(),
        ),
        kube::Error::Api(status) if status.code == 503 => Failure::Unreachable {
            origin: ORIGIN.to_owned(),
            problem: "what serves it is not available; see whether metrics-server runs".to_owned(),
        },
        _ => failed(&format!("read the metrics of the pods of {namespace}"), error),
    })?;
    let read = listed.items.into_iter().map(PodMetrics::read).collect::<Result<_, _>>();
    read.map_err(|error| Failure::Unusable {
        origin: ORIGIN.to_owned(),
        problem: format!("metrics of a pod that cannot be read: {error}"),
    })
}

fn failed(what: &str, error: kube::Error) -> Failure {
    let origin = KUBERNETES.to_owned();
    match error {
        kube::Error::Api(status) if status.code >= 500 => {
            Failure::Unreachable { origin, problem: format!("cannot {what}: {}", quoted(&status.message)) }
        }
        kube::Error::Api(status) => {
            Failure::Refused { origin, problem: format!("cannot {what}: {}", quoted(&status.message)) }
        }
        kube::Error::Discovery(error) => {
            Failure::Refused { origin, problem: format!("cannot {what}: {}", quoted(&error.to_string())) }
        }
        other => {
            Failure::Unreachable { origin, problem: format!("cannot {what}: {}", quoted(&other.to_string())) }
        }
    }
}

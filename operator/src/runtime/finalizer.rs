//! The finalizer of our objects.

use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::body::Parent;
use super::context::Context;
use super::error::Error;
use super::kind::Kind;

/// Adds the finalizer to an object, or removes it; the write fails when the object has changed meanwhile.
pub(super) async fn set<K: Kind>(
    ctx: &Context,
    parent: &Parent,
    object: &K::Object,
    finalizer: &str,
    wanted: bool,
) -> Result<K::Object, Error> {
    let mut finalizers: Vec<&str> =
        object.finalizers().iter().map(String::as_str).filter(|f| *f != finalizer).collect();
    if wanted {
        finalizers.push(finalizer);
    }
    let body = json!({
        "metadata": {"finalizers": finalizers, "resourceVersion": object.resource_version(), "uid": parent.uid},
    });
    let api: Api<K::Object> = Api::namespaced(ctx.client().clone(), &parent.namespace);
    let params = PatchParams { field_manager: Some(manager::<K>()), ..Default::default() };
    let verb = if wanted { "add the finalizer of" } else { "remove the finalizer of" };
    let attempted = || format!("{verb} {} {}/{}", parent.kind, parent.namespace, parent.name);
    api.patch(&parent.name, &params, &Patch::Merge(&body)).await.map_err(|e| Error::api(attempted(), e))
}

/// The field manager of a controller.
pub(super) fn manager<K: Kind>() -> String {
    format!("{}/{}", csop_shared::names::managers::OPERATOR, K::NAME)
}

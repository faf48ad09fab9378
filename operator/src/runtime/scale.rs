//! Replica counts. They have a manager of their own, so that a change of who sets the count never passes through another
//! number.

use std::sync::Arc;

use csop_shared::names::managers;
use k8s_openapi::api::autoscaling::v1::{Scale, ScaleSpec};
use kube::api::{Api, DynamicObject, ObjectMeta, PatchParams, PostParams};
use serde_json::{Value, json};

use super::apply::Applier;
use super::body::Parent;
use super::children::ChildId;
use super::context::Context;
use super::desired::{Applied, Rescale, Rescaled, ScaleIntent};
use super::error::Error;
use super::live::Live;

/// Attempts to give the count away while somebody keeps changing it.
const ATTEMPTS: u32 = 3;

impl<F: Fn(&ChildId) -> Option<String> + Sync> Applier<'_, F> {
    /// Gives the live count to the scale manager before an apply drops it from the main manager's intent; a field that nobody
    /// owns would fall back to 1.
    pub(super) async fn hand_over_replicas(&self, id: &ChildId, mut live: Arc<Live>) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            let Some(replicas) = replicas(&live) else { return Ok(()) };
            let mut body = self.scale_body(id, &live, replicas);
            // Only the number that was read may be written.
            body["metadata"]["resourceVersion"] = json!(live.version.to_string());
            let params = PatchParams::apply(managers::SCALE).force();
            match self.patch(id, "keep the replicas of", &params, body).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
            let object = self.api(&id.kind).get(&id.name).await.map_err(|e| self.failed("read", id, e))?;
            let uid = live.uid.clone();
            live = Arc::new(self.ctx.caches.children(&id.kind)?.live(object));
            if live.uid != uid {
                return Err(Error::Bug(format!("{id} was replaced by another object while it was scaled")));
            }
        }
    }

    /// Brings the count to the wanted one.
    pub(super) async fn scale(&self, intent: &ScaleIntent, applied: &mut Applied) -> Result<(), Error> {
        let id = &intent.child;
        let Some(live) = applied.live(&id.kind, &id.name).cloned() else { return Ok(()) };
        if replicas(&live) == Some(i64::from(intent.replicas)) {
            return Ok(());
        }
        let body = self.scale_body(id, &live, i64::from(intent.replicas));
        let params = PatchParams::apply(managers::SCALE).force();
        let object = self.patch(id, "scale", &params, body).await?;
        applied.changed = true;
        self.written(id, "scaled");
        applied.put(id.kind.clone(), self.ctx.caches.children(&id.kind)?.written(object));
        Ok(())
    }

    fn scale_body(&self, id: &ChildId, live: &Live, replicas: i64) -> Value {
        json!({
            "apiVersion": id.kind.api_version(),
            "kind": id.kind.kind,
            "metadata": {"name": id.name, "namespace": self.parent.namespace, "uid": live.uid},
            "spec": {"replicas": replicas},
        })
    }
}

impl<S> Rescale<S> {
    /// Writes the scale subresource, unless the target has changed since.
    pub(super) async fn carry_out(&self, ctx: &Context, parent: &Parent) -> Rescaled {
        let resource = self.target.kind.api_resource();
        let api: Api<DynamicObject> =
            Api::namespaced_with(ctx.client().clone(), &parent.namespace, &resource);
        let scale = Scale {
            metadata: ObjectMeta {
                name: Some(self.target.name.clone()),
                namespace: Some(parent.namespace.clone()),
                resource_version: Some(self.version.clone()),
                ..Default::default()
            },
            spec: Some(ScaleSpec { replicas: Some(self.replicas) }),
            status: None,
        };
        let params = PostParams { field_manager: Some(managers::SCALE.to_owned()), ..Default::default() };
        let answer = api.replace_scale(&self.target.name, &params, &scale).await;
        let result = match answer {
            Ok(scale) => Rescaled::Written(scale.metadata.resource_version.unwrap_or_default()),
            Err(kube::Error::Api(status)) if status.code == 409 => Rescaled::Moved,
            Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => {
                Rescaled::Refused(status.message)
            }
            Err(error) => Rescaled::Unknown(error.to_string()),
        };
        let label = match &result {
            Rescaled::Written(_) => "scaled",
            Rescaled::Moved => "conflict",
            Rescaled::Refused(_) => "rejected",
            Rescaled::Unknown(_) => "failed",
        };
        tracing::info!(target = %self.target, replicas = self.replicas, result = label, "scale subresource");
        ctx.metrics().applied(&self.target.kind.kind, label);
        result
    }
}

fn replicas(live: &Live) -> Option<i64> {
    live.value().pointer("/spec/replicas").and_then(Value::as_i64)
}

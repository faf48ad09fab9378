//! Watches on objects of others that several controllers share.

use csop_shared::revision;
use k8s_openapi::api::{autoscaling::v2::HorizontalPodAutoscaler, core::v1::Secret};
use serde_json::{Value, json};

use crate::runtime::{children::ChildKind, kind::Watch, live::Live};

/// Name of the watch on Secrets that our objects may name.
pub const SECRETS: &str = "secrets";
/// Name of the watch on autoscalers that csop did not make.
pub const AUTOSCALERS: &str = "foreign-autoscalers";
/// Where the fingerprint of a Secret's content is kept in place of the content.
const FINGERPRINT: &str = "fingerprint";

/// Secrets, by name; of each only a fingerprint.
pub fn secrets() -> Watch {
    Watch {
        name: SECRETS,
        kind: ChildKind::of::<Secret>(),
        // Helm keeps its releases in Secrets: large, many, and never mounted.
        selector: Some("owner!=helm"),
        slim: keep_fingerprint,
        concerns: |_| vec![],
    }
}

/// Autoscalers that csop did not make, by what they scale: see [`target_key`].
pub fn autoscalers() -> Watch {
    Watch {
        name: AUTOSCALERS,
        kind: ChildKind::of::<HorizontalPodAutoscaler>(),
        selector: Some("app.kubernetes.io/managed-by!=csop"),
        slim: keep_target,
        concerns: |autoscaler| {
            let target = autoscaler.value()["spec"]["scaleTargetRef"].take();
            let text = |key: &str| target[key].as_str().unwrap_or_default().to_owned();
            vec![target_key(&text("kind"), &text("name"))]
        },
    }
}

/// The key under which those are found that scale an object.
pub fn target_key(kind: &str, name: &str) -> String {
    format!("{kind}/{name}")
}

/// The fingerprint of a Secret's content.
pub fn fingerprint(secret: &Live) -> Option<String> {
    secret.value()[FINGERPRINT].as_str().map(str::to_owned)
}

/// Who is to be asked about an autoscaler: KEDA, for one, makes it on behalf of a ScaledObject.
pub fn maker(autoscaler: &Live) -> String {
    match &autoscaler.owner {
        Some(owner) => format!("{} {}", owner.kind, owner.name),
        None => format!("HorizontalPodAutoscaler {}", autoscaler.name),
    }
}

/// Of a Secret only its name and a hash of its content: the content of others' Secrets is not kept.
fn keep_fingerprint(secret: &mut Value) {
    let meta = json!({ "name": secret["metadata"]["name"], "namespace": secret["metadata"]["namespace"] });
    let fingerprint = revision::hash(&secret["data"], 64);
    *secret = json!({ "metadata": meta, FINGERPRINT: fingerprint });
}

/// Of an autoscaler only whose it is and what it scales.
fn keep_target(autoscaler: &mut Value) {
    let meta = json!({
        "name": autoscaler["metadata"]["name"],
        "namespace": autoscaler["metadata"]["namespace"],
    });
    let target = autoscaler["spec"]["scaleTargetRef"].take();
    *autoscaler = json!({ "metadata": meta, "spec": { "scaleTargetRef": target } });
}

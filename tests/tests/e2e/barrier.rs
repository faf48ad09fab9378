//! Writes that the API server refuses for a while, so that an operator can be caught between two of its own.

use csop_tests::wait;
use serde_json::json;

use crate::scene::{SOON, Scene};

/// What a refused request is told.
const WORDS: &str = "the test does not let this through";

/// What the API server lets nobody write in the namespace of a scene.
pub(crate) struct Barrier {
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) resource: &'static str,
    /// What is let through, in CEL.
    pub(crate) unless: &'static str,
}

impl Barrier {
    /// Tells the API server of it. It goes with the namespace.
    pub(crate) async fn begin(&self, scene: &Scene) {
        let namespace = &*scene.namespace;
        let uid = scene.kubectl(["get", "namespace", namespace, "--output=jsonpath={.metadata.uid}"]).await;
        let owner = json!([{"apiVersion": "v1", "kind": "Namespace", "name": namespace, "uid": uid}]);
        let metadata = json!({"name": self.full_name(scene), "ownerReferences": owner});
        let version = "admissionregistration.k8s.io/v1";
        let rule = json!({"apiGroups": [self.group], "apiVersions": ["*"], "operations": ["UPDATE"],
            "resources": [self.resource]});
        let policy = json!({"apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": metadata,
            "spec": {
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                    "resourceRules": [rule]},
                "validations": [{"expression": self.unless, "message": WORDS}]}});
        let binding = json!({"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": metadata,
            "spec": {"policyName": self.full_name(scene), "validationActions": ["Deny"]}});
        scene.apply(&policy.to_string()).await;
        scene.apply(&binding.to_string()).await;
    }

    pub(crate) async fn end(&self, scene: &Scene) {
        let name = self.full_name(scene);
        scene.kubectl(["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", &name]).await;
    }

    fn full_name(&self, scene: &Scene) -> String {
        format!("{}-{}", &*scene.namespace, self.name)
    }
}

/// Waits until the API server refuses a change, or no longer does; it is not made.
pub(crate) async fn refuses<const N: usize>(scene: &Scene, change: [&str; N], wanted: bool) {
    let tried = change.into_iter().chain(["--dry-run=server", "--namespace", &*scene.namespace]);
    let tried: Vec<_> = tried.collect();
    wait::until_ok(SOON, &format!("{change:?} is refused: {wanted}"), async || {
        let output = scene.cluster.kubectl(tried.clone()).await;
        let refused = output.stderr.contains(WORDS);
        let as_wanted = if wanted { refused } else { output.status.success() };
        if as_wanted { Ok(()) } else { Err(format!("{output:?}")) }
    })
    .await;
}

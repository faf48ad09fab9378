//! Tools that keep an object as their source declares it, and what they would undo.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// What of an object a command changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Its spec.
    Spec,
    /// An annotation that is set.
    Annotation,
    /// An annotation that is removed.
    Removal,
    /// The object itself, which is deleted.
    Existence,
}

/// A tool, and what it calls what it has applied the object for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tool {
    /// Argo CD, and its Application.
    Argo(String),
    /// Flux, and its Kustomization.
    Kustomization(String),
    /// Flux, and its HelmRelease.
    HelmRelease(String),
    /// Helm, and its release.
    Helm(String),
}

/// What to warn of before an object is changed by hand, if a tool would undo that.
pub fn warning(metadata: &ObjectMeta, touched: Touched) -> Option<String> {
    let tool = tool(metadata)?;
    let (who, again) = match &tool {
        Tool::Argo(name) => (format!("Argo CD (application {name})"), "its next sync"),
        Tool::Kustomization(name) => (format!("Flux (Kustomization {name})"), "its next reconciliation"),
        Tool::HelmRelease(name) => (format!("Flux (HelmRelease {name})"), "its next upgrade"),
        Tool::Helm(name) => (format!("Helm (release {name})"), "its next upgrade"),
    };
    let what = match (touched, &tool) {
        (Touched::Spec, _) => format!("{again} may set the spec back; make the change at its source too"),
        // Flux takes over every field manager whose name begins with kubectl, and removes what its source lacks.
        (Touched::Annotation, Tool::Kustomization(_)) => {
            format!("{again} removes annotations that its source does not have")
        }
        // The others leave annotations alone that they have not set.
        (Touched::Annotation, _) => return None,
        (Touched::Existence, _) => format!("{again} makes it again; remove it at its source too"),
        (Touched::Removal, _) => format!("{again} sets the annotation again if its source has it"),
    };
    Some(format!("the object is managed by {who}: {what}"))
}

fn tool(metadata: &ObjectMeta) -> Option<Tool> {
    let annotation = |key: &str| metadata.annotations.as_ref()?.get(key).cloned();
    let label = |key: &str| metadata.labels.as_ref()?.get(key).cloned();
    let applied_by_argo = || {
        let managers = metadata.managed_fields.iter().flatten().filter_map(|entry| entry.manager.as_deref());
        managers.into_iter().any(|manager| manager.starts_with("argocd-"))
    };
    // `APPLICATION:GROUP/KIND:NAMESPACE/NAME`
    let tracked = annotation("argocd.argoproj.io/tracking-id")
        .map(|id| id.split(':').next().unwrap_or_default().to_owned());
    tracked
        .or_else(|| label("argocd.argoproj.io/instance"))
        // Others use this label too: alone it says nothing.
        .or_else(|| label("app.kubernetes.io/instance").filter(|_| applied_by_argo()))
        .map(Tool::Argo)
        .or_else(|| label("kustomize.toolkit.fluxcd.io/name").map(Tool::Kustomization))
        .or_else(|| label("helm.toolkit.fluxcd.io/name").map(Tool::HelmRelease))
        .or_else(|| annotation("meta.helm.sh/release-name").map(Tool::Helm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(metadata: Value, touched: Touched) -> Option<String> {
        warning(&serde_json::from_value(metadata).unwrap(), touched)
    }

    #[test]
    fn the_tool_is_named_from_its_own_marks() {
        for (metadata, who) in [
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "web:csop.dev/CashService:pay/shop"}}),
                "Argo CD (application web)",
            ),
            (
                json!({"labels": {"app.kubernetes.io/instance": "web"}, "managedFields": [{"manager": "argocd-controller"}]}),
                "Argo CD (application web)",
            ),
            (json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}), "Flux (Kustomization apps)"),
            (
                json!({"labels": {"helm.toolkit.fluxcd.io/name": "shop"}, "annotations": {"meta.helm.sh/release-name": "shop"}}),
                "Flux (HelmRelease shop)",
            ),
            (json!({"annotations": {"meta.helm.sh/release-name": "shop"}}), "Helm (release shop)"),
        ] {
            let warning = of(metadata, Touched::Spec).unwrap();
            assert!(warning.contains(who), "{warning}");
        }
    }

    #[test]
    fn only_what_would_be_undone_is_warned_of() {
        let label = json!({"labels": {"app.kubernetes.io/instance": "web"}});
        assert_eq!(of(label, Touched::Spec), None);
        let argo = json!({"annotations": {"argocd.argoproj.io/tracking-id": "web:a/B:c/d"}});
        assert_eq!(of(argo.clone(), Touched::Annotation), None);
        assert!(of(argo, Touched::Removal).unwrap().contains("its next sync sets the annotation again"));
        let flux = json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}});
        assert!(of(flux, Touched::Annotation).unwrap().contains("removes annotations"));
    }
}

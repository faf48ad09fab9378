//! The cluster itself: its version, csop's definitions, optional APIs.

use super::{failed, failure, ok, warning};
use crate::client::Cluster;
use crate::error::{Attempt, Error};
use crate::schema::definitions;
use crate::view::check::Finding;
use csop_shared::names::{GROUP, VERSION};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{Api, ResourceExt};

const KUBERNETES: &str = "kubernetes";
const DEFINITIONS: &str = "definitions";
const OPTIONAL: &str = "optional APIs";
/// The oldest Kubernetes that csop supports.
const OLDEST: (u32, u32) = (1, 33);

/// Whether the API server answers, and is new enough.
pub async fn version(cluster: &Cluster) -> Result<Vec<Finding>, Error> {
    let version =
        cluster.call(Attempt::new("get", "the version"), cluster.client.apiserver_version()).await?;
    let reachable = ok(KUBERNETES, format!("the API server at {} answers", cluster.server));
    Ok(vec![reachable, age(&version.major, &version.minor, &version.git_version)])
}

/// Some distributions write the minor version as `33+`.
fn age(major: &str, minor: &str, whole: &str) -> Finding {
    let number = |text: &str| text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<u32>().ok();
    let oldest = format!("{}.{}", OLDEST.0, OLDEST.1);
    match (number(major), number(minor)) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => {
            ok(KUBERNETES, format!("its version is {whole} ({oldest} or newer is needed)"))
        }
        (Some(_), Some(_)) => failure(
            KUBERNETES,
            format!("its version is {whole}, too old for csop"),
            format!("upgrade the cluster to {oldest} or newer"),
        ),
        _ => warning(
            KUBERNETES,
            format!("its version {whole:?} cannot be read"),
            format!("make sure that it is {oldest} or newer"),
        ),
    }
}

/// Whether the CustomResourceDefinitions are there, and are those that this plugin knows.
pub async fn definitions(cluster: &Cluster) -> Vec<Finding> {
    let api = Api::<CustomResourceDefinition>::all(cluster.client.clone());
    let mut findings = vec![];
    for known in definitions::all() {
        let name = known.name_any();
        let attempt = Attempt::new("get", "customresourcedefinitions.apiextensions.k8s.io").of(&name);
        findings.push(match cluster.call(attempt, api.get_opt(&name)).await {
            Ok(Some(live)) => definition(&known, &live),
            Ok(None) | Err(Error::NotFound(_)) => {
                failure(DEFINITIONS, format!("{name} is not installed"), "apply the files in crds/")
            }
            Err(Error::Forbidden(_)) => served(&known, cluster).await,
            Err(error) => failed(DEFINITIONS, &error),
        });
    }
    findings
}

fn definition(known: &CustomResourceDefinition, live: &CustomResourceDefinition) -> Finding {
    let name = known.name_any();
    let status = live.status.clone().unwrap_or_default();
    let established =
        status.conditions.iter().flatten().any(|c| c.type_ == "Established" && c.status == "True");
    if !established {
        return failure(
            DEFINITIONS,
            format!("{name} is not established"),
            format!("see why: kubectl describe crd {name}"),
        );
    }
    if !live.spec.versions.iter().any(|version| version.name == VERSION && version.served) {
        return failure(
            DEFINITIONS,
            format!("{name} is not served at {VERSION}"),
            "apply the files in crds/",
        );
    }
    let missing = missing_fields(known, live);
    if !missing.is_empty() {
        let hint = format!("apply the newer files in crds/; it does not know {}", missing.join(", "));
        return warning(DEFINITIONS, format!("{name} is older than this plugin"), hint);
    }
    let stored = status.stored_versions.unwrap_or_default().join(", ");
    ok(DEFINITIONS, format!("{name} is installed (served {VERSION}, stored {stored})"))
}

/// Fields of the spec that this plugin knows and the cluster does not.
fn missing_fields(known: &CustomResourceDefinition, live: &CustomResourceDefinition) -> Vec<String> {
    let fields = |crd: &CustomResourceDefinition| -> Vec<String> {
        let version = crd.spec.versions.iter().find(|version| version.name == VERSION);
        let schema = version.and_then(|version| version.schema.as_ref()?.open_api_v3_schema.as_ref());
        let spec = schema.and_then(|schema| schema.properties.as_ref()?.get("spec"));
        spec.and_then(|spec| spec.properties.as_ref())
            .into_iter()
            .flat_map(|all| all.keys().cloned())
            .collect()
    };
    let there = fields(live);
    fields(known)
        .into_iter()
        .filter(|field| !there.contains(field))
        .map(|field| format!("spec.{field}"))
        .collect()
}

/// What discovery says, which everybody may read.
async fn served(known: &CustomResourceDefinition, cluster: &Cluster) -> Finding {
    let version = format!("{GROUP}/{VERSION}");
    let attempt = Attempt::new("get", format!("the API {version}"));
    let plural = &known.spec.names.plural;
    match cluster.call(attempt, cluster.client.list_api_group_resources(&version)).await {
        Ok(list) if list.resources.iter().any(|resource| resource.name == *plural) => ok(
            DEFINITIONS,
            format!("{plural}.{GROUP} is served at {VERSION} (you may not read its definition)"),
        ),
        Ok(_) | Err(Error::NotFound(_) | Error::KindMissing(_)) => failure(
            DEFINITIONS,
            format!("{plural}.{GROUP} is not installed"),
            "have the files in crds/ applied",
        ),
        Err(error) => failed(DEFINITIONS, &error),
    }
}

/// APIs that a part of csop needs.
pub async fn optional(cluster: &Cluster) -> Vec<Finding> {
    let attempt = Attempt::new("get", "the API metrics.k8s.io/v1beta1");
    let hint = "install metrics-server; without it no service scales on CPU or memory";
    vec![match cluster.call(attempt, cluster.client.list_api_group_resources("metrics.k8s.io/v1beta1")).await
    {
        Ok(_) => ok(OPTIONAL, "metrics.k8s.io is served: autoscaling on CPU and memory works"),
        Err(Error::NotFound(_)) => warning(OPTIONAL, "metrics.k8s.io is not served", hint),
        Err(Error::Server { reason, .. }) => {
            warning(OPTIONAL, format!("metrics.k8s.io does not answer: {reason}"), hint)
        }
        Err(error) => failed(OPTIONAL, &error),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::check::Outcome;
    use serde_json::json;

    #[test]
    fn the_oldest_version_is_1_33() {
        for (minor, outcome) in
            [("32", Outcome::Failed), ("33", Outcome::Ok), ("36+", Outcome::Ok), ("x", Outcome::Warning)]
        {
            assert_eq!(age("1", minor, "v").outcome, outcome, "{minor}");
        }
        assert_eq!(age("2", "0", "v2").outcome, Outcome::Ok);
    }

    fn live(change: impl Fn(&mut CustomResourceDefinition)) -> Finding {
        let known = definitions::all().remove(0);
        let mut live = known.clone();
        live.status = serde_json::from_value(json!({
            "acceptedNames": {"kind": "CashService", "plural": "cashservices"},
            "conditions": [{"type": "Established", "status": "True", "reason": "", "message": "", "lastTransitionTime": null}],
            "storedVersions": [VERSION],
        }))
        .unwrap();
        change(&mut live);
        definition(&known, &live)
    }

    #[test]
    fn definitions_are_compared_with_those_that_are_known() {
        assert_eq!(live(|_| {}).outcome, Outcome::Ok);
        assert_eq!(live(|crd| crd.status = None).outcome, Outcome::Failed);
        assert_eq!(live(|crd| crd.spec.versions[0].name = "v1".into()).outcome, Outcome::Failed);
        let old = live(|crd| {
            let schema = crd.spec.versions[0].schema.as_mut().unwrap().open_api_v3_schema.as_mut().unwrap();
            let spec = schema.properties.as_mut().unwrap().get_mut("spec").unwrap();
            spec.properties.as_mut().unwrap().remove("contract");
        });
        assert_eq!(old.outcome, Outcome::Warning);
        assert!(old.hint.contains("spec.contract"), "{}", old.hint);
    }
}

//! What the caller may do.

use super::{failed, failure, ok, warning};
use crate::client::Cluster;
use crate::error::{Attempt, Error};
use crate::view::check::Finding;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

const PERMISSIONS: &str = "permissions";

/// A permission: group, resource, verbs.
type Rule = (&'static str, &'static str, &'static [&'static str]);

/// A verb and a resource that it is not allowed on.
type Lack = (&'static str, &'static str);

/// Without these the plugin is of no use.
const NEEDED: &[Rule] = &[("csop.dev", "cashservices", &["get", "list", "watch"])];
/// For `init`.
const TO_CREATE: &[Rule] = &[("csop.dev", "cashservices", &["create"])];
/// For `scale`.
const TO_SCHEDULE: &[Rule] =
    &[("csop.dev", "cashservicescheduledscales", &["get", "list", "create", "delete"])];
/// For the tree of `status`.
const TO_EXPLAIN: &[Rule] = &[
    ("apps", "deployments", &["list"]),
    ("apps", "replicasets", &["list"]),
    ("", "pods", &["list"]),
    ("", "services", &["list"]),
    ("autoscaling", "horizontalpodautoscalers", &["list"]),
    ("networking.k8s.io", "networkpolicies", &["list"]),
    ("policy", "poddisruptionbudgets", &["list"]),
    ("", "serviceaccounts", &["list"]),
    ("", "secrets", &["list"]),
    ("", "configmaps", &["list"]),
    ("apps", "controllerrevisions", &["list"]),
];
/// For the installation.
const TO_INSTALL: &[Rule] = &[
    ("apiextensions.k8s.io", "customresourcedefinitions", &["create", "patch"]),
    ("", "namespaces", &["create"]),
    ("rbac.authorization.k8s.io", "clusterroles", &["create", "bind", "escalate"]),
    ("rbac.authorization.k8s.io", "clusterrolebindings", &["create"]),
];
/// For the installation, in the operator's namespace.
const TO_INSTALL_THERE: &[Rule] =
    &[("", "serviceaccounts", &["create"]), ("apps", "deployments", &["create"])];

/// Whether the caller may use csop in the namespace.
pub async fn to_use(cluster: &Cluster) -> Vec<Finding> {
    let place = Some(cluster.namespace.as_str());
    let here = format!("in namespace {}", cluster.namespace);
    let judge = |denied: Result<Vec<Lack>, Error>,
                 good: String,
                 bad: fn(&'static str, String, String) -> Finding,
                 loss: &str| match denied {
        Ok(denied) if denied.is_empty() => ok(PERMISSIONS, good),
        Ok(denied) => bad(PERMISSIONS, format!("you may not {} {here}", told(&denied)), loss.to_owned()),
        Err(error) => failed(PERMISSIONS, &error),
    };
    vec![
        judge(
            denied(NEEDED, place, cluster).await,
            format!("you may read services {here}"),
            failure,
            "ask for a role that allows it, or choose another namespace with -n",
        ),
        judge(
            denied(TO_CREATE, place, cluster).await,
            format!("you may create services {here}"),
            warning,
            "init will not work",
        ),
        judge(
            denied(TO_SCHEDULE, place, cluster).await,
            format!("you may schedule capacity {here}"),
            warning,
            "scale schedule, list or cancel will not work",
        ),
        judge(
            denied(TO_EXPLAIN, place, cluster).await,
            format!("you may read what services consist of {here}"),
            warning,
            "status will leave them out",
        ),
    ]
}

/// Whether the caller may install csop.
pub async fn to_install(cluster: &Cluster) -> Vec<Finding> {
    let all = match (
        denied(TO_INSTALL, None, cluster).await,
        denied(TO_INSTALL_THERE, Some(&cluster.namespace), cluster).await,
    ) {
        (Ok(mut all), Ok(there)) => {
            all.extend(there);
            all
        }
        (Err(error), _) | (_, Err(error)) => return vec![failed(PERMISSIONS, &error)],
    };
    if all.is_empty() {
        return vec![ok(PERMISSIONS, "you may install csop")];
    }
    let hint =
        "have an administrator install it; an installation for single namespaces needs fewer permissions";
    vec![failure(PERMISSIONS, format!("you may not {}", told(&all)), hint)]
}

/// The permissions of a list that the caller lacks.
async fn denied(rules: &[Rule], namespace: Option<&str>, cluster: &Cluster) -> Result<Vec<Lack>, Error> {
    let asked = rules
        .iter()
        .flat_map(|(group, resource, verbs)| verbs.iter().map(move |verb| (*group, *resource, *verb)));
    let reviews = asked.map(|(group, resource, verb)| async move {
        let allowed = may(group, resource, verb, namespace, cluster).await?;
        Ok((!allowed).then_some((verb, resource)))
    });
    let answers = futures::future::try_join_all(reviews).await?;
    Ok(answers.into_iter().flatten().collect())
}

async fn may(
    group: &str,
    resource: &str,
    verb: &str,
    namespace: Option<&str>,
    cluster: &Cluster,
) -> Result<bool, Error> {
    let attributes = ResourceAttributes {
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        verb: Some(verb.to_owned()),
        namespace: namespace.map(str::to_owned),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(attributes),
        ..SelfSubjectAccessReviewSpec::default()
    };
    let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
    let api = Api::<SelfSubjectAccessReview>::all(cluster.client.clone());
    let attempt = Attempt::new("create", "selfsubjectaccessreviews.authorization.k8s.io");
    let answer = cluster.call(attempt, api.create(&PostParams::default(), &review)).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

/// Verbs with the same resources together: `get, list cashservices; create namespaces`.
fn told(lacks: &[Lack]) -> String {
    let mut groups: Vec<(Vec<&str>, Vec<&str>)> = vec![];
    for (verb, _) in lacks {
        if groups.iter().any(|(verbs, _)| verbs.contains(verb)) {
            continue;
        }
        let resources: Vec<_> = lacks.iter().filter(|lack| lack.0 == *verb).map(|lack| lack.1).collect();
        match groups.iter_mut().find(|group| group.1 == resources) {
            Some((verbs, _)) => verbs.push(verb),
            None => groups.push((vec![verb], resources)),
        }
    }
    let texts: Vec<_> = groups
        .iter()
        .map(|(verbs, resources)| format!("{} {}", verbs.join(", "), resources.join(", ")))
        .collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn verbs_with_the_same_resources_are_told_together() {
        assert_eq!(told(&[("get", "cashservices"), ("list", "cashservices")]), "get, list cashservices");
        assert_eq!(
            told(&[("list", "pods"), ("create", "roles"), ("list", "secrets")]),
            "list pods, secrets; create roles"
        );
    }
}

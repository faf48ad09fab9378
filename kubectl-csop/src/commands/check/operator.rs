//! Whether an operator runs.

use super::{failed, failure, ok, warning};
use crate::client::{Cluster, SERVICES};
use crate::commands::version;
use crate::error::{Attempt, Error};
use crate::view::check::Finding;
use crate::view::version::{OPERATOR_SELECTOR, Operator, client};
use csop_shared::api::CashService;
use kube::Api;
use kube::api::ListParams;

const OPERATOR: &str = "operator";
const INSTALL: &str = "install csop from manifests/";

/// Whether an operator runs, and is of this plugin's version.
pub async fn running(cluster: &Cluster) -> Vec<Finding> {
    match version::operators(cluster).await {
        Ok(operators) if operators.is_empty() => vec![absent(cluster).await],
        Ok(operators) => operators.iter().flat_map(state).collect(),
        Err(Error::Forbidden(_)) => {
            let hint = format!(
                "ask whoever runs csop, or for the permission to list Deployments ({OPERATOR_SELECTOR})"
            );
            vec![warning(OPERATOR, "you may not look for the operator", hint)]
        }
        Err(error) => vec![failed(OPERATOR, &error)],
    }
}

fn state(operator: &Operator) -> Vec<Finding> {
    let Operator { namespace, name, ready, wanted, .. } = operator;
    let version = operator.version.as_deref().unwrap_or("of an unknown version");
    let text = format!("{namespace}/{name} {version} runs ({ready}/{wanted} ready)");
    let mut findings = vec![if *ready > 0 {
        ok(OPERATOR, text)
    } else {
        let hint = format!("see why: kubectl describe pods -n {namespace} -l {OPERATOR_SELECTOR}");
        failure(OPERATOR, format!("{namespace}/{name} has no ready pod (0/{wanted})"), hint)
    }];
    let same = operator
        .version
        .as_deref()
        .is_none_or(|version| version.trim_start_matches('v') == client().trim_start_matches('v'));
    if !same {
        let text = format!("the operator is {version}, this plugin {}", client());
        findings.push(warning(OPERATOR, text, "use the same version of both"));
    }
    findings
}

/// No Deployment was found; an operator may run elsewhere, and services that were served tell of it.
async fn absent(cluster: &Cluster) -> Finding {
    let none = || failure(OPERATOR, format!("no Deployment labelled {OPERATOR_SELECTOR} was found"), INSTALL);
    let params = ListParams::default().limit(50);
    let everywhere = Api::<CashService>::all(cluster.client.clone());
    let services = match cluster.call(Attempt::new("list", SERVICES), everywhere.list(&params)).await {
        Err(Error::Forbidden(attempt)) => cluster.call(attempt, cluster.services().list(&params)).await,
        other => other,
    };
    let Ok(services) = services else { return none() };
    let served = services.iter().any(|service| {
        let seen = service.status.as_ref().and_then(|status| status.observed_generation);
        seen.is_some() && seen == service.metadata.generation
    });
    if !served {
        return none();
    }
    let text = format!("no Deployment labelled {OPERATOR_SELECTOR} was found, but services have been served");
    warning(
        OPERATOR,
        text,
        "an operator may run outside the cluster, or where you may not look; else install csop from manifests/",
    )
}

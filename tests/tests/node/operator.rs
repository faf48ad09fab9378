//! csop in the cluster, as installed.

use csop_shared::api::CashService;
use csop_tests::wait;
use k8s_openapi::api::{
    coordination::v1::Lease,
    core::v1::{Namespace, Pod},
};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ListParams},
};
use serde_json::json;

use crate::{
    real::{self, SOON},
    site::Site,
};

const HOME: &str = "csop-system";

#[tokio::test]
async fn the_replica_that_stands_by_takes_over_from_the_one_that_acts() {
    let Some(cluster) = real::own().await else { return };
    let client = cluster.client().await;
    let home = Api::<Namespace>::all(client.clone()).get(HOME).await.unwrap();
    assert_eq!(home.labels()["pod-security.kubernetes.io/enforce"], "restricted");
    let pods: Api<Pod> = Api::namespaced(client.clone(), HOME);
    let operators = pods.list(&ListParams::default()).await.unwrap().items;
    assert_eq!(operators.len(), 2);
    let leases: Api<Lease> = Api::namespaced(client.clone(), HOME);
    let leader = async || leases.get("csop-operator").await.ok()?.spec?.holder_identity;
    let first = wait::until(SOON, "one leads", leader).await;
    assert!(operators.iter().any(|pod| pod.name_any() == first), "{first}");

    // Without any time to end in order.
    pods.delete(&first, &DeleteParams::default().grace_period(0)).await.unwrap();
    let namespace = cluster.restricted_namespace("takeover").await;
    let service = json!({
        "apiVersion": "csop.dev/v1alpha1", "kind": "CashService", "metadata": {"name": "shop"},
        "spec": {"image": csop_tests::node::image::SERVER, "autoscaling": {"maxReplicas": 2}},
    });
    cluster.apply(&namespace, &service.to_string()).await.ok();
    real::ready(&Api::<CashService>::namespaced(client, &namespace), "shop").await;
    assert_ne!(leader().await, Some(first));
}

#[tokio::test]
async fn the_plugin_finds_a_healthy_operator() {
    let Some(site) = Site::new("check").await else { return };
    let found = site.csop(&["check"]).await.ok();
    assert!(found.contains("(2/2 ready)") && found.contains("All is well."), "{found}");
}

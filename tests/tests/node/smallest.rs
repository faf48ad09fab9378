//! The smallest service, with the image that it wants.

use std::{fs, path::Path};

use k8s_openapi::api::core::v1::Event;
use kube::{Api, api::ListParams};

use crate::site::Site;

const NAME: &str = "shop";

/// Whether a probe had no answer within its second, as happens on a machine that is short of time.
fn timed_out(failure: &str) -> bool {
    failure.contains("context deadline exceeded") || failure.contains("Client.Timeout exceeded")
}

#[tokio::test]
async fn the_smallest_service_answers_over_https_through_its_service() {
    let Some(site) = Site::new("smallest").await else { return };
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/apps/shop/cashservice.yaml");
    site.cluster.apply(&site.namespace, &fs::read_to_string(manifest).unwrap()).await.ok();
    site.ready(NAME).await;
    // The API server does not ask whose certificate it is, which the application has made itself.
    let path = format!("/api/v1/namespaces/{}/services/https:{NAME}:443/proxy/", &*site.namespace);
    let answer = site.cluster.kubectl(["get", "--raw", &path]).await.ok();
    let pods = site.pods(NAME).await;
    assert_eq!(pods.len(), 2);
    assert!(pods.iter().any(|pod| pod.metadata.name.as_deref() == Some(answer.trim())), "{answer}");
    // By the contract's probes, which the image answers as soon as it has started.
    let events: Api<Event> = Api::namespaced(site.cluster.client().await, &site.namespace);
    let failed = events.list(&ListParams::default().fields("reason=Unhealthy")).await.unwrap().items;
    let messages = failed.into_iter().filter_map(|event| event.message);
    let answers = messages.filter(|text| !text.starts_with("Startup probe") && !timed_out(text));
    assert_eq!(answers.collect::<Vec<_>>(), [""; 0]);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let asked = format!("jsonpath={{.items[*].spec.containers[0].{probe}.httpGet.path}}");
        let paths =
            site.cluster.kubectl(["get", "pods", "--namespace", &*site.namespace, "--output", &asked]).await;
        assert_eq!(paths.ok().split(' ').filter(|path| path.starts_with("/_")).count(), 2, "{probe}");
    }
}

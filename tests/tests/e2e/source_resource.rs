//! The source resource on pods that metrics-server measures.

use std::{sync::Arc, time::Duration};

use csop_operator::metric_sources::{Credentials, Failure, Hosts, Query, Sources, Subject};
use csop_shared::{
    api::general_scaler::{ResourceName, SourceConfig, SourceType, TargetRef},
    scale::Reading,
};
use csop_tests::{Cluster, wait};
use serde_json::json;

/// Metrics are scraped every 10 s, and a rate needs two scrapes.
const MEASURED: Duration = Duration::from_secs(150);

async fn query(cluster: &Cluster, namespace: &str, resource: ResourceName, name: &str) -> Arc<dyn Query> {
    let sources = Sources::new(None, Hosts::default(), cluster.client().await);
    let target = TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: name.into() };
    let subject = Subject { namespace: namespace.to_owned(), scaler: "busy".into(), target };
    let config = SourceConfig { resource: Some(resource), ..SourceConfig::default() };
    sources.build(SourceType::Resource, &config, &subject, "config").unwrap()
}

async fn percent(query: &Arc<dyn Query>) -> Result<f64, String> {
    match query.ask(&Credentials::default()).await {
        Ok(Reading::Sample { values, .. }) => Ok(values.values()[0]),
        Ok(other) => Err(format!("{other:?}")),
        Err(failure) => Err(failure.to_string()),
    }
}

fn deployment(requests: &serde_json::Value) -> String {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "busy"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "busy"}},
            "template": {
                "metadata": {
                    "labels": {"app": "busy"},
                    "annotations": {"kwok.x-k8s.io/usage-cpu": "150m", "kwok.x-k8s.io/usage-memory": "64Mi"},
                },
                "spec": {"containers": [{"name": "main", "image": "busy:1", "resources": {"requests": requests}}]},
            },
        },
    })
    .to_string()
}

#[tokio::test]
async fn use_of_cpu_and_memory_is_measured_in_percent_of_requests() {
    let cluster = Cluster::shared();
    let namespace = cluster.namespace("resource").await;
    cluster.apply(&namespace, &deployment(&json!({"cpu": "200m", "memory": "256Mi"}))).await.ok();
    for (resource, expected) in [(ResourceName::Cpu, 75.0), (ResourceName::Memory, 25.0)] {
        let query = query(cluster, &namespace, resource, "busy").await;
        wait::until_ok(MEASURED, "the use is measured", async || {
            let percent = percent(&query).await?;
            // A rate over ten seconds is off by a tenth for each second by which an answer to a scrape is late.
            if (percent - expected).abs() < expected / 5.0 { Ok(()) } else { Err(format!("{percent} %")) }
        })
        .await;
    }

    cluster.apply(&namespace, &deployment(&json!({"memory": "256Mi"}))).await.ok();
    let cpu = query(cluster, &namespace, ResourceName::Cpu, "busy").await;
    wait::until_ok(MEASURED, "a pod without requests is named", async || match percent(&cpu).await {
        Err(problem) if problem.contains("does not request cpu") => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    let nobody = query(cluster, &namespace, ResourceName::Cpu, "nobody").await;
    // An API server with much to do may be late once, which is another failure.
    let refused = wait::until_ok(MEASURED, "a target that does not exist is refused", async || match nobody
        .ask(&Credentials::default())
        .await
    {
        Err(refused @ Failure::Refused { .. }) => Ok(refused.to_string()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert!(refused.contains("cannot read the scale of Deployment"), "{refused}");
}

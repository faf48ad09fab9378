//! In a steady state csop writes nothing, and neither does a restart over unchanged services.

use std::time::Duration;

use csop_tests::requests::Write;
use serde_json::json;

use crate::scene::{SOON, Scene};

/// Long enough to see several resyncs of anything that polls.
const WATCHED: Duration = Duration::from_secs(20);

async fn services(scene: &Scene) {
    for n in 0..5 {
        let spec = json!({"config": {"data": {"N": n.to_string()}}, "secrets": [{"name": "db", "generate": {"key": {}}}],
            "resources": {"limits": {"cpu": 1, "memory": "1024Mi"}}, "env": [{"name": "A", "value": ""}],
            "autoscaling": if n == 0 { json!({"mode": "Fixed"}) } else { json!({"maxReplicas": 5}) }});
        scene.service(&format!("quiet-{n}"), spec).await;
    }
    for n in 0..5 {
        scene.ready(&format!("quiet-{n}")).await;
    }
}

fn ours(scene: &Scene, write: &Write) -> bool {
    write.namespace == *scene.namespace
        && write.user.starts_with("system:serviceaccount:")
        && write.user.contains("csop")
}

#[tokio::test]
async fn nothing_is_written_in_a_steady_state_nor_by_a_restart() {
    let mut scene = Scene::new("quiet").await;
    services(&scene).await;
    let requests = scene.cluster.requests().await;
    // The last status of the last service may still be on its way.
    csop_tests::wait::until(SOON, "the operator is quiet for two seconds", async || {
        let start = requests.mark().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        (!requests.mutating(start).await.iter().any(|w| ours(&scene, w))).then_some(())
    })
    .await;
    let start = requests.mark().await;
    tokio::time::sleep(WATCHED).await;
    scene.stop_operator().await;
    scene.start_operator().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let writes: Vec<_> = requests.all(start).await.into_iter().filter(|w| ours(&scene, w)).collect();
    assert_eq!(writes, vec![]);
}

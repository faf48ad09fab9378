//! Generated secrets: made once, never overwritten, never printed.

use k8s_openapi::api::core::v1::Secret;
use serde_json::{Value, json};

use crate::scene::{SHOP, Scene};

fn spec() -> Value {
    json!({"secrets": [{"name": "db", "generate": {"password": {"length": 40}, "token": {"alphabet": "Hex"}}}]})
}

async fn value(scene: &Scene, key: &str) -> String {
    let secret: Secret = scene
        .until("shop-db", "holds the key", |s: &Secret| s.data.as_ref().is_some_and(|d| d.contains_key(key)))
        .await;
    String::from_utf8(secret.data.unwrap()[key].0.clone()).unwrap()
}

#[tokio::test]
async fn a_generated_secret_survives_restarts_and_edits_and_gains_keys() {
    let mut scene = Scene::new("kept").await;
    scene.service(SHOP, spec()).await;
    scene.ready(SHOP).await;
    let (password, token) = (value(&scene, "password").await, value(&scene, "token").await);
    assert_eq!((password.len(), token.len()), (40, 32));
    assert!(token.bytes().all(|b| b.is_ascii_hexdigit()));

    scene.stop_operator().await;
    scene.start_operator().await;
    let mut more = spec();
    more["secrets"][0]["generate"]["third"] = json!({});
    more["labels"] = json!({"team": "pay"});
    scene.service(SHOP, more).await;
    scene.ready(SHOP).await;
    assert_eq!(value(&scene, "third").await.len(), 32);
    assert_eq!((value(&scene, "password").await, value(&scene, "token").await), (password, token.clone()));

    scene.patch::<Secret>("shop-db", json!({"stringData": {"password": "set-by-hand"}})).await;
    let requests = scene.cluster.requests().await;
    let start = requests.mark().await;
    scene
        .until(SHOP, "rolls the pods", |d: &k8s_openapi::api::apps::v1::Deployment| {
            d.metadata
                .annotations
                .as_ref()
                .and_then(|a| a.get("deployment.kubernetes.io/revision"))
                .is_some_and(|r| r == "3")
        })
        .await;
    assert_eq!(
        (value(&scene, "password").await.as_str(), value(&scene, "token").await),
        ("set-by-hand", token)
    );
    let ours = requests
        .mutating(start)
        .await
        .into_iter()
        .filter(|w| w.namespace == *scene.namespace && w.resource == "secrets");
    assert_eq!(ours.collect::<Vec<_>>(), vec![], "nobody writes the Secret again");
}

#[tokio::test]
async fn a_generated_value_is_printed_nowhere() {
    let mut scene = Scene::new("silent").await;
    scene.service(SHOP, spec()).await;
    scene.ready(SHOP).await;
    let password = value(&scene, "password").await;
    let key: Secret = scene.get("shop-csop").await.unwrap();
    assert_eq!(key.data.unwrap()["digest-key"].0.len(), 32);

    let everything = [
        scene
            .kubectl([
                "get",
                "csvc,deployments,controllerrevisions,configmaps,events,pods",
                "-o",
                "yaml",
                "--show-managed-fields",
            ])
            .await,
        scene.csop(["status", SHOP, "-o", "json"]).await.stdout,
        scene.csop(["status", SHOP]).await.stdout,
        scene.csop(["render", SHOP]).await.stdout,
        scene.stop_operator().await,
    ];
    let encoded = serde_json::to_value(k8s_openapi::ByteString(password.clone().into_bytes())).unwrap();
    for text in everything {
        assert!(text.len() > 100, "there is something to look at: {text}");
        assert!(!text.contains(&password) && !text.contains(encoded.as_str().unwrap()));
    }
}

//! Letting go of a service's objects, and giving them back: the commands of docs/install.md, as they stand there.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment},
    core::v1::{Pod, Secret},
};
use kube::{ResourceExt, api::ListParams};
use serde_json::{Value, json};

use crate::{
    plugin::{Ran, Shell, finish},
    scene::{SHOP, Scene, condition, message, repository},
};

/// Everything that csop makes for a service of mode HPA.
const KINDS: &str =
    "deployment,hpa,service,networkpolicy,pdb,serviceaccount,configmap,secret,controllerrevision";
const SELECTOR: &str = "app.kubernetes.io/managed-by=csop,csop.dev/service=shop";

fn spec() -> Value {
    json!({
        "config": {"data": {"LEVEL": "info"}},
        "secrets": [{"name": "db", "generate": {"password": {}}, "env": {"PASSWORD": "password"}}],
    })
}

/// The block of the page below this marker.
fn block(marker: &str) -> String {
    let page = std::fs::read_to_string(repository("docs/install.md")).unwrap();
    let marker = format!("<!-- {marker} -->\n```\n");
    let block = page.split(&marker).nth(1).expect("the page has the block").split("```").next().unwrap();
    block.to_owned()
}

impl Scene {
    /// Runs a block of the page in a shell whose context is this namespace.
    async fn as_documented(&self, marker: &str) -> Ran {
        let shell = Shell::of(self);
        let config = shell.home().join("config");
        std::fs::copy(self.cluster.kubeconfig(), &config).unwrap();
        let here = Shell::new(&config);
        here.kubectl(&["config", "set-context", "--current", "--namespace", &self.namespace]).await.ok();
        here.install("documented", &format!("#!/bin/sh\nset -e\n{}", block(marker)));
        finish(here.command("documented", &[])).await
    }

    async fn owned(&self) -> BTreeMap<String, bool> {
        let list = self.kubectl(["get", KINDS, "-l", SELECTOR, "-o", "json"]).await;
        let list: Value = serde_json::from_str(&list).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        let name = |it: &Value| format!("{}/{}", it["kind"], it["metadata"]["name"]).replace('"', "");
        items.map(|it| (name(it), it["metadata"]["ownerReferences"].is_array())).collect()
    }

    async fn pods(&self) -> BTreeSet<String> {
        let params = ListParams::default().labels("csop.dev/service=shop");
        let pods = self.api::<Pod>().await.list(&params).await.unwrap();
        pods.iter().filter_map(ResourceExt::uid).collect()
    }

    async fn secret(&self, name: &str) -> Value {
        serde_json::to_value(self.get::<Secret>(name).await.expect("it is there").data).unwrap()
    }

    /// A ready service that was let go of, with its objects.
    async fn let_go(name: &str) -> (Self, BTreeMap<String, bool>) {
        let scene = Self::new(name).await;
        scene.service(SHOP, spec()).await;
        scene.ready(SHOP).await;
        let owned = scene.owned().await;
        assert!(owned.len() > 9 && owned.values().all(|owned| *owned), "{owned:?}");
        scene.as_documented("let go").await.ok();
        scene.gone::<csop_shared::api::CashService>(SHOP).await;
        (scene, owned)
    }
}

#[tokio::test]
async fn objects_that_were_let_go_run_on_and_can_be_given_back() {
    let (mut scene, owned) = Scene::let_go("orphan").await;
    let (pods, template) = (scene.pods().await, scene.deployment(SHOP).await.spec.unwrap().template);
    let secrets = (scene.secret("shop-db").await, scene.secret("shop-csop").await);
    let free: BTreeMap<_, _> = owned.keys().map(|name| (name.clone(), false)).collect();
    // The operator has gone on, and left them alone.
    scene.service("witness", json!({})).await;
    scene.ready("witness").await;
    assert_eq!((scene.owned().await, scene.pods().await), (free.clone(), pods.clone()));

    scene.stop_operator().await;
    scene.service(SHOP, spec()).await;
    scene.start_operator().await;
    let shop = scene.condition(SHOP, "Conflict", "True", "NameTaken").await;
    assert_eq!(condition(&shop, "Ready"), Some(("False".to_owned(), "NameTaken".to_owned())));
    let told = message(&shop, "Conflict");
    assert!(told.contains("Secret shop-csop was made by somebody else"), "the first that is needed: {told}");
    assert_eq!((scene.owned().await, scene.pods().await), (free, pods.clone()), "nothing was touched");

    let handed = scene.as_documented("hand over").await;
    let out = handed.ends(0);
    assert!(
        out.contains("deployment.apps/shop patched") && !out.contains("---"),
        "nothing differs: {handed}"
    );
    scene.ready(SHOP).await;
    scene.condition(SHOP, "Conflict", "False", "NoConflict").await;
    assert_eq!(scene.owned().await, owned);
    assert_eq!(scene.pods().await, pods, "no pod was replaced");
    assert_eq!(scene.deployment(SHOP).await.spec.unwrap().template, template);
    assert_eq!((scene.secret("shop-db").await, scene.secret("shop-csop").await), secrets);

    // It is a service like any other again: an edit rolls out, as a revision after those of before.
    let mut newer = spec();
    newer["image"] = json!("registry.example.com/shop:2");
    scene.service(SHOP, newer).await;
    scene.until("shop-r2", "is recorded", |_: &ControllerRevision| true).await;
    scene.kubectl(["delete", "csvc", SHOP]).await;
    scene.gone::<Deployment>(SHOP).await;
    scene.gone::<Secret>("shop-db").await;
}

#[tokio::test]
async fn a_service_can_begin_anew_where_its_objects_were_let_go() {
    let (scene, owned) = Scene::let_go("anew").await;
    let password = scene.secret("shop-db").await;
    scene.service(SHOP, spec()).await;
    scene.condition(SHOP, "Conflict", "True", "NameTaken").await;
    scene.as_documented("begin anew").await.ok();
    scene.kubectl(["annotate", "csvc", SHOP, "looked=again"]).await;
    scene.ready(SHOP).await;
    scene.condition(SHOP, "Conflict", "False", "NoConflict").await;
    assert_eq!(scene.owned().await, owned);
    assert_ne!(scene.secret("shop-db").await, password, "new values, as the page says");
}

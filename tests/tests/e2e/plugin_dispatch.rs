//! `kubectl csop ...` by the real kubectl: from an empty namespace to a service that is Ready, and completion.

use serde_json::{Value, json};

use crate::{
    plugin::Shell,
    scene::{SHOP, Scene},
};

const IMAGE: &str = "registry.example.com/shop:1.4.2";

#[tokio::test]
async fn kubectl_finds_the_plugin_and_takes_a_service_to_ready() {
    let scene = Scene::new("dispatch").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    let version = shell.kubectl(&["csop", "version", "--client"]).await;
    assert_eq!(version.ok(), format!("Client Version:   v{}\n", env!("CARGO_PKG_VERSION")));
    let empty = shell.kubectl(&["csop", "status", "-n", ns]).await;
    assert_eq!(empty.ends(0), "");
    assert_eq!(
        empty.err,
        format!("no services found in namespace {ns}; create one with `kubectl csop init`\n")
    );

    let init = ["csop", "init", SHOP, "--image", IMAGE, "--max", "4", "--yes", "-n", ns];
    let made = shell.kubectl(&init).await;
    assert_eq!(
        made.ends(0),
        format!(
            "cashservice.csop.dev/shop created\ncashservice.csop.dev/shop is Ready: 2/2 at https://shop.{ns}.svc\n"
        )
    );
    let change = format!("cashservice/shop in namespace {ns}: new, with image {IMAGE}, 2 to 4 replicas");
    assert_eq!(made.err.lines().next(), Some(change.as_str()), "{made}");

    let one = shell.kubectl(&["csop", "status", SHOP, "-n", ns]).await;
    for text in [
        &format!("Service:      {ns}/shop"),
        "Status:       Ready",
        &format!("URL:          https://shop.{ns}.svc"),
        "Replicas:     2/2 ready, min 2, max 4",
        "Deployment/shop",
        "└─ ReplicaSet/shop-",
        "NetworkPolicy/shop",
        "ControllerRevision/shop-r1",
    ] {
        assert!(one.ok().contains(text), "{text}: {one}");
    }
    every_format(&shell, ns).await;
    let check = shell.kubectl(&["csop", "check", "-n", ns]).await;
    assert!(check.ok().contains("cashservices.csop.dev is installed"), "{check}");
    shell
        .kubectl(&["csop", "status", "nobody", "-n", ns])
        .await
        .fails(1, &format!("cashservices.csop.dev \"nobody\" in namespace {ns:?} not found"));
}

async fn every_format(shell: &Shell, ns: &str) {
    let status = async |words: &[&str]| {
        shell.kubectl(&[&["csop", "status", "-n", ns][..], words].concat()).await.ok().to_owned()
    };
    let keys = |view: &Value| view.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(status(&[SHOP, "-o", "name"]).await, "cashservice.csop.dev/shop\n");
    assert_eq!(status(&["-o", "name"]).await, "cashservice.csop.dev/shop\n");
    for words in [&[SHOP][..], &[]] {
        let json = status(&[words, &["-o", "json"]].concat()).await;
        let yaml = status(&[words, &["-o", "yaml"]].concat()).await;
        assert!(serde_json::from_str::<Value>(&yaml).is_err(), "{yaml}");
        let views: [Value; 2] = [serde_json::from_str(&json).unwrap(), serde_yaml::from_str(&yaml).unwrap()];
        assert_eq!(keys(&views[0]), keys(&views[1]), "one view in both formats");
        for view in views {
            let service = if words.is_empty() { &view["items"][0] } else { &view };
            assert_eq!((&view["schemaVersion"], &service["verdict"]), (&json!(1), &json!("Ready")));
            assert_eq!((&service["name"], &service["namespace"]), (&json!(SHOP), &json!(ns)));
        }
    }
    let wide = status(&["-o", "wide"]).await;
    let (header, row) = wide.split_once('\n').unwrap();
    assert!(header.starts_with("NAME") && row.contains(&format!("https://shop.{ns}.svc")), "{wide}");
    assert!(status(&[SHOP, "-o", "wide"]).await.contains("Ready=True"));
}

#[tokio::test]
async fn kubectl_completes_commands_and_names() {
    let scene = Scene::without_operator("completion").await;
    let (shell, ns) = (Shell::of(&scene), &*scene.namespace);
    scene.service(SHOP, json!({})).await;
    scene.service("cart", json!({})).await;
    let script = shell.kubectl(&["csop", "completion", "kubectl"]).await;
    shell.install("kubectl_complete-csop", script.ok());

    let complete = async |words: &[&str]| {
        let ran = shell.kubectl(&[&["__complete", "csop"][..], words].concat()).await;
        ran.ends(0).to_owned()
    };
    assert_eq!(complete(&["status", "-n", ns, ""]).await, "cart\nshop\n:4\n");
    assert_eq!(complete(&["status", "-n", ns, "s"]).await, "shop\n:4\n");
    assert_eq!(complete(&["render", "--namespace", ns, "c"]).await, "cart\n:4\n");
    assert_eq!(complete(&["status", "-n", ns, "shop", ""]).await, ":4\n");
    assert_eq!(complete(&["vers"]).await, "version\n:4\n");
    assert_eq!(complete(&["init", "--preset", "w"]).await, "web\nworker\n:4\n");
    assert_eq!(complete(&["status", "-n", &ns[..ns.len() - 1]]).await, format!("{ns}\n:4\n"));
    assert_eq!(complete(&["render", "-f", ""]).await, ":0\n");
}

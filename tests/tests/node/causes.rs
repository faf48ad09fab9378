//! What keeps real containers from serving is told in one line, and goes when it is mended.

use std::time::Duration;

use csop_shared::conditions;
use csop_tests::{node::image, requests::Write, wait};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{real::SOON, site::Site};

/// An image that no registry has.
const MISSING: &str = "registry.example.com/team/missing:1";

/// A service in trouble. In texts, `POD` stands for the name of its pod, and `*` for anything.
struct Case {
    name: &'static str,
    spec: Value,
    /// What `kubectl csop status` says.
    status: &'static str,
    cause: &'static str,
    /// What the condition says where the plugin knows more: reason and message.
    condition: Option<[&'static str; 2]>,
    /// What is changed in the spec to mend it; nothing where a Secret is mended instead.
    mend: Option<Value>,
}

/// Asks every second, and gives up at the first failure.
fn strict(path: &str) -> Value {
    json!({"httpGet": {"path": path, "port": "health"}, "periodSeconds": 1, "failureThreshold": 1})
}

fn configuration() -> Vec<Case> {
    vec![
        Case {
            name: "root",
            spec: json!({"image": image::ROOT}),
            status: "Degraded (CreateContainerConfigError)",
            cause: "pod POD: the container's configuration does not work: container has runAsNonRoot and image will run as \
                    root (set spec.security.runAsUser to a user id other than 0)",
            condition: None,
            mend: Some(json!({"security": {"runAsUser": 65532}})),
        },
        Case {
            name: "missing",
            spec: json!({"image": MISSING}),
            status: "Degraded (ImagePullBackOff)",
            cause: "pod POD: image registry.example.com/team/missing:1 cannot be pulled: not found (check the image's name and tag, and \
                    spec.imagePullSecrets)",
            condition: None,
            mend: Some(json!({"image": image::SERVER})),
        },
        Case {
            name: "key",
            spec: json!({"secrets": [{"name": "db", "fromSecret": "db", "env": {"PASSWORD": "password"}}]}),
            status: "Degraded (CreateContainerConfigError)",
            cause: "pod POD: the container's configuration does not work: couldn't find key password in Secret */db",
            condition: None,
            mend: None,
        },
        Case {
            name: "volume",
            spec: json!({
                "volumes": [{"name": "db", "secret": {"secretName": "db", "items": [{"key": "password", "path": "password"}]}}],
                "volumeMounts": [{"name": "db", "mountPath": "/db"}],
            }),
            status: "Progressing (FailedMount)",
            cause: "pod POD: a volume cannot be mounted: \"db\": references non-existent secret key: password",
            condition: Some(["Starting", "the first pods are on their way: 0 of 1 pods are ready"]),
            mend: None,
        },
        Case {
            name: "large",
            spec: json!({"resources": {"requests": {"cpu": "100"}}}),
            status: "Degraded (Unschedulable)",
            cause: "pod POD fits on no node: 0/1 nodes are available: 1 Insufficient cpu.",
            condition: None,
            mend: Some(json!({"resources": {"requests": {"cpu": "10m"}}})),
        },
    ]
}

fn processes() -> Vec<Case> {
    vec![
        Case {
            name: "crash",
            spec: json!({"args": ["exit=3"]}),
            status: "Degraded (CrashLoopBackOff)",
            cause: "pod POD: container app ended with exit code 3; its logs say more: kubectl csop logs crash --previous",
            condition: None,
            mend: Some(json!({"args": null})),
        },
        Case {
            name: "memory",
            spec: json!({"args": ["memory=64"], "resources": {"limits": {"cpu": "10m", "memory": "32Mi"}}}),
            status: "Degraded (OOMKilled)",
            cause: "pod POD: container app ran out of memory: it took more than its limit of 32Mi; raise \
                    spec.resources.limits.memory",
            condition: None,
            mend: Some(json!({"resources": {"limits": {"memory": "128Mi"}}})),
        },
        Case {
            name: "command",
            spec: json!({"command": ["/nowhere"]}),
            status: "Degraded (RunContainerError)",
            cause: "pod POD: container app cannot start: exec: \"/nowhere\": stat /nowhere: no such file or directory",
            condition: None,
            mend: Some(json!({"command": null})),
        },
    ]
}

fn probes() -> Vec<Case> {
    vec![
        Case {
            name: "readiness",
            spec: json!({"args": ["/_readiness=503"]}),
            status: "Progressing (ReadinessFailing)",
            cause: "pod POD: container app runs, but its readiness probe fails: HTTP status 503; check contract.healthPort and \
                    contract.readinessPath",
            condition: Some([
                "ReadinessFailing",
                "pod POD: container app runs, but its readiness probe fails; check contract.healthPort and \
                 contract.readinessPath",
            ]),
            mend: Some(json!({"args": null})),
        },
        Case {
            name: "liveness",
            // Never ready in between, which would be another story each time.
            spec: json!({
                "args": ["/_liveness=500", "/_readiness=503"],
                "probes": {"startup": strict("/"), "liveness": strict("/_liveness")},
            }),
            status: "Degraded (LivenessFailing)",
            cause: "pod POD: container app is restarted because its liveness probe fails: HTTP status 500; its logs say more: \
                    kubectl csop logs liveness --previous",
            condition: Some([
                "CrashLoopBackOff",
                "pod POD: container app was killed (exit code 137), as the kubelet does when its liveness or startup probe \
                 fails; its logs say more: kubectl csop logs liveness --previous",
            ]),
            mend: Some(json!({"args": null})),
        },
        Case {
            name: "port",
            spec: json!({"command": ["/program", "9999"]}),
            status: "Progressing (StartupFailing)",
            cause: "pod POD: container app runs, but its startup probe fails: connection refused at :8080/_liveness; check \
                    contract.healthPort and contract.livenessPath",
            condition: Some(["Starting", "the first pods are on their way: 0 of 1 pods are ready"]),
            mend: Some(json!({"command": null})),
        },
    ]
}

/// The text with `POD` for the name of a pod of this service.
fn without_pod(text: &str, service: &str) -> String {
    let begin = format!("{service}-");
    let word = |word: &str| match word.strip_prefix(&begin) {
        Some(rest) if rest.ends_with(':') => "POD:".to_owned(),
        Some(_) => "POD".to_owned(),
        None => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn fits(text: &str, wanted: &str) -> bool {
    match wanted.split_once('*') {
        Some((begin, end)) => {
            text.len() > begin.len() + end.len() && text.starts_with(begin) && text.ends_with(end)
        }
        None => text == wanted,
    }
}

impl Case {
    /// The plugin and the condition say what they should, or what they say instead.
    async fn told(&self, site: &Site) -> Result<(), String> {
        let ran = site.csop(&["status", self.name]).await;
        let lines: Vec<_> = ran.stdout.lines().collect();
        let value = |key: &str| {
            let found: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix(key)).collect();
            found.first().map(|value| value.trim().to_owned()).unwrap_or_default()
        };
        let status = value("Status:");
        let said =
            [status.split(", for ").next().unwrap_or_default(), &without_pod(&value("Cause:"), self.name)];
        if said[0] != self.status || !fits(said[1], self.cause) || ran.status.code() != Some(3) {
            return Err(format!("{said:#?}\n{}{}", ran.stdout, ran.stderr));
        }
        let service = site.services().await.get(self.name).await.map_err(|error| error.to_string())?;
        let conditions = service.status.unwrap_or_default().conditions;
        let ready = conditions::find(&conditions, "Ready").ok_or("no condition Ready")?;
        let reason = self.status.split_once('(').unwrap().1.trim_end_matches(')');
        let [reason, message] = self.condition.unwrap_or([reason, self.cause]);
        let said = without_pod(&ready.message, self.name);
        if ready.status == "False" && ready.reason == reason && fits(&said, message) {
            Ok(())
        } else {
            Err(format!("{}: {said}", ready.reason))
        }
    }
}

async fn are_told_and_mended(prefix: &str, cases: Vec<Case>) {
    let Some(site) = Site::new(prefix).await else { return };
    site.apply(&json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"user": "shop"}}))
        .await;
    for case in &cases {
        site.service(case.name, &case.spec).await;
    }
    join_all(cases.iter().map(async |case| {
        let what = format!("the trouble of {} is told", case.name);
        wait::until_ok(SOON, &what, async || case.told(&site).await).await;
    }))
    .await;
    let whole = json!({"user": "shop", "password": "secret"});
    site.apply(
        &json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": whole}),
    )
    .await;
    for case in &cases {
        if let Some(mend) = &case.mend {
            site.change(case.name, mend).await;
        }
    }
    join_all(cases.iter().map(|case| site.ready(case.name))).await;
    for case in &cases {
        let told = site.csop(&["status", case.name]).await.ok();
        assert!(!told.contains("Cause:"), "{told}");
    }
}

#[tokio::test]
async fn what_keeps_a_container_from_being_made_is_told() {
    are_told_and_mended("made", configuration()).await;
}

#[tokio::test]
async fn why_a_process_ends_is_told() {
    are_told_and_mended("ends", processes()).await;
}

#[tokio::test]
async fn what_a_probe_gets_for_an_answer_is_told() {
    are_told_and_mended("probes", probes()).await;
}

/// A write of the operator in this place, an event or a status.
fn is_operators(write: &Write, site: &Site) -> bool {
    write.namespace == *site.namespace && write.user == "system:serviceaccount:csop-system:csop-operator"
}

/// A lasting trouble is written once, whatever states a container goes through meanwhile.
#[tokio::test]
async fn a_lasting_trouble_is_written_once() {
    let Some(site) = Site::new("lasting").await else { return };
    let requests = site.cluster.requests().await;
    let start = requests.mark().await;
    let names = ["crash", "memory", "command", "missing"];
    let cases: Vec<_> =
        configuration().into_iter().chain(processes()).filter(|case| names.contains(&case.name)).collect();
    for case in &cases {
        site.service(case.name, &case.spec).await;
    }
    for case in &cases {
        wait::until_ok(SOON, "the trouble is told", async || case.told(&site).await).await;
    }
    let before = requests.all(start).await;
    let agents: Vec<_> =
        before.iter().filter(|write| is_operators(write, &site)).map(|write| write.agent.as_str()).collect();
    assert!(
        !agents.is_empty() && agents.iter().all(|agent| agent.starts_with("csop-operator/")),
        "{agents:?}"
    );
    // An event follows its status.
    let mark = wait::until_ok(SOON, "the operator writes nothing for two seconds", async || {
        let mark = requests.mark().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let writes: Vec<_> =
            requests.all(mark).await.into_iter().filter(|write| is_operators(write, &site)).collect();
        if writes.is_empty() { Ok(mark) } else { Err(format!("{writes:?}")) }
    })
    .await;
    // After two pauses, of ten and twenty seconds; the image was tried again meanwhile, too.
    for name in ["crash", "memory", "command"] {
        site.restarted(name, 3).await;
    }
    let writes = requests.all(mark).await;
    assert_eq!(
        writes.iter().filter(|write| is_operators(write, &site)).collect::<Vec<_>>(),
        [] as [&Write; 0]
    );
    for case in &cases {
        case.told(&site).await.unwrap();
    }
}

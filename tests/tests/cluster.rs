//! The local control plane itself: it works as tests expect, and it goes without a trace.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use csop_tests::{Cluster, Process, pki::Subject, run_dir, wait};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{Api, api::ListParams};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const SOON: Duration = Duration::from_secs(30);
/// Metrics are scraped every 10 s, a rate needs two scrapes, and an HPA looks back 10 s before it shrinks.
const AUTOSCALED: Duration = Duration::from_secs(150);

fn workload(kind_extra: &str) -> String {
    format!(
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
      - name: main
        image: registry.example.com/web:1
        resources: {{requests: {{cpu: 100m}}}}
        securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
{kind_extra}"#
    )
}

async fn replicas(cluster: &Cluster, namespace: &str) -> Option<i32> {
    let api: Api<Deployment> = Api::namespaced(cluster.client().await, namespace);
    api.get("web").await.ok()?.status?.ready_replicas
}

#[tokio::test]
async fn a_restricted_namespace_admits_safe_pods_only_and_they_become_ready() {
    let cluster = Cluster::shared();
    let namespace = cluster.restricted_namespace("safe").await;
    cluster.apply(&namespace, &workload("")).await.ok();
    wait::until(SOON, "the Deployment has two ready pods", async || {
        replicas(cluster, &namespace).await.filter(|&ready| ready == 2)
    })
    .await;
    let refused = cluster.kubectl(["run", "unsafe", "--image=x", "--namespace", &namespace]).await.error();
    assert!(refused.contains("violates PodSecurity \"restricted:latest\""), "{refused}");
}

#[tokio::test]
async fn changing_requests_are_seen_with_their_authors() {
    let cluster = Cluster::shared();
    let namespace = cluster.namespace("authors").await;
    cluster.kubectl(["create", "serviceaccount", "robot", "--namespace", &namespace]).await.ok();
    let robot = cluster.kubeconfig_for_service_account(&namespace, "robot").await.display().to_string();
    let requests = cluster.requests().await;
    let start = requests.mark().await;
    cluster.kubectl(["create", "configmap", "mine", "--namespace", &namespace]).await.ok();
    cluster.kubectl(["get", "configmaps", "--namespace", &namespace]).await.ok();
    let denied = cluster.kubectl(["--kubeconfig", &robot, "create", "configmap", "robots"]).await.error();
    let user = format!("system:serviceaccount:{namespace}:robot");
    assert!(denied.contains(&user), "{denied}");

    let writes = requests.mutating(start).await;
    let seen: Vec<_> = writes
        .iter()
        .filter(|write| {
            write.namespace == *namespace
                && write.resource == "configmaps"
                && write.name != "kube-root-ca.crt"
        })
        .map(|write| (write.user.as_str(), write.verb.as_str(), write.name.as_str(), write.code))
        .collect();
    assert_eq!(seen, [("admin", "create", "mine", 201), (user.as_str(), "create", "", 403)]);
    let end = requests.mark().await;
    assert!(requests.mutating(end).await.iter().all(|write| write.namespace != *namespace));
}

#[tokio::test]
async fn certificates_can_be_made_for_any_user_and_can_be_expired() {
    let cluster = Cluster::shared();
    let jane = Subject { name: "jane", group: Some("developers"), ..Subject::default() };
    let valid = cluster.kubeconfig_for_user(&jane).await.display().to_string();
    let who = cluster.kubectl(["--kubeconfig", &valid, "auth", "whoami"]).await.ok();
    assert!(who.contains("jane") && who.contains("developers"), "{who}");
    let expired = cluster.kubeconfig_for_user(&Subject { expired: true, ..jane }).await.display().to_string();
    cluster.kubectl(["--kubeconfig", &expired, "auth", "whoami"]).await.error();
}

#[tokio::test]
async fn pods_fail_as_asked_by_annotation_or_image_and_heal() {
    let cluster = Cluster::shared();
    let namespace = cluster.namespace("failures").await;
    let pods: Api<Pod> = Api::namespaced(cluster.client().await, &namespace);
    for (name, image, mode, reason) in [
        ("pull", "x", Some("image-pull-backoff"), "ImagePullBackOff"),
        ("crash", "x", Some("crash-loop"), "CrashLoopBackOff"),
        ("root", "test.csop.dev/config-error:1", None, "CreateContainerConfigError"),
        ("unready", "x", Some("not-ready"), "Running"),
    ] {
        let mut arguments = vec!["run", name, "--namespace", &namespace, "--image", image];
        let annotations = mode.map(|mode| format!("--annotations=test.csop.dev/pod={mode}"));
        arguments.extend(annotations.as_deref());
        arguments.push("--annotations=test.csop.dev/exit-code=42");
        cluster.kubectl(arguments).await.ok();
        wait::until_ok(SOON, &format!("{name} shows {reason}"), async || {
            let pod = pods.get(name).await.map_err(|error| error.to_string())?;
            let seen = describe(&pod);
            if seen.contains(reason) && seen.contains("ready: false") { Ok(()) } else { Err(seen) }
        })
        .await;
    }
    assert!(describe(&pods.get("crash").await.unwrap()).contains("exit code: 42"));
    cluster
        .kubectl(["annotate", "pod", "unready", "test.csop.dev/pod-", "--namespace", &namespace])
        .await
        .ok();
    wait::until(SOON, "the pod has healed", async || {
        describe(&pods.get("unready").await.ok()?).contains("ready: true").then_some(())
    })
    .await;
}

fn describe(pod: &Pod) -> String {
    let status = pod.status.clone().unwrap_or_default();
    let Some(container) = status.container_statuses.unwrap_or_default().into_iter().next() else {
        return "no container status".to_owned();
    };
    let state = container.state.unwrap_or_default();
    let state = match state.waiting {
        Some(waiting) => waiting.reason.unwrap_or_default(),
        None => "Running".to_owned(),
    };
    let code = container.last_state.and_then(|state| state.terminated).map(|terminated| terminated.exit_code);
    format!("{state}, ready: {}, exit code: {}", container.ready, code.unwrap_or_default())
}

#[tokio::test]
async fn a_real_autoscaler_follows_simulated_load_up_and_down() {
    let cluster = Cluster::shared();
    let namespace = cluster.namespace("load").await;
    cluster.set_cpu(&namespace, None, "150m").await;
    let autoscaler = r#"---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 4
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
"#;
    cluster.apply(&namespace, &workload(autoscaler)).await.ok();
    for (load, wanted) in [("150m", 4), ("10m", 2)] {
        cluster.set_cpu(&namespace, None, load).await;
        wait::until_ok(AUTOSCALED, &format!("{wanted} pods at {load} each"), async || {
            match replicas(cluster, &namespace).await {
                Some(ready) if ready == wanted => Ok(()),
                other => Err(format!("{other:?} are ready")),
            }
        })
        .await;
    }
    let top = cluster.kubectl(["top", "pods", "--namespace", &namespace]).await.ok();
    assert!(top.contains("web-"), "{top}");
}

#[tokio::test]
async fn two_control_planes_do_not_meet_and_leave_nothing() {
    let (first, second) =
        (Cluster::with(&["--nodes", "1"]), Cluster::with(&["--nodes", "2", "--without-metrics"]));
    for (cluster, nodes) in [(&first, 1), (&second, 2)] {
        let api: Api<k8s_openapi::api::core::v1::Node> = Api::all(cluster.client().await);
        assert_eq!(api.list(&ListParams::default()).await.unwrap().items.len(), nodes);
        assert!(!processes_of(cluster.run_folder()).is_empty());
    }
    let folders = [first.run_folder().to_owned(), second.run_folder().to_owned()];
    // One ends because nobody holds its standard input any more, the other by Ctrl-C.
    signal_supervisor(&second, Signal::SIGINT);
    drop((first, second));
    for folder in folders {
        assert_eq!(processes_of(&folder), [""; 0]);
        assert!(!folder.exists(), "{} is still there", folder.display());
    }
}

#[tokio::test]
async fn a_killed_supervisor_takes_its_control_plane_with_it() {
    let cluster = Cluster::with(&["--nodes", "1", "--without-metrics"]);
    let folder = cluster.run_folder().to_owned();
    signal_supervisor(&cluster, Signal::SIGKILL);
    wait::until_ok(SOON, "no process is left", async || match processes_of(&folder) {
        left if left.is_empty() => Ok(()),
        left => Err(left.join("\n")),
    })
    .await;
    drop(cluster);
    // The next control plane to start does this.
    run_dir::sweep();
    wait::until(SOON, "its folder is removed", async || (!folder.exists()).then_some(())).await;
}

#[tokio::test]
async fn child_processes_are_captured_signalled_and_outlive_only_the_thread_that_made_them() {
    let mut command = Command::new("sh");
    command.args(["-c", "echo started $WHO; trap 'echo ending; exit 7' TERM; while :; do sleep 0.05; done"]);
    command.env("WHO", "here");
    let mut process = std::thread::spawn(move || Process::start("shell", &command)).join().unwrap();
    process.wrote(SOON, "started here").await;
    assert!(process.is_running());
    process.signal(Signal::SIGTERM);
    assert_eq!(process.ended(SOON).await.code(), Some(7));
    assert!(process.log().ends_with("ending\n"));

    let started = Instant::now();
    let mut command = Command::new("sleep");
    let hung = Process::start("sleep", command.arg("1000"));
    let id = Pid::from_raw(hung.pid().try_into().unwrap());
    drop(hung);
    assert!(kill(id, None).is_err() && started.elapsed() < SOON);
}

fn signal_supervisor(cluster: &Cluster, signal: Signal) {
    let id = cluster.supervisor().expect("a cluster of our own has a supervisor");
    let id = id.try_into().expect("process ids are small");
    kill(Pid::from_raw(id), signal).expect("the supervisor runs");
}

/// The command lines that name the folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let entries = fs::read_dir("/proc").expect("/proc can be read").flatten();
    let lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&folder))
        .collect()
}

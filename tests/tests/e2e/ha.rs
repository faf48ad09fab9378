//! Two replicas of the operator, of which one acts: each is a user of its own, so that the audit log tells who wrote.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use csop_shared::api::CashService;
use csop_tests::{
    Process,
    pki::Subject,
    requests::{Mark, Requests, Write},
    wait,
};
use k8s_openapi::api::{apps::v1::Deployment, coordination::v1::Lease};
use nix::sys::signal::Signal;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::scene::{SHOP, SOON, Scene, operator};

/// The default of the operator.
const LEASE: Duration = Duration::from_secs(15);
/// So long that nobody gets it in time ([`SOON`]) but by its return, with all that has passed of it since it was renewed last.
const LONG: Duration = Duration::from_secs(120);

/// A namespace in which replicas share a Role and nothing else.
struct Replicas {
    scene: Scene,
    lease: Duration,
    requests: Requests,
}

/// A running replica.
struct Replica {
    user: String,
    process: Process,
}

impl Replicas {
    async fn new(name: &str, lease: Duration) -> Self {
        let scene = Scene::without_operator(name).await;
        for role in ["csop-operator", "csop-operator-leader"] {
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": format!("{role}-replicas")},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": &*scene.namespace}],
            });
            scene.apply(&binding.to_string()).await;
        }
        let requests = scene.cluster.requests().await;
        Self { scene, lease, requests }
    }

    async fn start(&self, name: &str) -> Replica {
        let user = format!("{}-{name}", self.scene.namespace);
        let subject = Subject { name: &user, group: Some(&self.scene.namespace), ..Subject::default() };
        let kubeconfig: PathBuf = self.scene.cluster.kubeconfig_for_user(&subject).await;
        let namespace = &*self.scene.namespace;
        let arguments = [
            "--leader-elect".to_owned(),
            format!("--namespace={namespace}"),
            format!("--lease-namespace={namespace}"),
            format!("--lease-duration={}", self.lease.as_secs()),
            format!("--identity={name}"),
        ];
        let process = operator(&kubeconfig, &arguments.each_ref().map(String::as_str)).await;
        Replica { user, process }
    }

    /// The writes of a replica since then, but for those of the lease.
    async fn writes(&self, replica: &Replica, since: Mark) -> Vec<Write> {
        let all = self.requests.all(since).await.into_iter();
        all.filter(|write| write.user == replica.user && write.resource != "leases").collect()
    }

    async fn holder(&self) -> Option<String> {
        let lease: Lease = self.scene.get("csop-operator").await?;
        lease.spec?.holder_identity
    }

    /// Waits until this one holds the lease; returns how long that took.
    async fn held_by(&self, name: &str) -> Duration {
        let begun = Instant::now();
        wait::until_ok(SOON, &format!("{name} holds the lease"), async || match self.holder().await {
            Some(holder) if holder == name => Ok(()),
            other => Err(format!("{other:?} does")),
        })
        .await;
        begun.elapsed()
    }

    /// Changes the image of the service and waits until its Deployment and its status have it.
    async fn roll(&self, tag: u32) {
        let image = format!("registry.example.com/shop:{tag}");
        self.scene.service(SHOP, json!({ "image": image })).await;
        self.scene
            .until(SHOP, "runs the new image", |s: &CashService| {
                s.status.as_ref().is_some_and(|s| s.image.as_deref() == Some(&image))
            })
            .await;
        self.scene.ready(SHOP).await;
    }
}

impl Replica {
    async fn fetch(&self, path: &str) -> String {
        let log = self.process.log();
        let address = log.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: csop\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Waits until it is ready and says whether it leads.
    async fn says(&self, leads: bool) {
        let line = format!("csop_leader {}", u8::from(leads));
        wait::until_ok(SOON, &line, async || {
            let (ready, metrics) = (self.fetch("/readyz").await, self.fetch("/metrics").await);
            match ready.starts_with("HTTP/1.1 200") && metrics.lines().any(|l| l == line) {
                true => Ok(()),
                false => Err(format!("{ready}\n{metrics}")),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn of_two_replicas_one_acts_and_a_clean_stop_hands_over_at_once() {
    let replicas = Replicas::new("handover", LONG).await;
    let start = replicas.requests.mark().await;
    let mut first = replicas.start("first").await;
    replicas.held_by("first").await;
    let mut second = replicas.start("second").await;
    replicas.roll(1).await;
    first.says(true).await;
    second.says(false).await;
    assert_eq!(replicas.writes(&second, start).await, vec![]);

    first.process.signal(Signal::SIGTERM);
    replicas.held_by("second").await;
    assert!(first.process.ended(SOON).await.success());
    second.says(true).await;
    let taken = replicas.requests.mark().await;
    replicas.roll(2).await;
    assert!(!replicas.writes(&second, taken).await.is_empty());

    // The last one gives it back as well: whoever comes next need not wait.
    second.process.signal(Signal::SIGTERM);
    assert!(second.process.ended(SOON).await.success());
    assert_eq!(replicas.holder().await, None);
}

#[tokio::test]
async fn a_killed_leader_is_succeeded_within_the_lease_by_one_that_writes_nothing_needlessly() {
    let replicas = Replicas::new("killed", LEASE).await;
    let mut first = replicas.start("first").await;
    replicas.held_by("first").await;
    let second = replicas.start("second").await;
    replicas.roll(1).await;
    let start = replicas.requests.mark().await;
    first.process.signal(Signal::SIGKILL);
    first.process.ended(SOON).await;
    let took = replicas.held_by("second").await;
    assert!(took < LEASE * 2, "one lease was waited for: {took:?}\n{}", second.process.log());
    second.says(true).await;
    let third = replicas.start("third").await;
    third.says(false).await;
    assert_eq!(replicas.writes(&second, start).await, vec![], "there is nothing to change");
    replicas.roll(2).await;
}

#[tokio::test]
async fn a_leader_that_hung_longer_than_its_lease_begins_no_further_write() {
    let replicas = Replicas::new("hung", LEASE).await;
    let first = replicas.start("first").await;
    replicas.held_by("first").await;
    let mut second = replicas.start("second").await;
    // It hangs in the middle of work.
    for n in 0..10 {
        replicas.scene.service(&format!("busy-{n}"), json!({})).await;
    }
    replicas.scene.until("busy-0", "exists", |_: &Deployment| true).await;
    first.process.signal(Signal::SIGSTOP);
    replicas.held_by("second").await;
    for n in 0..10 {
        replicas.scene.ready(&format!("busy-{n}")).await;
    }
    // More to do, which it hears of as soon as it goes on.
    second.process.signal(Signal::SIGSTOP);
    for n in 0..10 {
        replicas.scene.service(&format!("busy-{n}"), json!({"image": "registry.example.com/shop:2"})).await;
    }
    let start = replicas.requests.mark().await;
    first.process.signal(Signal::SIGCONT);
    first.says(false).await;
    second.process.signal(Signal::SIGCONT);
    replicas.roll(3).await;
    let holder = replicas.holder().await;
    let late = replicas.writes(&first, start).await;
    assert_eq!((late, holder.as_deref()), (vec![], Some("second")), "{}", first.process.log());

    // It is a candidate like any other.
    second.process.signal(Signal::SIGTERM);
    replicas.held_by("first").await;
    assert!(second.process.ended(SOON).await.success());
    replicas.roll(4).await;
    assert!(!replicas.writes(&first, start).await.is_empty());
}

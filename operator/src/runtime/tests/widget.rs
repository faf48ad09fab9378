//! A kind for tests: a Deployment and, when asked for, a ConfigMap.

use std::sync::Arc;
use std::time::Duration;

use csop_shared::conditions::{Conditioned, State, set_condition, types};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use kube::core::DeserializeGuard;
use kube::runtime::reflector;
use kube::runtime::watcher::Event;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::api::Api;
use crate::runtime::caches::Caches;
use crate::runtime::children::{Child, ChildId, ChildKind};
use crate::runtime::clock::Clock;
use crate::runtime::context::Context;
use crate::runtime::desired::{Applied, Desired, ScaleIntent};
use crate::runtime::error::Error;
use crate::runtime::events::Notice;
use crate::runtime::foreign::Trusted;
use crate::runtime::kind::{Kind, Verdict};
use crate::runtime::mandate::Mandate;
use crate::runtime::reconcile::Reconciler;
use crate::runtime::scope::Scope;

#[derive(CustomResource, Clone, Debug, Serialize, Deserialize)]
#[kube(
    group = "test.csop.dev",
    version = "v1",
    kind = "Widget",
    namespaced,
    status = "WidgetStatus",
    schema = "disabled"
)]
pub(super) struct WidgetSpec {
    pub(super) image: String,
    /// Kept by the operator when set.
    pub(super) replicas: Option<i32>,
    #[serde(default)]
    pub(super) config: bool,
    #[serde(default)]
    pub(super) canary: bool,
    #[serde(default)]
    pub(super) invalid: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WidgetStatus {
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(rename = "observedGeneration")]
    observed_generation: Option<i64>,
}

impl Conditioned for WidgetStatus {
    fn common(&self) -> (&Vec<Condition>, &Option<i64>) {
        (&self.conditions, &self.observed_generation)
    }

    fn common_mut(&mut self) -> (&mut Vec<Condition>, &mut Option<i64>) {
        (&mut self.conditions, &mut self.observed_generation)
    }
}

pub(super) struct Widgets;

fn deployment(name: &str, spec: &WidgetSpec) -> Child {
    let body: Deployment = serde_json::from_value(json!({
        "metadata": {"name": name},
        "spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "app", "image": spec.image}]}}},
    }))
    .unwrap();
    Child::apply(&body).at_birth(json!({"spec": {"replicas": spec.replicas.unwrap_or(3)}})).essential()
}

fn names(widget: &Widget) -> Vec<String> {
    let name = widget.metadata.name.clone().unwrap();
    let canary = widget.spec.canary.then(|| format!("{name}-canary"));
    [name].into_iter().chain(canary).collect()
}

impl Kind for Widgets {
    type Object = Widget;
    type Observed = ();
    type Outcomes = ();
    type Status = WidgetStatus;
    const NAME: &'static str = "widget";

    fn children() -> Vec<ChildKind> {
        vec![ChildKind::of::<ConfigMap>(), ChildKind::of::<Deployment>()]
    }

    fn claims(obj: &Widget) -> Vec<ChildId> {
        names(obj).into_iter().map(ChildId::of::<Deployment>).collect()
    }

    fn current_status(obj: &Widget) -> Option<&WidgetStatus> {
        obj.status.as_ref()
    }

    async fn observe(&self, _: &Widget, _: &Context) -> Result<(), Error> {
        Ok(())
    }

    fn desired(&self, obj: &Widget, _: &(), _: Timestamp) -> Result<Desired, Error> {
        if obj.spec.invalid {
            return Err(Error::Invalid("spec.invalid must not be set".into()));
        }
        let mut children: Vec<Child> = names(obj).iter().map(|name| deployment(name, &obj.spec)).collect();
        if obj.spec.config {
            let body = json!({"metadata": {"name": obj.metadata.name}, "data": {"a": "b"}});
            children.push(Child::apply(&serde_json::from_value::<ConfigMap>(body).unwrap()));
        }
        let scale = obj.spec.replicas.map(|replicas| ScaleIntent { child: children[0].id(), replicas });
        Ok(Desired { children, scale, ..Default::default() })
    }

    fn status(
        &self,
        obj: &Widget,
        _: &(),
        applied: &Applied,
        _: &(),
        now: Timestamp,
    ) -> Verdict<WidgetStatus> {
        let mut status = obj.status.clone().unwrap_or_default();
        let ready = applied.complete();
        let generation = obj.metadata.generation;
        let flipped = set_condition(
            &mut status.conditions,
            types::READY,
            State::from(ready),
            "Test",
            "",
            generation,
            now,
        );
        let events = if flipped { vec![Notice::normal("Flipped", "Test", "ready flipped")] } else { vec![] };
        Verdict { status: Some(status), events, ..Verdict::default() }
    }
}

/// A controller of widgets with filled caches.
pub(super) struct Rig {
    pub(super) api: Api,
    pub(super) reconciler: Reconciler<Widgets>,
    writer: reflector::store::Writer<DeserializeGuard<Widget>>,
    _watches: JoinSet<()>,
}

pub(super) const WIDGETS: &str = "/apis/test.csop.dev/v1/namespaces/n/widgets";
pub(super) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/n/deployments";
pub(super) const CONFIG_MAPS: &str = "/api/v1/namespaces/n/configmaps";

impl Rig {
    /// Fills the caches from what the server holds.
    pub(super) async fn start(api: &Api) -> Self {
        let client = api.client();
        let mut caches = Caches::new(Scope::All, Trusted::default());
        caches.add::<Widgets>();
        let mandate = Mandate::unlimited();
        let ctx =
            Arc::new(Context::new(client.clone(), caches, Arc::default(), mandate, 4, 0, Clock::default()));
        let watches = ctx.caches.start(&client, false);
        tokio::time::timeout(Duration::from_secs(10), ctx.caches.synced()).await.unwrap();
        let (store, writer) = reflector::store();
        let reconciler =
            Reconciler { kind: Arc::new(Widgets), ctx, store, slots: Arc::default(), alarms: Arc::default() };
        api.writes();
        Self { api: api.clone(), reconciler, writer, _watches: watches }
    }

    /// Makes or changes a widget, and shows it to the controller.
    pub(super) fn widget(&mut self, name: &str, spec: Value) {
        let path = format!("{WIDGETS}/{name}");
        let mut object = self.api.get(&path).unwrap_or_else(|| json!({"metadata": {}}));
        object["apiVersion"] = json!("test.csop.dev/v1");
        object["kind"] = json!("Widget");
        object["spec"] = spec;
        self.api.put(&path, object);
        self.see(name);
    }

    /// Lets the watch of widgets catch up.
    pub(super) fn see(&mut self, name: &str) {
        let object = self.api.get(&format!("{WIDGETS}/{name}")).unwrap();
        self.writer.apply_watcher_event(&Event::Apply(serde_json::from_value(object).unwrap()));
    }

    /// Lets the watch of Deployments catch up.
    pub(super) fn show_deployment(&self, name: &str) {
        self.show(&ChildKind::of::<Deployment>(), &format!("{DEPLOYMENTS}/{name}"));
    }

    /// Lets the watch of ConfigMaps catch up.
    pub(super) fn show_config_map(&self, name: &str) {
        self.show(&ChildKind::of::<ConfigMap>(), &format!("{CONFIG_MAPS}/{name}"));
    }

    fn show(&self, kind: &ChildKind, path: &str) {
        let object = serde_json::from_value(self.api.get(path).unwrap()).unwrap();
        self.reconciler.ctx.caches.children(kind).unwrap().written(object);
    }

    /// Reconciles a widget as the store shows it.
    pub(super) async fn reconcile(&self, name: &str) -> Option<Duration> {
        let key = reflector::ObjectRef::new(name).within("n");
        let object = self.reconciler.store.get(&key).unwrap();
        self.reconciler.run(object).await
    }

    /// A condition of a widget as status, reason and message.
    pub(super) fn condition(&self, name: &str, kind: &str) -> (String, String, String) {
        let object = self.api.get(&format!("{WIDGETS}/{name}")).unwrap();
        let list = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let found = list.into_iter().find(|c| c["type"] == kind).unwrap_or_default();
        let field = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        (field("status"), field("reason"), field("message"))
    }
}

/// The requests as method and last parts of the path.
pub(super) fn lines(writes: &[super::api::Seen]) -> Vec<String> {
    let short = |path: &str| path.split("/namespaces/n/").nth(1).unwrap_or(path).to_owned();
    writes.iter().map(|s| format!("{} {}", s.method, short(&s.path))).collect()
}

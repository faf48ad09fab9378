//! The controller of `CashService`.

mod desired;
mod observe;
mod pending;
mod status;
#[cfg(test)]
mod tests;

use crate::controllers::related;
use crate::runtime::{
    children::{ChildId, ChildKind},
    context::Context,
    desired::{Applied, Desired},
    error::Error,
    kind::{Kind, Verdict, Watch},
    live::Live,
};
use csop_shared::{
    api::{CashService, CashServiceStatus, GeneralScaler},
    names::labels,
};
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::{ControllerRevision, Deployment},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{ConfigMap, Pod, Secret, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    policy::v1::PodDisruptionBudget,
};
pub use observe::Observed;
use pending::Pending;
use serde_json::{Value, json};

/// Name of the watch on the services' pods.
const PODS: &str = "cash-service-pods";

/// Makes and keeps everything that a `CashService` yields.
#[derive(Debug, Default)]
pub struct CashServices {
    pending: Pending,
}

impl Kind for CashServices {
    type Object = CashService;
    type Observed = Observed;
    type Outcomes = ();
    type Status = CashServiceStatus;

    const NAME: &'static str = "cash-service";

    fn children() -> Vec<ChildKind> {
        vec![
            ChildKind::of::<Secret>(),
            ChildKind::of::<ServiceAccount>(),
            ChildKind::of::<ConfigMap>(),
            ChildKind::of::<NetworkPolicy>(),
            ChildKind::of::<ControllerRevision>(),
            ChildKind::of::<Deployment>(),
            ChildKind::of::<Service>(),
            ChildKind::of::<HorizontalPodAutoscaler>().prune_first(),
            ChildKind::of::<GeneralScaler>().prune_first(),
            ChildKind::of::<PodDisruptionBudget>(),
        ]
    }

    fn watches() -> Vec<Watch> {
        let pods = Watch {
            name: PODS,
            kind: ChildKind::of::<Pod>(),
            selector: Some(labels::SERVICE),
            slim: keep_states,
            concerns: service_of,
        };
        vec![pods, related::secrets(), related::autoscalers(), related::schedules()]
    }

    fn claims(obj: &CashService) -> Vec<ChildId> {
        desired::claims(obj)
    }

    fn current_status(obj: &CashService) -> Option<&CashServiceStatus> {
        obj.status.as_ref()
    }

    async fn observe(&self, obj: &CashService, ctx: &Context) -> Result<Observed, Error> {
        observe::observe(obj, ctx, &self.pending)
    }

    fn desired(&self, obj: &CashService, observed: &Observed, now: Timestamp) -> Result<Desired, Error> {
        desired::desired(obj, observed, now)
    }

    fn status(
        &self,
        obj: &CashService,
        observed: &Observed,
        applied: &Applied,
        _outcomes: &(),
        now: Timestamp,
    ) -> Verdict<CashServiceStatus> {
        status::status(obj, observed, applied, now)
    }
}

/// Of a pod only whose it is and what tells why it does not serve.
fn keep_states(pod: &mut Value) {
    let keep = |from: &Value, names: &[&str]| -> Value {
        let kept = names.iter().filter_map(|n| Some(((*n).to_owned(), from.get(n)?.clone())));
        Value::Object(kept.collect())
    };
    let mut meta = keep(&pod["metadata"], &["name", "namespace", "deletionTimestamp"]);
    meta["labels"] = keep(&pod["metadata"]["labels"], &[labels::SERVICE, labels::TRACK]);
    let status = keep(&pod["status"], &["phase", "conditions", "containerStatuses", "initContainerStatuses"]);
    *pod = json!({ "metadata": meta, "status": status });
}

fn service_of(pod: &Live) -> Vec<String> {
    pod.value()["metadata"]["labels"][labels::SERVICE].as_str().map(str::to_owned).into_iter().collect()
}

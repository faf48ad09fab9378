//! The controller of `GeneralScaler`.

mod credentials;
mod desired;
mod observe;
mod status;
mod target;

use std::sync::Arc;

use axum::Router;
use csop_shared::api::{GeneralScaler, GeneralScalerStatus};
use csop_shared::expressions::Cel;
use csop_shared::scale::{Expressions, WriteOutcome};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use kube::ResourceExt;
use serde_json::{Value, json};

use super::related;
use crate::metric_sources::Sources;
use crate::runtime::children::{ChildId, ChildKind};
use crate::runtime::context::Context;
use crate::runtime::desired::{Applied, Desired, Rescale, Rescaled};
use crate::runtime::error::Error;
use crate::runtime::kind::{Kind, Verdict, Watch};
use crate::runtime::metrics::Metrics;
use crate::runtime::wake::Waker;
use crate::sampling::Asker;
use crate::scaling::{Evaluator, View};
use credentials::Wallet;
pub use observe::Observed;

/// Name of the watch on Deployments.
const DEPLOYMENTS: &str = "scaled-deployments";
/// Name of the watch on StatefulSets.
const STATEFUL_SETS: &str = "scaled-stateful-sets";

/// Scales what `GeneralScaler` objects name.
pub struct GeneralScalers {
    evaluator: Arc<Evaluator>,
    sources: Sources,
    cel: Arc<Cel>,
    expressions: Arc<dyn Expressions>,
    wallet: Wallet,
}

impl GeneralScalers {
    /// A controller that reads metrics from these sources.
    pub fn new(sources: Sources, metrics: Arc<Metrics>) -> Self {
        let cel = Arc::new(Cel::default());
        let expressions = cel.clone();
        Self { evaluator: Evaluator::new(metrics), sources, cel, expressions, wallet: Wallet::default() }
    }

    /// The pages that show the last decisions.
    pub fn pages(&self) -> Router {
        crate::scaling::pages(self.evaluator.clone())
    }
}

fn asker(obj: &GeneralScaler) -> Asker {
    obj.uid().unwrap_or_default().into()
}

impl Kind for GeneralScalers {
    type Object = GeneralScaler;
    type Observed = Observed;
    type Outcomes = Option<View>;
    type Status = GeneralScalerStatus;

    const NAME: &'static str = "general-scaler";
    const RESCALES: bool = true;

    fn children() -> Vec<ChildKind> {
        vec![]
    }

    fn watches() -> Vec<Watch> {
        let workloads =
            |name, kind| Watch { name, kind, selector: None, slim: keep_size, concerns: |_| vec![] };
        vec![
            workloads(DEPLOYMENTS, ChildKind::of::<Deployment>()),
            workloads(STATEFUL_SETS, ChildKind::of::<StatefulSet>()),
            related::autoscalers(),
            related::secrets(),
            related::schedules(),
            related::scalers(),
            related::services(),
        ]
    }

    fn reads() -> &'static [(&'static str, &'static str, &'static str)] {
        // For metrics of type resource.
        &[("", "pods", "list"), ("metrics.k8s.io", "pods", "list")]
    }

    fn claims(_: &GeneralScaler) -> Vec<ChildId> {
        vec![]
    }

    fn current_status(obj: &GeneralScaler) -> Option<&GeneralScalerStatus> {
        obj.status.as_ref()
    }

    fn forget(&self, gone: &dyn Fn(&str, &str) -> bool) {
        self.evaluator.forget(gone);
    }

    async fn beside(self: Arc<Self>, ctx: Arc<Context>, waker: Waker) {
        self.evaluator.run(ctx, waker).await;
    }

    async fn observe(&self, obj: &GeneralScaler, ctx: &Context) -> Result<Observed, Error> {
        let observed = observe::observe(self, obj, ctx).await;
        if matches!(observed, Err(Error::Invalid(_) | Error::Waiting { .. })) {
            // A spec that asks for what cannot be, or is not there, decides nothing, and neither does the one before it.
            let (namespace, name) = (obj.namespace().unwrap_or_default(), obj.name_any());
            self.evaluator.forget(&|ns, n| (ns, n) == (&*namespace, &*name));
        }
        observed
    }

    fn desired(&self, _: &GeneralScaler, observed: &Observed, _: Timestamp) -> Result<Desired, Error> {
        Ok(desired::desired(observed))
    }

    fn rescale(
        &self,
        obj: &GeneralScaler,
        observed: &Observed,
        now: Timestamp,
    ) -> Option<Rescale<GeneralScalerStatus>> {
        desired::rescale(obj, observed, now)
    }

    async fn act(
        &self,
        obj: &GeneralScaler,
        observed: &Observed,
        applied: &Applied,
        _: &Context,
    ) -> Result<Option<View>, Error> {
        let (Some(outgoing), Some(result)) = (&observed.view.outgoing, &applied.rescaled) else {
            return Ok(None);
        };
        let asker = asker(obj);
        let settle = |outcome, version| self.evaluator.settle(&asker, outgoing, outcome, version);
        match result {
            Rescaled::Written(version) => Ok(settle(WriteOutcome::Written, Some(version.as_str()))),
            Rescaled::Moved => Ok(settle(WriteOutcome::Conflict, None)),
            Rescaled::Refused(problem) => Ok(settle(WriteOutcome::Failed(problem.clone()), None)),
            Rescaled::Unknown(problem) => {
                self.evaluator.doubt(&asker, outgoing, problem.clone());
                let attempted = format!("scale {} to {}", observed.target_id, outgoing.to);
                Err(Error::External { attempted, message: problem.clone() })
            }
        }
    }

    fn status(
        &self,
        obj: &GeneralScaler,
        observed: &Observed,
        applied: &Applied,
        settled: &Option<View>,
        now: Timestamp,
    ) -> Verdict<GeneralScalerStatus> {
        let view = settled.as_ref().unwrap_or(&observed.view);
        status::status(obj, observed, view, applied, now)
    }
}

fn named(object: &Value) -> Value {
    json!({ "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"] })
}

/// Of a workload only its size, and its version: only the one that was seen is changed.
fn keep_size(workload: &mut Value) {
    let mut metadata = named(workload);
    metadata["resourceVersion"] = workload["metadata"]["resourceVersion"].take();
    *workload = json!({
        "metadata": metadata,
        "spec": { "replicas": workload["spec"]["replicas"] },
        "status": { "readyReplicas": workload["status"]["readyReplicas"] },
    });
}

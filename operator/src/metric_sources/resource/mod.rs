//! How much of the processor time or memory that they request the pods of the target use.

mod cluster;
mod utilisation;

use std::sync::Mutex;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use csop_shared::api::general_scaler::{ResourceName, SourceConfig};
use csop_shared::scale::{Invalid, Reading, Series};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::Client;

use super::{Credentials, Failure, Query, Reach, Sources, Subject};
use utilisation::{Known, Utilisation};

/// Who is asked, as messages call it.
const ORIGIN: &str = "the metrics API of the cluster (metrics.k8s.io)";
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the selector of a target's pods is taken for granted. That of a Deployment never changes.
const SELECTOR_LIFE: Duration = Duration::from_secs(300);

struct Resource {
    client: Client,
    subject: Subject,
    resource: ResourceName,
    selector: Mutex<Option<(Instant, String)>>,
}

/// The query of a metric of type resource.
pub(super) fn build(
    sources: &Sources,
    config: &SourceConfig,
    subject: &Subject,
    field: &str,
) -> Result<Arc<dyn Query>, Invalid> {
    let Some(resource) = config.resource else {
        return Err(Invalid {
            field: format!("{field}.resource"),
            problem: "has to be cpu or memory".to_owned(),
        });
    };
    let (client, subject) = (sources.client.clone(), subject.clone());
    Ok(Arc::new(Resource { client, subject, resource, selector: Mutex::default() }))
}

impl Resource {
    async fn reading(&self) -> Result<Reading, Failure> {
        let selector = self.selector().await?;
        let namespace = &self.subject.namespace;
        let pods = cluster::pods(&self.client, namespace, &selector);
        let metrics = cluster::pod_metrics(&self.client, namespace, &selector);
        let (pods, metrics) = futures::try_join!(pods, metrics)?;
        let now = Timestamp::now();
        let measured = utilisation::of(Known { pods: &pods, metrics: &metrics, now }, self.resource);
        let measured =
            measured.map_err(|problem| Failure::Unusable { origin: ORIGIN.to_owned(), problem })?;
        Ok(match measured {
            None => Reading::Empty { time: now },
            Some(Utilisation { percent, time }) => {
                Reading::Sample { values: Series::One(percent), time, active: None, target: None }
            }
        })
    }

    async fn selector(&self) -> Result<String, Failure> {
        let known = self.selector.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, selector)) = known.filter(|(since, _)| since.elapsed() < SELECTOR_LIFE) {
            return Ok(selector);
        }
        let selector = cluster::selector(&self.client, &self.subject).await?;
        *self.selector.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), selector.clone()));
        Ok(selector)
    }
}

impl Query for Resource {
    fn origin(&self) -> &str {
        ORIGIN
    }

    fn reach(&self) -> Reach {
        Reach::Target
    }

    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    fn ask<'a>(&'a self, _: &'a Credentials) -> BoxFuture<'a, Result<Reading, Failure>> {
        async {
            let late = || Failure::TimedOut { origin: ORIGIN.to_owned(), after: TIMEOUT };
            tokio::time::timeout(TIMEOUT, self.reading()).await.unwrap_or_else(|_| Err(late()))
        }
        .boxed()
    }
}

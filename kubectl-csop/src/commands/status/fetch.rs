//! Reading services and their children.

use crate::client::{Cluster, SCHEDULES, SERVICES};
use crate::error::{Attempt, Error};
use crate::view::children::{Children, SecretKeys};
use crate::view::service::{self, ServiceView};
use crate::view::services::{self, ServicesView};
use crate::view::told;
use crate::view::verdict::judge;
use csop_shared::api::{CashService, CashServiceScheduledScale};
use csop_shared::names::labels;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Event, Secret};
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// All services; one that cannot be read as such does not hide the others.
pub async fn services(everywhere: bool, cluster: &Cluster) -> Result<ServicesView, Error> {
    let (api, place) = list_api(everywhere, cluster);
    let attempt = Attempt::new("list", SERVICES).within(place);
    let all = cluster.pages(&attempt, ListParams::default(), async |page| api.list(&page).await).await?;
    Ok(services::view(all))
}

/// The list of services, and the namespace that it means.
pub fn list_api(everywhere: bool, cluster: &Cluster) -> (Api<DeserializeGuard<CashService>>, Option<&str>) {
    if everywhere {
        (Api::all(cluster.client.clone()), None)
    } else {
        (Api::namespaced(cluster.client.clone(), &cluster.namespace), Some(&cluster.namespace))
    }
}

/// One service with its children.
pub async fn service(name: &str, cluster: &Cluster) -> Result<ServiceView, Error> {
    let service = cluster.call(cluster.on_service("get", name), cluster.services().get(name)).await?;
    let children = for_view(&service, cluster).await?;
    let was_served = service.status.as_ref().is_some_and(|status| status.revision.is_some());
    if was_served && children.deployments.is_empty() {
        cluster.still(&service).await?;
    }
    Ok(service::view(&service, &children))
}

/// What the view of a service is made of, beside the service.
pub async fn for_view(service: &CashService, cluster: &Cluster) -> Result<Children, Error> {
    let mut children = with_schedules(&service.name_any(), cluster).await?;
    if told::is_vague(&judge(service)) && !children.pods.is_empty() {
        let attempt = Attempt::new("list", "events").within(Some(&cluster.namespace));
        let events = pod_events(&attempt, cluster).await;
        children.pod_events = children.take(&attempt, events)?;
    }
    Ok(children)
}

/// The events that tell why pods do not serve.
async fn pod_events(attempt: &Attempt, cluster: &Cluster) -> Result<Vec<Event>, Error> {
    let api: Api<Event> = Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let mut all = vec![];
    // The kubelet calls it normal that it ends a container.
    for what in ["type=Warning", "reason=Killing"] {
        let params = ListParams::default().fields(&format!("involvedObject.kind=Pod,{what}"));
        all.extend(cluster.pages(attempt, params, async |page| api.list(&page).await).await?);
    }
    Ok(all)
}

/// The schedules of the namespace; none in a cluster that does not know them.
pub async fn schedules(cluster: &Cluster) -> Result<Vec<CashServiceScheduledScale>, Error> {
    let api: Api<DeserializeGuard<CashServiceScheduledScale>> =
        Api::namespaced(cluster.client.clone(), &cluster.namespace);
    let attempt = Attempt::new("list", SCHEDULES).within(Some(&cluster.namespace));
    match cluster.pages(&attempt, ListParams::default(), async |page| api.list(&page).await).await {
        // One that cannot be read asks for nothing, and is shown by `scale list`.
        Ok(all) => Ok(all.into_iter().filter_map(|guarded| guarded.0.ok()).collect()),
        Err(Error::KindMissing(_)) => Ok(vec![]),
        Err(error) => Err(error),
    }
}

/// As [`children`], with the schedules of the namespace.
pub async fn with_schedules(name: &str, cluster: &Cluster) -> Result<Children, Error> {
    let (children, schedules) = futures::join!(children(name, cluster), schedules(cluster));
    let mut children = children?;
    let attempt = Attempt::new("list", SCHEDULES).within(Some(&cluster.namespace));
    children.schedules = children.take(&attempt, schedules)?;
    Ok(children)
}

/// The objects that carry the service's label; kinds that may not be read are left out.
pub async fn children(name: &str, cluster: &Cluster) -> Result<Children, Error> {
    let selector = ListParams::default().labels(&format!("{}={name}", labels::SERVICE));
    let reader = Reader { cluster, selector: &selector };
    let (
        deployments,
        replica_sets,
        pods,
        services,
        autoscalers,
        policies,
        budgets,
        accounts,
        secrets,
        maps,
        revisions,
    ) = futures::join!(
        reader.list("deployments.apps"),
        reader.list("replicasets.apps"),
        reader.list("pods"),
        reader.list("services"),
        reader.list("horizontalpodautoscalers.autoscaling"),
        reader.list("networkpolicies.networking.k8s.io"),
        reader.list("poddisruptionbudgets.policy"),
        reader.list("serviceaccounts"),
        reader.list::<Secret>("secrets"),
        reader.list("configmaps"),
        reader.list("controllerrevisions.apps"),
    );
    let mut children = Children { read_at: Some(Timestamp::now()), ..Children::default() };
    children.deployments = deployments.into(&mut children)?;
    children.replica_sets = replica_sets.into(&mut children)?;
    children.pods = pods.into(&mut children)?;
    children.services = services.into(&mut children)?;
    children.autoscalers = autoscalers.into(&mut children)?;
    children.network_policies = policies.into(&mut children)?;
    children.budgets = budgets.into(&mut children)?;
    children.accounts = accounts.into(&mut children)?;
    children.secrets = secrets.into(&mut children)?.into_iter().map(SecretKeys::from).collect();
    children.config_maps = maps.into(&mut children)?;
    children.revisions = revisions.into(&mut children)?;
    Ok(children)
}

struct Reader<'a> {
    cluster: &'a Cluster,
    selector: &'a ListParams,
}

struct Answer<T> {
    attempt: Attempt,
    result: Result<Vec<T>, Error>,
}

impl<T> Answer<T> {
    fn into(self, children: &mut Children) -> Result<Vec<T>, Error> {
        children.take(&self.attempt, self.result)
    }
}

impl Reader<'_> {
    /// Boxed, because all lists are awaited together.
    fn list<K>(&self, resource: &'static str) -> LocalBoxFuture<'_, Answer<K>>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Debug
            + 'static,
    {
        async move {
            let attempt = Attempt::new("list", resource).within(Some(&self.cluster.namespace));
            let api = Api::<K>::namespaced(self.cluster.client.clone(), &self.cluster.namespace);
            let params = self.selector.clone();
            let result = self.cluster.pages(&attempt, params, async |page| api.list(&page).await).await;
            Answer { attempt, result }
        }
        .boxed_local()
    }
}

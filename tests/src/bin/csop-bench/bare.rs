//! The floor: a client that applies what a service consists of as soon as the service exists, and does nothing else. It reads
//! nothing, watches nothing, compares nothing and tells nobody.

use std::sync::Arc;

use csop_shared::{api::CashService, render};
use csop_tests::Error;
use kube::{
    Api, Client, Resource as _, ResourceExt as _,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, TypeMeta},
};
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use crate::{load, scene::PARALLEL};

const MANAGER: &str = "csop-bench";

/// Services and what they consist of, rendered ahead of time.
pub struct Bare<'a> {
    services: &'a [CashService],
    rendered: Vec<Vec<Value>>,
}

impl<'a> Bare<'a> {
    /// Renders the services.
    pub fn new(services: &'a [CashService]) -> Self {
        Self { services, rendered: services.iter().map(|service| render::offline(service, &[])).collect() }
    }

    /// How many objects the services consist of, besides themselves.
    pub fn objects(&self) -> usize {
        self.rendered.iter().map(Vec::len).sum()
    }

    /// Creates the services by one client, and what each consists of by another.
    pub async fn make(mut self, user: &Client, worker: &Client) -> Result<(), Error> {
        let (created, mut waiting) = mpsc::unbounded_channel();
        let create = async {
            // The receiver lives until the sender is gone.
            let tell = |n, service| drop(created.send((n, service)));
            let done = load::create(user, self.services, tell).await;
            drop(created);
            done
        };
        let apply = async {
            let permits = Arc::new(Semaphore::new(PARALLEL));
            let mut tasks = JoinSet::new();
            while let Some((n, service)) = waiting.recv().await {
                let permit = permits.clone().acquire_owned().await.expect("the semaphore is never closed");
                let (worker, objects) = (worker.clone(), std::mem::take(&mut self.rendered[n]));
                tasks.spawn(async move {
                    let _permit = permit;
                    children(&worker, &service, objects).await
                });
            }
            tasks.join_all().await.into_iter().collect::<Result<(), Error>>()
        };
        futures::future::try_join(create, apply).await.map(|_| ())
    }
}

async fn children(client: &Client, service: &CashService, objects: Vec<Value>) -> Result<(), Error> {
    let namespace = service.namespace().expect("measured services are namespaced");
    let owner = service.controller_owner_ref(&()).expect("a created service has a name and a UID");
    for mut object in objects {
        object["metadata"]["ownerReferences"] = json!([owner]);
        let (resource, name) = (resource(&object), object["metadata"]["name"].as_str().unwrap_or_default());
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
        let applied = api.patch(name, &PatchParams::apply(MANAGER), &Patch::Apply(&object)).await;
        applied.map_err(Error::api(format!("apply {} {namespace}/{name}", resource.kind)))?;
    }
    Ok(())
}

fn resource(object: &Value) -> ApiResource {
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let types = TypeMeta { api_version: text("apiVersion"), kind: text("kind") };
    let kind = GroupVersionKind::try_from(types).expect("rendered objects name their kind");
    ApiResource::from_gvk(&kind)
}

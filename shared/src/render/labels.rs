//! Labels and metadata of the children.

use crate::{
    api::CashService,
    names::{MANAGED_BY_VALUE, TRACK_STABLE, labels},
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt;
use std::collections::BTreeMap;

/// The labels of every child of a service.
pub(super) fn common(service: &CashService) -> BTreeMap<String, String> {
    let name = service.name_any();
    let mut all = service.spec.labels.clone();
    for key in [labels::NAME, labels::PART_OF] {
        all.entry(key.to_owned()).or_insert_with(|| name.clone());
    }
    all.insert(labels::INSTANCE.to_owned(), name.clone());
    all.insert(labels::COMPONENT.to_owned(), service.spec.component().to_owned());
    all.insert(labels::MANAGED_BY.to_owned(), MANAGED_BY_VALUE.to_owned());
    all.insert(labels::SERVICE.to_owned(), name);
    all
}

/// The labels of what belongs to the stable track alone, its pods among them.
pub(super) fn stable(service: &CashService) -> BTreeMap<String, String> {
    let mut all = common(service);
    all.insert(labels::TRACK.to_owned(), TRACK_STABLE.to_owned());
    all
}

/// The metadata of a child that serves the whole service.
pub(super) fn metadata(service: &CashService, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        labels: Some(common(service)),
        annotations: (!service.spec.annotations.is_empty()).then(|| service.spec.annotations.clone()),
        ..ObjectMeta::default()
    }
}

/// The metadata of a child that serves the stable track.
pub(super) fn stable_metadata(service: &CashService) -> ObjectMeta {
    ObjectMeta { labels: Some(stable(service)), ..metadata(service, service.name_any()) }
}

/// Selects the pods of the stable track; fixed for the life of the workload.
pub fn workload_selector(service: &str) -> BTreeMap<String, String> {
    [(labels::SERVICE, service), (labels::TRACK, TRACK_STABLE)]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into()
}

/// Selects the pods that take the service's traffic or do its work, on every track, but never its jobs.
pub fn component_selector(service: &CashService) -> BTreeMap<String, String> {
    [(labels::SERVICE, service.name_any()), (labels::COMPONENT, service.spec.component().to_owned())]
        .map(|(k, v)| (k.to_owned(), v))
        .into()
}

//! Asking as the operator does.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use csop_operator::metric_sources::{Credentials, Failure, Hosts, Query, Sources, Subject, in_full};
use csop_shared::{
    api::general_scaler::{AuthRef, SourceType, TargetRef},
    scale::Reading,
};
use k8s_openapi::ByteString;
use serde_json::Value;

/// Long enough for anything that should happen.
pub const SOON: Duration = Duration::from_secs(30);

/// Sources that may ask this machine, as no operator of a cluster may.
pub fn sources() -> Sources {
    with_hosts(Hosts::new(["127.0.0.1"]).unwrap())
}

pub fn with_hosts(hosts: Hosts) -> Sources {
    let client = kube::Client::try_from(kube::Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
    Sources::new(None, hosts, client)
}

pub fn subject() -> Subject {
    let target =
        TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "worker".into() };
    Subject { namespace: "shop".into(), scaler: "worker-scaler".into(), target }
}

pub fn query(sources: &Sources, type_: SourceType, config: Value) -> Arc<dyn Query> {
    let config = in_full(serde_json::from_value(config).unwrap(), &subject().namespace);
    sources.build(type_, &config, &subject(), "spec.metrics[m].config").unwrap()
}

/// The message with which a configuration is refused.
pub fn refusal(type_: SourceType, config: Value) -> String {
    let config = in_full(serde_json::from_value(config).unwrap(), &subject().namespace);
    match sources().build(type_, &config, &subject(), "config") {
        Ok(_) => panic!("not refused"),
        Err(invalid) => format!("{} {}", invalid.field, invalid.problem),
    }
}

/// What a Secret with these keys gives.
pub fn secret<T: AsRef<[u8]>>(version: &str, data: &[(&str, T)]) -> Credentials {
    let data: BTreeMap<_, _> =
        data.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.as_ref().to_vec()))).collect();
    Credentials::new(&AuthRef::default(), &data, version)
}

pub fn nothing() -> Credentials {
    Credentials::default()
}

/// The only value of an answer.
pub fn value(answer: Result<Reading, Failure>) -> Result<f64, Failure> {
    match answer? {
        Reading::Sample { values, .. } => match values.values() {
            [value] => Ok(*value),
            several => panic!("{several:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The message of a failure.
pub fn message(answer: Result<Reading, Failure>) -> String {
    match answer {
        Ok(reading) => panic!("{reading:?}"),
        Err(failure) => failure.to_string(),
    }
}

//! What the tests of all sources share.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use csop_operator::metric_sources::{Credentials, Failure, Hosts, Query, Sources, Subject, in_full};
use csop_shared::{
    api::general_scaler::{AuthRef, SourceConfig, SourceType},
    scale::{Invalid, Reading},
};
use k8s_openapi::ByteString;

/// Time for what should be quick.
pub const SOON: Duration = Duration::from_secs(30);

/// Sources that may ask servers on the loopback interface.
pub fn sources() -> Sources {
    sources_with(&["127.0.0.0/8"], None)
}

pub fn sources_with(allowed: &[&str], prometheus: Option<&str>) -> Sources {
    let nowhere = kube::Config::new(::http::Uri::from_static("http://127.0.0.1:1"));
    let client = kube::Client::try_from(nowhere).unwrap();
    Sources::new(prometheus.map(str::to_owned), Hosts::new(allowed).unwrap(), client)
}

/// A configuration, as a manifest has it.
pub fn config(yaml: &str) -> SourceConfig {
    serde_yaml::from_str(yaml).unwrap()
}

/// The query of a metric of this type.
pub fn build(sources: &Sources, type_: SourceType, yaml: &str) -> Result<Arc<dyn Query>, Invalid> {
    let subject = Subject { namespace: "shop".into(), scaler: "web".into(), target: Default::default() };
    let config = in_full(config(yaml), &subject.namespace);
    sources.build(type_, &config, &subject, "spec.metrics[m].config")
}

/// Asks once, as the sampler does.
pub async fn ask(type_: SourceType, yaml: &str, secret: &[(&str, &str)]) -> Result<Reading, Failure> {
    let query = build(&sources(), type_, yaml).unwrap();
    ask_it(query.as_ref(), secret).await
}

pub async fn ask_it(query: &dyn Query, secret: &[(&str, &str)]) -> Result<Reading, Failure> {
    let after = query.timeout();
    let credentials = credentials(secret);
    let answer = tokio::time::timeout(after, query.ask(&credentials)).await;
    answer.unwrap_or_else(|_| Err(Failure::TimedOut { origin: query.origin().to_owned(), after }))
}

/// What a Secret with these keys gives; none without any.
pub fn credentials(secret: &[(&str, &str)]) -> Credentials {
    if secret.is_empty() {
        return Credentials::default();
    }
    let auth = AuthRef { name: "secret".to_owned(), keys: BTreeMap::new() };
    let data = secret.iter().map(|(key, value)| ((*key).to_owned(), ByteString((*value).into())));
    Credentials::new(&auth, &data.collect(), "1")
}

/// The values of an answer.
pub fn values(reading: &Reading) -> Vec<f64> {
    match reading {
        Reading::Sample { values, .. } => values.values().to_vec(),
        other => panic!("no sample but {other:?}"),
    }
}

/// The message of a failure, which must hold a text.
pub fn says(answer: Result<Reading, Failure>, text: &str) -> Failure {
    let failure = answer.unwrap_err();
    let message = failure.to_string();
    assert!(message.contains(text), "{text:?} is not in {message:?}");
    assert!(message.chars().count() < 500, "{message}");
    failure
}

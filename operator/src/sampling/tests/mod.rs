//! Sampling against scripted sources, in time that passes only when everybody waits.

mod life;
mod origins;
mod pushes;
mod rhythm;
mod script;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use csop_shared::api::general_scaler::{AuthRef, SourceConfig, SourceType, TargetRef};
use csop_shared::scale::{Reading, Series};
use k8s_openapi::ByteString;
use tokio::time::sleep;

use super::*;
use script::Script;

const SECOND: Duration = Duration::from_secs(1);

/// A sampling, and who was told by it.
struct Stage {
    sampling: Sampling,
    told: Arc<Mutex<Vec<Asker>>>,
}

impl Stage {
    fn new() -> Self {
        let told = Arc::<Mutex<Vec<Asker>>>::default();
        let list = told.clone();
        let on_answer: OnAnswer = Arc::new(move |asker| list.lock().unwrap().push(asker.clone()));
        Self { sampling: Sampling::new(on_answer, Arc::default()), told }
    }

    fn subscribe(&self, asker: &str, wants: Vec<Want>) -> Vec<Feed> {
        self.sampling.subscribe(&asker.into(), wants)
    }

    /// Asks one question.
    fn one(&self, asker: &str, want: Want) -> Feed {
        self.subscribe(asker, vec![want]).remove(0)
    }

    /// How often an asker was told.
    fn times(&self, asker: &str) -> usize {
        self.told.lock().unwrap().iter().filter(|told| &***told == asker).count()
    }
}

/// A want of the scaler `scaler` in `namespace`; `question` makes it distinct.
fn want(script: &Arc<Script>, question: &str, interval: Duration) -> Want {
    Want {
        type_: SourceType::Prometheus,
        config: SourceConfig { query: Some(question.to_owned()), ..SourceConfig::default() },
        subject: subject("shop", "web"),
        auth: None,
        credentials: Arc::default(),
        query: script.clone(),
        interval,
    }
}

fn subject(namespace: &str, scaler: &str) -> Subject {
    let target = TargetRef { api_version: "apps/v1".into(), kind: "Deployment".into(), name: "web".into() };
    Subject { namespace: namespace.into(), scaler: scaler.into(), target }
}

/// With a Secret of this version.
fn with_secret(want: Want, version: &str) -> Want {
    let auth = AuthRef { name: "secret".to_owned(), ..AuthRef::default() };
    let data = BTreeMap::from([("token".to_owned(), ByteString(version.into()))]);
    Want { credentials: Arc::new(Credentials::new(&auth, &data, version)), auth: Some(auth), ..want }
}

fn value(latest: &Latest) -> Option<f64> {
    match &latest.reading {
        Reading::Sample { values: Series::One(value), .. } => Some(*value),
        _ => None,
    }
}

//! Pulls messages of the Pub/Sub subscription `SUBSCRIPTION` of `PROJECT_ID` over REST, one at a time, and acknowledges each
//! when its work is done. It counts them in `messages_done_total`. `PUBSUB_EMULATOR_HOST` names an emulator, as in Google's own
//! clients; else the token of the pod's service account comes from the metadata server.

use std::{
    env,
    time::{Duration, Instant},
};

use csop_examples::{Failure, job_millis, pages, setting, start, work};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// Pub/Sub keeps a pull open for a while when there is no message.
const PATIENCE: Duration = Duration::from_secs(100);
const PAUSE: Duration = Duration::from_secs(1);
/// So long before its end, a token is asked for anew.
const MARGIN: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (mut subscription, millis) = (Subscription::from_environment()?, job_millis()?);
    let (done, pages) = pages("messages_done", "Messages that are acknowledged");
    let (mut stopping, served) = start(pages).await?;
    while !*stopping.borrow() {
        // A pull may be cut short: what is not acknowledged is delivered again.
        let pulled = tokio::select! {
            pulled = subscription.pull() => pulled,
            _ = stopping.changed() => break,
        };
        let handled = match pulled {
            Ok(None) => continue,
            Ok(Some(receipt)) => {
                work(millis).await;
                subscription.call("acknowledge", &json!({"ackIds": [receipt]})).await.map(|_| done.inc())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = handled {
            tracing::warn!(error, "no message can be had or acknowledged");
            tokio::time::sleep(PAUSE).await;
        }
    }
    served.await
}

struct Subscription {
    client: Client,
    url: String,
    /// Whether the server wants a token.
    guarded: bool,
    token: Option<(String, Instant)>,
}

impl Subscription {
    fn from_environment() -> Result<Self, Failure> {
        // It fails if there is a provider already, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(PATIENCE).build()?;
        let emulator = env::var("PUBSUB_EMULATOR_HOST").ok();
        let guarded = emulator.is_none();
        let origin =
            emulator.map_or("https://pubsub.googleapis.com".to_owned(), |host| format!("http://{host}"));
        let [project, name] = ["PROJECT_ID", "SUBSCRIPTION"].map(|name| env::var(name).map_err(|_| name));
        let missing =
            |name| format!("set {name}: the subscription is projects/PROJECT_ID/subscriptions/SUBSCRIPTION");
        let (project, name) = (project.map_err(missing)?, name.map_err(missing)?);
        let url = format!("{origin}/v1/projects/{project}/subscriptions/{name}");
        Ok(Self { client, url, guarded, token: None })
    }

    /// The receipt of the next message, if there is one.
    async fn pull(&mut self) -> Result<Option<String>, String> {
        let answer = self.call("pull", &json!({"maxMessages": 1})).await?;
        Ok(answer.pointer("/receivedMessages/0/ackId").and_then(Value::as_str).map(str::to_owned))
    }

    async fn call(&mut self, verb: &str, body: &Value) -> Result<Value, String> {
        let mut request =
            self.client.request(Method::POST, format!("{}:{verb}", self.url)).body(body.to_string());
        request = request.header("Content-Type", "application/json");
        if self.guarded {
            request = request.bearer_auth(self.token().await?);
        }
        answer(request).await
    }

    async fn token(&mut self) -> Result<String, String> {
        if let Some((token, _)) = self.token.as_ref().filter(|(_, end)| Instant::now() < *end) {
            return Ok(token.clone());
        }
        let host = setting("GCE_METADATA_HOST", "metadata.google.internal");
        let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
        let granted = answer(self.client.get(url).header("Metadata-Flavor", "Google")).await?;
        let (Some(token), Some(seconds)) = (granted["access_token"].as_str(), granted["expires_in"].as_u64())
        else {
            return Err("the metadata server gave no token".to_owned());
        };
        let end = Instant::now() + Duration::from_secs(seconds).saturating_sub(MARGIN);
        self.token = Some((token.to_owned(), end));
        Ok(token.to_owned())
    }
}

/// The JSON of a successful answer.
async fn answer(request: RequestBuilder) -> Result<Value, String> {
    let response = request.send().await.map_err(|error| error.to_string())?;
    let (status, url) = (response.status(), response.url().path().to_owned());
    let body = response.bytes().await.map_err(|error| error.to_string())?;
    if !status.is_success() {
        return Err(format!("{url} answers {status}"));
    }
    serde_json::from_slice(&body).map_err(|error| format!("{url} does not answer in JSON: {error}"))
}

//! Subscriptions of Google Cloud Pub/Sub.

use std::sync::Arc;

use axum::http::StatusCode;
use csop_operator::metric_sources::{Credentials, Failure, Hosts, Query, Sources, Tokens};
use csop_shared::{
    api::general_scaler::SourceType,
    scale::{Reading, Series},
};
use serde_json::{Value, json};

use crate::{
    asking::{self, message, nothing, secret, value},
    google::{Google, PROJECT, SUBSCRIPTION},
};

fn sources(google: &Google) -> Sources {
    Sources { tokens: Tokens::with_metadata_host(&google.address), ..asking::sources() }
}

fn config(google: &Google) -> Value {
    json!({"projectId": PROJECT, "subscription": SUBSCRIPTION, "endpoint": google.endpoint()})
}

fn of(google: &Google) -> Arc<dyn Query> {
    asking::query(&sources(google), SourceType::Pubsub, config(google))
}

fn with_key(google: &Google) -> Credentials {
    secret("1", &[("credentials.json", google.key().to_string())])
}

#[tokio::test]
async fn backlog_and_age_come_with_the_time_of_their_point() {
    let google = Google::start().await;
    let expected = |value| Reading::Sample {
        values: Series::One(value),
        time: google.set(|settings| settings.point),
        active: None,
        target: None,
    };
    assert_eq!(of(&google).ask(&with_key(&google)).await, Ok(expected(1234.0)));
    let mut config = config(&google);
    config["signal"] = json!("oldestAge");
    let age = asking::query(&sources(&google), SourceType::Pubsub, config);
    assert_eq!(age.ask(&with_key(&google)).await, Ok(expected(77.0)));
    assert_eq!(google.count("/timeSeries"), 0);

    google.set(|settings| settings.promql_refuses = Some(StatusCode::NOT_FOUND));
    assert_eq!(age.ask(&with_key(&google)).await, Ok(expected(77.0)));
    assert_eq!(of(&google).ask(&with_key(&google)).await, Ok(expected(1234.0)));
}

#[tokio::test]
async fn the_way_that_works_is_remembered() {
    for status in [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::NOT_IMPLEMENTED] {
        let google = Google::start().await;
        google.set(|settings| settings.promql_refuses = Some(status));
        let query = of(&google);
        for _ in 0..3 {
            assert_eq!(value(query.ask(&with_key(&google)).await), Ok(1234.0));
        }
        assert_eq!((google.count("/promql"), google.count("/timeSeries")), (1, 3));
    }
    let google = Google::start().await;
    google.set(|settings| settings.promql_refuses = Some(StatusCode::SERVICE_UNAVAILABLE));
    let down = of(&google).ask(&with_key(&google)).await.unwrap_err();
    assert!(down.concerns_origin(), "{down}");
    assert_eq!(google.count("/timeSeries"), 0);
}

#[tokio::test]
async fn a_token_is_shared_and_renewed_when_it_ends_or_is_refused() {
    let google = Google::start().await;
    let sources = sources(&google);
    let (one, two) = (
        asking::query(&sources, SourceType::Pubsub, config(&google)),
        asking::query(&sources, SourceType::Pubsub, config(&google)),
    );
    for _ in 0..3 {
        assert_eq!(value(one.ask(&with_key(&google)).await), Ok(1234.0));
        assert_eq!(value(two.ask(&with_key(&google)).await), Ok(1234.0));
    }
    assert_eq!(google.count("/token"), 1);
    google.set(|settings| settings.tokens.clear());
    assert_eq!(value(one.ask(&with_key(&google)).await), Ok(1234.0));
    assert_eq!(google.count("/token"), 2);

    // A token that is over when it comes is asked for once for each question.
    google.set(|settings| {
        settings.tokens.clear();
        settings.expires_in = 0;
    });
    let limit = std::time::Duration::from_secs(20);
    let answer = tokio::time::timeout(limit, one.ask(&with_key(&google))).await.unwrap();
    assert_eq!(value(answer), Ok(1234.0));
}

#[tokio::test]
async fn workload_identity_needs_no_secret() {
    let google = Google::start().await;
    assert_eq!(value(of(&google).ask(&nothing()).await), Ok(1234.0));
    assert_eq!((google.count("/token"), google.count("/computeMetadata")), (0, 1));
    google.set(|settings| settings.workload_identity = false);
    let without = message(of(&google).ask(&nothing()).await);
    assert!(without.contains("is workload identity set up"), "{without}");

    let [port] = csop_tests::ports::free().unwrap();
    let elsewhere =
        Sources { tokens: Tokens::with_metadata_host(&format!("127.0.0.1:{port}")), ..asking::sources() };
    let query = asking::query(&elsewhere, SourceType::Pubsub, config(&google));
    let elsewhere = query.ask(&nothing()).await.unwrap_err();
    assert!(elsewhere.to_string().contains("no metadata server of Google Cloud"), "{elsewhere}");
    assert!(!elsewhere.concerns_origin());
}

#[tokio::test]
async fn the_own_identity_is_shown_to_google_only() {
    let google = Google::start().await;
    // Any address of this machine but the one that is allowed.
    let hosts = Hosts::new(["127.0.0.2"]).unwrap();
    let sources =
        Sources { tokens: Tokens::with_metadata_host(&google.address), ..asking::with_hosts(hosts) };
    let mut elsewhere = config(&google);
    elsewhere["endpoint"] = json!("https://monitoring.example.com");
    let query = asking::query(&sources, SourceType::Pubsub, elsewhere);
    let refused = message(query.ask(&nothing()).await);
    assert!(refused.contains("is not of Google"), "{refused}");
    assert_eq!(google.count("/computeMetadata"), 0);
}

#[tokio::test]
async fn what_google_refuses_is_said_with_a_remedy() {
    let google = Google::start().await;
    let ask = async |config: Value, credentials: &Credentials| {
        asking::query(&sources(&google), SourceType::Pubsub, config).ask(credentials).await
    };
    let mut other = config(&google);
    other["projectId"] = json!("other-project");
    let other = message(ask(other, &with_key(&google)).await);
    assert!(other.contains("the project other-project") && other.contains("Monitoring Viewer"), "{other}");
    let mut unknown = config(&google);
    unknown["subscription"] = json!("unknown");
    assert!(matches!(ask(unknown, &with_key(&google)).await, Ok(Reading::Empty { .. })));

    google.set(|settings| settings.permitted = false);
    let denied = message(ask(config(&google), &with_key(&google)).await);
    assert!(denied.contains("PERMISSION_DENIED"), "{denied}");
    google.set(|settings| settings.permitted = true);

    google.set(|settings| settings.knows_key = false);
    let failure = ask(config(&google), &with_key(&google)).await.unwrap_err();
    assert!(!failure.concerns_origin());
    let wrong = failure.to_string();
    assert!(
        wrong.contains("cannot get a token for scaler@shop-prod") && wrong.contains("Invalid JWT Signature"),
        "{wrong}"
    );
    assert!(!wrong.contains("ya29") && !wrong.contains("PRIVATE"), "{wrong}");
    google.set(|settings| settings.knows_key = true);

    let empty = message(ask(config(&google), &secret("1", &[("other", "x")])).await);
    assert!(empty.contains("has no key credentials.json"), "{empty}");
    let mut stolen = google.key();
    stolen["token_uri"] = json!("http://169.254.169.254/token");
    let stolen = ask(config(&google), &secret("1", &[("credentials.json", stolen.to_string())])).await;
    assert!(matches!(stolen, Err(Failure::Unasked(_))), "{stolen:?}");
}

#[tokio::test]
async fn names_that_cannot_be_are_refused() {
    let refused = |config: Value| asking::refusal(SourceType::Pubsub, config);
    assert!(
        refused(json!({"projectId": "shop", "subscription": "projects/p/subscriptions/s"}))
            .starts_with("config.subscription")
    );
    assert!(refused(json!({"projectId": "Shop!", "subscription": "s"})).starts_with("config.projectId"));
    assert!(
        refused(json!({"projectId": "shop", "subscription": "s", "signal": "lag"}))
            .starts_with("config.signal")
    );
}

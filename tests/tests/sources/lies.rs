//! What is said of servers that do not answer as they should.

use std::{sync::Arc, time::Duration};

use csop_operator::{
    metric_sources::{Failure, Query},
    sampling::{Feed, Sampling, Want},
};
use csop_shared::{
    api::general_scaler::SourceType::{Http, Prometheus},
    scale::Reading,
};
use csop_tests::{servers::liar::Liar, wait};

use crate::scene::{SOON, ask, build, config, says, sources, values};

/// A prometheus metric at a server that does `what`.
async fn prometheus(liar: &Liar, what: &str) -> Result<Reading, Failure> {
    ask(Prometheus, &format!("{{query: up, serverAddress: '{}', timeoutSeconds: 5}}", liar.at(what)), &[])
        .await
}

#[tokio::test]
async fn each_lie_is_named_and_no_body_is_shown() {
    let liar = Liar::start().await;
    let lies = [
        ("html", "answers with HTML instead of JSON"),
        ("types", "answers with JSON of another form than expected"),
        ("json", "answers with JSON without a result"),
        ("nothing", "answers with an empty body"),
        ("more-series", "answers with more than 10,000 series"),
        ("huge", "answers with more than 1 MiB"),
        ("announced", "answers with more than 1 MiB"),
        ("loop", "one redirect after the other"),
        (
            "elsewhere",
            "a redirect to another server, which is not followed: if http://169.254.169.254 is right",
        ),
        ("unauthorised", "it wants credentials"),
        ("away", "it answers 503 Service Unavailable"),
        ("half", "cannot reach"),
        ("closed", "cannot reach"),
    ];
    for (what, text) in lies {
        let failure = says(prometheus(&liar, what).await, text);
        assert!(!failure.to_string().contains("secret"), "{failure}");
        assert!(failure.to_string().contains(&liar.at("")[..liar.at("").len() - 1]), "{failure}");
    }
    // What is in the sockets' buffers counts too.
    assert!(liar.written() < 40 * 1024 * 1024, "{}", liar.written());
}

#[tokio::test]
async fn what_is_odd_but_no_lie_is_passed_on() {
    let liar = Liar::start().await;
    assert!(values(&prometheus(&liar, "nan").await.unwrap())[0].is_nan());
    assert_eq!(values(&prometheus(&liar, "series").await.unwrap()).len(), 10_000);
}

#[tokio::test]
async fn a_server_that_is_slow_is_given_up() {
    let liar = Liar::start().await;
    let config = format!("{{query: up, serverAddress: '{}', timeoutSeconds: 1}}", liar.at("slow"));
    let failure = says(ask(Prometheus, &config, &[]).await, "did not answer within 1 s");
    assert!(failure.concerns_origin());
}

#[tokio::test]
async fn redirects_within_a_server_are_followed() {
    let liar = Liar::start().await;
    let config = format!("{{url: '{}', jsonPath: $.queue.length}}", liar.at("once"));
    assert_eq!(values(&ask(Http, &config, &[]).await.unwrap()), [42.0]);
    assert_eq!(liar.requests(), 2);
}

/// A want of the scaler `asker`, in a rhythm of a second.
fn want(query: Arc<dyn Query>, yaml: &str) -> Want {
    Want {
        type_: Prometheus,
        config: config(yaml),
        subject: csop_operator::metric_sources::Subject {
            namespace: "shop".into(),
            scaler: "web".into(),
            target: Default::default(),
        },
        auth: None,
        credentials: Arc::default(),
        query,
        interval: Duration::from_secs(1),
    }
}

#[tokio::test]
async fn liars_do_not_hold_up_an_honest_server() {
    let (liar, other) = (Liar::start().await, Liar::start().await);
    let (sources, sampling) = (sources(), Sampling::new(Arc::new(|_| {}), Arc::default()));
    let subscribe = |asker: String, server: String| -> Feed {
        let yaml = format!("{{query: '{asker}', serverAddress: '{server}', timeoutSeconds: 20}}");
        let query = build(&sources, Prometheus, &yaml).unwrap();
        sampling.subscribe(&asker.as_str().into(), vec![want(query, &yaml)]).remove(0)
    };
    for at in 0..40 {
        for what in ["slow", "html", "huge", "loop", "closed"] {
            subscribe(format!("{what}{at}"), liar.at(what));
        }
    }
    let honest = subscribe("honest".to_owned(), other.at("series"));
    wait::until_ok(SOON, "the honest server has been asked five times", async || {
        let latest = honest.latest();
        let (attempts, failure) = (latest.attempts, latest.failure);
        if attempts >= 5 && failure.is_none() {
            Ok(())
        } else {
            Err(format!("{attempts} attempts, {failure:?}"))
        }
    })
    .await;
}

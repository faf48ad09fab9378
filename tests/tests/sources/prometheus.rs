//! The source prometheus, against a real one.

use std::{sync::Arc, time::Duration};

use csop_operator::{metric_sources::Failure, sampling::Sampling};
use csop_shared::{api::general_scaler::SourceType::Prometheus as SOURCE, scale::Reading};
use csop_tests::{
    pki::{Authority, Subject},
    servers::prometheus::{Prometheus, Settings},
    wait,
};

use crate::scene::{SOON, ask, ask_it, build, config, says, sources_with, values};

async fn query(server: &Prometheus, query: &str) -> Result<Reading, Failure> {
    let query = serde_json::to_string(query).unwrap();
    ask(SOURCE, &format!("{{query: {query}, serverAddress: '{}'}}", server.address()), &[]).await
}

#[tokio::test]
async fn queries_give_what_the_server_says() {
    let server = Prometheus::start(Settings::default()).await;
    let cases: [(&str, &[f64]); 5] = [
        ("vector(41.5)", &[41.5]),
        ("1e6 + 1", &[1_000_001.0]),
        ("time() < bool 0", &[0.0]),
        ("-Inf", &[f64::NEG_INFINITY]),
        (
            "label_replace(vector(1), 'a', '1', '', '') or label_replace(vector(2), 'a', '2', '', '')",
            &[1.0, 2.0],
        ),
    ];
    for (text, is) in cases {
        assert_eq!(values(&query(&server, text).await.unwrap()), is, "{text}");
    }
    assert!(values(&query(&server, "vector(0) / 0").await.unwrap())[0].is_nan());
    let empty = query(&server, "no_such_metric").await;
    assert!(matches!(empty, Ok(Reading::Empty { .. })), "{empty:?}");
    let before = jiff::Timestamp::now();
    let Ok(Reading::Sample { time, .. }) = query(&server, "vector(1)").await else { panic!("no sample") };
    assert!(time >= before - jiff::SignedDuration::from_secs(5) && time <= jiff::Timestamp::now(), "{time}");
}

#[tokio::test]
async fn what_is_no_instant_query_is_named() {
    let server = Prometheus::start(Settings::default()).await;
    says(
        query(&server, "up[5m]").await,
        "answers with a range vector: put it into a function such as rate()",
    );
    says(query(&server, "'text'").await, "answers with a string: the query must give numbers");
    let failure = says(query(&server, "sum(").await, "refuses: ");
    says(Err(failure.clone()), "parse error");
    assert!(!failure.concerns_origin());
    let elsewhere = format!("{{query: up, serverAddress: '{}/elsewhere'}}", server.address());
    says(ask(SOURCE, &elsewhere, &[]).await, "404 Not Found");
    let secure = format!("{{query: up, serverAddress: 'https://{}'}}", server.listens_on());
    let failure = says(ask(SOURCE, &secure, &[]).await, "it does not speak TLS");
    assert!(!failure.concerns_origin());
}

#[tokio::test]
async fn a_prefix_and_the_operators_own_address_are_used() {
    let settings = Settings { prefix: Some("/under/this".to_owned()), ..Settings::default() };
    let server = Prometheus::start(settings).await;
    let address = format!("{}/under/this/", server.address());
    let query = build(&sources_with(&["127.0.0.1"], Some(&address)), SOURCE, "{query: vector(3)}").unwrap();
    assert_eq!(values(&ask_it(query.as_ref(), &[]).await.unwrap()), [3.0]);
    assert_eq!(query.origin(), server.address());
    let nowhere = build(&sources_with(&[], None), SOURCE, "{query: up}").err().unwrap().to_string();
    assert!(nowhere.contains("config.serverAddress is missing"), "{nowhere}");
    let forbidden =
        build(&sources_with(&[], Some(&address)), SOURCE, "{query: up}").err().unwrap().to_string();
    assert!(
        forbidden.contains("--prometheus-address") && forbidden.contains("--allow-metric-hosts"),
        "{forbidden}"
    );
}

/// `password`, hashed by bcrypt.
const HASHED: &str = "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm";

#[tokio::test]
async fn passwords_and_certificates_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::create(folder.path(), "authority").unwrap();
    let hosts: &[&str] = &["127.0.0.1"];
    let own = authority.issue("server", &Subject { name: "server", hosts, ..Subject::default() }).unwrap();
    let mine = authority.issue("client", &Subject { name: "client", ..Subject::default() }).unwrap();
    let web_config = format!(
        "tls_server_config: {{cert_file: '{}', key_file: '{}', client_ca_file: '{}', client_auth_type: RequireAndVerifyClientCert}}\n\
         basic_auth_users: {{user: '{HASHED}'}}\n",
        own.certificate.display(),
        own.key.display(),
        authority.certificate().display()
    );
    let server = Prometheus::start(Settings { web_config: Some(web_config), ..Settings::default() }).await;
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let (ca, crt, key) = (read(&authority.certificate()), read(&mine.certificate), read(&mine.key));
    let tls = [("ca.crt", ca.as_str()), ("tls.crt", crt.as_str()), ("tls.key", key.as_str())];
    let with = |more: &[(&'static str, &'static str)]| [tls.to_vec(), more.to_vec()].concat();
    let yaml = format!("{{query: vector(5), serverAddress: '{}'}}", server.address());
    let asked = |secret: Vec<(&'static str, String)>| {
        let yaml = yaml.clone();
        async move {
            let secret: Vec<_> = secret.iter().map(|(name, value)| (*name, value.as_str())).collect();
            ask(SOURCE, &yaml, &secret).await
        }
    };
    let owned = |secret: Vec<(&'static str, &str)>| -> Vec<(&'static str, String)> {
        secret.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    };
    let right = asked(owned(with(&[("username", "user"), ("password", "password")]))).await;
    assert_eq!(values(&right.unwrap()), [5.0]);
    let wrong = asked(owned(with(&[("username", "user"), ("password", "other")]))).await;
    says(wrong, "refuses: the credentials of authRef are wrong (401 Unauthorized)");
    let untrusted = asked(vec![]).await;
    let failure = says(untrusted, "an authority that is not trusted here: give that authority's as ca.crt");
    assert!(!failure.concerns_origin());
    let anonymous = asked(owned(vec![("ca.crt", ca.as_str())])).await;
    says(anonymous, "give tls.crt and tls.key");
    let plain = format!("{{query: up, serverAddress: 'http://{}'}}", server.listens_on());
    says(ask(SOURCE, &plain, &[]).await, "it answers 400 Bad Request");
}

#[tokio::test]
async fn a_server_that_dies_and_comes_back_is_sampled_again() {
    let mut server = Prometheus::start(Settings::default()).await;
    let yaml = format!("{{query: vector(5), serverAddress: '{}'}}", server.address());
    let sampling = Sampling::new(Arc::new(|_| {}), Arc::default());
    let query = build(&sources_with(&["127.0.0.1"], None), SOURCE, &yaml).unwrap();
    let want = csop_operator::sampling::Want {
        type_: SOURCE,
        config: config(&yaml),
        subject: csop_operator::metric_sources::Subject {
            namespace: "shop".into(),
            scaler: "web".into(),
            target: Default::default(),
        },
        auth: None,
        credentials: Arc::default(),
        query,
        interval: Duration::from_millis(200),
    };
    let feed = sampling.subscribe(&"x".into(), vec![want]).remove(0);
    let answered =
        async || feed.latest().failure.is_none().then_some(()).filter(|()| feed.latest().attempts > 0);
    wait::until(SOON, "there is an answer", answered).await;
    server.kill();
    let failure = wait::until(SOON, "the failure is known", async || feed.latest().failure).await;
    assert!(failure.to_string().starts_with(&format!("cannot reach {}: ", server.address())), "{failure}");
    assert_eq!(values(&feed.latest().reading), [5.0]);
    let attempts = feed.latest().attempts;
    wait::until(SOON, "it is given up for a while", async || {
        (feed.latest().attempts > attempts + 10).then_some(())
    })
    .await;
    says(Err((*feed.latest().failure.unwrap()).clone()), "nothing listens there");
    server.revive().await;
    wait::until(SOON, "there are answers again", answered).await;
}

//! Names without a dot are those of Services beside the scaler.

use csop_shared::api::general_scaler::SourceType;
use serde_json::{Value, json};

use crate::asking::{nothing, query, sources};
use crate::scene;

#[tokio::test]
async fn every_source_asks_for_the_service_beside_the_scaler_and_says_so() {
    let each: [(SourceType, Value, &str); 7] = [
        (
            SourceType::Prometheus,
            json!({"query": "up", "serverAddress": "http://csop-nowhere:9090"}),
            "http://csop-nowhere.shop.svc:9090",
        ),
        (
            SourceType::Http,
            json!({"url": "http://csop-nowhere/x", "jsonPath": "$.a"}),
            "http://csop-nowhere.shop.svc",
        ),
        (
            SourceType::Redis,
            json!({"address": "csop-nowhere", "key": "a"}),
            "redis://csop-nowhere.shop.svc:6379",
        ),
        (
            SourceType::Redis,
            json!({"host": "csop-nowhere", "key": "a", "tls": true}),
            "rediss://csop-nowhere.shop.svc:6379",
        ),
        (
            SourceType::Redis,
            json!({"address": "csop-nowhere,csop-neither:1", "key": "a", "cluster": true}),
            "redis://csop-nowhere.shop.svc:6379,csop-neither.shop.svc:1",
        ),
        (
            SourceType::Redis,
            json!({"address": "csop-nowhere", "key": "a", "sentinelMaster": "m"}),
            "redis://csop-nowhere.shop.svc:26379",
        ),
        (
            SourceType::External,
            json!({"scalerAddress": "csop-nowhere:6000"}),
            "grpc://csop-nowhere.shop.svc:6000",
        ),
    ];
    for (type_, config, origin) in each {
        let query = query(&sources(), type_, config);
        assert_eq!(query.origin(), origin);
        let failure = query.ask(&nothing()).await.unwrap_err().to_string();
        assert!(failure.contains(".shop.svc"), "{failure}");
    }
    let monitoring = json!({"projectId": "p", "subscription": "s", "endpoint": "http://monitoring"});
    assert_eq!(query(&sources(), SourceType::Pubsub, monitoring).origin(), "http://monitoring.shop.svc");
}

#[tokio::test]
async fn the_server_of_the_operator_is_beside_the_operator() {
    let sources = scene::sources_with(&[], Some("http://prometheus:9090"));
    let query = scene::build(&sources, SourceType::Prometheus, "{query: up}").unwrap();
    assert_eq!(query.origin(), "http://prometheus:9090");
}

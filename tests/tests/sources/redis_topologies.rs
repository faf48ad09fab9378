//! Clusters of Redis, and masters that sentinels watch.

use csop_shared::api::general_scaler::SourceType;
use csop_tests::{
    servers::redis::{Cluster, Redis, Sentinel, Settings},
    wait,
};
use serde_json::json;

use crate::asking::{self, SOON, message, nothing, secret, sources, value};

#[tokio::test]
async fn every_key_of_a_cluster_is_found() {
    let password = Some("hunter2".to_owned());
    let cluster = Cluster::start(Settings { password, ..Settings::default() }).await;
    let sources = sources();
    let credentials = secret("1", &[("password", "hunter2")]);
    // The first slots of the three nodes, and the last of all.
    for key in ["a", "b", "c", "jobs", "x1", "x2"] {
        cluster.run(&format!("RPUSH {key} 1 2"));
        // One node is enough to find the others.
        let config = json!({"address": cluster.nodes[0].address(), "key": key, "cluster": true});
        let query = asking::query(&sources, SourceType::Redis, config);
        assert_eq!(value(query.ask(&credentials).await), Ok(2.0), "{key}");
    }
    let config = json!({"address": cluster.addresses(), "key": "a", "cluster": true});
    let query = asking::query(&sources, SourceType::Redis, config.clone());
    let wrong = message(query.ask(&secret("2", &[("password", "wrong")])).await);
    assert!(wrong.contains("does not accept"), "{wrong}");

    let moved = cluster.nodes.iter().map(|node| {
        let config = json!({"address": node.address(), "key": "a"});
        asking::query(&sources, SourceType::Redis, config)
    });
    let mut redirects = 0;
    for query in moved {
        if let Err(failure) = query.ask(&credentials).await {
            assert!(failure.to_string().contains("set config.cluster to true"), "{failure}");
            redirects += 1;
        }
    }
    assert_eq!(redirects, 2);
}

#[tokio::test]
async fn a_cluster_that_dies_is_missed_and_found_again() {
    let mut cluster = Cluster::start(Settings::default()).await;
    let config = json!({"address": cluster.addresses(), "key": "jobs", "cluster": true});
    let query = asking::query(&sources(), SourceType::Redis, config);
    assert_eq!(value(query.ask(&nothing()).await), Ok(0.0));
    cluster.nodes.iter_mut().for_each(Redis::kill);
    let gone = query.ask(&nothing()).await.unwrap_err();
    assert!(gone.concerns_origin(), "{gone}");
    for node in &mut cluster.nodes {
        node.revive().await;
    }
    wait::until_ok(SOON, "the cluster answers", async || query.ask(&nothing()).await.map(drop)).await;
}

#[tokio::test]
async fn what_is_no_cluster_is_called_so() {
    let server = Redis::start(Settings::default()).await;
    let config = json!({"address": server.address(), "key": "jobs", "cluster": true});
    let single = message(asking::query(&sources(), SourceType::Redis, config).ask(&nothing()).await);
    assert!(single.contains("it is no cluster"), "{single}");
}

#[tokio::test]
async fn sentinels_lead_to_the_master_and_after_a_failover_to_the_next() {
    let password = Some("hunter2".to_owned());
    let lines = vec!["masterauth hunter2".to_owned()];
    let settings = Settings { password, lines, ..Settings::default() };
    let mut master = Redis::start(settings.clone()).await;
    let replica = Redis::start(settings).await;
    replica.run(&format!("REPLICAOF 127.0.0.1 {}", master.port()));
    master.run("RPUSH jobs a b c");
    wait::until(SOON, "the replica has the list", async || {
        (replica.run("LLEN jobs").contains('3')).then_some(())
    })
    .await;
    let sentinel = Sentinel::start(&master, Some("guard")).await;

    let sources = sources();
    let config = json!({"address": sentinel.address(), "sentinelMaster": "jobs", "key": "jobs"});
    let query = asking::query(&sources, SourceType::Redis, config.clone());
    let credentials = secret("1", &[("password", "hunter2"), ("sentinelPassword", "guard")]);
    assert_eq!(value(query.ask(&credentials).await), Ok(3.0));

    let without = message(query.ask(&secret("2", &[("password", "hunter2")])).await);
    assert!(without.contains("`sentinelPassword`"), "{without}");
    let mut other = config;
    other["sentinelMaster"] = json!("nobody");
    let unknown = message(asking::query(&sources, SourceType::Redis, other).ask(&credentials).await);
    assert!(unknown.contains("no master named \"nobody\""), "{unknown}");

    // Only a sentinel that knows the replica can promote it.
    wait::until(SOON, "the sentinel knows the replica", async || {
        master.run("INFO replication").contains("state=online").then_some(())
    })
    .await;
    master.kill();
    wait::until(SOON, "the replica is the master", async || {
        replica.run("ROLE").contains("master").then_some(())
    })
    .await;
    wait::until_ok(SOON, "the query finds it", async || {
        value(query.ask(&credentials).await).map(|value| assert_eq!(value, 3.0))
    })
    .await;
}

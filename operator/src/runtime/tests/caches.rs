use std::sync::Arc;

use kube::runtime::watcher::Event;
use serde_json::{Value, json};

use crate::runtime::live::Live;
use crate::runtime::partition::Partition;

fn live(name: &str, uid: &str, version: u64) -> Live {
    let object = json!({"metadata": {
        "namespace": "n", "name": name, "uid": uid, "resourceVersion": version.to_string(),
        "ownerReferences": [{"kind": "K", "name": "o", "uid": "owner", "controller": true}]}});
    Live::new(object, |_| {})
}

fn partition(objects: &[(&str, &str, u64)]) -> Partition {
    let mut partition = Partition::new(|live| live.owner.iter().map(|o| o.uid.to_string()).collect());
    list(&mut partition, objects);
    partition
}

fn list(partition: &mut Partition, objects: &[(&str, &str, u64)]) -> Vec<String> {
    partition.observe(Event::Init);
    for (name, uid, version) in objects {
        partition.observe(Event::InitApply(live(name, uid, *version)));
    }
    touched(&partition.observe(Event::InitDone))
}

fn touched(lives: &[Arc<Live>]) -> Vec<String> {
    lives.iter().map(|l| format!("{}@{}", l.name, l.version)).collect()
}

fn version(partition: &Partition, name: &str) -> Option<u64> {
    partition.get("n", name).map(|l| l.version)
}

#[test]
fn an_own_write_is_seen_before_the_watch_shows_it_and_its_echo_wakes_nobody() {
    let mut p = partition(&[("a", "1", 5)]);
    p.written(Arc::new(live("a", "1", 8)));
    p.written(Arc::new(live("b", "2", 9)));
    assert_eq!(touched(&p.under("owner")), ["a@8", "b@9"]);
    assert_eq!(touched(&p.observe(Event::Apply(live("a", "1", 7)))), ["a@5", "a@7"]);
    assert_eq!(version(&p, "a"), Some(8));
    assert!(p.observe(Event::Apply(live("a", "1", 8))).is_empty());
    assert_eq!(touched(&p.observe(Event::Apply(live("a", "1", 10)))), ["a@8", "a@10"]);
}

#[test]
fn a_change_of_what_is_not_kept_wakes_nobody() {
    let slim = |version| {
        let cut = |object: &mut Value| object["metadata"] = json!({});
        let object =
            json!({"metadata": {"namespace": "n", "name": "a", "uid": "1", "resourceVersion": version}});
        Live::new(object, cut)
    };
    let mut p = partition(&[]);
    assert_eq!(touched(&p.observe(Event::Apply(slim("5")))), ["a@5"]);
    assert!(p.observe(Event::Apply(slim("6"))).is_empty());
    assert_eq!(version(&p, "a"), Some(6));
    p.written(Arc::new(live("a", "1", 8)));
    assert_eq!(
        touched(&p.observe(Event::Apply(slim("9")))),
        ["a@6", "a@9"],
        "our own write was seen meanwhile"
    );
}

#[test]
fn an_answer_that_comes_after_the_deletion_does_not_raise_the_dead() {
    let mut p = partition(&[("a", "1", 5)]);
    assert_eq!(touched(&p.observe(Event::Delete(live("a", "1", 9)))), ["a@5"]);
    p.written(Arc::new(live("a", "1", 8)));
    assert_eq!(version(&p, "a"), None);
    assert!(p.under("owner").is_empty());
}

#[test]
fn an_own_deletion_hides_the_object_but_not_its_successor() {
    let mut p = partition(&[("a", "1", 5)]);
    p.removed("n", "a", "1");
    assert_eq!((version(&p, "a"), p.under("owner").len()), (None, 0));
    p.observe(Event::Apply(live("a", "1", 6)));
    assert_eq!(version(&p, "a"), None);
    p.observe(Event::Delete(live("a", "1", 7)));
    p.observe(Event::Apply(live("a", "2", 8)));
    assert_eq!(version(&p, "a"), Some(8));
}

#[test]
fn a_new_list_replaces_all_and_wakes_the_owners_of_what_changed_and_of_what_is_gone() {
    let mut p = Partition::new(|live| live.owner.iter().map(|o| o.uid.to_string()).collect());
    assert!(!p.is_synced());
    assert!(list(&mut p, &[("a", "1", 1), ("b", "2", 2), ("c", "3", 3)]).is_empty());
    assert!(p.is_synced());
    p.observe(Event::Init);
    p.observe(Event::InitApply(live("a", "1", 1)));
    assert_eq!(version(&p, "c"), Some(3), "the old list stands until the new one is whole");
    let mut woken = list(&mut p, &[("a", "1", 1), ("b", "2", 9), ("d", "4", 8)]);
    woken.sort();
    assert_eq!(woken, ["b@2", "b@9", "c@3", "d@8"]);
    assert_eq!(touched(&p.under("owner")), ["a@1", "b@9", "d@8"]);
}

#[test]
fn a_write_from_before_a_list_is_not_believed_after_it() {
    let mut p = partition(&[]);
    p.written(Arc::new(live("a", "1", 8)));
    assert_eq!(version(&p, "a"), Some(8));
    list(&mut p, &[]);
    assert_eq!(version(&p, "a"), None);
    p.observe(Event::Init);
    p.written(Arc::new(live("b", "2", 9)));
    p.observe(Event::InitDone);
    assert_eq!(version(&p, "b"), Some(9), "the list may have been read before the write");
}
